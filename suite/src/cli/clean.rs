//! `assize clean`: what earlier runs left in a registry, removed.

use std::fmt::Write as _;

use assize::run::{Cleaned, clean};
use assize::wire::Client;

use super::arguments::CleanArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::settings::{Environment, client_options};
use super::{output, value};

/// Removes what earlier runs left, and says what could not be removed.
pub(crate) async fn execute(
    arguments: &CleanArguments,
    environment: Environment<'_>,
) -> Result<Exit, Failure> {
    let target = value::target(&arguments.target)?;
    let client_options = client_options(&arguments.registry, environment)?;
    let client = Client::new(client_options.client(target))?;
    let cleaned = clean(&client, &arguments.registry.repository).await;
    output::print(&told(&cleaned))?;
    Ok(if cleaned.kept.is_empty() && cleaned.is_listed {
        Exit::Done
    } else {
        Exit::Fails
    })
}

fn told(cleaned: &Cleaned) -> String {
    if !cleaned.is_listed {
        return "the registry does not list its repositories: name them with --repository\n".to_owned();
    }
    let mut text = format!("removed: {} tags\n", cleaned.removed.len());
    for (name, tag, status) in &cleaned.kept {
        let why = status.map_or("no answer".to_owned(), |status| status.to_string());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "kept: {name}:{tag} ({why})");
    }
    text
}

//! `assize clean`: what earlier runs left in a registry, removed.

use std::fmt::Write as _;

use assize::RunError;
use assize::run::{Cleaned, ContentKind, LeftIn, clean};
use assize::wire::Client;

use super::arguments::CleanArguments;
use super::environment::Environment;
use super::exit::Exit;
use super::failure::Failure;
use super::settings::client_options;
use super::{output, target};

/// Removes what earlier runs left, and says what could not be removed.
pub(crate) async fn execute(
    arguments: &CleanArguments,
    environment: Environment<'_>,
) -> Result<Exit, Failure> {
    let target = target::target(&arguments.target)?;
    let client_options = client_options(&arguments.registry, Some(&target), environment)?;
    let client = Client::new(client_options.client(target))?;
    let left_in = match arguments.registry.repository.as_slice() {
        [] => LeftIn::Own {
            below: arguments.registry.repository_prefix.as_deref(),
        },
        shared => LeftIn::Shared(shared),
    };
    let cleaned = clean(&client, left_in).await.map_err(RunError::Unusable)?;
    output::print(&told(&cleaned))?;
    Ok(if cleaned.left.is_empty() && cleaned.is_listed {
        Exit::Done
    } else {
        Exit::Fails
    })
}

fn told(cleaned: &Cleaned) -> String {
    if !cleaned.is_listed {
        return "the registry does not list its repositories: name them with --repository\n".to_owned();
    }
    let removed = [ContentKind::Tag, ContentKind::Manifest, ContentKind::Blob].map(|kind| {
        let number = cleaned
            .removed
            .iter()
            .filter(|(removed, ..)| *removed == kind)
            .count();
        kind.counted(number)
    });
    let mut text = format!("removed: {}\n", removed.join(", "));
    // Writing to a string cannot fail.
    for line in cleaned.left.lines() {
        let _ = writeln!(text, "left: {line}");
    }
    if !cleaned.names.is_empty() {
        let names: Vec<&str> = cleaned.names.iter().take(3).map(String::as_str).collect();
        let more = if cleaned.names.len() > 3 { ", …" } else { "" };
        let _ = writeln!(
            text,
            "left: {}, which no request of the protocol removes: {}{more}",
            counted_names(cleaned.names.len()),
            names.join(", ")
        );
    }
    text.push_str(NOT_FOUND);
    text
}

/// What nobody can look for.
const NOT_FOUND: &str =
    "what no tag leads to cannot be found: the registry's own garbage collection removes it\n";

fn counted_names(number: usize) -> String {
    match number {
        1 => "1 name".to_owned(),
        number => format!("{number} names"),
    }
}

//! `assize lsp`: what an editor wants to know, over the standard input and output.

use assize::harm::Harm;
use assize::run::coded;
use assize_lsp::{Ending, Settings};

use super::arguments::LspArguments;
use super::exit::Exit;
use super::failure::Failure;

/// Serves an editor until it goes.
pub(crate) fn execute(arguments: &LspArguments) -> Result<Exit, Failure> {
    let folder = arguments.scenarios.as_ref().map(std::path::absolute).transpose();
    let folder = folder.map_err(|source| Failure::System {
        doing: "cannot tell where this is",
        source,
    })?;
    let (connection, writer) = assize_lsp::connect();
    let settings = Settings {
        folder,
        coded: coded::scenarios().collect(),
        harm: Some(|id| Harm::of(id).map(|harm| harm.sentence())),
    };
    let ending = assize_lsp::serve(&connection, settings);
    // The answers that are still on their way are written when nobody can send any more.
    drop(connection);
    if writer.join().is_err() {
        return Err(Failure::Suite(
            "the answers to the editor were not written".to_owned(),
        ));
    }
    Ok(match ending {
        Ending::Orderly => Exit::Done,
        Ending::Abrupt => Exit::Fails,
    })
}

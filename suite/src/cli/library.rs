//! The scenarios that a command is about.

use std::path::Path;

use assize::scenario::Library;

use super::failure::Failure;

/// Loads the scenarios of a folder, or those that are compiled in.
pub(crate) fn load(folder: Option<&Path>) -> Result<Library, Failure> {
    let library = match folder {
        Some(folder) => Library::from_folder(folder),
        None => Library::built_in(),
    };
    Ok(library?)
}

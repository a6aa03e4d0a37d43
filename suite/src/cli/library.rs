//! The scenarios that a command is about.

use std::collections::BTreeMap;
use std::path::Path;

use assize::catalogue::RequirementId;
use assize::run::coded;
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

/// The names of the scenarios that ask each requirement.
pub(crate) fn asking(library: &Library) -> BTreeMap<RequirementId, Vec<&str>> {
    let mut asking: BTreeMap<RequirementId, Vec<&str>> = BTreeMap::new();
    for loaded in &library.scenarios {
        for id in loaded.cites() {
            asking.entry(id).or_default().push(&loaded.name);
        }
    }
    for coded in coded::scenarios() {
        for id in coded.cites() {
            asking.entry(id).or_default().push(coded.name);
        }
    }
    asking
}

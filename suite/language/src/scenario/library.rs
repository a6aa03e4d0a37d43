//! Every scenario, the catalogue and the fixtures: compiled in, or from a folder.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ast::Scenario;
use super::files::{BuiltIn, Files, Folder};
use super::tables::cited_in;
use super::{CodedScenario, Program, Reading, check, check_files};
use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::diagnostic::Diagnostic;

/// What a run is made from.
#[derive(Debug)]
pub struct Library {
    /// The requirements.
    pub catalogue: Catalogue,
    /// The scenarios, in the order of their names.
    pub scenarios: Vec<Loaded>,
    pub(super) folder: Option<Folder>,
}

/// One scenario, and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its path below the folder of scenarios, without the ending: `push/mount`.
    pub name: Arc<str>,
    /// Its path, as a person would type it.
    pub path: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// What the text says.
    pub scenario: Scenario,
}

impl Loaded {
    /// The scenario as it is understood in a version.
    pub fn program(&self, catalogue: &Catalogue, version: Version) -> Program {
        Program::of(
            self.name.clone(),
            self.text.clone(),
            &self.scenario,
            catalogue,
            version,
        )
    }

    /// The requirements that it cites, in whatever version.
    pub fn cites(&self) -> BTreeSet<RequirementId> {
        cited_in(&self.scenario.body)
            .into_iter()
            .map(|id| id.value)
            .collect()
    }
}

impl Library {
    /// Says what is wrong with the meaning of a scenario, here.
    pub(super) fn check(&self, scenario: &Scenario, reading: Reading) -> Vec<Diagnostic> {
        let mut faults = check(scenario, &self.catalogue, reading);
        faults.extend(check_files(scenario, |path| self.fixture(path).is_some()));
        faults
    }

    /// The names of the scenarios that ask each requirement; of those that are coded in Rust, too.
    pub fn asking<'s, 'c: 's>(
        &'s self,
        coded: impl Iterator<Item = &'c CodedScenario>,
    ) -> BTreeMap<RequirementId, Vec<&'s str>> {
        let mut asking: BTreeMap<RequirementId, Vec<&str>> = BTreeMap::new();
        let written = self
            .scenarios
            .iter()
            .map(|loaded| (&*loaded.name, loaded.cites()));
        for (name, cites) in written.chain(coded.map(|coded| (coded.name, coded.cites()))) {
            for id in cites {
                asking.entry(id).or_default().push(name);
            }
        }
        asking
    }

    /// The scenario of this name.
    pub fn get(&self, name: &str) -> Option<&Loaded> {
        self.scenarios.iter().find(|loaded| &*loaded.name == name)
    }

    /// The bytes of a file of `fixtures/`: of the folder's own, or of those that are compiled in.
    pub fn fixture(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        let own = self.folder.as_ref().and_then(|folder| folder.fixture(path));
        own.or_else(|| BuiltIn.fixture(path))
    }
}

/// Whether a scenario of this name settles capabilities.
pub(super) fn is_probe(name: &str) -> bool {
    name.starts_with("probe/")
}

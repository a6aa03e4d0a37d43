//! Every scenario, the catalogue and the fixtures: compiled in, or from a folder.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::ast::Scenario;
use super::files::{BuiltIn, Files, Folder, PROBES};
use super::{CodedScenario, Program, Reading, asks_by_itself, check, check_files, cites};
use crate::catalogue::{Catalogue, RequirementId, Version};
use crate::diagnostic::{Diagnostic, Parsed, SourceFile};

/// What a run is made from.
#[derive(Debug)]
pub struct Library {
    /// The requirements.
    pub catalogue: Catalogue,
    /// The scenarios, in the order of their names.
    pub scenarios: Vec<Loaded>,
    /// What it is a library of.
    pub standing: Standing,
    pub(super) folder: Option<Folder>,
}

/// What a library is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A suite, with a catalogue and probes of its own.
    Suite,
    /// The scenarios of a project, with the rules of its house; the catalogue that is compiled in goes before these.
    House {
        /// The names of the probes that are compiled in, and find out for the project's scenarios what a registry offers.
        lent: BTreeSet<Arc<str>>,
    },
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

    /// The requirements that it cites, in whatever version; its own as well, if it asks something by itself.
    pub fn cites(&self, catalogue: &Catalogue) -> BTreeSet<RequirementId> {
        cites(&self.name, &self.scenario, catalogue)
    }
}

impl Library {
    /// Says what is wrong with the meaning of a scenario, here.
    pub(super) fn check(&self, name: &Arc<str>, scenario: &Scenario, reading: Reading) -> Vec<Diagnostic> {
        let mut faults = check(name, scenario, &self.catalogue, reading);
        faults.extend(check_files(scenario, |path| self.fixture(path).is_some()));
        faults
    }

    /// Lets a scenario of a project ask what no line of it gives an id to: in its own name, as that its title is true.
    pub(super) fn let_ask_by_itself(
        &mut self,
        name: &Arc<str>,
        source: &SourceFile,
        scenario: &Scenario,
    ) -> Parsed<()> {
        let is_own = self.is_of_a_house() && !self.is_lent(name);
        if !is_own || !asks_by_itself(scenario, &self.catalogue) {
            return Ok(());
        }
        let title = (scenario.title.as_str(), scenario.title.span.clone());
        self.catalogue.add_scenario(name, source, title)
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
            .map(|loaded| (&*loaded.name, loaded.cites(&self.catalogue)));
        for (name, cites) in written.chain(coded.map(|coded| (coded.name, coded.cites()))) {
            for id in cites {
                asking.entry(id).or_default().push(name);
            }
        }
        asking
    }

    /// Whether it is of a project's own scenarios, which run alone.
    pub fn is_of_a_house(&self) -> bool {
        matches!(self.standing, Standing::House { .. })
    }

    /// The folder from which it was read, or the file in it that alone counts; none if it is compiled in.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(|folder| folder.asked.as_path())
    }

    /// Whether a scenario of this name is compiled in, and runs for what it finds out and not for what it asks.
    pub fn is_lent(&self, name: &str) -> bool {
        match &self.standing {
            Standing::Suite => false,
            Standing::House { lent } => lent.contains(name),
        }
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
    name.starts_with(PROBES)
}

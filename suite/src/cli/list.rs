//! `assize list`: what there is, as lines or as JSON.

use assize::catalogue::{self, Version};
use assize::harm::Harm;
use assize::plan;
use assize::run::coded;
use assize::scenario::Library;
use serde::Serialize;

use super::arguments::{ListArguments, Listing};
use super::exit::Exit;
use super::failure::Failure;
use super::{library, output};

/// Prints a list.
pub(crate) fn execute(arguments: &ListArguments) -> Result<Exit, Failure> {
    let library = library::load(arguments.scenarios.as_deref())?;
    let text = match arguments.what {
        Listing::Scenarios => text(&scenarios(&library), arguments.json),
        Listing::Requirements => text(&requirements(&library), arguments.json),
        Listing::Capabilities => text(&capabilities(&library), arguments.json),
    };
    output::print(&text?)?;
    Ok(Exit::Done)
}

/// Something that takes a line of a list.
pub(super) trait ListEntry: Serialize {
    /// What it is called, and what is said about it.
    fn line(&self) -> (&str, String);
}

/// The entries as lines, or as JSON.
pub(super) fn text(entries: &[impl ListEntry], json: bool) -> Result<String, Failure> {
    if json {
        let text = serde_json::to_string_pretty(entries);
        return text
            .map(|text| text + "\n")
            .map_err(|error| Failure::Suite(error.to_string()));
    }
    let widest = entries
        .iter()
        .map(|entry| entry.line().0.len())
        .max()
        .unwrap_or(0);
    let lines = entries.iter().map(|entry| {
        let (name, said) = entry.line();
        format!("{name:<widest$}  {said}\n")
    });
    Ok(lines.collect())
}

#[derive(Serialize)]
struct ScenarioEntry<'a> {
    name: &'a str,
    path: Option<&'a str>,
    title: &'a str,
}

impl ListEntry for ScenarioEntry<'_> {
    fn line(&self) -> (&str, String) {
        (self.name, self.title.to_owned())
    }
}

fn scenarios(library: &Library) -> Vec<ScenarioEntry<'_>> {
    let transcripts = library.scenarios.iter().map(|loaded| ScenarioEntry {
        name: &loaded.name,
        path: Some(&loaded.path),
        title: &loaded.scenario.title,
    });
    let coded = coded::beside(library).map(|coded| ScenarioEntry {
        name: coded.name,
        path: None,
        title: coded.title,
    });
    let mut all: Vec<ScenarioEntry<'_>> = transcripts.chain(coded).collect();
    all.sort_by_key(|scenario| scenario.name);
    all
}

#[derive(Serialize)]
struct RequirementEntry<'a> {
    id: &'a str,
    levels: Vec<LevelEntry>,
    category: &'a str,
    section: &'a str,
    text: &'a str,
    asked_by: Vec<&'a str>,
    left_out: Option<&'a str>,
    breaks: Vec<String>,
    unharmed: Vec<String>,
}

#[derive(Serialize)]
struct LevelEntry {
    version: String,
    level: String,
}

impl ListEntry for RequirementEntry<'_> {
    fn line(&self) -> (&str, String) {
        let newest = self.levels.last().map_or("", |newest| &newest.level);
        let asked = match self.asked_by.len() {
            0 => " (not asked)",
            _ => "",
        };
        let measured = self.breaks.len() + self.unharmed.len();
        let harm = match measured {
            0 => String::new(),
            measured => format!("{}/{measured}", self.breaks.len()),
        };
        (self.id, format!("{newest:<7}{harm:<4}{}{asked}", self.text))
    }
}

fn requirements(library: &Library) -> Vec<RequirementEntry<'_>> {
    let mut asking = library.asking(coded::beside(library));
    let entries = library.catalogue.iter().map(|requirement| {
        let harm = Harm::of(&requirement.id);
        let (breaks, unharmed) = harm.map(|harm| (harm.broken.into_keys(), harm.unharmed)).unzip();
        RequirementEntry {
            id: requirement.id.as_str(),
            levels: levels(&requirement.levels),
            category: requirement.category.words(),
            section: requirement.section(),
            text: &requirement.text,
            asked_by: asking.remove(&requirement.id).unwrap_or_default(),
            left_out: requirement.left_out.as_deref(),
            breaks: breaks.into_iter().flatten().collect(),
            unharmed: unharmed.into_iter().flatten().collect(),
        }
    });
    entries.collect()
}

fn levels(levels: &catalogue::Levels) -> Vec<LevelEntry> {
    let level = |version: Version| {
        Some(LevelEntry {
            version: version.to_string(),
            level: levels.in_version(version)?.to_string(),
        })
    };
    Version::ALL.into_iter().filter_map(level).collect()
}

#[derive(Serialize)]
struct CapabilityEntry {
    name: String,
    probe: String,
}

impl ListEntry for CapabilityEntry {
    fn line(&self) -> (&str, String) {
        (&self.name, format!("settled by {}", self.probe))
    }
}

fn capabilities(library: &Library) -> Vec<CapabilityEntry> {
    let capabilities = plan::capabilities(library).into_iter();
    let entries = capabilities.map(|(name, probe)| CapabilityEntry {
        name,
        probe: probe.to_string(),
    });
    entries.collect()
}

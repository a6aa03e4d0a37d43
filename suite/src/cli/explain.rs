//! `assize explain`: what a requirement asks and why, or what a scenario says.

use anstyle::Style;
use assize::catalogue::{Requirement, RequirementId};
use assize::diagnostic::did_you_mean;
use assize::harm::Harm;
use assize::run::coded;
use assize::scenario::{CodedScenario, Library, Loaded};

use super::arguments::ExplainArguments;
use super::exit::Exit;
use super::failure::Failure;
use super::{library, output};

const HEADING: Style = Style::new().bold();

/// Prints what is known about a requirement or a scenario.
pub(crate) fn execute(arguments: &ExplainArguments) -> Result<Exit, Failure> {
    let library = library::load(arguments.scenarios.as_deref())?;
    output::print(&explained(&arguments.id, &library)?)?;
    Ok(Exit::Done)
}

/// What is known about the requirement or the scenario that is called so.
pub(crate) fn explained(id: &str, library: &Library) -> Result<String, Failure> {
    let requirement = RequirementId::parse(id).and_then(|id| library.catalogue.get(&id));
    let coded = coded::beside(library).find(|coded| coded.name == id);
    match (requirement, library.get(id), coded) {
        (Some(requirement), ..) => Ok(of_requirement(requirement, library)),
        (None, Some(loaded), _) => Ok(of_transcript(loaded)),
        (None, None, Some(coded)) => Ok(of_coded(coded)),
        (None, None, None) => Err(unknown(id, library)),
    }
}

fn unknown(id: &str, library: &Library) -> Failure {
    let ids = library
        .catalogue
        .iter()
        .map(|requirement| requirement.id.as_str());
    let names = library.scenarios.iter().map(|loaded| &*loaded.name);
    let coded = coded::beside(library).map(|coded| coded.name);
    let advice = did_you_mean(id, ids.chain(names).chain(coded)).unwrap_or_else(|| {
        "`assize list scenarios` and `assize list requirements` show what there is".to_owned()
    });
    Failure::Arguments(format!(
        "there is no requirement and no scenario `{id}`; {advice}"
    ))
}

fn of_requirement(requirement: &Requirement, library: &Library) -> String {
    let asking = library.asking(coded::beside(library));
    let asked_by = asking.get(&requirement.id).map(Vec::as_slice).unwrap_or_default();
    let harm = Harm::of(&requirement.id).map(|harm| harm.sentence());
    let entries = requirement.described(asked_by, harm);
    let entries: Vec<(&str, &str)> = entries
        .iter()
        .map(|(name, said)| (*name, said.as_str()))
        .collect();
    page(requirement.id.as_str(), &entries)
}

fn of_coded(coded: &CodedScenario) -> String {
    let mut asks: Vec<&str> = coded.checks.iter().map(|check| check.id).collect();
    asks.dedup();
    page(
        coded.name,
        &[
            ("title", coded.title),
            ("written", "in Rust, since a transcript cannot say it"),
            ("needs", &coded.needs.join(", ")),
            ("asks", &asks.join(", ")),
        ],
    )
}

fn of_transcript(loaded: &Loaded) -> String {
    format!("{HEADING}# {}{HEADING:#}\n{}", loaded.path, loaded.text)
}

/// What there is to say about something, less what is empty.
fn page(name: &str, entries: &[(&str, &str)]) -> String {
    let mut text = format!("{HEADING}{name}{HEADING:#}\n");
    let indent = " ".repeat(13);
    let options = textwrap::Options::new(output::width())
        .subsequent_indent(&indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for (name, said) in entries.iter().filter(|(_, said)| !said.is_empty()) {
        text.push_str(&textwrap::fill(&format!("  {name:<11}{said}"), &options));
        text.push('\n');
    }
    text
}

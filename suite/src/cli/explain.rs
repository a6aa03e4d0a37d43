//! `assize explain`: what a requirement asks and why, or what a scenario says.

use anstyle::Style;
use assize::catalogue::{Levels, Protected, Requirement, RequirementId, Version};
use assize::diagnostic::did_you_mean;
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
    let coded = coded::scenarios().find(|coded| coded.name == id);
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
    let coded = coded::scenarios().map(|coded| coded.name);
    let advice = did_you_mean(id, ids.chain(names).chain(coded)).unwrap_or_else(|| {
        "`assize list scenarios` and `assize list requirements` show what there is".to_owned()
    });
    Failure::Arguments(format!(
        "there is no requirement and no scenario `{id}`; {advice}"
    ))
}

fn of_requirement(requirement: &Requirement, library: &Library) -> String {
    let rests_on: Vec<&str> = requirement.rests_on.iter().map(RequirementId::as_str).collect();
    let basis = requirement.basis;
    let sources = sources(requirement);
    let section = if sources.is_empty() {
        requirement.section()
    } else {
        ""
    };
    let protects = requirement.protects.map(Protected::meaning).unwrap_or_default();
    let lag = if requirement.may_lag {
        "yes, within --grace"
    } else {
        ""
    };
    let asking = library::asking(library)
        .remove(&requirement.id)
        .unwrap_or_default();
    page(
        requirement.id.as_str(),
        &[
            ("level", &levels(&requirement.levels)),
            (
                "basis",
                &format!("{}: {}", basis.words(), basis.authority().words()),
            ),
            ("protects", protects),
            ("section", section),
            ("source", &sources),
            ("category", requirement.category.words()),
            ("asks", &requirement.text),
            ("because", &requirement.why),
            ("decided", requirement.decided.as_deref().unwrap_or_default()),
            ("rests on", &rests_on.join(", ")),
            ("may lag", lag),
            ("asked by", &asking.join(", ")),
            ("not asked", requirement.left_out.as_deref().unwrap_or_default()),
        ],
    )
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

/// The levels, each with its versions: `MUST in next, SHOULD in 1.0 and 1.1`.
fn levels(levels: &Levels) -> String {
    let newest_first = Version::ALL.into_iter().rev();
    let levels = newest_first.filter_map(|version| Some((levels.in_version(version)?, version)));
    let parts = grouped(levels)
        .into_iter()
        .map(|(level, versions)| format!("{level} in {}", and(&versions)));
    parts.collect::<Vec<String>>().join(", ")
}

/// Where it stands: for each version the document, the section, and under them the link.
fn sources(requirement: &Requirement) -> String {
    let newest_first = Version::ALL.into_iter().rev();
    let sources = newest_first.filter_map(|version| {
        let source = requirement.source(version)?;
        let place = format!("{}, {}", source.document.title, source.section);
        Some(((place, source.link()), version))
    });
    let parts = grouped(sources)
        .into_iter()
        .map(|((place, link), versions)| format!("{}: {place}\n{link}", and(&versions)));
    parts.collect::<Vec<String>>().join("\n")
}

/// What is the same, once, with the versions in which it is; newest first, its versions oldest first.
fn grouped<T: PartialEq>(newest_first: impl Iterator<Item = (T, Version)>) -> Vec<(T, Vec<String>)> {
    let mut groups: Vec<(T, Vec<String>)> = Vec::new();
    for (value, version) in newest_first {
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, versions)) => versions.insert(0, version.to_string()),
            None => groups.push((value, vec![version.to_string()])),
        }
    }
    groups
}

fn and(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

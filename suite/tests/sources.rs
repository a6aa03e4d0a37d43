//! Every source opens at its sentence: its words stand in the text it cites, once, in that section, and ask as much as
//! the entry does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use assize::catalogue::{Anchors, Level, Requirement, Source, Version, Wording};
use assize::saboteur::{Sentence, variations};
use assize::scenario::Library;

mod rendered;
use rendered::Rendered;

/// The folder with a text for every edition that `documents.toml` names, if there is one on this machine.
fn folder() -> Option<PathBuf> {
    match env::var_os("ASSIZE_SPECIFICATIONS") {
        Some(named) => Some(PathBuf::from(named)),
        None => {
            Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spec")).filter(|path| path.is_dir())
        }
    }
}

#[test]
fn every_source_opens_at_its_sentence_and_asks_as_much_as_the_entry() {
    let Some(folder) = folder() else {
        eprintln!("skipped, no texts: ASSIZE_SPECIFICATIONS names no folder of them");
        return;
    };
    let library = Library::built_in().unwrap();
    let mut texts = BTreeMap::new();
    let (mut held, mut wrong) = (0, Vec::new());
    for requirement in library.catalogue.iter() {
        for version in Version::ALL {
            let Some(source) = requirement.source(version) else {
                continue;
            };
            let Some(name) = &source.edition.text else {
                continue;
            };
            let text = texts
                .entry(name.clone())
                .or_insert_with(|| Rendered::of(&fs::read_to_string(folder.join(name)).unwrap()));
            match fault(requirement, version, source, text) {
                Some(fault) => wrong.push(format!("{}, {version}: {fault}", requirement.id)),
                None => held += 1,
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(held > 0, "no source was held against a text");
}

#[test]
fn every_variation_is_allowed_by_a_sentence_that_stands_where_it_says() {
    let Some(folder) = folder() else {
        eprintln!("skipped, no texts: ASSIZE_SPECIFICATIONS names no folder of them");
        return;
    };
    let documents: toml::Table = include_str!("../../scenarios/requirements/documents.toml")
        .parse()
        .unwrap();
    let mut texts = BTreeMap::new();
    let mut wrong = Vec::new();
    for variation in variations::all() {
        let Sentence {
            document,
            section,
            words,
        } = variation.allowed;
        for version in variation.versions {
            let editions = &documents[document]["edition"];
            let edition = editions.get(version.to_string()).unwrap_or(editions);
            let name = edition["text"].as_str().unwrap();
            let text = texts
                .entry(name.to_owned())
                .or_insert_with(|| Rendered::of(&fs::read_to_string(folder.join(name)).unwrap()));
            let numbered = format!("{section}. ");
            let found = text.section(|heading| heading == section || heading.starts_with(&numbered));
            let shown = found.map(|found| text.slice(found).to_lowercase());
            if !shown.is_some_and(|shown| shown.contains(&words.to_lowercase())) {
                wrong.push(format!(
                    "{}: `{words}` is not in {section} of {name}",
                    variation.id
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is wrong with a source, held against the text that it cites.
fn fault(requirement: &Requirement, version: Version, source: &Source, text: &Rendered) -> Option<String> {
    let section = match source.document.anchors {
        Anchors::Headings => text.section(|heading| heading == source.section),
        Anchors::Numbers => text.section(|heading| heading.starts_with(&format!("{}. ", source.section))),
    };
    let anchor = source.document.anchors.of(&source.section);
    let twice = |heading: &str| source.document.anchors.of(heading) == anchor;
    let Some(section) = section.filter(|_| text.headings().filter(|heading| twice(heading)).count() <= 1)
    else {
        return Some(format!("`{}` is not the heading of one section", source.section));
    };
    let stated = requirement.basis.authority().is_stated();
    let Some(words) = &source.words else {
        return stated.then(|| "the words of the sentence are missing".to_owned());
    };
    let passage = match text.passage(words) {
        Ok(passage) => passage,
        Err(fault) => return Some(fault),
    };
    let innermost = text.innermost(&passage, |heading| {
        let anchor = source.document.anchors.of(heading);
        let alike = |other: &&str| source.document.anchors.of(other) == anchor;
        text.headings().filter(alike).count() == 1
    });
    if innermost != Some(section.start) {
        return Some(format!("`{}` stands in another section", words.from));
    }
    let asked = heaviest(text.slice(passage), source.document.wording);
    let level = requirement.levels.in_version(version);
    (stated && asked != level).then(|| format!("the entry says {level:?}, the text {asked:?}"))
}

/// The heaviest word of a passage that says how much is asked.
fn heaviest(passage: &str, wording: Wording) -> Option<Level> {
    let words = passage.split(|letter: char| !letter.is_alphabetic());
    match wording {
        Wording::Rfc2119 => words.filter_map(level).max(),
        Wording::Prose => {
            let words: Vec<String> = words.map(str::to_lowercase).collect();
            let pairs = words
                .windows(2)
                .filter_map(|pair| level_of_prose(&pair.join(" ")));
            let alone = words.iter().filter_map(|word| level_of_prose(word));
            pairs.chain(alone).max()
        }
    }
}

fn level(word: &str) -> Option<Level> {
    match word {
        "MUST" | "SHALL" | "REQUIRED" => Some(Level::Must),
        "SHOULD" | "RECOMMENDED" => Some(Level::Should),
        "MAY" | "OPTIONAL" => Some(Level::May),
        _ => None,
    }
}

fn level_of_prose(words: &str) -> Option<Level> {
    match words {
        "must" | "will" | "required" | "is returned" | "are returned" => Some(Level::Must),
        "should" => Some(Level::Should),
        "may" | "optional" | "optionally" => Some(Level::May),
        _ => None,
    }
}

#[test]
fn the_heaviest_word_of_a_passage_is_its_level() {
    let heaviest_in = heaviest;
    let heaviest = |passage| heaviest_in(passage, Wording::Rfc2119);
    assert_eq!(
        heaviest("A client SHOULD send it, and the registry MUST NOT refuse it."),
        Some(Level::Must)
    );
    assert_eq!(heaviest("It is NOT RECOMMENDED."), Some(Level::Should));
    assert_eq!(heaviest("You must, may and should; MUSTARD is a plant."), None);
    let prose = |passage| heaviest_in(passage, Wording::Prose);
    assert_eq!(
        prose("A `202` will be returned, and may have a body."),
        Some(Level::Must)
    );
    assert_eq!(prose("An error is returned for each."), Some(Level::Must));
    assert_eq!(
        prose("It may be returned, and the header should be set."),
        Some(Level::Should)
    );
    assert_eq!(prose("A willow, a mustache."), None);
}

//! Everything that is required is asked, or says why it is not; and so is everything that broke clients in the field.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use assize::catalogue::{Level, RequirementId, Version, cross_check, unsourced};
use assize::diagnostic::Color;
use assize::run::coded;
use assize::saboteur::matrix::{JudgedBy, to_be_proven};
use assize::saboteur::{deviations, variations};
use assize::scenario::Library;
use assize::scenario::ast::{
    Piece, Property, Request, RequestLine, Slot, Statement, Template, each_statement,
};

fn id(text: &str) -> RequirementId {
    RequirementId::parse(text).unwrap()
}

/// Every id that a scenario cites, as a transcript or in Rust.
fn cited_ids(library: &Library) -> Vec<RequirementId> {
    let scenarios = library.scenarios.iter();
    let transcripts = scenarios.flat_map(|loaded| loaded.cites(&library.catalogue));
    let coded = coded::scenarios().flat_map(assize::scenario::CodedScenario::cites);
    transcripts.chain(coded).collect()
}

#[test]
fn every_requirement_is_asked_or_left_out_with_a_reason() {
    let library = Library::built_in().unwrap();
    let asked = cited_ids(&library);
    let faulty = cross_check(&library.catalogue, &asked);
    let drawn: Vec<String> = faulty.iter().map(|file| file.render(Color::Never)).collect();
    assert!(drawn.is_empty(), "\n{}", drawn.join("\n\n"));
}

#[test]
fn every_requirement_that_a_document_states_shows_where() {
    let library = Library::built_in().unwrap();
    let faulty = unsourced(&library.catalogue);
    let drawn: Vec<String> = faulty.iter().map(|file| file.render(Color::Never)).collect();
    assert!(drawn.is_empty(), "\n{}", drawn.join("\n\n"));
}

/// Where a request names a digest: its method, and what stands before the digest.
fn places_of_digests(request: &Request, algorithm: Property) -> BTreeSet<String> {
    let RequestLine::Http {
        method: Slot::Is(method),
        target,
        query,
    } = &request.line.value
    else {
        return BTreeSet::new();
    };
    let named = |template: &Template| -> Vec<String> {
        let pairs = template.0.windows(2);
        pairs
            .filter_map(|pair| match pair {
                [Piece::Text(before), Piece::Hole(hole)] if hole.value.properties.contains(&algorithm) => {
                    let path = before.trim_end_matches('/');
                    let place = path.rsplit(['/', '?', '&']).next().unwrap_or(path);
                    Some(format!("{method} {place}"))
                }
                _ => None,
            })
            .collect()
    };
    [Some(target), query.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(named)
        .collect()
}

#[test]
fn what_is_asked_by_a_sha256_digest_is_asked_by_a_sha512_digest_too() {
    let library = Library::built_in().unwrap();
    let (mut by_sha256, mut by_sha512) = (BTreeSet::new(), BTreeSet::new());
    for loaded in &library.scenarios {
        each_statement(&loaded.scenario.body, &mut |item| {
            if let Statement::Request(request) = &item.value {
                by_sha256.extend(places_of_digests(request, Property::Digest));
                by_sha512.extend(places_of_digests(request, Property::Sha512));
            }
        });
    }
    let unasked: Vec<&String> = by_sha256.difference(&by_sha512).collect();
    assert!(unasked.is_empty(), "nothing asks by sha512: {unasked:?}");
    assert!(by_sha256.contains("GET blobs"), "only these: {by_sha256:?}");
}

#[test]
fn every_bug_of_the_field_is_covered_by_requirements_that_are_asked_or_left_out_with_a_reason() {
    let bugs: toml::Table = include_str!("../../scenarios/requirements/field-bugs.toml")
        .parse()
        .unwrap();
    let library = Library::built_in().unwrap();
    let asked: BTreeSet<RequirementId> = cited_ids(&library).into_iter().collect();
    let mut wrong = Vec::new();
    let mut unasked = BTreeSet::new();
    for (bug, entry) in &bugs {
        let reason = entry.get("left-out").and_then(toml::Value::as_str);
        let covered = entry.get("covered-by").and_then(toml::Value::as_array);
        match (covered, reason) {
            (None, Some(reason)) if !reason.is_empty() => {}
            (Some(ids), None) if !ids.is_empty() => {
                for text in ids.iter().filter_map(toml::Value::as_str) {
                    if library.catalogue.get(&id(text)).is_none() {
                        wrong.push(format!("{bug}: there is no {text}"));
                    } else if !asked.contains(&id(text)) {
                        unasked.insert(text);
                    }
                }
            }
            _ => wrong.push(format!(
                "{bug}: either covered by requirements, or left out with a reason"
            )),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(unasked.is_empty(), "nothing asks {unasked:?}");
}

#[test]
fn what_is_no_requirement_says_why_and_is_not_in_the_catalogue() {
    let list: toml::Table = include_str!("../../scenarios/requirements/not-requirements.toml")
        .parse()
        .unwrap();
    let library = Library::built_in().unwrap();
    let known = |text: &str| library.catalogue.get(&id(text)).is_some();
    for (kind, entry) in &list {
        let entry = entry.as_table().unwrap();
        let Some(reason) = entry.get("reason") else {
            for (left, into) in entry {
                let into = into.as_str().and_then(|text| text.strip_prefix("into ")).unwrap();
                let into = into.split([':', ',']).next().unwrap();
                assert!(!known(left) && known(into), "{kind}: {left}");
            }
            continue;
        };
        assert!(reason.as_str().is_some_and(|reason| !reason.is_empty()), "{kind}");
        for left in entry["ids"].as_array().unwrap() {
            assert!(!known(left.as_str().unwrap()), "{kind}: {left}");
        }
    }
}

/// Every id that some deviation breaks. That each is caught is a trial of its own.
fn broken_ids() -> BTreeSet<RequirementId> {
    let breaks = deviations::all()
        .into_iter()
        .flat_map(|deviation| deviation.breaks);
    breaks.map(|text| id(text)).collect()
}

#[test]
fn every_requirement_that_is_asked_is_broken_by_a_deviation() {
    let library = Library::built_in().unwrap();
    let broken = broken_ids();
    let unproven: BTreeSet<String> = to_be_proven(&library.catalogue, JudgedBy::Newest)
        .filter(|id| !broken.contains(id))
        .map(|id| id.to_string())
        .collect();
    assert!(unproven.is_empty(), "no deviation breaks {unproven:?}");
}

#[test]
fn the_readme_says_how_much_is_checked_and_proven() {
    let library = Library::built_in().unwrap();
    let asked: BTreeSet<RequirementId> = cited_ids(&library).into_iter().collect();
    let broken = broken_ids();
    let readme = include_str!("../../README.md");
    for (level, word) in [
        (Level::Must, "MUST"),
        (Level::Should, "SHOULD"),
        (Level::May, "MAY"),
    ] {
        for (version, name) in [
            (Version::V1_0, "1.0"),
            (Version::V1_1, "1.1"),
            (Version::Next, "next"),
            (Version::Docker, "docker"),
        ] {
            let (mut all, mut left_out, mut checked, mut proven) = (0, 0, 0, 0);
            for requirement in library.catalogue.iter() {
                if requirement.levels.in_version(version) != Some(level) {
                    continue;
                }
                all += 1;
                if requirement.left_out.is_some() {
                    left_out += 1;
                } else if asked.contains(&requirement.id) {
                    checked += 1;
                    proven += usize::from(broken.contains(&requirement.id));
                }
            }
            let row = format!("| {word} | {name} | {all} | {left_out} | {checked} | {proven} |");
            assert!(readme.contains(&row), "the README does not say:\n{row}");
        }
    }
}

#[test]
fn a_deviation_that_breaks_several_requirements_says_why() {
    for deviation in deviations::all() {
        let breaks_several = deviation.breaks.len() > 1;
        assert_eq!(breaks_several, deviation.because.is_some(), "{}", deviation.id);
    }
}

#[test]
fn every_deviation_and_every_variation_has_an_id_of_its_own() {
    let mut seen = BTreeSet::new();
    let deviations = deviations::all().into_iter().map(|deviation| deviation.id);
    let variations = variations::all().into_iter().map(|variation| variation.id);
    for id in deviations.chain(variations) {
        assert!(seen.insert(id), "{id} stands there twice");
    }
}

#[test]
fn what_was_measured_of_clients_is_of_rows_that_there_are_and_of_what_they_break() {
    let deviations = deviations::all().into_iter();
    let mut rows: BTreeMap<&str, String> = deviations
        .map(|deviation| (deviation.id, deviation.breaks.join(",")))
        .collect();
    let variations = variations::all().into_iter();
    rows.extend(variations.map(|variation| (variation.id, variation.told_by.join(","))));
    for cell in measured() {
        assert_eq!(rows.get(cell.row.as_str()), Some(&cell.broken), "{}", cell.row);
    }
}

/// A cell of the tables of clients.
struct Cell {
    row: String,
    broken: String,
    outcome: String,
}

/// Every cell that was measured.
fn measured() -> Vec<Cell> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/clients");
    let tables = fs::read_dir(folder).unwrap();
    let texts = tables.map(|table| fs::read_to_string(table.unwrap().path()).unwrap());
    let cells = texts.flat_map(|text| text.lines().skip(1).map(cell).collect::<Vec<Cell>>());
    cells.collect()
}

fn cell(line: &str) -> Cell {
    let fields: Vec<&str> = line.split('\t').collect();
    let [row, broken, _workflow, outcome, _said] = fields.try_into().unwrap();
    Cell {
        row: row.to_owned(),
        broken: broken.to_owned(),
        outcome: outcome.to_owned(),
    }
}

#[test]
fn what_is_allowed_and_breaks_a_client_is_told_or_says_why_not() {
    let library = Library::built_in().unwrap();
    let breaking = measured().into_iter().filter(|cell| cell.outcome != "ok");
    let breaking: BTreeSet<String> = breaking.map(|cell| cell.row).collect();
    for variation in variations::all() {
        let is_told = !variation.told_by.is_empty() || !variation.forgoes.is_empty();
        let says_why = variation.untold.is_some_and(|why| why.ends_with('.'));
        assert!(!(is_told && says_why), "{} is told of", variation.id);
        let breaks = breaking.contains(variation.id);
        assert!(!breaks || is_told || says_why, "{} breaks clients", variation.id);
        for told in variation.told_by {
            let requirement = library.catalogue.get(&id(told)).unwrap();
            let level = requirement.levels.in_version(Version::Next);
            assert_eq!(level, Some(Level::May), "{}: {told}", variation.id);
        }
    }
}

#[test]
fn what_a_variation_forgoes_is_a_should_where_it_is_allowed() {
    let library = Library::built_in().unwrap();
    for variation in variations::all() {
        for forgone in variation.forgoes {
            let requirement = library.catalogue.get(&id(forgone)).unwrap();
            let levels = variation.versions.iter();
            let levels: Vec<Level> = levels
                .filter_map(|version| requirement.levels.in_version(*version))
                .collect();
            let is_should = !levels.is_empty() && levels.iter().all(|level| *level == Level::Should);
            assert!(is_should, "{}: {forgone} is {levels:?}", variation.id);
        }
    }
}

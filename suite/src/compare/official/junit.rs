//! The `junit.xml` of the OCI's conformance suite, in the form of today and in those of its older one, which was made with
//! Ginkgo.

use roxmltree::{Document, Node};

use super::table::{OfficialRow, OfficialTable};
use super::{BadResults, OfficialResult, OfficialStatus};

/// How much is kept of what a failure says: enough for two values, not for a document.
const LONGEST: usize = 200;

/// What a file of this kind holds.
pub(super) struct Junit {
    pub(super) results: Vec<OfficialResult>,
    /// What is known of tests with these names.
    pub(super) rows: &'static [OfficialRow],
}

/// The suite as it is, and as it was.
#[derive(Clone, Copy)]
enum Generation {
    /// A program of its own; its steps have paths, and a status each.
    Steps,
    /// With Ginkgo, of version 1 for the specification 1.0 and of version 2 for 1.1; its steps have sentences.
    Ginkgo,
}

impl Generation {
    const ALL: [Generation; 2] = [Generation::Steps, Generation::Ginkgo];

    /// What its steps begin with.
    fn whole(self) -> &'static str {
        match self {
            Generation::Steps => "OCI Conformance Test",
            Generation::Ginkgo => "OCI Distribution Conformance Tests",
        }
    }

    /// The name of a step without what all of them begin with; nothing if it is none of its own.
    fn step(self, name: &str) -> Option<&str> {
        // Ginkgo 2 writes the kind of a step before it, unless it is told not to.
        let step = name.trim_start_matches("[It] ").strip_prefix(self.whole())?;
        Some(step.trim_start_matches(['/', ' ']))
    }

    fn rows(self) -> &'static [OfficialRow] {
        match self {
            Generation::Steps => &OfficialTable::built_in().tests,
            Generation::Ginkgo => &OfficialTable::built_in().ginkgo,
        }
    }
}

impl Junit {
    /// Reads such a file.
    pub(super) fn read(text: &str) -> Result<Junit, BadResults> {
        let document = Document::parse(text).map_err(|error| BadResults::Junit(error.to_string()))?;
        let cases = || {
            document
                .descendants()
                .filter(|node| node.has_tag_name("testcase"))
        };
        for generation in Generation::ALL {
            let own = cases().filter_map(|case| Some((generation.step(name(case))?, case)));
            let results: Vec<OfficialResult> = own.map(|(step, case)| result(step, case)).collect();
            if !results.is_empty() {
                let rows = generation.rows();
                return Ok(Junit { results, rows });
            }
        }
        let suites = document
            .descendants()
            .filter(|node| node.has_tag_name("testsuite"));
        let mut names = std::iter::once(document.root_element()).chain(suites).map(name);
        let unnamed = || BadResults::Junit("it names no suite".to_owned());
        Err(names
            .find(|name| !name.is_empty())
            .map_or_else(unnamed, |name| BadResults::OtherSuite(name.to_owned())))
    }
}

fn name<'a>(node: Node<'a, '_>) -> &'a str {
    node.attribute("name").unwrap_or_default()
}

fn result(step: &str, case: Node<'_, '_>) -> OfficialResult {
    let child = |tag| case.children().find(|node| node.has_tag_name(tag));
    let failure = child("failure").or_else(|| child("error"));
    let said = match failure {
        Some(failure) => failure.attribute("message").or_else(|| failure.text()),
        None => child("system-out").and_then(|said| said.text()),
    };
    let status = case.attribute("status");
    OfficialResult {
        name: step.to_owned(),
        status: match status {
            Some("passed") => OfficialStatus::Passed,
            Some("skipped" | "pending") => OfficialStatus::Skipped,
            Some("failure" | "failed") => OfficialStatus::Failed,
            Some(_) => OfficialStatus::Error,
            // Ginkgo 1 has elements alone.
            None if child("skipped").is_some() => OfficialStatus::Skipped,
            None => match failure.map(|failure| failure.attribute("type")) {
                None => OfficialStatus::Passed,
                Some(Some("Failure")) => OfficialStatus::Failed,
                Some(_) => OfficialStatus::Error,
            },
        },
        said: match failure {
            Some(_) => in_a_line(said.unwrap_or_default()),
            None => said.or(status).unwrap_or_default().to_owned(),
        },
    }
}

/// What a failure says in one line, without places in the suite's code and without the types of what it compares.
fn in_a_line(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.contains(".go:"));
    let words = lines.flat_map(str::split_whitespace);
    let words: Vec<&str> = words
        .filter(|word| !(word.starts_with('<') && word.ends_with(">:")))
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

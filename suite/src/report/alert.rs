//! A finding as pipelines show it: how grave it is, where it stands, and one sentence.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{Report, text, words};
use crate::catalogue::Level;
use crate::judgement::{Finding, Way};

/// The longest sentence of an alert, in characters: what comes behind it stands in the report.
const SENTENCE: usize = 400;

/// How grave a finding is, whatever a baseline says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gravity {
    /// It makes the run fail.
    Failure,
    /// It is broken and does not make the run fail.
    Warning,
    /// It is told for information.
    Note,
}

/// A finding in one place and one sentence.
#[derive(Debug)]
pub(super) struct Alert<'a> {
    /// The finding.
    pub(super) finding: &'a Finding,
    /// How grave it is.
    pub(super) gravity: Gravity,
    /// Why it is known, if the baseline lists it.
    pub(super) known: Option<&'a str>,
    /// The scenario whose line broke.
    pub(super) path: String,
    /// The line, counted from one.
    pub(super) line: usize,
    /// What is required, and what came instead.
    pub(super) message: String,
    /// The name under which the same finding is met again in the next run.
    pub(super) fingerprint: String,
}

impl<'a> Report<'a> {
    /// Every finding as an alert, in the order of the findings.
    pub(super) fn alerts(&self) -> Vec<Alert<'a>> {
        let findings = self.outcome.findings.iter();
        findings
            .filter_map(|finding| Some(self.alert(finding, finding.ways.first()?)))
            .collect()
    }

    fn alert(&self, finding: &'a Finding, way: &'a Way) -> Alert<'a> {
        Alert {
            finding,
            gravity: self.gravity(finding),
            known: self.known(finding).map(|entry| &*entry.reason),
            path: self.path(&way.place.scenario),
            line: way.place.line,
            message: self.message(finding),
            fingerprint: fingerprint(finding, way),
        }
    }

    fn gravity(&self, finding: &'a Finding) -> Gravity {
        let bare = Report {
            baseline: None,
            ..*self
        };
        match finding.level {
            _ if bare.fails(finding) => Gravity::Failure,
            Level::May => Gravity::Note,
            Level::Must | Level::Should => Gravity::Warning,
        }
    }

    /// The file of a scenario; the name of one that is written in Rust.
    fn path(&self, scenario: &str) -> String {
        let loaded = self.library.get(scenario);
        loaded.map_or_else(|| scenario.to_owned(), |loaded| loaded.path.to_string())
    }

    /// What is required, and what came instead.
    pub(super) fn message(&self, finding: &Finding) -> String {
        let required = self.library.catalogue.get(&finding.requirement);
        let required = required.map(|known| known.text.clone());
        let first = finding.ways.first();
        let came = first.map(|way| format!("Asked {}, got {}", way.asked, way.got));
        let sentences: Vec<String> = required.into_iter().chain(came).collect();
        words::said(&sentences.join(" "), &self.outcome.facts, SENTENCE)
    }

    /// The verdict in one sentence, as it may be shown.
    pub(super) fn closing(&self) -> String {
        words::said(&text::verdict(self), &self.outcome.facts, usize::MAX)
    }
}

/// The requirement and the first way it broke, which is the same in every run of the same scenarios.
fn fingerprint(finding: &Finding, way: &Way) -> String {
    let named = format!("{}\n{}", finding.requirement, words::way(way));
    let digest = Sha256::digest(named);
    HEXLOWER.encode(&digest)
}

//! A report as `--report json` wrote it, as far as a comparison needs it.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::ComparedVerdict;
use crate::catalogue::Level;
use crate::report::{SCHEMA, VerdictKind};

/// A report that was read.
#[derive(Clone, Debug)]
pub struct ReportFile {
    /// What it is called.
    pub name: String,
    document: FileDocument,
    /// The places of the requirements in the document, by their ids.
    index: BTreeMap<String, usize>,
}

/// Why a file is no report that can be compared.
#[derive(Debug, Error)]
pub enum BadReport {
    /// It is no such document.
    #[error("line {line}, column {column}: it is no report that --report json wrote: {why}")]
    Document {
        /// The line, counted from one.
        line: usize,
        /// The column, counted from one.
        column: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It has another form.
    #[error("it is a report of the form `{0}`, and this assize reads `{SCHEMA}`")]
    OtherForm(String),
}

#[derive(Clone, Debug, Deserialize)]
struct FileDocument {
    schema: String,
    facts: FileFacts,
    verdict: FileVerdict,
    findings: Vec<FileFinding>,
    requirements: Vec<FileRequirement>,
}

#[derive(Clone, Debug, Deserialize)]
struct FileFacts {
    target: String,
    version: String,
}

#[derive(Clone, Debug, Deserialize)]
struct FileVerdict {
    sentence: String,
}

#[derive(Clone, Debug, Deserialize)]
struct FileFinding {
    requirement: String,
    #[serde(default)]
    ways: Vec<FileWay>,
    #[serde(default)]
    consequences: Vec<FileFinding>,
}

#[derive(Clone, Debug, Deserialize)]
struct FileWay {
    got: String,
}

/// A requirement of a report.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FileRequirement {
    id: String,
    #[serde(deserialize_with = "level")]
    pub(super) level: Option<Level>,
    pub(super) category: Option<String>,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) source: Option<FileSource>,
    verdict: VerdictKind,
}

/// Where a requirement stands.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FileSource {
    pub(super) link: String,
}

impl ReportFile {
    /// Reads a report, which is called by this name.
    ///
    /// # Errors
    /// The text is no report, or one of another form.
    pub fn parse(name: impl Into<String>, text: &str) -> Result<ReportFile, BadReport> {
        let document: FileDocument = serde_json::from_str(text).map_err(|error| BadReport::Document {
            line: error.line(),
            column: error.column(),
            why: without_place(&error),
        })?;
        if document.schema != SCHEMA {
            return Err(BadReport::OtherForm(document.schema));
        }
        let ids = document.requirements.iter().enumerate();
        Ok(ReportFile {
            name: name.into(),
            index: ids.map(|(at, row)| (row.id.clone(), at)).collect(),
            document,
        })
    }

    /// The address of the registry.
    pub(super) fn target(&self) -> &str {
        &self.document.facts.target
    }

    /// The version of the specification judged by.
    pub(super) fn version(&self) -> &str {
        &self.document.facts.version
    }

    /// The verdict in words.
    pub(super) fn sentence(&self) -> &str {
        &self.document.verdict.sentence
    }

    /// The requirement of this id, if the report has it.
    pub(super) fn requirement(&self, id: &str) -> Option<&FileRequirement> {
        self.document.requirements.get(*self.index.get(id)?)
    }

    /// The verdicts on what was in force.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = (Level, VerdictKind)> {
        let rows = self.document.requirements.iter();
        rows.filter_map(|row| Some((row.level?, row.verdict)))
    }

    /// What became of a requirement.
    pub(super) fn cell(&self, id: &str) -> ComparedVerdict {
        let in_force = self.requirement(id).filter(|row| row.level.is_some());
        ComparedVerdict {
            verdict: in_force.map(|row| row.verdict),
            got: self.got(id).map(str::to_owned),
        }
    }

    fn got(&self, id: &str) -> Option<&str> {
        let findings = self.document.findings.iter();
        let mut all = findings.flat_map(|finding| std::iter::once(finding).chain(&finding.consequences));
        let found = all.find(|finding| finding.requirement == id)?;
        found.ways.first().map(|way| way.got.as_str())
    }
}

/// The ids of every requirement, in the order of the first report; what only later ones have comes last.
pub(super) fn requirements(reports: &[ReportFile]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let rows = reports.iter().flat_map(|report| &report.document.requirements);
    rows.map(|row| row.id.as_str())
        .filter(|id| seen.insert(*id))
        .collect()
}

/// What is wrong, without the place, which is said before it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => what.to_owned(),
        None => text,
    }
}

fn level<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Level>, D::Error> {
    let word = Option::<String>::deserialize(from)?;
    let level = |word: String| {
        word.parse()
            .map_err(|()| D::Error::custom(format!("`{word}` is no level")))
    };
    word.map(level).transpose()
}

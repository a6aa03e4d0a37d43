//! A report as `--report json` wrote it, as far as a comparison needs it.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use super::ComparedVerdict;
use crate::catalogue::{Level, Requirement, Version};
use crate::report::{SCHEMA, VerdictKind, specification};

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
    #[serde(default)]
    suite: FileSuite,
    facts: FileFacts,
    verdict: FileVerdict,
    #[serde(default)]
    categories: Vec<FileCategory>,
    findings: Vec<FileFinding>,
    requirements: Vec<FileRequirement>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct FileSuite {
    name: String,
    version: String,
}

#[derive(Clone, Debug, Deserialize)]
struct FileFacts {
    target: String,
    version: String,
    #[serde(default)]
    started: u64,
    #[serde(default)]
    narrowed: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct FileVerdict {
    #[serde(default)]
    passes: bool,
    #[serde(default)]
    word: String,
    sentence: String,
}

/// The numbers of one category and one level.
#[derive(Clone, Debug, Deserialize)]
struct FileCategory {
    category: String,
    level: String,
    #[serde(flatten)]
    numbers: FileNumbers,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct FileNumbers {
    held: usize,
    broken: usize,
    follows: usize,
    late: usize,
    not_reached: usize,
    suite_failed: usize,
}

/// How much held of what was due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Score {
    /// The requirements that held.
    pub(crate) held: usize,
    /// The requirements that were to be shown.
    pub(crate) due: usize,
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
    pub(super) id: String,
    #[serde(deserialize_with = "level")]
    pub(super) level: Option<Level>,
    pub(super) category: Option<String>,
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) source: Option<FileSource>,
    pub(super) verdict: VerdictKind,
}

/// Where a requirement stands.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FileSource {
    pub(super) link: String,
}

impl FileRequirement {
    /// A requirement of the catalogue, as a version has it.
    pub(super) fn of(requirement: &Requirement, version: Version, verdict: VerdictKind) -> FileRequirement {
        FileRequirement {
            id: requirement.id.to_string(),
            level: requirement.levels.in_version(version),
            category: Some(requirement.category.words().to_owned()),
            text: Some(requirement.text.clone()),
            source: requirement
                .source(version)
                .map(|source| FileSource { link: source.link() }),
            verdict,
        }
    }
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

    /// The report that comes of something else, judged by a version: its verdict in a sentence, and each requirement with what it got
    /// where it broke.
    pub(super) fn of_others(
        name: String,
        version: Version,
        sentence: String,
        rows: impl IntoIterator<Item = (FileRequirement, Option<String>)>,
    ) -> ReportFile {
        let (mut requirements, mut findings) = (Vec::new(), Vec::new());
        for (row, got) in rows {
            findings.extend(got.map(|got| FileFinding {
                requirement: row.id.clone(),
                ways: vec![FileWay { got }],
                consequences: Vec::new(),
            }));
            requirements.push(row);
        }
        let ids = requirements.iter().enumerate();
        ReportFile {
            name,
            index: ids.map(|(at, row)| (row.id.clone(), at)).collect(),
            document: FileDocument {
                schema: SCHEMA.to_owned(),
                suite: FileSuite::default(),
                facts: FileFacts {
                    target: String::new(),
                    version: version.to_string(),
                    started: 0,
                    narrowed: Vec::new(),
                },
                verdict: FileVerdict {
                    passes: false,
                    word: String::new(),
                    sentence,
                },
                categories: Vec::new(),
                findings,
                requirements,
            },
        }
    }

    /// The suite that made it, and its version.
    pub(crate) fn suite(&self) -> String {
        format!("{} {}", self.document.suite.name, self.document.suite.version)
    }

    /// When the run began, in seconds since 1970.
    pub(crate) fn started(&self) -> u64 {
        self.document.facts.started
    }

    /// Whether the run passed.
    pub(crate) fn passes(&self) -> bool {
        self.document.verdict.passes
    }

    /// The verdict in a word.
    pub(crate) fn word(&self) -> &str {
        &self.document.verdict.word
    }

    /// What was judged by, in words, and whether only a part was asked.
    pub(crate) fn specification(&self) -> String {
        let version = self.version();
        let words = version.parse().map(|version: Version| specification(version));
        let words = words.map_or_else(|()| version.to_owned(), str::to_owned);
        match self.document.facts.narrowed.is_empty() {
            true => words,
            false => format!("{words}, in part"),
        }
    }

    /// How much of a level held, in one category or in all.
    pub(crate) fn score(&self, level: Level, category: Option<&str>) -> Score {
        let level = level.to_string();
        let rows = self.document.categories.iter();
        let mine = rows.filter(|row| row.level == level && category.is_none_or(|one| row.category == one));
        mine.fold(Score::default(), |score, row| {
            let of = row.numbers;
            Score {
                held: score.held + of.held,
                due: score.due
                    + of.held
                    + of.broken
                    + of.follows
                    + of.late
                    + of.not_reached
                    + of.suite_failed,
            }
        })
    }

    /// The address of the registry.
    pub(crate) fn target(&self) -> &str {
        &self.document.facts.target
    }

    /// The version of the specification judged by.
    pub(super) fn version(&self) -> &str {
        &self.document.facts.version
    }

    /// The verdict in words.
    pub(crate) fn sentence(&self) -> &str {
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
            turn: None,
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

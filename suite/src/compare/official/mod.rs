//! The results of the OCI's own conformance suite as a report: its `junit.xml`, step by step, as it is and as it was while the
//! suite was made with Ginkgo, or its `results.yaml`, API by API, mapped to our requirements as far as [`table`] goes.

mod junit;
mod results;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use self::junit::Junit;
pub use self::results::official_results;
use self::table::{OfficialRow, OfficialTable};
use super::ReportFile;
use super::report_file::FileRequirement;
use crate::catalogue::{Catalogue, Version};
use crate::report::VerdictKind;

/// Why a file holds no results of the OCI's suite.
#[derive(Debug, Error)]
pub enum BadResults {
    /// It is no JUnit XML.
    #[error("it is no JUnit file: {0}")]
    Junit(String),
    /// It is JUnit XML of something else.
    #[error(
        "it is the JUnit file of `{0}`; of JUnit files only the junit.xml of the OCI's conformance suite can be compared, \
         of assize's own reports the one that --report json writes"
    )]
    OtherSuite(String),
    /// It is no YAML.
    #[error(
        "it is neither a report that --report json wrote nor the results.yaml of the OCI's conformance suite: {0}"
    )]
    Yaml(String),
}

/// A result of the other suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OfficialStatus {
    Passed,
    Skipped,
    Failed,
    Error,
}

/// Something that the other suite asked, and what it came to.
struct OfficialResult {
    name: String,
    status: OfficialStatus,
    /// What it says of it.
    said: String,
}

#[derive(Deserialize)]
struct ResultsYaml {
    apis: BTreeMap<String, String>,
}

impl ReportFile {
    /// Reads the `junit.xml` of the OCI's conformance suite, which is called by this name.
    ///
    /// # Errors
    /// The text is no JUnit XML, or that of another suite.
    pub fn of_official_junit(
        name: impl Into<String>,
        text: &str,
        catalogue: &Catalogue,
    ) -> Result<ReportFile, BadResults> {
        let junit = Junit::read(text)?;
        Ok(report(
            name.into(),
            &junit.results,
            "steps",
            junit.rows,
            catalogue,
        ))
    }

    /// Reads the `results.yaml` of the OCI's conformance suite, which is called by this name.
    ///
    /// # Errors
    /// The text is no YAML, or has no `apis`.
    pub fn of_official_results(
        name: impl Into<String>,
        text: &str,
        catalogue: &Catalogue,
    ) -> Result<ReportFile, BadResults> {
        let yaml: ResultsYaml =
            serde_saphyr::from_str(text).map_err(|error| BadResults::Yaml(first_line(&error.to_string())))?;
        let results: Vec<OfficialResult> = yaml
            .apis
            .into_iter()
            .map(|(name, status)| OfficialResult {
                status: match status.as_str() {
                    "Pass" => OfficialStatus::Passed,
                    "Skip" | "Disabled" => OfficialStatus::Skipped,
                    "FAIL" => OfficialStatus::Failed,
                    _ => OfficialStatus::Error,
                },
                said: format!("{name}: {status}"),
                name,
            })
            .collect();
        Ok(report(
            name.into(),
            &results,
            "APIs",
            &OfficialTable::built_in().apis,
            catalogue,
        ))
    }
}

/// What was told of one requirement; what weighs more comes later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OfficialVerdict {
    Skipped,
    /// A step failed that asks it and more.
    Doubtful(String),
    Held,
    Broken(String),
}

/// The report that results come to.
fn report(
    name: String,
    results: &[OfficialResult],
    what: &str,
    rows: &[OfficialRow],
    catalogue: &Catalogue,
) -> ReportFile {
    let mut told: BTreeMap<&str, OfficialVerdict> = BTreeMap::new();
    for result in results {
        let Some(row) = rows.iter().find(|row| row.name.matches(&result.name)) else {
            continue;
        };
        for (id, says) in row.says(result) {
            let known = told.entry(id).or_insert(OfficialVerdict::Skipped);
            *known = (*known).clone().max(says);
        }
    }
    let requirements = catalogue.iter().map(|requirement| {
        let (verdict, got) = match told.get(requirement.id.as_str()) {
            None | Some(OfficialVerdict::Skipped) => (VerdictKind::NotAsked, None),
            Some(OfficialVerdict::Doubtful(said)) => (VerdictKind::NotReached, Some(said.clone())),
            Some(OfficialVerdict::Held) => (VerdictKind::Held, None),
            Some(OfficialVerdict::Broken(said)) => (VerdictKind::Broken, Some(said.clone())),
        };
        (FileRequirement::of(requirement, Version::V1_1, verdict), got)
    });
    let number = |status| results.iter().filter(|result| result.status == status).count();
    let sentence = format!(
        "the OCI's conformance suite: {} {what} passed, {} failed, {} skipped; they tell of {} requirements",
        number(OfficialStatus::Passed),
        number(OfficialStatus::Failed) + number(OfficialStatus::Error),
        number(OfficialStatus::Skipped),
        told.values()
            .filter(|told| **told != OfficialVerdict::Skipped)
            .count(),
    );
    ReportFile::of_others(name, Version::V1_1, sentence, requirements)
}

impl OfficialRow {
    /// What a result says of each requirement.
    fn says<'r>(&'r self, result: &OfficialResult) -> Vec<(&'r str, OfficialVerdict)> {
        let said = || first_line(&result.said);
        let asked = self.asks.iter().map(|id| {
            let told = match result.status {
                OfficialStatus::Passed => OfficialVerdict::Held,
                OfficialStatus::Skipped => OfficialVerdict::Skipped,
                OfficialStatus::Failed => OfficialVerdict::Broken(said()),
                OfficialStatus::Error => OfficialVerdict::Doubtful(said()),
            };
            (id.as_str(), told)
        });
        let shown = self.shows.iter().map(|id| {
            let told = match result.status {
                OfficialStatus::Passed => OfficialVerdict::Held,
                OfficialStatus::Skipped => OfficialVerdict::Skipped,
                OfficialStatus::Failed | OfficialStatus::Error => OfficialVerdict::Doubtful(said()),
            };
            (id.as_str(), told)
        });
        asked.chain(shown).collect()
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

//! The report for programs. Its schema is `fixtures/report.schema.json`: what is there stays there under the same
//! name and with the same meaning, so what is added does not change [`SCHEMA`].

mod exchange;
mod facts;
mod finding;
mod requirement;

use serde::Serialize;
use serde_json::Value;

use self::facts::{Capability, Facts, Suite, Verdict};
use self::finding::{Finding, Stale};
use self::requirement::{CategoryRow, Generated, RequirementRow, ScenarioRow};
use super::Report;
use crate::visible::visible_json;
use crate::wire::Secrets;

/// The name and version of the schema.
const SCHEMA: &str = "assize-report/1";

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(&document(report)?)?;
    Ok(visible_json(&text).into_owned() + "\n")
}

/// The report as a document, with nothing in it that must not be shown.
pub(super) fn document(report: &Report<'_>) -> Result<Value, serde_json::Error> {
    let mut document = serde_json::to_value(Document::of(report))?;
    redact(&mut document, &report.outcome.facts.secrets);
    Ok(document)
}

/// Takes what must not be shown out of every text of the document.
fn redact(value: &mut Value, secrets: &Secrets) {
    match value {
        Value::String(text) => *text = secrets.redact(text),
        Value::Array(values) => values.iter_mut().for_each(|value| redact(value, secrets)),
        Value::Object(members) => members.values_mut().for_each(|value| redact(value, secrets)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    suite: Suite,
    facts: Facts<'a>,
    verdict: Verdict,
    categories: Vec<CategoryRow>,
    capabilities: Vec<Capability<'a>>,
    findings: Vec<Finding<'a>>,
    stale: Vec<Stale<'a>>,
    requirements: Vec<RequirementRow<'a>>,
    scenarios: Vec<ScenarioRow<'a>>,
    generated: Vec<Generated<'a>>,
}

impl<'a> Document<'a> {
    fn of(report: &Report<'a>) -> Document<'a> {
        let outcome = report.outcome;
        let capabilities = outcome.capabilities.iter();
        let findings = outcome.findings.iter();
        let requirements = outcome.requirements.iter();
        Document {
            schema: SCHEMA,
            suite: Suite::THIS,
            facts: Facts::of(report),
            verdict: Verdict::of(report),
            categories: report.tally().iter().map(CategoryRow::of).collect(),
            capabilities: capabilities
                .map(|(name, offer)| Capability::of(name, offer))
                .collect(),
            findings: findings.map(|finding| Finding::of(report, finding)).collect(),
            stale: report.stale().iter().map(Stale::of).collect(),
            requirements: requirements
                .map(|outcome| RequirementRow::of(report, outcome))
                .collect(),
            scenarios: outcome.scenarios.iter().map(ScenarioRow::of).collect(),
            generated: outcome.generated.iter().map(Generated::of).collect(),
        }
    }
}

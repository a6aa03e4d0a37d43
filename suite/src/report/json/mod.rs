//! The report for programs. Its schema is `fixtures/report.schema.json`: what is there stays there under the same
//! name and with the same meaning, so what is added does not change [`SCHEMA`].

mod exchange;
mod facts;
mod finding;
mod requirement;

use serde::Serialize;
use serde_json::Value;

use self::facts::{JsonCapability, JsonFacts, JsonSuite, JsonVerdict};
use self::finding::{JsonFinding, JsonStale};
use self::requirement::{JsonCategory, JsonGenerated, JsonRequirement, JsonScenario};
use super::Report;
use crate::wire::Secrets;
use crate::wire::hidden_characters::visible_json;

/// The name and version of the schema.
pub(crate) const SCHEMA: &str = "assize-report/1";

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(&document(report)?)?;
    Ok(visible_json(&text).into_owned() + "\n")
}

/// The report as a document, with nothing in it that must not be shown.
pub(super) fn document(report: &Report<'_>) -> Result<Value, serde_json::Error> {
    let mut document = serde_json::to_value(JsonDocument::of(report))?;
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
struct JsonDocument<'a> {
    schema: &'static str,
    suite: JsonSuite,
    facts: JsonFacts<'a>,
    verdict: JsonVerdict,
    categories: Vec<JsonCategory>,
    capabilities: Vec<JsonCapability<'a>>,
    findings: Vec<JsonFinding<'a>>,
    stale: Vec<JsonStale<'a>>,
    requirements: Vec<JsonRequirement<'a>>,
    scenarios: Vec<JsonScenario<'a>>,
    generated: Vec<JsonGenerated<'a>>,
}

impl<'a> JsonDocument<'a> {
    fn of(report: &Report<'a>) -> JsonDocument<'a> {
        let outcome = report.outcome;
        let capabilities = outcome.capabilities.iter();
        let findings = outcome.findings.iter();
        let requirements = outcome.requirements.iter();
        JsonDocument {
            schema: SCHEMA,
            suite: JsonSuite::THIS,
            facts: JsonFacts::of(report),
            verdict: JsonVerdict::of(report),
            categories: report.tally().iter().map(JsonCategory::of).collect(),
            capabilities: capabilities
                .map(|(name, offer)| JsonCapability::of(name, offer))
                .collect(),
            findings: findings.map(|finding| JsonFinding::of(report, finding)).collect(),
            stale: report.stale().iter().map(JsonStale::of).collect(),
            requirements: requirements
                .map(|outcome| JsonRequirement::of(report, outcome))
                .collect(),
            scenarios: outcome.scenarios.iter().map(JsonScenario::of).collect(),
            generated: outcome.generated.iter().map(JsonGenerated::of).collect(),
        }
    }
}

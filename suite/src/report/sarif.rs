//! The report as SARIF 2.1.0, which code scanning shows: a rule for each requirement that is broken, a result for each
//! finding; what the baseline lists is there and suppressed.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::alert::{Alert, Gravity};
use super::{Report, words};
use crate::catalogue::RequirementId;
use crate::judgement::End;
use crate::wire::hidden_characters::visible_json;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What a path holds that an address of a file does not.
const NOT_IN_ADDRESSES: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let facts = &report.outcome.facts;
    let alerts = report.alerts();
    let mut broken: Vec<&RequirementId> = Vec::new();
    for alert in &alerts {
        if !broken.contains(&&alert.finding.requirement) {
            broken.push(&alert.finding.requirement);
        }
    }
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": broken.iter().map(|id| rule(report, id)).collect::<Vec<Value>>(),
            }},
            "automationDetails": {"id": format!("assize/{}/", facts.version)},
            "invocations": [invocation(report)],
            "columnKind": "unicodeCodePoints",
            "results": alerts.iter().map(|alert| result(alert, &broken)).collect::<Vec<Value>>(),
            "properties": {
                "target": facts.target.to_string(),
                "specification": words::specification(facts.version),
                "seed": facts.seed,
                "runId": facts.run_id.to_string(),
            },
        }],
    });
    Ok(visible_json(&serde_json::to_string_pretty(&document)?).into_owned() + "\n")
}

fn rule(report: &Report<'_>, id: &RequirementId) -> Value {
    let mut rule = json!({"id": id.as_str()});
    if let Some(backing) = report.backing(id) {
        let required = backing.requirement;
        rule["shortDescription"] = json!({"text": required.text});
        rule["fullDescription"] = json!({"text": required.why});
        rule["help"] = json!({"text": format!("{} {}", required.text, required.why)});
        rule["properties"] = json!({"authority": backing.authority(), "basis": required.basis.words()});
        if let Some(source) = backing.source {
            rule["helpUri"] = json!(source.link());
        }
    }
    rule
}

fn result(alert: &Alert<'_>, broken: &[&RequirementId]) -> Value {
    let finding = alert.finding;
    let mut result = json!({
        "ruleId": finding.requirement.as_str(),
        "ruleIndex": broken.iter().position(|id| **id == finding.requirement),
        "level": match alert.gravity {
            Gravity::Failure => "error",
            Gravity::Warning => "warning",
            Gravity::Note => "note",
        },
        "message": {"text": alert.message},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": address(&alert.path)},
                "region": {"startLine": alert.line},
            },
            "logicalLocations": finding.ways.first().map(|way| json!([{"fullyQualifiedName": words::way(way)}])),
        }],
        "partialFingerprints": {"assize/v1": alert.fingerprint},
        "properties": {"level": finding.level.to_string(), "broken": finding.broken, "asked": finding.asked},
    });
    if let Some(reason) = alert.known {
        result["suppressions"] = json!([{"kind": "external", "justification": reason}]);
    }
    result
}

/// How the run ended: its verdict, in words, and whether it came to its end.
fn invocation(report: &Report<'_>) -> Value {
    let facts = &report.outcome.facts;
    let is_whole =
        matches!(report.outcome.end, End::Complete | End::FailedFast) && report.suite_failures().is_empty();
    let level = match report.ruling().passes() {
        true => "note",
        false => "error",
    };
    let mut invocation = json!({
        "executionSuccessful": is_whole,
        "toolExecutionNotifications": [{"level": level, "message": {"text": report.closing()}}],
    });
    let started = i64::try_from(facts.started).ok();
    let started = started.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    if let Some(started) = started.and_then(|time| time.format(&Rfc3339).ok()) {
        invocation["startTimeUtc"] = json!(started);
    }
    invocation
}

fn address(path: &str) -> String {
    utf8_percent_encode(path, NOT_IN_ADDRESSES).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_blanks_is_an_address() {
        assert_eq!(
            address("my scenarios/a%b.scenario"),
            "my%20scenarios/a%25b.scenario"
        );
    }
}

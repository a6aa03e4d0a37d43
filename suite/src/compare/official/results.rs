//! What a run comes to in the form of the OCI's own `results.yaml`: for each of its APIs one word.

use super::table::{OfficialRow, OfficialTable};
use crate::judgement::Verdict;
use crate::report::Report;

/// The report as the `results.yaml` of the OCI's conformance suite, as far as the table of its tests knows what its APIs ask.
pub fn official_results(report: &Report<'_>) -> String {
    let facts = &report.outcome.facts;
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let mut yaml = format!(
        "# Written by assize in the form of the OCI's conformance suite.\nconfig:\n  registry: {}\n  version: {}\napis:\n",
        text(facts.target.authority()),
        text(&facts.version.to_string())
    );
    for row in &OfficialTable::built_in().apis {
        yaml.push_str(&format!("  {}: {}\n", row.name.as_str(), word(row, report)));
    }
    yaml
}

/// What the other suite would call what a run saw of an API; what weighs most comes first.
fn word(row: &OfficialRow, report: &Report<'_>) -> &'static str {
    let ids = || row.asks.iter().chain(&row.shows);
    let asked = report
        .outcome
        .requirements
        .iter()
        .filter(|one| ids().any(|id| id == one.id.as_str()));
    let verdicts: Vec<&Verdict> = asked.map(|one| &one.verdict).collect();
    let any = |fits: fn(&Verdict) -> bool| verdicts.iter().any(|verdict| fits(verdict));
    if any(|verdict| matches!(verdict, Verdict::NotReached(_) | Verdict::Failed(_))) {
        "Error"
    } else if any(|verdict| *verdict == Verdict::Broken) {
        "FAIL"
    } else if any(|verdict| matches!(verdict, Verdict::Held | Verdict::Late)) {
        "Pass"
    } else if any(|verdict| matches!(verdict, Verdict::NotOffered(_) | Verdict::NoOccasion)) {
        "Skip"
    } else {
        "Disabled"
    }
}

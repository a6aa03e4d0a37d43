//! The report as GitLab's code quality: an issue for each finding that no baseline lists.

use serde::Serialize;

use super::Report;
use super::alert::{Alert, Gravity};
use crate::wire::hidden_characters::visible_json;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, serde_json::Error> {
    let alerts = report.alerts();
    let new = || alerts.iter().filter(|alert| alert.known.is_none());
    let mut issues: Vec<Issue> = new().map(Issue::of).collect();
    if !report.ruling().passes() && !new().any(|alert| alert.gravity == Gravity::Failure) {
        issues.insert(0, Issue::of_the_run(report));
    }
    Ok(visible_json(&serde_json::to_string_pretty(&issues)?).into_owned() + "\n")
}

impl Issue {
    fn of(alert: &Alert<'_>) -> Issue {
        Issue {
            description: alert.message.clone(),
            check_name: alert.finding.requirement.to_string(),
            fingerprint: alert.fingerprint.clone(),
            severity: match alert.gravity {
                Gravity::Failure => "critical",
                Gravity::Warning => "minor",
                Gravity::Note => "info",
            },
            location: Location {
                path: alert.path.clone(),
                lines: Lines { begin: alert.line },
            },
        }
    }

    /// A run that fails by no finding: it was cut off, or what was to be shown was not reached. An empty list would say
    /// that all is well.
    fn of_the_run(report: &Report<'_>) -> Issue {
        Issue {
            description: report.closing(),
            check_name: "assize".to_owned(),
            fingerprint: format!("assize-{}", report.ruling().word()),
            severity: "critical",
            location: Location {
                path: "assize".to_owned(),
                lines: Lines { begin: 1 },
            },
        }
    }
}

//! The report as workflow commands of GitHub Actions: an annotation for each finding that no baseline lists, and the verdict.

use super::Report;
use super::alert::{Alert, Gravity};

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> String {
    let alerts = report.alerts();
    let new = alerts.iter().filter(|alert| alert.known.is_none());
    let mut lines: Vec<String> = new.map(annotation).collect();
    let command = match report.ruling().passes() {
        true => "notice",
        false => "error",
    };
    lines.push(format!("::{command} title=assize::{}", value(&report.closing())));
    lines.join("\n") + "\n"
}

/// A text for the log of a job, which obeys no line of it, whatever a registry put there, until the token ends it.
#[must_use]
pub fn without_commands(text: &str, token: u128) -> String {
    format!("::stop-commands::{token:032x}\n{text}\n::{token:032x}::\n")
}

fn annotation(alert: &Alert<'_>) -> String {
    let command = match alert.gravity {
        Gravity::Failure => "error",
        Gravity::Warning => "warning",
        Gravity::Note => "notice",
    };
    format!(
        "::{command} file={},line={},title={}::{}",
        property(&alert.path),
        alert.line,
        property(alert.finding.requirement.as_str()),
        value(&alert.message)
    )
}

/// A text that ends no command.
fn value(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text that ends no property.
fn property(text: &str) -> String {
    value(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_says_begins_no_command() {
        assert_eq!(value("50%\n::set-env::x"), "50%25%0A::set-env::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        let quiet = without_commands("  ::error::x", 0xa);
        assert_eq!(
            quiet.lines().collect::<Vec<_>>(),
            [
                "::stop-commands::0000000000000000000000000000000a",
                "  ::error::x",
                "::0000000000000000000000000000000a::"
            ]
        );
    }
}

//! One table: endpoint by situation, and the status and the error codes that come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::answers::{Answers, Asked, Facet, Told};
use super::compare::endpoint;
use super::show::code;

/// The name of the file.
pub(super) const FILE: &str = "codes.md";

const HEAD: &str = "# What the registry answers
Endpoint by situation: the status, and the codes of the error. `~` is what differs from run to run. This table is made of the
files beside it.
";

/// The table, as Markdown.
pub fn table(recorded: &BTreeMap<Arc<str>, Answers>) -> String {
    let mut endpoints: BTreeMap<String, BTreeSet<(String, String, String)>> = BTreeMap::new();
    for (name, answers) in recorded {
        for entry in &answers.entries {
            let (Asked::Request(lines), Some(answer)) = (&entry.asked, entry.answer()) else {
                continue;
            };
            let Some(first) = lines.first() else { continue };
            let told = |facet: &Facet| match answer.facets.get(facet) {
                Some(Told::Lines(lines)) => lines.join(", "),
                Some(Told::Unstable) => "~".to_owned(),
                None => String::new(),
            };
            let mut came = told(&Facet::Status);
            let codes = told(&Facet::Error);
            if !codes.is_empty() {
                came = format!("{came} {codes}");
            }
            let situation = if entry.step.is_empty() {
                answers.title.clone()
            } else {
                entry.step.clone()
            };
            let rows = endpoints.entry(endpoint(first)).or_default();
            rows.insert((came, situation, name.to_string()));
        }
    }
    let mut text = HEAD.to_owned();
    for (endpoint, rows) in endpoints {
        text.push_str(&format!(
            "\n## {}\n| answer | situation | scenario |\n|---|---|---|\n",
            code(&endpoint)
        ));
        for (came, situation, name) in rows {
            text.push_str(&format!(
                "| {} | {} | {name} |\n",
                code(&came),
                situation.replace('|', "\\|")
            ));
        }
    }
    text
}

//! What was not reached, under what kept it from being reached.

use super::page::Page;
use crate::catalogue::Level;
use crate::report::{Report, words};
use crate::run::outcome::{Facts, RequirementOutcome, Verdict};

/// The longest cause that is shown.
const CAUSE: usize = 400;
/// What stands between the name of a repository and what is asked of it.
const ENDPOINTS: [&str; 4] = ["/manifests/", "/blobs/", "/tags/", "/referrers/"];

/// What kept some requirements from being reached.
struct Cause<'a> {
    /// What all have in common.
    gist: String,
    /// What kept the first one from it.
    first: &'a str,
    /// Whether it was the same for all, to the letter.
    is_one: bool,
    requirements: Vec<&'a RequirementOutcome>,
}

/// Writes the causes, the most harmful first.
pub(super) fn write(page: &mut Page, report: &Report<'_>) {
    let facts = &report.outcome.facts;
    let mut causes = causes(report);
    if causes.is_empty() {
        return;
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.requirements.len()));
    page.heading("Not reached, so not shown to conform");
    for cause in causes {
        let text = if cause.is_one {
            words::brief(cause.first, facts)
        } else {
            cause.gist
        };
        page.prose(2, &words::one_line(&text, CAUSE));
        write_ids(page, 4, &cause.requirements);
    }
}

/// Ids, heaviest level first.
pub(super) fn write_ids(page: &mut Page, indent: usize, requirements: &[&RequirementOutcome]) {
    for level in Level::ALL {
        let at_level = requirements
            .iter()
            .filter(|requirement| requirement.level == Some(level));
        let ids: Vec<&str> = at_level.map(|requirement| requirement.id.as_str()).collect();
        if !ids.is_empty() {
            page.item(indent, &format!("{level:<7}"), &ids.join(", "));
        }
    }
}

fn causes<'a>(report: &Report<'a>) -> Vec<Cause<'a>> {
    let mut causes: Vec<Cause<'a>> = Vec::new();
    for requirement in &report.outcome.requirements {
        let Verdict::NotReached(text) = &requirement.verdict else {
            continue;
        };
        if requirement.level <= Some(Level::May) {
            continue;
        }
        let gist = gist(text, &report.outcome.facts);
        match causes.iter_mut().find(|cause| cause.gist == gist) {
            Some(cause) => {
                cause.is_one &= cause.first == text;
                cause.requirements.push(requirement);
            }
            None => causes.push(Cause {
                gist,
                first: text,
                is_one: true,
                requirements: vec![requirement],
            }),
        }
    }
    causes
}

/// The cause without the names that belong to one scenario: many scenarios fail for one reason.
fn gist(text: &str, facts: &Facts) -> String {
    let brief = words::brief(text, facts);
    let words: Vec<String> = brief.split(' ').map(without_names).collect();
    words.join(" ")
}

fn without_names(word: &str) -> String {
    let Some(path) = word.strip_prefix("/v2/") else {
        return word.to_owned();
    };
    let found = ENDPOINTS
        .iter()
        .filter_map(|endpoint| Some((path.rfind(endpoint)?, *endpoint)));
    let Some((at, endpoint)) = found.max() else {
        return word.to_owned();
    };
    let rest = path.get(at + endpoint.len()..).unwrap_or_default();
    let (rest, colon) = rest.strip_suffix(':').map_or((rest, ""), |rest| (rest, ":"));
    let rest = match rest {
        "" | "list" | "uploads/" => rest,
        session if session.starts_with("uploads/") => "uploads/…",
        _ => "…",
    };
    format!("/v2/…{endpoint}{rest}{colon}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_one_scenario_are_left_out() {
        for (word, gist) in [
            (
                "/v2/assize/7/pull-range-1/a/manifests/t-12f5",
                "/v2/…/manifests/…",
            ),
            (
                "/v2/assize/7/pull-range-1/a/blobs/uploads/:",
                "/v2/…/blobs/uploads/:",
            ),
            (
                "/v2/a/blobs/uploads/0f3b?digest=sha256:ab",
                "/v2/…/blobs/uploads/…",
            ),
            ("/v2/a/tags/list", "/v2/…/tags/list"),
            ("/v2/", "/v2/"),
            ("PUT", "PUT"),
        ] {
            assert_eq!(without_names(word), gist);
        }
    }
}

//! The report as a page: one file that needs no network, and no script to be read.
//!
//! It shows the document that the JSON report is, through templates that escape every text of it.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Report, json};
use crate::wire::hidden_characters::visible;

const BASE: &str = include_str!("base.html");
const PAGE: &str = include_str!("page.html");
const PARTS: &str = include_str!("parts.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Why there is no page.
#[derive(Debug, Error)]
pub(super) enum PageError {
    /// The document could not be made.
    #[error(transparent)]
    Document(#[from] serde_json::Error),
    /// A template does not fit the document.
    #[error(transparent)]
    Template(#[from] minijinja::Error),
}

/// Writes the report.
pub(super) fn render(report: &Report<'_>) -> Result<String, PageError> {
    let document = visible_document(json::document(report)?);
    Ok(page_of(context! { report => Serde(document) })?)
}

/// The page that shows a document, and, as one of a site, the runs before it.
pub(crate) fn page_of(shown: minijinja::Value) -> Result<String, minijinja::Error> {
    let mut templates = templates()?;
    templates.add_template("page.html", PAGE)?;
    let page = templates.get_template("page.html")?.render(shown)?;
    // The templates escape these too, which mean nothing between tags, and nothing between the double quotes in which all
    // attributes stand; a page would be a tenth longer.
    Ok(page.replace("&#x2f;", "/").replace("&#x27;", "'"))
}

/// The templates that pages share, which escape every text, with the style and the script that pages hold.
pub(crate) fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    templates.set_syntax(syntax);
    templates.add_filter("date", date);
    templates.add_filter("text", text);
    templates.add_global("style", STYLE);
    templates.add_global("script", SCRIPT);
    templates.add_global("script_hash", STANDARD.encode(Sha256::digest(SCRIPT)));
    templates.add_template("base.html", BASE)?;
    templates.add_template("parts.html", PARTS)?;
    Ok(templates)
}

/// The document with whatever hides, moves or turns around what stands beside it written out in every text.
pub(crate) fn visible_document(mut document: Value) -> Value {
    write_out(&mut document);
    document
}

/// Writes out whatever in the texts of a document hides, moves or turns around what stands beside it.
fn write_out(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = visible(text) {
                *text = shown;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(write_out),
        Value::Object(members) => members.values_mut().for_each(write_out),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands between tags and in no attribute: the quotes of JSON and of commands stay as they are.
fn text(value: &str) -> minijinja::Value {
    let escaped = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    minijinja::Value::from_safe_string(escaped)
}

/// Seconds since 1970 as a date and a time.
fn date(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok();
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| seconds.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_page_is_for_people() {
        insta::assert_snapshot!("page", render(&sample::broken().report()).unwrap());
    }

    #[test]
    fn what_a_registry_writes_stays_text() {
        let hostile = "</pre><script>alert(1)</script><a href='javascript:alert(2)' onclick=\"x\">\u{202e}";
        let mut sample = sample::broken();
        for finding in &mut sample.outcome.findings {
            for way in &mut finding.ways {
                way.got = hostile.to_owned();
                way.asked = hostile.to_owned();
            }
        }
        sample.outcome.facts.notes = vec![hostile.to_owned()];
        let page = render(&sample.report()).unwrap();
        assert_eq!(page.matches("<script").count(), 1, "only its own");
        assert!(!page.contains("<a href='javascript"));
        assert!(!page.contains('\u{202e}'));
        assert!(page.contains("&lt;/pre&gt;&lt;script&gt;alert(1)"), "it is shown");
    }

    #[test]
    fn only_its_own_script_may_run() {
        let page = render(&sample::clean().report()).unwrap();
        let (_, rest) = page.split_once("<script>").unwrap();
        let (script, _) = rest.split_once("</script>").unwrap();
        let hash = STANDARD.encode(Sha256::digest(script));
        assert!(page.contains(&format!(
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'"
        )));
    }

    #[test]
    fn a_page_asks_for_nothing_and_links_only_to_documents() {
        let page = render(&sample::broken().report()).unwrap();
        for loads in ["src=", "@import", "url(", "<link"] {
            assert!(!page.contains(loads), "{loads}");
        }
        let links = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        for link in links {
            assert!(link.starts_with('#') || link.starts_with("https:"), "{link}");
        }
    }

    #[test]
    fn a_run_that_found_nothing_has_a_page() {
        let page = render(&sample::clean().report()).unwrap();
        assert!(page.contains("Nothing that was asked is broken."));
    }
}

//! A comparison as a page: one file that needs no network and no script.

use minijinja::context;
use minijinja::value::Serde;

use super::{Comparison, ComparisonError};
use crate::report::{templates, visible_document};

const PAGE: &str = include_str!("page.html");

/// Writes a comparison.
pub(super) fn render(comparison: &Comparison) -> Result<String, ComparisonError> {
    let document = visible_document(serde_json::to_value(comparison)?);
    let mut templates = templates()?;
    templates.add_template("comparison.html", PAGE)?;
    let page = templates.get_template("comparison.html")?;
    Ok(page.render(context! { comparison => Serde(document) })?)
}

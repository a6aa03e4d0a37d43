//! The forms in which a comparison is written.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Comparison, html, markdown, text};
use crate::wire::hidden_characters::visible_json;

/// A form of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonForm {
    /// For a terminal.
    Text,
    /// For a comment on a change.
    Markdown,
    /// A page in one file.
    Html,
    /// For programs.
    Json,
}

/// A word that names no form.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no form; there are text, markdown, html, json")]
pub struct BadComparisonForm(String);

/// Why a comparison could not be written.
#[derive(Debug, Error)]
pub enum ComparisonError {
    /// As JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// As a page.
    #[error(transparent)]
    Html(#[from] minijinja::Error),
}

impl ComparisonForm {
    /// Every form.
    pub const ALL: [ComparisonForm; 4] = [
        ComparisonForm::Text,
        ComparisonForm::Markdown,
        ComparisonForm::Html,
        ComparisonForm::Json,
    ];

    fn name(self) -> &'static str {
        match self {
            ComparisonForm::Text => "text",
            ComparisonForm::Markdown => "markdown",
            ComparisonForm::Html => "html",
            ComparisonForm::Json => "json",
        }
    }

    /// Writes a comparison, the text for a terminal of this width.
    ///
    /// # Errors
    /// A comparison that was made of reports can always be written.
    pub fn render(self, comparison: &Comparison, width: usize) -> Result<String, ComparisonError> {
        Ok(match self {
            ComparisonForm::Text => text::render(comparison, width),
            ComparisonForm::Markdown => markdown::render(comparison),
            ComparisonForm::Html => html::render(comparison)?,
            ComparisonForm::Json => {
                visible_json(&serde_json::to_string_pretty(comparison)?).into_owned() + "\n"
            }
        })
    }
}

impl fmt::Display for ComparisonForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ComparisonForm {
    type Err = BadComparisonForm;

    fn from_str(text: &str) -> Result<ComparisonForm, BadComparisonForm> {
        let mut all = ComparisonForm::ALL.into_iter();
        all.find(|form| form.name() == text)
            .ok_or_else(|| BadComparisonForm(text.to_owned()))
    }
}

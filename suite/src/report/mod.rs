//! The reports: one result, folded into text, JSON, JUnit XML, Markdown, HTML, a badge, what pipelines of GitHub and GitLab
//! show, and a draft of a baseline.
//!
//! [`Ruling`] says what a run comes to, `tally` counts, [`baseline`] knows what is known; the formats only write.

mod alert;
mod backing;
mod badge;
pub mod baseline;
mod causes;
mod counted;
mod file;
mod github;
mod gitlab;
mod html;
mod json;
mod junit;
mod markdown;
mod progress;
mod request;
mod rerun;
mod ruling;
mod sarif;
mod script;
mod tally;
mod text;
mod words;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

pub use causes::reason;
pub use counted::{Counted, Share};
pub use file::NewFile;
pub use github::without_commands;
pub use progress::ProgressLine;
pub use request::{BadRequest, BegunReport, Destination, Format, ReportRequest, WriteError};
pub use ruling::Ruling;
pub use script::script;
pub use tally::VerdictKind;
pub use text::{Detail, styled};

pub(crate) use badge::{Badge, BadgeScore};
pub(crate) use html::{page_of, templates, visible_document};
pub(crate) use json::SCHEMA;
pub(crate) use text::style;
pub(crate) use words::specification;

use crate::judgement::Judgement;
use crate::report::baseline::Baseline;
use crate::scenario::Library;
use crate::secret;

/// A result, and what is needed to explain it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// The result.
    pub outcome: &'a Judgement,
    /// The requirements and scenarios that it speaks of.
    pub library: &'a Library,
    /// What is known already, if the user said so.
    pub baseline: Option<&'a Baseline>,
    /// Whose requirements make the run fail.
    pub counted: &'a Counted,
}

impl<'a> Report<'a> {
    /// The path and the text of a scenario, unless it is written in Rust.
    fn source(&self, scenario: &str) -> Option<(&'a str, &'a str)> {
        let loaded = self
            .library
            .get(scenario)
            .map(|loaded| (&*loaded.path, &*loaded.text));
        loaded.or_else(|| {
            let generated = self.outcome.generated.get_key_value(scenario);
            generated.map(|(name, text)| (&**name, &**text))
        })
    }
}

//! Where a check stands.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::Span;

/// A line of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The scenario's name: its path under `scenarios/`, without the ending.
    pub scenario: Arc<str>,
    /// The line, counted from one.
    pub line: usize,
    /// The first byte in the file, and the one after the last.
    pub span: (usize, usize),
}

impl Place {
    /// The place as a range of bytes.
    pub fn range(&self) -> Range<usize> {
        self.span.0..self.span.1
    }
}

/// A text that knows where its lines begin.
#[derive(Debug)]
pub struct Lines {
    name: Arc<str>,
    text: Arc<str>,
    starts: Vec<usize>,
}

impl Lines {
    /// The lines of a scenario's text.
    pub fn of(name: Arc<str>, text: Arc<str>) -> Lines {
        let starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Lines { name, text, starts }
    }

    /// The name of the scenario.
    pub(super) fn scenario(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The place of a span.
    pub fn place(&self, span: &Span) -> Place {
        Place {
            scenario: self.name.clone(),
            line: self.starts.partition_point(|start| *start <= span.start),
            span: (span.start, span.end),
        }
    }

    /// The text of a span.
    pub fn source(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }
}

//! Where a check stands.

use std::ops::Range;
use std::sync::Arc;

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

//! Files as a person knows them, and all that is wrong with one.

use std::sync::Arc;

use super::{Color, Diagnostic, render};

/// A file: the name by which a person finds it, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path, as a person would type it.
    pub path: Arc<str>,
    /// All of its text.
    pub text: Arc<str>,
}

impl SourceFile {
    /// Names a text.
    pub fn new(path: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: text.into(),
        }
    }

    /// The line and the column of a byte, both counted from one.
    pub fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line_start = before.rfind('\n').map_or(0, |feed| feed + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// A file with faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faulty {
    /// The file.
    pub source: SourceFile,
    /// What is wrong with it; never empty.
    pub faults: Vec<Diagnostic>,
}

impl Faulty {
    /// The file with its faults in the order of the text, if it has any.
    pub fn new(source: &SourceFile, mut faults: Vec<Diagnostic>) -> Option<Faulty> {
        faults.sort_by_key(|fault| fault.span.start);
        (!faults.is_empty()).then(|| Faulty {
            source: source.clone(),
            faults,
        })
    }

    /// Draws every fault.
    pub fn render(&self, color: Color) -> String {
        render(&self.faults, &self.source.path, &self.source.text, color)
    }
}

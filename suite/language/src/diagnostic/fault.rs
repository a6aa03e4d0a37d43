//! Something in a text that a person must look at.

use super::{Span, did_you_mean, one_of};

/// Something in a text that a person must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The word before the title.
    pub kind: Kind,
    /// What is wrong, in one line.
    pub title: String,
    /// Where it is wrong.
    pub span: Span,
    /// What is said under the span; may be empty.
    pub label: String,
    /// Other places that belong to it, and what is said under them.
    pub marks: Vec<(Span, String)>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// What to do about it.
    pub suggestion: Option<String>,
}

/// How much a [`Diagnostic`] weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The text is wrong.
    Error,
    /// The registry breaks a MUST.
    Violation,
    /// The registry breaks a SHOULD.
    Warning,
    /// The registry breaks neither, and yet it is worth a look.
    Information,
}

impl Diagnostic {
    /// Says that what stands at `span` is wrong, and how.
    pub fn error(title: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::new(Kind::Error, title, span)
    }

    /// Says something about what stands at `span`.
    pub fn new(kind: Kind, title: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic {
            kind,
            title: title.into(),
            span,
            label: String::new(),
            marks: Vec::new(),
            notes: Vec::new(),
            suggestion: None,
        }
    }

    /// Adds what is said under the span.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = label.into();
        self
    }

    /// Adds another place that belongs to it.
    pub fn mark(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.marks.push((span, label.into()));
        self
    }

    /// Adds something else to know.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Adds which of a few words may have been meant, or all of them behind `otherwise`.
    pub(crate) fn suggest_among<'w>(
        self,
        written: &str,
        otherwise: &str,
        words: impl IntoIterator<Item = &'w str> + Clone,
    ) -> Diagnostic {
        let meant = did_you_mean(written, words.clone());
        self.suggest(meant.unwrap_or_else(|| format!("{otherwise} {}", one_of(words))))
    }

    /// Adds what to do about it.
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Diagnostic {
        self.suggestion = Some(suggestion.into());
        self
    }
}

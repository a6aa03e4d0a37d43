//! A page of text of a certain width.

use textwrap::{Options, WordSplitter};

use super::style::{self, paint};

/// A text under construction. Prose is wrapped; what is to be copied never is.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty page.
    pub(super) fn new(width: usize) -> Page {
        Page {
            text: String::new(),
            width,
        }
    }

    /// How wide a line may be, in characters.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// An empty line, unless the page is empty.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A heading, set off from what is above it.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        self.line(&paint(style::HEADING, text));
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// Lines as they are, moved to the right.
    pub(super) fn verbatim(&mut self, indent: usize, text: &str) {
        for line in text.lines() {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    /// A paragraph, moved to the right.
    pub(super) fn prose(&mut self, indent: usize, text: &str) {
        self.item(indent, "", text);
    }

    /// A paragraph behind a mark, its further lines under its first one.
    pub(super) fn item(&mut self, indent: usize, mark: &str, text: &str) {
        let first = format!("{:indent$}{mark}", "");
        let further = " ".repeat(textwrap::core::display_width(&first));
        let options = Options::new(self.width.max(further.len() + 20))
            .initial_indent(&first)
            .subsequent_indent(&further)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            self.line(&line);
        }
    }

    /// The finished text.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

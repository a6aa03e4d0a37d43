//! Foreign text on a page: no character of it may hide, move or turn around what stands beside it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What shows nothing of itself: controls, format characters (bidirectional overrides and isolates, joiners, tags), and
/// the separators of lines and paragraphs.
static HIDDEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]").ok());

/// The text with each hidden character written out as its number, but for line breaks and tabs.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, |hidden| match hidden {
        '\n' | '\r' | '\t' => hidden.to_string(),
        hidden => hidden.escape_unicode().to_string(),
    })
}

/// The text of a JSON document with each hidden character escaped, so that it is the same document.
pub fn visible_json(document: &str) -> Cow<'_, str> {
    written_out(document, |hidden| match hidden {
        // Between the values of a document; inside of them it is escaped already.
        '\n' => hidden.to_string(),
        hidden => {
            let units = hidden.encode_utf16(&mut [0; 2]).to_vec();
            units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
    })
}

/// Whether a text has a character that shows nothing of itself.
pub fn hides(text: &str) -> bool {
    !text.is_ascii() && visible(text) != text
}

fn written_out(text: &str, write: impl Fn(char) -> String) -> Cow<'_, str> {
    let Some(pattern) = HIDDEN.as_ref() else {
        return Cow::Borrowed(text);
    };
    pattern.replace_all(text, |found: &Captures<'_>| {
        found[0].chars().map(&write).collect::<String>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_line_around_is_written_out() {
        assert_eq!(visible("a\u{202e}b\u{2066}c"), "a\\u{202e}b\\u{2066}c");
        assert_eq!(
            visible("\u{61c}\u{200e}\u{200f}\u{feff}"),
            "\\u{61c}\\u{200e}\\u{200f}\\u{feff}"
        );
        assert_eq!(visible("\u{1b}[31m\u{9b}x\u{0}"), "\\u{1b}[31m\\u{9b}x\\u{0}");
        assert_eq!(visible("a\u{2028}b\u{e0041}"), "a\\u{2028}b\\u{e0041}");
    }

    #[test]
    fn what_can_be_seen_stays() {
        for text in ["", "a b\n\tc", "ä ö ü — ……", "مرحبا", "日本語", "👍"] {
            assert_eq!(visible(text), text);
        }
        assert!(hides("a\u{200b}") && !hides("ä — 日\n"));
    }

    #[test]
    fn a_document_stays_the_same() {
        let text = "a\u{202e}\u{9b}\u{e0041}\u{7f}ä\n\u{1b}";
        let document = serde_json::to_string_pretty(&serde_json::json!({ "x": [text] })).unwrap();
        let shown = visible_json(&document);
        assert!(!shown.lines().any(hides), "{shown}");
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read["x"][0], text);
    }
}

//! A stretch of the text that knows where it stands.

use crate::scenario::ast::{Span, Spanned};

/// Some text out of a file, never reaching beyond a line, and the place of its first byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phrase<'t> {
    text: &'t str,
    start: usize,
}

impl<'t> Phrase<'t> {
    /// The lines of `text`, without their line feeds.
    pub(super) fn lines(text: &'t str) -> Vec<Phrase<'t>> {
        let mut start = 0;
        text.split_inclusive('\n')
            .map(|line| {
                let phrase = Phrase {
                    text: line.strip_suffix('\n').unwrap_or(line),
                    start,
                };
                start += line.len();
                phrase
            })
            .collect()
    }

    /// A phrase that stands nowhere but at the start of a text of its own.
    #[cfg(test)]
    pub(super) fn alone(text: &'t str) -> Phrase<'t> {
        Phrase { text, start: 0 }
    }

    pub(super) fn text(self) -> &'t str {
        self.text
    }

    pub(super) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn span(self) -> Span {
        self.start..self.start + self.text.len()
    }

    /// `value`, standing where this phrase stands.
    pub(super) fn says<T>(self, value: T) -> Spanned<T> {
        Spanned::new(value, self.span())
    }

    /// The part between two positions counted from the start of this phrase.
    pub(super) fn slice(self, from: usize, to: usize) -> Phrase<'t> {
        Phrase {
            text: &self.text[from..to],
            start: self.start + from,
        }
    }

    pub(super) fn from(self, from: usize) -> Phrase<'t> {
        self.slice(from, self.text.len())
    }

    /// The place right behind this phrase.
    pub(super) fn after(self) -> Phrase<'t> {
        self.from(self.text.len())
    }

    /// Without the blanks around it.
    pub(super) fn trim(self) -> Phrase<'t> {
        let from = self.text.len() - self.text.trim_start().len();
        self.slice(from, from.max(self.text.trim_end().len()))
    }

    /// What follows `sign`, if this begins with it.
    pub(super) fn strip(self, sign: &str) -> Option<Phrase<'t>> {
        self.text.starts_with(sign).then(|| self.from(sign.len()))
    }

    /// What follows `words`, if this begins with them, whole.
    pub(super) fn strip_words(self, words: &str) -> Option<Phrase<'t>> {
        let rest = self.strip(words)?;
        (rest.is_empty() || rest.text.starts_with(is_blank)).then(|| rest.trim())
    }

    /// What stands before `words`, if this ends with them, whole.
    pub(super) fn strip_words_behind(self, words: &str) -> Option<Phrase<'t>> {
        let rest = self.text.strip_suffix(words)?;
        (rest.is_empty() || rest.ends_with(is_blank)).then(|| self.slice(0, rest.len()).trim())
    }

    /// The first word and what follows it. A placeholder does not end at the blanks inside it.
    pub(super) fn split_word(self) -> (Phrase<'t>, Phrase<'t>) {
        let mut at = 0;
        while let Some(next) = self.text[at..].chars().next() {
            if is_blank(next) {
                break;
            }
            at += placeholder(&self.text[at..]).unwrap_or(next.len_utf8());
        }
        (self.slice(0, at), self.from(at).trim())
    }

    /// The words, as [`split_word`](Phrase::split_word) finds them.
    pub(super) fn words(self) -> Vec<Phrase<'t>> {
        let (mut words, mut rest) = (Vec::new(), self.trim());
        while !rest.is_empty() {
            let (word, behind) = rest.split_word();
            words.push(word);
            rest = behind;
        }
        words
    }

    /// What stands before and behind the first `separator`.
    pub(super) fn split_once(self, separator: &str) -> Option<(Phrase<'t>, Phrase<'t>)> {
        let at = self.text.find(separator)?;
        Some((self.slice(0, at).trim(), self.from(at + separator.len()).trim()))
    }

    /// The parts between separators; what stands in double quotes is not looked into.
    pub(super) fn split(self, separator: &str) -> Vec<Phrase<'t>> {
        let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
        while let Some(next) = self.text[at..].chars().next() {
            if self.text[at..].starts_with(separator) {
                parts.push(self.slice(from, at).trim());
                at += separator.len();
                from = at;
            } else {
                at += quoted(&self.text[at..]).unwrap_or(next.len_utf8());
            }
        }
        parts.push(self.from(from).trim());
        parts
    }

    /// Where `separator` first stands outside quotes, counted from the start of this phrase.
    pub(super) fn find(self, separator: &str) -> Option<usize> {
        let mut at = 0;
        while let Some(next) = self.text[at..].chars().next() {
            if self.text[at..].starts_with(separator) {
                return Some(at);
            }
            at += quoted(&self.text[at..]).unwrap_or(next.len_utf8());
        }
        None
    }
}

/// Whether a character separates words.
pub(super) fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// The length of the placeholder at the start of `text`: a brace, lower-case words, a brace.
pub(super) fn placeholder(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('{')?;
    let length = inside.find('}')?;
    let words = inside.as_bytes().get(..length)?;
    let fits = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-' || *b == b' ';
    let opens = words.first().is_some_and(u8::is_ascii_lowercase);
    (opens && words.last() != Some(&b' ') && words.iter().all(fits)).then_some(length + 2)
}

/// The length of the quoted text at the start of `text`, its quotes included.
pub(super) fn quoted(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(phrases: &[Phrase<'_>]) -> Vec<String> {
        phrases.iter().map(|phrase| phrase.text().to_owned()).collect()
    }

    #[test]
    fn a_part_keeps_its_place() {
        let line = Phrase::lines("a\n  let b = c \n")[1];
        assert_eq!(line.trim().span(), 4..13);
        assert_eq!(line.trim().strip_words("let").map(Phrase::span), Some(8..13));
    }

    #[test]
    fn words_end_at_blanks_outside_placeholders() {
        assert_eq!(
            texts(&Phrase::alone("a/{digest blob}/b  c").words()),
            ["a/{digest blob}/b", "c"]
        );
        assert_eq!(texts(&Phrase::alone("{\"a\": 1}").words()), ["{\"a\":", "1}"]);
    }

    #[test]
    fn separators_in_quotes_separate_nothing() {
        assert_eq!(
            texts(&Phrase::alone(r#"a or "b or c" or d"#).split(" or ")),
            ["a", r#""b or c""#, "d"]
        );
        assert_eq!(texts(&Phrase::alone(r#"a" or b"#).split(" or ")), ["a\"", "b"]);
    }

    #[test]
    fn a_placeholder_is_lower_case_words_in_braces() {
        assert_eq!(placeholder("{digest last of tags}/x"), Some(21));
        for text in ["{}", "{\"a\":1}", "{ a}", "{a }", "{A}", "{1}", "{a"] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }
}

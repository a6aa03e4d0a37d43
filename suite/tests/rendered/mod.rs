//! A Markdown text as a browser shows it, and passages of it as a browser finds them.

use std::ops::Range;

use assize::catalogue::Words;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// All that is shown of a text, with its white space folded, and the headings in it.
pub(crate) struct Rendered {
    shown: String,
    /// The same in small letters, byte for byte as long: a browser looks without regard to case.
    small: String,
    headings: Vec<Heading>,
}

struct Heading {
    text: String,
    /// How deep it stands: 1 is the title.
    depth: HeadingLevel,
    /// Where its section begins.
    start: usize,
}

impl Rendered {
    /// Renders a text in Markdown.
    pub(crate) fn of(markdown: &str) -> Rendered {
        let mut shown = String::new();
        let mut headings = Vec::new();
        let mut heading = None;
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(shown.len()),
                Event::End(TagEnd::Heading(depth)) => {
                    let start = heading.take().unwrap_or_default();
                    let text = shown[start..].trim().to_owned();
                    headings.push(Heading { text, depth, start });
                    show(&mut shown, " ");
                }
                Event::Text(text) | Event::Code(text) => show(&mut shown, &text),
                Event::End(
                    TagEnd::Emphasis
                    | TagEnd::Strong
                    | TagEnd::Link
                    | TagEnd::Superscript
                    | TagEnd::Subscript,
                ) => {}
                Event::SoftBreak | Event::HardBreak | Event::Rule | Event::End(_) => show(&mut shown, " "),
                _ => {}
            }
        }
        let small = shown.to_ascii_lowercase();
        Rendered {
            shown,
            small,
            headings,
        }
    }

    /// Every heading.
    pub(crate) fn headings(&self) -> impl Iterator<Item = &str> {
        self.headings.iter().map(|heading| heading.text.as_str())
    }

    /// The only section with such a heading, up to the next heading.
    pub(crate) fn section(&self, is_it: impl Fn(&str) -> bool) -> Option<Range<usize>> {
        let mut found = (0..self.headings.len()).filter(|at| is_it(&self.headings[*at].text));
        let (at, None) = (found.next()?, found.next()) else {
            return None;
        };
        let end = self
            .headings
            .get(at + 1)
            .map_or(self.shown.len(), |heading| heading.start);
        Some(self.headings[at].start..end)
    }

    /// Where the innermost section begins that holds all of a passage and whose heading `has_address`.
    pub(crate) fn innermost(
        &self,
        passage: &Range<usize>,
        has_address: impl Fn(&str) -> bool,
    ) -> Option<usize> {
        let holds = |at: usize| {
            let Heading { depth, start, .. } = self.headings[at];
            let mut later = self.headings[at + 1..].iter();
            let end = later.find(|heading| heading.depth <= depth);
            start <= passage.start && end.is_none_or(|end| passage.end <= end.start)
        };
        let mut holding = (0..self.headings.len()).rev().filter(|at| holds(*at));
        let innermost = holding.find(|at| has_address(&self.headings[*at].text))?;
        Some(self.headings[innermost].start)
    }

    /// The passage that a browser marks for these words, or why it would mark another one or none.
    pub(crate) fn passage(&self, words: &Words) -> Result<Range<usize>, String> {
        let after = words
            .after
            .as_ref()
            .map(|after| format!("{after} "))
            .unwrap_or_default();
        let opening = format!("{after}{}", words.from);
        let mut found = self.find(&opening, 0);
        let (Some(opened), None) = (found.next(), found.next()) else {
            let times = self.find(&opening, 0).count();
            return Err(format!(
                "`{opening}` is shown {times} times, where once is needed"
            ));
        };
        let start = opened.start + after.len();
        let Some(to) = &words.to else {
            return Ok(start..opened.end);
        };
        match self.find(to, opened.end).next() {
            Some(closed) => Ok(start..closed.end),
            None => Err(format!("`{to}` is not shown behind `{}`", words.from)),
        }
    }

    /// The text of a passage.
    pub(crate) fn slice(&self, passage: Range<usize>) -> &str {
        &self.shown[passage]
    }

    /// Every place, from `at` on, where these words are shown and are whole words.
    fn find(&self, words: &str, at: usize) -> impl Iterator<Item = Range<usize>> {
        let words = words.to_ascii_lowercase();
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let mut from = at;
        std::iter::from_fn(move || {
            loop {
                let start = from + self.small[from..].find(&words)?;
                let end = start + words.len();
                from = end;
                let before = self.small[..start].chars().next_back();
                let behind = self.small[end..].chars().next();
                let cuts = (is_letter(before) && is_letter(words.chars().next()))
                    || (is_letter(behind) && is_letter(words.chars().next_back()));
                if !cuts {
                    return Some(start..end);
                }
            }
        })
    }
}

/// Adds what is shown, with every run of white space as one blank.
fn show(shown: &mut String, text: &str) {
    for letter in text.chars() {
        match letter.is_whitespace() {
            true if shown.is_empty() || shown.ends_with(' ') => {}
            true => shown.push(' '),
            false => shown.push(letter),
        }
    }
}

#[test]
fn a_text_is_what_a_browser_shows_of_it() {
    let rendered = Rendered::of(
        "# Pulling `blobs`\n\nThe `<digest>` is **the** [blob's](#x) _digest_\n<sup>[end-2](#e)</sup>.\n\n| a | b |\n|---|---|\n| c | d |\n\n## Next\n\n1. one\n2. two\n",
    );
    assert_eq!(
        rendered.shown.trim(),
        "Pulling blobs The <digest> is the blob's digest end-2. a b c d Next one two"
    );
    let headings: Vec<&str> = rendered.headings().collect();
    assert_eq!(headings, ["Pulling blobs", "Next"]);
    let section = rendered.section(|heading| heading == "Next").unwrap_or_default();
    assert_eq!(rendered.slice(section).trim(), "Next one two");
}

#[test]
fn a_passage_is_found_by_whole_words_that_are_shown_once() {
    let rendered =
        Rendered::of("The tag is deleted. Upon success, 202. The blob is deleted. Upon success, 202 again.");
    let words = |after: Option<&str>, from: &str, to: Option<&str>| Words {
        after: after.map(str::to_owned),
        from: from.to_owned(),
        to: to.map(str::to_owned),
    };
    let passage = |words: &Words| rendered.passage(words).map(|passage| rendered.slice(passage));
    assert_eq!(
        passage(&words(Some("blob is deleted."), "upon", Some("202"))),
        Ok("Upon success, 202")
    );
    assert!(passage(&words(None, "Upon success", None)).is_err());
    assert!(passage(&words(None, "The ta", None)).is_err());
    assert!(passage(&words(None, "The tag", Some("never"))).is_err());
}

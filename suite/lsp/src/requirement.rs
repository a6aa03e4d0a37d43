//! What there is to know about the requirement under the cursor: what `assize explain` prints, and where it stands.

use std::ops::Range;
use std::path::Path;

use assize_language::catalogue::{Requirement, RequirementId};
use assize_language::scenario::Library;
use gen_lsp_types::{Contents, Hover, Location, MarkupContent, MarkupKind};

use crate::address::uri_of;
use crate::text::Lines;
use crate::workspace::Settings;

/// How a client shows a page.
#[derive(Clone, Copy)]
pub(crate) enum Pages {
    /// As it is written.
    Plain,
    /// As Markdown.
    Markdown,
}

/// A page about the requirement at a byte of the text.
pub(crate) fn hover(
    text: &str,
    at: usize,
    library: &Library,
    settings: &Settings,
    pages: Pages,
) -> Option<Hover> {
    let (requirement, span) = requirement_at(text, at, library)?;
    let run_alone = library.is_of_a_house();
    let asking = library.asking(settings.coded.iter().copied().filter(|_| !run_alone));
    let asked_by = asking.get(&requirement.id).map(Vec::as_slice).unwrap_or_default();
    let parts = requirement.described(asked_by, settings.harm.and_then(|harm| harm(&requirement.id)));
    let (kind, value) = match pages {
        Pages::Markdown => (MarkupKind::Markdown, markdown(requirement, &parts)),
        Pages::Plain => (MarkupKind::PlainText, plain(requirement, &parts)),
    };
    Some(Hover {
        contents: Contents::MarkupContent(MarkupContent { kind, value }),
        range: Some(Lines::of(text).range(&span)),
    })
}

/// Where the requirement at a byte of the text stands; nowhere, if the catalogue is that which is compiled in.
pub(crate) fn definition(text: &str, at: usize, library: &Library) -> Option<Location> {
    let (requirement, _) = requirement_at(text, at, library)?;
    let (file, span) = library.catalogue.place(requirement)?;
    let uri = uri_of(Path::new(&*file.path))?;
    Some(Location::new(uri, Lines::of(&file.text).range(&span)))
}

fn requirement_at<'l>(
    text: &str,
    at: usize,
    library: &'l Library,
) -> Option<(&'l Requirement, Range<usize>)> {
    let span = word_at(text, at);
    let id = RequirementId::parse(&text[span.clone()])?;
    Some((library.catalogue.get(&id)?, span))
}

/// The letters around a byte that can stand in an id; a full stop at either end is one of a sentence.
fn word_at(text: &str, at: usize) -> Range<usize> {
    let start = at - letters_before(&text[..at]);
    let end = at + text[at..].bytes().take_while(|byte| is_in_ids(*byte)).count();
    let word = &text[start..end];
    let start = start + (word.len() - word.trim_start_matches('.').len());
    start..(start + word.trim_matches('.').len())
}

/// How many letters at the end of a text can stand in an id.
pub(crate) fn letters_before(text: &str) -> usize {
    text.bytes().rev().take_while(|byte| is_in_ids(*byte)).count()
}

fn is_in_ids(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-'
}

fn plain(requirement: &Requirement, parts: &[(&str, String)]) -> String {
    let mut page = requirement.id.to_string();
    for (name, said) in parts {
        page.push_str(&format!(
            "\n  {name:<11}{}",
            said.replace('\n', "\n             ")
        ));
    }
    page
}

fn markdown(requirement: &Requirement, parts: &[(&str, String)]) -> String {
    let mut page = format!("**{}**\n", requirement.id);
    for (name, said) in parts {
        let lines: Vec<String> = said.lines().map(as_markdown).collect();
        page.push_str(&format!("\n- *{name}*: {}", lines.join("  \n  ")));
    }
    page
}

/// A line that reads in Markdown as it does here; an address stands in the signs that make it a link.
fn as_markdown(line: &str) -> String {
    if line.starts_with("https://") {
        return format!("<{line}>");
    }
    let mut written = String::new();
    for letter in line.chars() {
        if "\\`*_{}[]<>#|~".contains(letter) {
            written.push('\\');
        }
        written.push(letter);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_from_anywhere_in_it_and_without_the_full_stop_of_a_sentence() {
        let text = "See push.mount.201. é";
        for at in 4..=18 {
            assert_eq!(&text[word_at(text, at)], "push.mount.201", "{at}");
        }
        assert_eq!(&text[word_at(text, 3)], "See");
        assert_eq!(&text[word_at(text, text.len())], "");
        assert_eq!(&"..."[word_at("...", 1)], "");
    }

    #[test]
    fn signs_of_markdown_read_as_themselves() {
        assert_eq!(as_markdown("/v2/<name> *a_b*"), r"/v2/\<name\> \*a\_b\*");
        assert_eq!(as_markdown("https://a/b_c"), "<https://a/b_c>");
    }
}

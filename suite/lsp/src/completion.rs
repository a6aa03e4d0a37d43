//! What can stand at the cursor: words that start a line, ids of requirements, names, properties and capabilities.

use std::collections::BTreeSet;
use std::ops::Range;

use assize_language::catalogue::{Level, Requirement};
use assize_language::scenario::ast::Property;
use assize_language::scenario::{Library, LineWord, names_in_line, settles};
use gen_lsp_types::{CompletionItem, CompletionItemKind, TextEdit};

use crate::requirement::letters_before;
use crate::text::Lines;

/// Letters after which an editor asks what can follow, besides those of words.
pub(crate) const TRIGGERS: [&str; 4] = [" ", ".", "{", "@"];

/// What can stand at a byte of a scenario, which the library knows under this path.
pub(crate) fn items(text: &str, at: usize, path: &str, library: &Library) -> Vec<CompletionItem> {
    let lines = Lines::of(text);
    let start = lines.start_of_line(at);
    let before = &text[start..at];
    let typed = at - letters_before(before)..at;
    let items: Vec<Item> = match Wanted::behind(&text[start..typed.start]) {
        Wanted::LineWord => LineWord::all_words().map(Item::line_word).collect(),
        Wanted::Id(level) => ids(library, level).map(Item::id).collect(),
        Wanted::Name => names(path, start, library).map(Item::name).collect(),
        Wanted::Placeholder => {
            let properties = Property::all_words().map(Item::property);
            names(path, start, library)
                .map(Item::name)
                .chain(properties)
                .collect()
        }
        Wanted::Capability => capabilities(library).into_iter().map(Item::capability).collect(),
        Wanted::Nothing => Vec::new(),
    };
    items.into_iter().map(|item| item.shown(&lines, &typed)).collect()
}

/// What is wanted at a place of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// A word that can start the line.
    LineWord,
    /// The id of a requirement, of one that has this level in the newest version if there is one.
    Id(Option<Level>),
    /// A name.
    Name,
    /// A name, or a property before it.
    Placeholder,
    /// A capability of a registry.
    Capability,
    /// Text, or what nobody can list.
    Nothing,
}

impl Wanted {
    /// What is wanted behind this beginning of a line.
    fn behind(line: &str) -> Wanted {
        let line = line.trim_start();
        if line.rfind('{') > line.rfind('}') {
            return Wanted::Placeholder;
        }
        let Some((word, rest)) = line.split_once(' ') else {
            return match line {
                "" => Wanted::LineWord,
                _ if line.ends_with('@') => Wanted::Name,
                _ => Wanted::Nothing,
            };
        };
        let is_first = rest.trim().is_empty();
        match LineWord::read(word) {
            Some(LineWord::Must) if is_first => Wanted::Id(Some(Level::Must)),
            Some(LineWord::Should) if is_first => Wanted::Id(Some(Level::Should)),
            Some(LineWord::May) if is_first => Wanted::Id(Some(Level::May)),
            Some(LineWord::Row) => Wanted::Id(None),
            Some(LineWord::Needs | LineWord::Provides) => Wanted::Capability,
            Some(LineWord::Given | LineWord::Let | LineWord::For) => Wanted::Name,
            Some(LineWord::Request) if line.ends_with('@') || line.ends_with("> upload ") => Wanted::Name,
            Some(LineWord::Check | LineWord::When)
                if ["@", " as in ", "digest of "]
                    .iter()
                    .any(|end| line.ends_with(end)) =>
            {
                Wanted::Name
            }
            _ => Wanted::Nothing,
        }
    }
}

fn ids(library: &Library, level: Option<Level>) -> impl Iterator<Item = &Requirement> {
    let all = library.catalogue.iter();
    all.filter(move |requirement| level.is_none() || requirement.levels.newest() == level)
}

fn names<'l>(path: &str, line: usize, library: &'l Library) -> impl Iterator<Item = &'l str> {
    let loaded = library.scenarios.iter().find(|loaded| *loaded.path == *path);
    let names = loaded.map(|loaded| names_in_line(&loaded.scenario, line));
    names.unwrap_or_default().into_iter()
}

fn capabilities(library: &Library) -> BTreeSet<String> {
    let settled = library.scenarios.iter().map(|loaded| settles(&loaded.scenario));
    settled.flatten().collect()
}

/// One word that can be chosen.
struct Item {
    word: String,
    kind: CompletionItemKind,
    /// What is said beside it.
    detail: Option<String>,
    /// What is said of it when it is looked at.
    documentation: Option<String>,
}

impl Item {
    fn of(word: impl Into<String>, kind: CompletionItemKind) -> Item {
        Item {
            word: word.into(),
            kind,
            detail: None,
            documentation: None,
        }
    }

    fn line_word(word: &str) -> Item {
        Item::of(word, CompletionItemKind::Keyword)
    }

    fn name(name: &str) -> Item {
        Item::of(name, CompletionItemKind::Variable)
    }

    fn property(word: &str) -> Item {
        Item::of(word, CompletionItemKind::Property)
    }

    fn capability(name: String) -> Item {
        Item::of(name, CompletionItemKind::EnumMember)
    }

    fn id(requirement: &Requirement) -> Item {
        Item {
            detail: requirement.levels.newest().map(|level| level.to_string()),
            documentation: Some(requirement.text.clone()),
            ..Item::of(requirement.id.as_str(), CompletionItemKind::Constant)
        }
    }

    /// The word in the place of what was typed of it; an id is more than one word to most editors.
    fn shown(self, lines: &Lines<'_>, typed: &Range<usize>) -> CompletionItem {
        CompletionItem {
            kind: Some(self.kind),
            detail: self.detail,
            documentation: self.documentation.map(Into::into),
            text_edit: Some(TextEdit::new(lines.range(typed), self.word.clone()).into()),
            label: self.word,
            ..CompletionItem::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_follows_from_the_beginning_of_the_line() {
        let cases = [
            ("", Wanted::LineWord),
            ("  ", Wanted::LineWord),
            ("MUST ", Wanted::Id(Some(Level::Must))),
            ("  SHOULD  ", Wanted::Id(Some(Level::Should))),
            ("MUST a.b, ", Wanted::Nothing),
            ("  | bytes=0-99 | {first} | ", Wanted::Id(None)),
            ("> PUT /v2/{", Wanted::Placeholder),
            ("> PUT /v2/{repo}/{digest ", Wanted::Placeholder),
            ("> PUT /v2/{repo}/", Wanted::Nothing),
            ("> @", Wanted::Name),
            ("> upload ", Wanted::Name),
            ("< not @", Wanted::Name),
            ("< Content-Type, ETag as in ", Wanted::Name),
            ("< Docker-Content-Digest: a digest of ", Wanted::Name),
            ("< ", Wanted::Nothing),
            ("given ", Wanted::Name),
            ("let all = index of a, ", Wanted::Name),
            ("needs push, no ", Wanted::Capability),
            ("scenario A blob ", Wanted::Nothing),
            ("# MUST ", Wanted::Nothing),
        ];
        for (line, wanted) in cases {
            assert_eq!(Wanted::behind(line), wanted, "{line:?}");
        }
    }
}

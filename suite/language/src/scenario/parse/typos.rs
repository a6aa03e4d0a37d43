//! Lines whose first word has a typo: they are read as they were meant, so that no further faults follow from one.

use super::phrase::Phrase;
use super::words::LineWord;
use super::{checks, given, statements};
use crate::catalogue::Level;
use crate::diagnostic::{Diagnostic, nearest};

/// The word that was meant at the start of `line`, and what follows it, if the line makes sense so.
pub(super) fn meant(line: Phrase<'_>) -> Option<(LineWord, Phrase<'_>)> {
    let (first, rest) = line.split_word();
    let meant = nearest(first.text(), LineWord::all_words()).and_then(LineWord::read)?;
    makes_sense(meant, rest).then_some((meant, rest))
}

/// The fault of a line that starts with no word of the language.
pub(super) fn fault(line: Phrase<'_>) -> Diagnostic {
    let first = line.split_word().0;
    Diagnostic::error(format!("no line starts with `{}`", first.text()), first.span())
        .label("not a word of the language")
        .suggest_among(first.text(), "a line starts with", LineWord::all_words())
}

/// Whether a line can be read with this word at its start.
fn makes_sense(word: LineWord, rest: Phrase<'_>) -> bool {
    match word {
        LineWord::Scenario | LineWord::Always => !rest.is_empty(),
        LineWord::Needs => statements::needs(rest).is_ok(),
        LineWord::Provides => statements::capability(rest).is_ok(),
        LineWord::Given => given::given(rest).is_ok(),
        LineWord::Let => rest.text().contains('='),
        LineWord::Must | LineWord::Should | LineWord::May => statements::asked(Level::Must, rest).is_ok(),
        LineWord::When => checks::check(rest).is_ok(),
        LineWord::For => statements::head(rest).is_ok(),
        LineWord::Together => statements::copies(rest).is_ok(),
        LineWord::End => rest.is_empty(),
        LineWord::Step | LineWord::Request | LineWord::Check | LineWord::Row => false,
    }
}

//! The usual shape of a scenario, as the edit that brings it there.

use assize_language::catalogue::Catalogue;
use assize_language::scenario::{format, parse};
use gen_lsp_types::TextEdit;

use crate::text::Lines;

/// What `assize fmt` changes; nothing in a text with faults, whose shape is not known.
pub(crate) fn edits(text: &str, catalogue: &Catalogue) -> Vec<TextEdit> {
    let (Some(scenario), faults) = parse(text) else {
        return Vec::new();
    };
    if !faults.is_empty() {
        return Vec::new();
    }
    let shaped = format(&scenario, catalogue);
    changed(text, &shaped).into_iter().collect()
}

/// The lines in which two texts differ, from the first to the last, so that the cursor stays where it is elsewhere.
fn changed(old: &str, new: &str) -> Option<TextEdit> {
    if old == new {
        return None;
    }
    let start = lines_in_common(old.split_inclusive('\n'), new.split_inclusive('\n'));
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = lines_in_common(
        old_rest.split_inclusive('\n').rev(),
        new_rest.split_inclusive('\n').rev(),
    );
    let span = start..old.len() - end;
    Some(TextEdit::new(
        Lines::of(old).range(&span),
        new_rest[..new_rest.len() - end].to_owned(),
    ))
}

/// How many bytes the lines have that come first in both.
fn lines_in_common<'t>(one: impl Iterator<Item = &'t str>, other: impl Iterator<Item = &'t str>) -> usize {
    let same = one.zip(other).take_while(|(one, other)| one == other);
    same.map(|(line, _)| line.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text with an edit made.
    fn edited(text: &str, edit: Option<TextEdit>) -> String {
        let lines = Lines::of(text);
        let Some(edit) = edit else {
            return text.to_owned();
        };
        let (start, end) = (lines.offset(edit.range.start), lines.offset(edit.range.end));
        format!("{}{}{}", &text[..start], edit.new_text, &text[end..])
    }

    proptest! {
        #[test]
        fn the_edit_makes_one_text_of_the_other(old in "(a|b|\n){0,8}", new in "(a|b|\n){0,8}") {
            prop_assert_eq!(edited(&old, changed(&old, &new)), new);
        }
    }

    #[test]
    fn lines_that_stay_are_not_touched() {
        let edit = changed("a\nb\nc\nd\n", "a\nx\ny\nd\n").unwrap();
        assert_eq!((edit.range.start.line, edit.range.end.line), (1, 3));
        assert_eq!(edit.new_text, "x\ny\n");
        assert_eq!(changed("a\n", "a\n"), None);
    }
}

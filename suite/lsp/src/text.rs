//! Places in a text: bytes here, lines and UTF-16 units in an editor.

use std::ops::Range;

use gen_lsp_types::Position;

/// A text, and where its lines begin.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Lines<'t> {
        let bytes = text.as_bytes();
        let ends_line = |at: usize| match bytes[at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        let behind = (0..bytes.len()).filter(|at| ends_line(*at)).map(|at| at + 1);
        Lines {
            text,
            starts: std::iter::once(0).chain(behind).collect(),
        }
    }

    /// The place of a byte; of the last one before it that begins a letter, and at most of the end.
    pub(crate) fn position(&self, at: usize) -> Position {
        let at = self.text.floor_char_boundary(at);
        let line = self.starts.partition_point(|start| *start <= at) - 1;
        let before = &self.text[self.starts[line]..at];
        Position {
            line: number(line),
            character: number(before.encode_utf16().count()),
        }
    }

    /// The places where a span begins and ends.
    pub(crate) fn range(&self, span: &Range<usize>) -> gen_lsp_types::Range {
        gen_lsp_types::Range {
            start: self.position(span.start),
            end: self.position(span.end.max(span.start)),
        }
    }

    /// The byte at a place. Behind the end of a line it is that end, behind the last line the end of the text, and
    /// inside a letter of two units its beginning.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else {
            return self.text.len();
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim_end_matches(['\r', '\n']);
        let mut units = 0;
        for (at, letter) in line.char_indices() {
            units += letter.len_utf16();
            if units > position.character as usize {
                return start + at;
            }
        }
        start + line.len()
    }

    /// Where the line of a byte begins.
    pub(crate) fn start_of_line(&self, at: usize) -> usize {
        self.starts[self.starts.partition_point(|start| *start <= at) - 1]
    }
}

/// A number as the protocol has them.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn letters_are_counted_in_utf_16_units() {
        let lines = Lines::of("aé𝄞b\nc");
        let places: Vec<(usize, Position)> = vec![
            (0, at(0, 0)),
            (1, at(0, 1)),
            (3, at(0, 2)),
            (7, at(0, 4)),
            (8, at(0, 5)),
            (9, at(1, 0)),
            (10, at(1, 1)),
        ];
        for (byte, position) in places {
            assert_eq!(lines.position(byte), position);
            assert_eq!(lines.offset(position), byte);
        }
    }

    #[test]
    fn a_place_that_is_not_there_is_the_nearest_one_before_it() {
        let lines = Lines::of("a𝄞\nc");
        assert_eq!(lines.offset(at(0, 2)), 1, "between the halves of a letter");
        assert_eq!(lines.offset(at(0, 99)), 5);
        assert_eq!(lines.offset(at(9, 0)), 7);
        assert_eq!(lines.position(3), at(0, 1), "inside the bytes of a letter");
        assert_eq!(lines.position(99), at(1, 1));
        assert_eq!(Lines::of("").offset(at(0, 0)), 0);
    }

    #[test]
    fn every_line_ending_of_the_protocol_ends_a_line() {
        let lines = Lines::of("a\r\nb\rc\n");
        assert_eq!([0, 3, 5, 7].map(|byte| lines.position(byte).line), [0, 1, 2, 3]);
        assert_eq!(lines.offset(at(0, 9)), 1);
        assert_eq!(lines.start_of_line(4), 3);
    }

    proptest! {
        #[test]
        fn a_place_leads_back_to_its_byte(text in "[aé𝄞\r\n ]{0,40}") {
            let lines = Lines::of(&text);
            for (byte, letter) in text.char_indices() {
                if !['\r', '\n'].contains(&letter) {
                    prop_assert_eq!(lines.offset(lines.position(byte)), byte);
                }
            }
        }

        #[test]
        fn any_place_is_some_byte_between_letters(
            text in "[aé𝄞\r\n ]{0,40}", line: u8, character: u8,
        ) {
            let byte = Lines::of(&text).offset(at(line.into(), character.into()));
            prop_assert!(text.is_char_boundary(byte));
        }
    }
}

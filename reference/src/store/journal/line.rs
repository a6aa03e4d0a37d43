//! The lines of a journal: `<checksum> <sequence> <JSON>`, so that a person can read them, and damage shows.

use std::io::{self, BufRead as _, BufReader, Read};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::protocol::{Algorithm, Digest};
use crate::store::StoreError;
use crate::store::entry::Entry;
use crate::store::files::File;

/// How many digits of a digest a line has.
const DIGITS: usize = 16;

/// How much of a journal is read at once.
const BLOCK: usize = 256 * 1024;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum JournalRecord {
    /// The first line: the version of the journal, and the store that it belongs to.
    Journal { version: u32, store: Uuid },
    /// A part of the state from which the journal goes on.
    State(Vec<Entry>),
    /// The end of that state.
    Complete {},
    /// What was changed in one step.
    Changes(Vec<Entry>),
}

/// A line whose checksum is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of the change, or of the last change before a state.
    pub(super) sequence: u64,
    text: String,
    /// Where it begins.
    pub(super) start: u64,
    /// Where the next line begins.
    pub(super) end: u64,
}

impl Line {
    /// Reads what the line says.
    pub(super) fn body(&self) -> Result<JournalRecord, StoreError> {
        serde_json::from_str(&self.text)
            .map_err(|error| StoreError::Damaged(format!("line {} of the journal: {error}", self.sequence)))
    }

    /// Whether the line ends a state.
    pub(super) fn is_complete(&self) -> bool {
        self.text.starts_with("{\"complete\"")
    }

    /// Whether the line is a change.
    pub(super) fn is_change(&self) -> bool {
        self.text.starts_with("{\"changes\"")
    }

    fn parse(bytes: &[u8], start: u64) -> Option<Self> {
        let (checksum, sealed) = std::str::from_utf8(bytes)
            .ok()?
            .strip_suffix('\n')?
            .split_once(' ')?;
        if checksum != checksum_of(sealed) {
            return None;
        }
        let (sequence, text) = sealed.split_once(' ')?;
        Some(Self {
            sequence: sequence.parse().ok()?,
            text: text.to_owned(),
            start,
            end: start + bytes.len() as u64,
        })
    }
}

/// The line that says `body`.
pub(super) fn write(sequence: u64, body: &JournalRecord) -> Result<String, StoreError> {
    let text = serde_json::to_string(body)
        .map_err(|error| StoreError::Damaged(format!("a change cannot be written down: {error}")))?;
    Ok(sealed(&format!("{sequence} {text}")))
}

/// A line with its checksum.
pub(in crate::store) fn sealed(text: &str) -> String {
    format!("{} {text}\n", checksum_of(text))
}

fn checksum_of(sealed: &str) -> String {
    let digest = Digest::of(Algorithm::Sha256, sealed.as_bytes());
    let hex = digest.as_str().rsplit(':').next().unwrap_or_default();
    hex[..DIGITS.min(hex.len())].to_owned()
}

/// What is read from a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ScannedLine {
    /// A line whose checksum is right.
    Whole(Line),
    /// Bytes that are no such line.
    Broken,
}

/// The lines of a journal, one after the other.
pub(super) struct Lines {
    reader: BufReader<FileReader>,
    offset: u64,
}

impl Lines {
    /// The lines of a file from its beginning.
    pub(super) fn of(file: Arc<dyn File>) -> Self {
        Self::behind(file, 0)
    }

    /// The lines of a file from the one on that begins at `offset`.
    pub(super) fn behind(file: Arc<dyn File>, offset: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(BLOCK, FileReader { file, offset }),
            offset,
        }
    }

    /// Where the next line begins.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line; `None` at the end, where zeros are held ready for what comes.
    pub(super) fn next(&mut self) -> io::Result<Option<ScannedLine>> {
        let mut bytes = Vec::new();
        self.reader.read_until(b'\n', &mut bytes)?;
        let start = self.offset;
        self.offset += bytes.len() as u64;
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        Ok(Some(match Line::parse(&bytes, start) {
            Some(line) => ScannedLine::Whole(line),
            None => ScannedLine::Broken,
        }))
    }
}

/// A file that is read from an offset to its end.
struct FileReader {
    file: Arc<dyn File>,
    offset: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{JournalRecord, Lines, ScannedLine, write};
    use crate::store::entry::{Entry, ManifestBytes};
    use crate::store::files::{Files as _, MemoryFiles};

    fn changes(number: u64) -> JournalRecord {
        JournalRecord::Changes(vec![Entry::Manifest {
            name: "a/b".to_owned(),
            digest: format!("sha256:{number}"),
            at: number,
            media_type: "a/b".to_owned(),
            content: ManifestBytes::new("{\"line\":\n\"end\u{2028}\"}".as_bytes()),
        }])
    }

    /// What is read from bytes: the sequence of each whole line, `None` for what is broken.
    fn read(bytes: &[u8]) -> Vec<Option<(u64, JournalRecord)>> {
        let files = MemoryFiles::default();
        let file = files.create(Uuid::nil()).unwrap();
        file.write_at(&[Bytes::copy_from_slice(bytes)], 0).unwrap();
        let mut lines = Lines::of(file);
        std::iter::from_fn(|| lines.next().unwrap())
            .map(|piece| match piece {
                ScannedLine::Whole(line) => Some((line.sequence, line.body().unwrap())),
                ScannedLine::Broken => None,
            })
            .collect()
    }

    #[test]
    fn what_is_written_is_read_and_zeros_are_the_end() {
        let text = (0..3).map(|number| write(number, &changes(number)).unwrap());
        let text = text.collect::<String>() + "\0\0\0\0";
        let expected = (0..3).map(|number| Some((number, changes(number))));
        assert_eq!(read(text.as_bytes()), expected.collect::<Vec<_>>());
        assert_eq!(
            ManifestBytes::new(b"\xff"),
            ManifestBytes::Base64("/w==".to_owned()),
            "bytes that are no text are kept all the same"
        );
    }

    proptest! {
        #[test]
        fn a_changed_byte_costs_its_line_or_two(place in 0_usize..1000, flip in 1_u8..) {
            let lines = (0..5).map(|number| write(number, &changes(number)).unwrap());
            let mut bytes = lines.collect::<String>().into_bytes();
            let place = place % bytes.len();
            bytes[place] ^= flip;
            let found = read(&bytes);
            let whole = found.into_iter().flatten().collect::<Vec<_>>();
            prop_assert!((3..5).contains(&whole.len()));
            for (number, body) in whole {
                prop_assert_eq!(body, changes(number));
            }
        }
    }
}

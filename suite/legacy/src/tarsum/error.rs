//! Why bytes are no archive that can be summed.

/// The longest extended header, or long name, that is kept while it comes.
pub(super) const LONGEST_RECORDS: u64 = 1024 * 1024;

/// Why bytes are no tar archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// A block that should be a header is none.
    #[error("a header does not have its checksum")]
    Checksum,
    /// A field is no number, or too large a one.
    #[error("a number of a header is none, or too large")]
    Number,
    /// An extended header has something in it that is no record.
    #[error("an extended header holds something that is no record")]
    Record,
    /// An extended header or a long name takes too much.
    #[error("an extended header is longer than {LONGEST_RECORDS} bytes")]
    RecordsTooLong,
    /// It ends in the midst of a file.
    #[error("the archive ends in the midst of a file")]
    CutOff,
    /// A file is given by its parts alone: a few bytes could claim holes without end.
    #[error("a sparse file is not summed: write the archive without them, as Docker does")]
    Sparse,
}

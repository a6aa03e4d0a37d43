//! What can happen to a store.

use std::io;

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::protocol::Name;

/// One of so many things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct One<const OF: usize>(pub(super) usize);

impl<'a, const OF: usize> Arbitrary<'a> for One<OF> {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(usize::from(u8::arbitrary(bytes)?) % OF))
    }
}

/// A repository.
pub(super) type Repository = One<2>;

/// An upload, by the place where the client keeps its number.
pub(super) type Slot = One<3>;

/// A tag.
pub(super) type TagNumber = One<2>;

/// A piece of content.
pub(super) type Piece = One<4>;

impl Repository {
    pub(super) fn name(self) -> Name {
        Name::parse(["a", "b/c"][self.0]).unwrap()
    }
}

impl Piece {
    pub(super) fn bytes(self) -> &'static [u8] {
        [b"".as_slice(), b"one", b"two", b"a longer piece of content"][self.0]
    }
}

/// One of the things that happen.
#[derive(Debug, Clone, Arbitrary)]
pub(super) enum Operation {
    /// A blob is pushed in one request.
    Push(Repository, Piece),
    /// A blob is pushed under the digest of something else.
    PushFalsely(Repository, Piece),
    /// An upload is opened.
    Open(Slot, Repository),
    /// A chunk comes, at the end of the upload.
    Chunk(Slot, Piece),
    /// A chunk comes that stands elsewhere.
    ChunkElsewhere(Slot, Piece),
    /// A chunk comes, and its connection breaks.
    Break(Slot, Piece),
    /// The last chunk comes.
    Finish(Slot, Piece),
    /// The last chunk comes, with the digest of something else.
    FinishFalsely(Slot, Piece),
    /// An upload is cancelled.
    Cancel(Slot),
    /// A blob is mounted from another repository, or from any.
    Mount(Option<Repository>, Repository, Piece),
    /// A blob is deleted.
    DeleteBlob(Repository, Piece),
    /// A manifest with this piece as its config is put under a tag.
    PutManifest(Repository, Piece, TagNumber),
    /// A manifest is deleted, with all its tags.
    DeleteManifest(Repository, Piece),
    /// A tag is deleted.
    DeleteTag(Repository, TagNumber),
    /// The store is closed and opened again.
    Restart,
    /// A part of the disk begins to fail.
    Fail(Part, Kind),
    /// The disk fails no more.
    Mend,
}

/// A part of the disk.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(super) enum Part {
    Journal,
    JournalSync,
    Files,
    Database,
}

/// A way to fail.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(super) enum Kind {
    Full,
    ReadOnly,
    Broken,
}

impl Kind {
    pub(super) const fn of_error(self) -> io::ErrorKind {
        match self {
            Self::Full => io::ErrorKind::StorageFull,
            Self::ReadOnly => io::ErrorKind::ReadOnlyFilesystem,
            Self::Broken => io::ErrorKind::Other,
        }
    }
}

//! What a random workflow is made of: operations on a few blobs, images, tags and uploads in two repositories.

use proptest::prelude::*;

/// How many of each there are.
pub(super) const BLOBS: usize = 3;
pub(super) const IMAGES: usize = 3;
pub(super) const TAGS: usize = 3;
pub(super) const UPLOADS: usize = 2;
/// How many chunks the content of an upload has.
pub(super) const CHUNKS: usize = 3;

/// One of the two repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Repository {
    First,
    Second,
}

impl Repository {
    /// The other one of the two.
    pub(super) fn other(self) -> Repository {
        match self {
            Repository::First => Repository::Second,
            Repository::Second => Repository::First,
        }
    }
}

/// Whether a read asks for the content or only whether it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    Get,
    Head,
}

/// How a manifest is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Tag(usize),
    Digest,
}

/// A number below this names any blob, image, tag or upload; most of them name one that the workflow has touched.
pub(super) const NUMBERS: usize = 12;

/// One operation. Numbers name contents, tags and uploads: those of pushes count from zero, the others are aimed by
/// the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    PushBlob(Repository, usize),
    /// Push a blob under the digest of another one.
    PushBlobWrongly(Repository, usize),
    ReadBlob(Repository, usize, Read),
    DeleteBlob(Repository, usize),
    /// Mount a blob from the other repository into this one.
    Mount(Repository, usize),
    PushImage(Repository, usize, Reference),
    ReadTag(Repository, usize, Read),
    ReadImage(Repository, usize, Read),
    DeleteTag(Repository, usize),
    DeleteImage(Repository, usize),
    ListTags(Repository),
    /// List the referrers of the first image.
    ListReferrers(Repository),
    OpenUpload(usize),
    SendNextChunk(usize),
    /// Send a chunk that is not the next one.
    SendWrongChunk(usize),
    AskStatus(usize),
    CloseUpload(usize),
    CancelUpload(usize),
}

/// Any operation; reads are as frequent as writes, since they are what shows a fault.
pub(super) fn any_operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let repository = || prop_oneof![2 => Just(Repository::First), 1 => Just(Repository::Second)];
    let read = || prop_oneof![Just(Read::Get), Just(Read::Head)];
    let reference = || prop_oneof![2 => (0..TAGS).prop_map(Reference::Tag), 1 => Just(Reference::Digest)];
    prop_oneof![
        3 => (repository(), 0..BLOBS).prop_map(|(r, b)| PushBlob(r, b)),
        1 => (repository(), 0..BLOBS).prop_map(|(r, b)| PushBlobWrongly(r, b)),
        6 => (repository(), 0..NUMBERS, read()).prop_map(|(r, b, how)| ReadBlob(r, b, how)),
        3 => (repository(), 0..NUMBERS).prop_map(|(r, b)| DeleteBlob(r, b)),
        3 => (repository(), 0..NUMBERS).prop_map(|(from, b)| Mount(from.other(), b)),
        4 => (repository(), 0..IMAGES, reference()).prop_map(|(r, i, by)| PushImage(r, i, by)),
        3 => (repository(), 0..NUMBERS, read()).prop_map(|(r, t, how)| ReadTag(r, t, how)),
        3 => (repository(), 0..NUMBERS, read()).prop_map(|(r, i, how)| ReadImage(r, i, how)),
        2 => (repository(), 0..NUMBERS).prop_map(|(r, t)| DeleteTag(r, t)),
        2 => (repository(), 0..NUMBERS).prop_map(|(r, i)| DeleteImage(r, i)),
        4 => repository().prop_map(ListTags),
        2 => repository().prop_map(ListReferrers),
        2 => (0..UPLOADS).prop_map(OpenUpload),
        4 => (0..NUMBERS).prop_map(SendNextChunk),
        2 => (0..NUMBERS).prop_map(SendWrongChunk),
        2 => (0..NUMBERS).prop_map(AskStatus),
        2 => (0..NUMBERS).prop_map(CloseUpload),
        1 => (0..NUMBERS).prop_map(CancelUpload),
    ]
}

/// Any sequence of operations.
pub(super) fn any_workflow() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(any_operation(), 1..40)
}

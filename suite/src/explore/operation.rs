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

/// What an operation is about.
struct Fields<'a> {
    repository: Option<&'a mut Repository>,
    number: Option<&'a mut usize>,
    reference: Option<&'a mut Reference>,
    read: Option<&'a mut Read>,
}

impl Operation {
    /// The ways to make an operation simpler, each in one field: with the first of what there are several of.
    pub(super) const SIMPLER: [fn(Operation) -> Operation; 4] = [
        |operation| operation.edited(|fields| set(fields.number, 0)),
        |operation| operation.edited(|fields| set(fields.reference, Reference::Tag(0))),
        |operation| operation.edited(|fields| set(fields.read, Read::Get)),
        |operation| operation.edited(|fields| set(fields.repository, Repository::First)),
    ];

    fn edited(mut self, edit: impl FnOnce(Fields<'_>)) -> Operation {
        edit(self.fields());
        self
    }

    fn fields(&mut self) -> Fields<'_> {
        use Operation::*;
        let (repository, number, reference, read) = match self {
            PushBlob(repository, number)
            | PushBlobWrongly(repository, number)
            | DeleteBlob(repository, number)
            | Mount(repository, number)
            | DeleteTag(repository, number)
            | DeleteImage(repository, number) => (Some(repository), Some(number), None, None),
            ReadBlob(repository, number, read)
            | ReadTag(repository, number, read)
            | ReadImage(repository, number, read) => (Some(repository), Some(number), None, Some(read)),
            PushImage(repository, number, reference) => {
                (Some(repository), Some(number), Some(reference), None)
            }
            ListTags(repository) | ListReferrers(repository) => (Some(repository), None, None, None),
            OpenUpload(number)
            | SendNextChunk(number)
            | SendWrongChunk(number)
            | AskStatus(number)
            | CloseUpload(number)
            | CancelUpload(number) => (None, Some(number), None, None),
        };
        Fields {
            repository,
            number,
            reference,
            read,
        }
    }
}

fn set<T>(field: Option<&mut T>, value: T) {
    if let Some(field) = field {
        *field = value;
    }
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

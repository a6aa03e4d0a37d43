//! A model of a registry: small enough to be seen to be right. It says what each operation must come to.

use std::collections::{BTreeMap, BTreeSet};

use super::Constraints;
use super::operation::{BLOBS, CHUNKS, IMAGES, Operation, Read, Reference, Repository, TAGS, UPLOADS};
use super::scenario_writer::{ScenarioWriter, SubjectPlace};

/// The image that the others refer to.
const SUBJECT: usize = 0;

/// What is in the registry.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    blobs: BTreeMap<(Repository, usize), Presence>,
    images: BTreeMap<(Repository, usize), Presence>,
    /// The images that were pushed by their digest, and not only by a tag.
    by_digest: BTreeSet<(Repository, usize)>,
    tags: BTreeMap<(Repository, usize), Tag>,
    uploads: BTreeMap<usize, Upload>,
}

/// Whether something is there; what was never mentioned never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Present,
    /// It was mounted, and not pushed.
    Mounted,
    Deleted,
    /// It was pushed by a tag alone, and that tag is on it no more: a registry may keep it or not.
    Untagged,
}

/// Where a tag points; one that was never mentioned never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// To this image.
    Of(usize),
    Deleted,
    /// The image that it pointed to was deleted.
    GoneWithImage,
}

/// The state of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Upload {
    /// It is open, and has this many chunks.
    Open(usize),
    /// It is over.
    Gone,
}

/// What a registry offers of what the specification leaves open.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Abilities {
    pub(super) delete_blob: bool,
    pub(super) delete_manifest: bool,
    pub(super) delete_tag: bool,
    pub(super) list: bool,
    pub(super) referrers: bool,
    pub(super) mount: bool,
    pub(super) cancel: bool,
}

impl Abilities {
    /// The abilities of a registry that offers these capabilities.
    pub(super) fn of(constraints: &Constraints) -> Abilities {
        let offers = |name: &str| constraints.offered.contains(name);
        Abilities {
            delete_blob: offers("delete-blob"),
            delete_manifest: offers("delete-manifest"),
            delete_tag: offers("delete-tag"),
            list: offers("tag-list"),
            referrers: offers("referrers"),
            mount: offers("mount"),
            cancel: offers("cancel-upload"),
        }
    }
}

/// What a workflow has touched in a repository.
fn touched<T>(known: &BTreeMap<(Repository, usize), T>, at: Repository) -> impl Iterator<Item = usize> + '_ {
    known
        .keys()
        .filter(move |(repository, _)| *repository == at)
        .map(|(_, name)| *name)
}

/// What a number names: three times in four something `known`, else any of `all`.
fn aim(number: usize, all: usize, known: impl Iterator<Item = usize>) -> usize {
    let known: Vec<usize> = known.collect();
    match known.get(number / 4 % known.len().max(1)) {
        Some(name) if !number.is_multiple_of(4) => *name,
        _ => number % all,
    }
}

impl Model {
    /// Writes down an operation and what it must come to, and does it. An operation that has no sense, or whose
    /// outcome the registry is free to choose, is left out.
    pub(super) fn perform(&mut self, operation: Operation, able: Abilities, say: &mut ScenarioWriter<'_>) {
        use Operation::*;
        let operation = self.aimed(operation);
        match operation {
            PushBlob(at, blob) => {
                say.push_blob(at, blob);
                self.blobs.insert((at, blob), Presence::Present);
            }
            PushBlobWrongly(at, blob) => say.push_blob_wrongly(at, blob),
            ReadBlob(at, blob, how) => self.read_blob(at, blob, how, say),
            DeleteBlob(at, blob) if able.delete_blob => self.delete_blob(at, blob, say),
            Mount(to, blob) if able.mount => self.mount(to, blob, say),
            PushImage(at, image, by) => {
                let subject = match self.images.get(&(at, SUBJECT)) {
                    _ if image == SUBJECT => SubjectPlace::There,
                    Some(Presence::Present) => SubjectPlace::There,
                    _ => SubjectPlace::PerhapsMissing,
                };
                say.push_image(at, image, by, subject);
                self.images.insert((at, image), Presence::Present);
                match by {
                    Reference::Tag(tag) => {
                        let before = self.tags.insert((at, tag), Tag::Of(image));
                        self.lose_tag(at, before);
                    }
                    Reference::Digest => {
                        self.by_digest.insert((at, image));
                    }
                }
            }
            ReadTag(at, tag, how) => match self.tags.get(&(at, tag)) {
                Some(Tag::Of(image)) => say.tag_is(at, tag, *image, how),
                Some(Tag::Deleted) => say.tag_is_not(at, tag, how, "manage.tag.get-404-after-delete"),
                Some(Tag::GoneWithImage) => {
                    say.tag_is_not(at, tag, how, "manage.manifest.delete-removes-tags");
                }
                None => say.tag_is_not(at, tag, how, "pull.manifest.404-unknown-tag"),
            },
            ReadImage(at, image, how) => self.read_image(at, image, how, say),
            DeleteTag(at, tag) if able.delete_tag => self.delete_tag(at, tag, say),
            DeleteImage(at, image) if able.delete_manifest => self.delete_image(at, image, say),
            ListTags(at) if able.list => self.list_tags(at, say),
            ListReferrers(at) if able.referrers => self.list_referrers(at, say),
            OpenUpload(upload) if !matches!(self.uploads.get(&upload), Some(Upload::Open(_))) => {
                say.open_upload(upload);
                self.uploads.insert(upload, Upload::Open(0));
            }
            SendNextChunk(upload)
            | SendWrongChunk(upload)
            | AskStatus(upload)
            | CloseUpload(upload)
            | CancelUpload(upload) => self.go_on(upload, operation, able, say),
            _ => {}
        }
    }

    /// The operation with its number made the name of something: of what was touched, more often than not, since a
    /// registry that is asked for what it never heard of has little to get wrong.
    fn aimed(&self, operation: Operation) -> Operation {
        use Operation::*;
        let blob = |at, number| aim(number, BLOBS, touched(&self.blobs, at));
        let image = |at, number| aim(number, IMAGES, touched(&self.images, at));
        let tag = |at, number| aim(number, TAGS, touched(&self.tags, at));
        let upload = |number| aim(number, UPLOADS, self.uploads.keys().copied());
        match operation {
            ReadBlob(at, number, how) => ReadBlob(at, blob(at, number), how),
            DeleteBlob(at, number) => DeleteBlob(at, blob(at, number)),
            Mount(to, number) => Mount(to, blob(to.other(), number)),
            ReadTag(at, number, how) => ReadTag(at, tag(at, number), how),
            DeleteTag(at, number) => DeleteTag(at, tag(at, number)),
            ReadImage(at, number, how) => ReadImage(at, image(at, number), how),
            DeleteImage(at, number) => DeleteImage(at, image(at, number)),
            SendNextChunk(number) => SendNextChunk(upload(number)),
            SendWrongChunk(number) => SendWrongChunk(upload(number)),
            AskStatus(number) => AskStatus(upload(number)),
            CloseUpload(number) => CloseUpload(upload(number)),
            CancelUpload(number) => CancelUpload(upload(number)),
            PushBlob(..) | PushBlobWrongly(..) | PushImage(..) | ListTags(_) | ListReferrers(_)
            | OpenUpload(_) => operation,
        }
    }

    /// What became of an image in the other repository is what a registry that keeps one store for all mixes up with it.
    fn read_image(&self, at: Repository, image: usize, how: Read, say: &mut ScenarioWriter<'_>) {
        let elsewhere = self.images.get(&(at.other(), image));
        match (self.images.get(&(at, image)), elsewhere) {
            (Some(Presence::Present | Presence::Mounted), Some(Presence::Deleted)) => {
                say.image_is(
                    at,
                    image,
                    how,
                    Some("manage.manifest.delete-other-repository-untouched"),
                );
            }
            (Some(Presence::Present | Presence::Mounted), _) => say.image_is(at, image, how, None),
            (Some(Presence::Untagged), _) => {}
            (_, Some(Presence::Present | Presence::Mounted | Presence::Untagged)) => {
                say.image_is_not(at, image, how, "pull.manifest.404-other-repository");
            }
            (Some(Presence::Deleted), _) => {
                say.image_is_not(at, image, how, "manage.manifest.get-404-after-delete");
            }
            (None, _) => say.image_is_not(at, image, how, "pull.manifest.404-unknown-digest"),
        }
    }

    /// The same of a blob.
    fn read_blob(&self, at: Repository, blob: usize, how: Read, say: &mut ScenarioWriter<'_>) {
        let elsewhere = self.blobs.get(&(at.other(), blob));
        match (self.blobs.get(&(at, blob)), elsewhere) {
            (Some(Presence::Present), Some(Presence::Deleted)) => {
                say.blob_is(
                    at,
                    blob,
                    how,
                    Some("manage.blob.delete-other-repository-untouched"),
                );
            }
            (Some(Presence::Present), _) => say.blob_is(at, blob, how, None),
            (Some(Presence::Mounted), Some(Presence::Deleted)) => {
                say.blob_is(at, blob, how, Some("push.mount.independent-of-source"));
            }
            (Some(Presence::Mounted), _) => {
                say.blob_is(at, blob, how, Some("push.mount.readable-in-target"));
            }
            (None | Some(Presence::Deleted), Some(Presence::Present | Presence::Mounted)) => {
                say.blob_is_not(at, blob, how, "pull.blob.404-other-repository");
            }
            (Some(Presence::Deleted), _) => {
                say.blob_is_not(at, blob, how, "manage.blob.get-404-after-delete");
            }
            (None | Some(Presence::Untagged), _) => {
                say.blob_is_not(at, blob, how, "pull.blob.404-unknown");
            }
        }
    }

    fn blob_is_in(&self, at: Repository, blob: usize) -> bool {
        let presence = self.blobs.get(&(at, blob));
        matches!(presence, Some(Presence::Present | Presence::Mounted))
    }

    fn delete_blob(&mut self, at: Repository, blob: usize, say: &mut ScenarioWriter<'_>) {
        if self.blob_is_in(at, blob) {
            say.delete_blob(at, blob);
            self.blobs.insert((at, blob), Presence::Deleted);
        }
    }

    fn mount(&mut self, to: Repository, blob: usize, say: &mut ScenarioWriter<'_>) {
        let from = to.other();
        if self.blob_is_in(from, blob) {
            say.mount(from, to, blob);
            let there = self.blob_is_in(to, blob);
            if !there {
                self.blobs.insert((to, blob), Presence::Mounted);
            }
        }
    }

    fn delete_tag(&mut self, at: Repository, tag: usize, say: &mut ScenarioWriter<'_>) {
        if let Some(Tag::Of(_)) = self.tags.get(&(at, tag)) {
            say.delete_tag(at, tag);
            let before = self.tags.insert((at, tag), Tag::Deleted);
            self.lose_tag(at, before);
        }
    }

    /// A tag is no longer on the image that it was on.
    fn lose_tag(&mut self, at: Repository, before: Option<Tag>) {
        let Some(before @ Tag::Of(image)) = before else {
            return;
        };
        let is_held = self
            .tags
            .iter()
            .any(|((repository, _), tag)| *repository == at && *tag == before);
        let presence = self.images.get_mut(&(at, image));
        if let (Some(presence @ Presence::Present), false) = (presence, is_held)
            && !self.by_digest.contains(&(at, image))
        {
            *presence = Presence::Untagged;
        }
    }

    fn list_tags(&self, at: Repository, say: &mut ScenarioWriter<'_>) {
        let here = || self.tags.iter().filter(|((repository, _), _)| *repository == at);
        let (listed, gone): (Vec<_>, Vec<_>) = here().partition(|(_, tag)| matches!(tag, Tag::Of(_)));
        let names = |tags: Vec<(&(Repository, usize), &Tag)>| -> Vec<usize> {
            tags.into_iter().map(|((_, name), _)| *name).collect()
        };
        let (listed, gone) = (names(listed), names(gone));
        // What a repository without tags answers is its own affair.
        if !listed.is_empty() {
            say.tags_are(at, &listed, &gone);
        }
    }

    fn delete_image(&mut self, at: Repository, image: usize, say: &mut ScenarioWriter<'_>) {
        if self.images.get(&(at, image)) == Some(&Presence::Present) {
            say.delete_image(at, image);
            self.images.insert((at, image), Presence::Deleted);
            for ((repository, _), tag) in &mut self.tags {
                if *repository == at && *tag == Tag::Of(image) {
                    *tag = Tag::GoneWithImage;
                }
            }
        }
    }

    fn list_referrers(&self, at: Repository, say: &mut ScenarioWriter<'_>) {
        let referrers = |wanted: Presence| -> Vec<usize> {
            let of_it = self
                .images
                .iter()
                .filter(|((r, image), presence)| *r == at && *image != SUBJECT && **presence == wanted);
            of_it.map(|((_, image), _)| *image).collect()
        };
        let unsure = |((repository, _), presence): (&(Repository, usize), &Presence)| {
            *repository == at && *presence == Presence::Untagged
        };
        if !self.images.iter().any(unsure) {
            say.referrers_are(at, &referrers(Presence::Present), &referrers(Presence::Deleted));
        }
    }

    fn go_on(&mut self, upload: usize, operation: Operation, able: Abilities, say: &mut ScenarioWriter<'_>) {
        let after = match (self.uploads.get(&upload), operation) {
            (Some(Upload::Open(sent)), Operation::SendNextChunk(_)) if *sent < CHUNKS => {
                say.send_chunk(upload, *sent);
                Upload::Open(sent + 1)
            }
            (Some(Upload::Open(sent)), Operation::SendWrongChunk(_)) => {
                let (wrong, id) = match sent {
                    0 => (1, "push.chunk.first-starts-at-zero"),
                    1 => (2, "push.chunk.gap-416"),
                    sent => (sent - 1, "push.chunk.replay-416"),
                };
                say.send_wrong_chunk(upload, wrong, id);
                Upload::Open(*sent)
            }
            (Some(Upload::Open(sent)), Operation::AskStatus(_)) => {
                say.upload_is_open(upload, *sent);
                Upload::Open(*sent)
            }
            (Some(Upload::Open(sent)), Operation::CloseUpload(_)) if *sent == CHUNKS => {
                say.close_upload(upload);
                Upload::Gone
            }
            (Some(Upload::Open(_)), Operation::CancelUpload(_)) if able.cancel => {
                say.cancel_upload(upload);
                Upload::Gone
            }
            (Some(Upload::Gone), Operation::AskStatus(_)) => {
                say.upload_is_gone(upload);
                Upload::Gone
            }
            _ => return,
        };
        self.uploads.insert(upload, after);
    }
}

//! A model of a registry: small enough to be seen to be right. It says what each operation must come to.

use std::collections::{BTreeMap, BTreeSet};

use super::Terrain;
use super::operation::{Operation, Read, Reference, Repository};
use super::transcript::Transcript;

/// How many chunks the content of an upload has.
pub(super) const CHUNKS: usize = 3;
/// The image that the others refer to.
const SUBJECT: usize = 0;

/// What is in the registry.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    blobs: BTreeMap<(Repository, usize), Presence>,
    images: BTreeMap<(Repository, usize), Presence>,
    tags: BTreeMap<(Repository, usize), usize>,
    uploads: BTreeMap<usize, Upload>,
}

/// Whether something is there; what was never mentioned never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Present,
    Deleted,
    /// The registry was free to go either way.
    Either,
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
    pub(super) referrers: bool,
    pub(super) mount: bool,
    pub(super) cancel: bool,
}

impl Abilities {
    /// The abilities of a registry that offers these capabilities.
    pub(super) fn of(terrain: &Terrain) -> Abilities {
        let offers = |name: &str| terrain.offered.contains(name);
        Abilities {
            delete_blob: offers("delete-blob"),
            delete_manifest: offers("delete-manifest"),
            delete_tag: offers("delete-tag"),
            referrers: offers("referrers"),
            mount: offers("mount"),
            cancel: offers("cancel-upload"),
        }
    }
}

impl Model {
    /// Writes down an operation and what it must come to, and does it. An operation that has no sense, or whose
    /// outcome the registry is free to choose, is left out.
    pub(super) fn perform(&mut self, operation: Operation, able: Abilities, say: &mut Transcript<'_>) {
        use Operation::*;
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
                say.push_image(at, image, by);
                self.images.insert((at, image), Presence::Present);
                if let Reference::Tag(tag) = by {
                    self.tags.insert((at, tag), image);
                }
            }
            ReadTag(at, tag, how) => match self.tags.get(&(at, tag)) {
                Some(image) => say.tag_is(at, tag, *image, how),
                None => say.tag_is_not(at, tag, how),
            },
            ReadImage(at, image, how) => match self.images.get(&(at, image)) {
                Some(Presence::Present) => say.image_is(at, image, how),
                Some(Presence::Deleted) => {
                    say.image_is_not(at, image, how, "manage.manifest.get-404-after-delete");
                }
                Some(Presence::Either) => {}
                None => say.image_is_not(at, image, how, "pull.manifest.404-unknown-digest"),
            },
            DeleteTag(at, tag) if able.delete_tag && self.tags.remove(&(at, tag)).is_some() => {
                say.delete_tag(at, tag);
            }
            DeleteImage(at, image) if able.delete_manifest => self.delete_image(at, image, say),
            ListTags(at) => {
                let tags: Vec<usize> = self
                    .tags
                    .keys()
                    .filter(|(r, _)| *r == at)
                    .map(|(_, tag)| *tag)
                    .collect();
                if !tags.is_empty() {
                    say.tags_are(at, &tags);
                }
            }
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

    fn read_blob(&self, at: Repository, blob: usize, how: Read, say: &mut Transcript<'_>) {
        let elsewhere = self
            .blobs
            .iter()
            .any(|((r, b), presence)| *r != at && *b == blob && *presence == Presence::Present);
        match self.blobs.get(&(at, blob)) {
            Some(Presence::Present) => say.blob_is(at, blob, how),
            Some(Presence::Deleted) => say.blob_is_not(at, blob, how, "manage.blob.get-404-after-delete"),
            Some(Presence::Either) => {}
            None if elsewhere => say.blob_is_not(at, blob, how, "pull.blob.404-other-repository"),
            None => say.blob_is_not(at, blob, how, "pull.blob.404-unknown"),
        }
    }

    fn delete_blob(&mut self, at: Repository, blob: usize, say: &mut Transcript<'_>) {
        if self.blobs.get(&(at, blob)) == Some(&Presence::Present) {
            say.delete_blob(at, blob);
            self.blobs.insert((at, blob), Presence::Deleted);
        }
    }

    fn mount(&mut self, to: Repository, blob: usize, say: &mut Transcript<'_>) {
        let from = match to {
            Repository::First => Repository::Second,
            Repository::Second => Repository::First,
        };
        let there = self.blobs.get(&(to, blob)) == Some(&Presence::Present);
        if self.blobs.get(&(from, blob)) == Some(&Presence::Present) {
            say.mount(from, to, blob);
            if !there {
                self.blobs.insert((to, blob), Presence::Either);
            }
        }
    }

    fn delete_image(&mut self, at: Repository, image: usize, say: &mut Transcript<'_>) {
        if self.images.get(&(at, image)) == Some(&Presence::Present) {
            say.delete_image(at, image);
            self.images.insert((at, image), Presence::Deleted);
            self.tags.retain(|(r, _), tagged| *r != at || *tagged != image);
        }
    }

    fn list_referrers(&self, at: Repository, say: &mut Transcript<'_>) {
        let referrers: BTreeSet<usize> = self
            .images
            .iter()
            .filter(|((r, image), presence)| *r == at && *image != SUBJECT && **presence == Presence::Present)
            .map(|((_, image), _)| *image)
            .collect();
        say.referrers_are(at, &referrers.into_iter().collect::<Vec<usize>>());
    }

    fn go_on(&mut self, upload: usize, operation: Operation, able: Abilities, say: &mut Transcript<'_>) {
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

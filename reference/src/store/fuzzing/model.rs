//! What a store holds, as plain as it can be said.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{One, Operation, Piece, Repository, Slot, TagNumber};

/// What a store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Model {
    /// The content that each repository has.
    pub(super) blobs: BTreeSet<(Repository, Vec<u8>)>,
    /// The manifests that each repository has, by their configs.
    pub(super) manifests: BTreeSet<(Repository, Piece)>,
    /// The manifests that tags point to.
    pub(super) tags: BTreeMap<(Repository, TagNumber), Piece>,
    /// The uploads that are open, with what of them was acknowledged.
    pub(super) uploads: BTreeMap<Slot, (Repository, Vec<u8>)>,
}

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Unknown,
    DigestMismatch,
    ContentMissing,
    OutOfOrder,
}

/// What can be seen of a store: of an upload its length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) blobs: BTreeSet<(Repository, Vec<u8>)>,
    pub(super) manifests: BTreeSet<(Repository, Piece)>,
    pub(super) tags: BTreeMap<(Repository, TagNumber), Piece>,
    pub(super) uploads: BTreeMap<Slot, u64>,
}

impl Model {
    /// What would be seen of it.
    pub(super) fn seen(&self) -> Seen {
        let length = |(slot, (_, content)): (&Slot, &(Repository, Vec<u8>))| (*slot, content.len() as u64);
        Seen {
            blobs: self.blobs.clone(),
            manifests: self.manifests.clone(),
            tags: self.tags.clone(),
            uploads: self.uploads.iter().map(length).collect(),
        }
    }

    /// The model after an operation, or why it is refused.
    pub(super) fn after(&self, operation: &Operation) -> Result<Self, Refusal> {
        let mut after = self.clone();
        after.make(operation).map(|()| after)
    }

    fn make(&mut self, operation: &Operation) -> Result<(), Refusal> {
        match *operation {
            Operation::Push(repository, piece) => {
                self.blobs.insert((repository, piece.bytes().to_vec()));
            }
            Operation::PushFalsely(..) => return Err(Refusal::DigestMismatch),
            Operation::Open(slot, repository) => {
                self.uploads.insert(slot, (repository, Vec::new()));
            }
            Operation::Chunk(slot, piece) => self.upload(slot)?.1.extend_from_slice(piece.bytes()),
            Operation::ChunkElsewhere(slot, _) => {
                self.upload(slot)?;
                return Err(Refusal::OutOfOrder);
            }
            Operation::Break(slot, _) => drop(self.upload(slot)?),
            Operation::Finish(slot, piece) => {
                let (repository, mut content) = self.upload(slot)?.clone();
                content.extend_from_slice(piece.bytes());
                self.blobs.insert((repository, content));
                self.uploads.remove(&slot);
            }
            Operation::FinishFalsely(slot, _) => {
                self.upload(slot)?;
                return Err(Refusal::DigestMismatch);
            }
            Operation::Cancel(slot) => {
                self.upload(slot)?;
                self.uploads.remove(&slot);
            }
            Operation::Mount(from, to, piece) => {
                let from = from.map_or_else(|| vec![One(0), One(1)], |from| vec![from]);
                let is_readable = from.iter().any(|from| self.has(*from, piece));
                if !is_readable {
                    return Err(Refusal::Unknown);
                }
                self.blobs.insert((to, piece.bytes().to_vec()));
            }
            Operation::DeleteBlob(repository, piece) => {
                if !self.blobs.remove(&(repository, piece.bytes().to_vec())) {
                    return Err(Refusal::Unknown);
                }
            }
            Operation::PutManifest(repository, config, tag) => {
                if !self.has(repository, config) {
                    return Err(Refusal::ContentMissing);
                }
                self.manifests.insert((repository, config));
                self.tags.insert((repository, tag), config);
            }
            Operation::DeleteManifest(repository, config) => {
                if !self.manifests.remove(&(repository, config)) {
                    return Err(Refusal::Unknown);
                }
                self.tags
                    .retain(|(tagged, _), pointed| (*tagged, *pointed) != (repository, config));
            }
            Operation::DeleteTag(repository, tag) => {
                self.tags.remove(&(repository, tag)).ok_or(Refusal::Unknown)?;
            }
            Operation::Restart | Operation::Fail(..) | Operation::Mend => {}
        }
        Ok(())
    }

    fn has(&self, repository: Repository, piece: Piece) -> bool {
        self.blobs.contains(&(repository, piece.bytes().to_vec()))
    }

    fn upload(&mut self, slot: Slot) -> Result<&mut (Repository, Vec<u8>), Refusal> {
        self.uploads.get_mut(&slot).ok_or(Refusal::Unknown)
    }
}

//! The content of an upload: its file, how much of it there is, and the hash of that.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::protocol::{Algorithm, Digest, Hasher};
use crate::store::files::{File, Files};
use crate::store::{StoreError, on_disk};

/// How many bytes are gathered before they are hashed and written in one go.
pub(super) const BLOCK: usize = 1024 * 1024;

/// How much of an upload is kept for good, and what its hash was there.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    pub(super) length: u64,
    /// `None` if the hash is to be made from the file.
    pub(super) hasher: Option<Box<Hasher>>,
}

impl Checkpoint {
    /// That of an upload of which nothing was acknowledged.
    pub(super) fn at_the_beginning(algorithm: Algorithm) -> Self {
        Self {
            length: 0,
            hasher: Some(Box::new(Hasher::new(algorithm))),
        }
    }
}

/// The content of an upload so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    /// `None` until there is a first byte.
    pub(super) file: Option<Arc<dyn File>>,
    pub(super) length: u64,
    /// The hash of everything so far; `None` if it is to be made from the file.
    hasher: Option<Box<Hasher>>,
}

impl Content {
    /// No content yet.
    pub(super) fn none(algorithm: Algorithm) -> Self {
        Self {
            hasher: Some(Box::new(Hasher::new(algorithm))),
            ..Self::default()
        }
    }

    /// What the file of an upload holds up to a checkpoint. What stands behind it was never acknowledged, and after
    /// a loss of power it may be anything: it is cut off.
    pub(super) fn found(files: &dyn Files, id: Uuid, checkpoint: Checkpoint) -> io::Result<Self> {
        let Checkpoint { length, hasher } = checkpoint;
        let file = match files.open(id) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && length == 0 => None,
            opened => Some(opened?),
        };
        if let Some(file) = &file {
            if file.length()? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            file.truncate(length)?;
        }
        Ok(Self { file, length, hasher })
    }

    /// How far it is, to be come back to.
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            length: self.length,
            hasher: self.hasher.clone(),
        }
    }

    /// The digest of the content: from the running hash if it is of the algorithm, else from the file.
    pub(super) async fn digest(&self, algorithm: Algorithm) -> Result<Digest, StoreError> {
        match (&self.hasher, &self.file) {
            (Some(hasher), _) if hasher.algorithm() == algorithm => Ok(hasher.as_ref().clone().finish()),
            (_, None) => Ok(Hasher::new(algorithm).finish()),
            (_, Some(file)) => {
                let (file, length) = (Arc::clone(file), self.length);
                on_disk(move || hash_file(file.as_ref(), length, algorithm)).await
            }
        }
    }

    /// Hashes and writes a block at the end.
    pub(super) fn add(&mut self, files: &dyn Files, id: Uuid, block: &[Bytes]) -> io::Result<()> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => files.create(id)?,
        };
        self.file = Some(Arc::clone(&file));
        file.write_at(block, self.length)?;
        for part in block {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(part);
            }
            self.length += part.len() as u64;
        }
        Ok(())
    }

    /// The same, and syncs what there is.
    pub(super) fn add_for_good(&mut self, files: &dyn Files, id: Uuid, block: &[Bytes]) -> io::Result<()> {
        if !block.is_empty() {
            self.add(files, id, block)?;
        }
        self.file.as_ref().map_or(Ok(()), |file| file.sync())
    }
}

/// The digest of the first `length` bytes of a file.
pub(in crate::store) fn hash_file(file: &dyn File, length: u64, algorithm: Algorithm) -> io::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    while offset < length {
        let wanted = usize::try_from(length - offset).unwrap_or(BLOCK).min(BLOCK);
        let count = file.read_at(&mut block[..wanted], offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&block[..count]);
        offset += count as u64;
    }
    Ok(hasher.finish())
}

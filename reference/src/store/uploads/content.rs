//! The content of an upload: its file, how much of it there is, and the hash of that.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::protocol::{Algorithm, Digest, Hasher};
use crate::store::files::{File, Files};

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

/// Where the bytes of an upload are.
#[derive(Debug, Clone, Default)]
enum UploadFile {
    /// There is no first byte yet, and no file.
    #[default]
    Missing,
    /// In the file of the upload, which is closed: an upload that waits holds no descriptor.
    Closed,
    /// In an open file.
    Open(Arc<dyn File>),
}

/// The content of an upload so far.
#[derive(Debug, Clone, Default)]
pub(super) struct UploadContent {
    upload_file: UploadFile,
    /// Whether the folder is known to hold the name of the file for good.
    is_named: bool,
    pub(super) length: u64,
    /// The hash of everything so far; `None` if it is to be made from the file.
    hasher: Option<Box<Hasher>>,
    /// Whether its beginning was written before the store was opened, and may have decayed since.
    is_inherited: bool,
}

impl UploadContent {
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
        let upload_file = match files.open(id) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && length == 0 => UploadFile::Missing,
            opened => {
                let file = opened?;
                if file.length()? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                file.truncate(length)?;
                UploadFile::Closed
            }
        };
        Ok(Self {
            upload_file,
            is_named: false,
            length,
            hasher,
            is_inherited: length > 0,
        })
    }

    /// Whether there is no first byte yet.
    pub(super) const fn has_no_file(&self) -> bool {
        matches!(self.upload_file, UploadFile::Missing)
    }

    /// Closes the file.
    pub(super) fn close(&mut self) {
        if let UploadFile::Open(_) = self.upload_file {
            self.upload_file = UploadFile::Closed;
        }
    }

    /// The file, if it is open.
    pub(super) fn open_file(&self) -> Option<Arc<dyn File>> {
        match &self.upload_file {
            UploadFile::Open(file) => Some(Arc::clone(file)),
            UploadFile::Missing | UploadFile::Closed => None,
        }
    }

    /// The open file, if all that is in it was hashed on its way there.
    pub(super) fn hashed_file(&self) -> Option<Arc<dyn File>> {
        (!self.is_inherited).then(|| self.open_file()).flatten()
    }

    /// The file, opened if need be; `None` if there is none.
    fn file(&mut self, files: &dyn Files, id: Uuid) -> io::Result<Option<Arc<dyn File>>> {
        if let UploadFile::Closed = self.upload_file {
            self.upload_file = UploadFile::Open(files.open(id)?);
        }
        Ok(self.open_file())
    }

    /// The file, made if there is none.
    fn made_file(&mut self, files: &dyn Files, id: Uuid) -> io::Result<Arc<dyn File>> {
        if let Some(file) = self.file(files, id)? {
            return Ok(file);
        }
        let file = files.create(id)?;
        self.upload_file = UploadFile::Open(Arc::clone(&file));
        Ok(file)
    }

    /// How far it is, to be come back to.
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            length: self.length,
            hasher: self.hasher.clone(),
        }
    }

    /// The digest of the content, if the running hash is of the algorithm.
    pub(super) fn digest_at_hand(&self, algorithm: Algorithm) -> Option<Digest> {
        let hasher = self.hasher.as_ref()?;
        (hasher.algorithm() == algorithm).then(|| hasher.as_ref().clone().finish())
    }

    /// The digest of the content: from the running hash if it is of the algorithm, else from the file.
    pub(super) fn digest(&mut self, files: &dyn Files, id: Uuid, algorithm: Algorithm) -> io::Result<Digest> {
        match (self.digest_at_hand(algorithm), self.file(files, id)?) {
            (Some(digest), _) => Ok(digest),
            (None, Some(file)) => hash_file(file.as_ref(), self.length, algorithm),
            (None, None) => Ok(Hasher::new(algorithm).finish()),
        }
    }

    /// Hashes and writes a block at the end.
    pub(super) fn add(&mut self, files: &dyn Files, id: Uuid, block: &[Bytes]) -> io::Result<()> {
        self.made_file(files, id)?.write_at(block, self.length)?;
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
        match self.file(files, id)? {
            Some(file) => self.sync(files, id, file.as_ref()),
            None => Ok(()),
        }
    }

    fn sync(&mut self, files: &dyn Files, id: Uuid, file: &dyn File) -> io::Result<()> {
        file.sync()?;
        if !self.is_named {
            files.keep_name(id)?;
            self.is_named = true;
        }
        Ok(())
    }

    /// Makes the file hold this content and no more.
    pub(super) fn restore(&mut self, files: &dyn Files, id: Uuid) -> io::Result<()> {
        match self.file(files, id)? {
            Some(file) => file.truncate(self.length),
            None => files.remove(id),
        }
    }
}

/// The digest of the first `length` bytes of a file.
pub(in crate::store) fn hash_file(file: &dyn File, length: u64, algorithm: Algorithm) -> io::Result<Digest> {
    let mut hasher = Hasher::new(algorithm);
    let at_most = |length: u64| usize::try_from(length).unwrap_or(BLOCK).min(BLOCK);
    let mut block = vec![0; at_most(length)];
    let mut offset = 0;
    while offset < length {
        let wanted = at_most(length - offset);
        let count = file.read_at(&mut block[..wanted], offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&block[..count]);
        offset += count as u64;
    }
    Ok(hasher.finish())
}

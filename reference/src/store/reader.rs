//! The reading of a blob: into buffers, or by handing out its file.

use std::fs;
use std::future::Future;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::StoreError;
use super::files::File;
use super::pool::{BLOCK, Pool};
use super::proof::Proof;
use super::work::Work;
use crate::operation::kernel::read_resident;
use crate::protocol::Span;

/// How far apart the bytes are that are looked at to tell what is in memory.
const PROBES: u64 = 256 * 1024;

/// Up to how many bytes a read is made at once, if they are in memory: it costs less than a wake-up.
const SMALL: usize = 64 * 1024;

/// A blob that stays readable while it is read.
#[derive(Debug, Clone)]
pub(crate) struct BlobReader {
    file: Arc<dyn File>,
    pool: Pool,
    proof: Option<Proof>,
}

impl BlobReader {
    pub(super) const fn new(file: Arc<dyn File>, pool: Pool, proof: Option<Proof>) -> Self {
        Self { file, pool, proof }
    }

    /// What whoever reads all of the blob is to prove it with; `None` if that was done lately.
    pub(crate) fn take_proof(&mut self) -> Option<Proof> {
        self.proof.take()
    }

    /// The file that holds the blob and nothing else, if it is on a disk.
    pub(crate) fn on_disk(&self) -> Option<Arc<fs::File>> {
        self.file.on_disk()
    }

    /// Reads the `length` bytes from `offset` on.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn reading(
        &self,
        offset: u64,
        length: usize,
    ) -> impl Future<Output = Result<Bytes, StoreError>> + Send + use<> {
        let reading = self.proving(offset, length, None);
        async move { Ok(reading.await?.0) }
    }

    /// Begins to read the `length` bytes from `offset` on, at most [`BLOCK`], all of them or none, and adds them
    /// to a proof.
    pub(crate) fn proving(
        &self,
        offset: u64,
        length: usize,
        mut proof: Option<Proof>,
    ) -> impl Future<Output = Result<(Bytes, Option<Proof>), StoreError>> + Send + use<> {
        let length = length.min(BLOCK);
        let prove = move |bytes: Bytes| {
            if let Some(proof) = &mut proof {
                proof.add(&bytes);
            }
            (bytes, proof)
        };
        let reading = match self.read_small(offset, length) {
            Some(bytes) => Work::Done(Ok(prove(bytes))),
            None => {
                let reader = self.clone();
                Work::aside(move || Ok(prove(reader.read_block(offset, length)?)))
            }
        };
        reading.result()
    }

    /// A small part, if it is in memory.
    fn read_small(&self, offset: u64, length: usize) -> Option<Bytes> {
        if length > SMALL {
            return None;
        }
        let mut bytes = vec![0; length];
        let count = match self.on_disk() {
            Some(file) => read_resident(&file, &mut bytes, offset),
            None => self.file.read_at(&mut bytes, offset),
        };
        (count.ok()? == length).then(|| Bytes::from(bytes))
    }

    fn read_block(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        // Little content is to hold little memory.
        if length <= SMALL {
            let mut bytes = vec![0; length];
            self.fill(&mut bytes, offset)?;
            return Ok(Bytes::from(bytes));
        }
        let mut buffer = self.pool.take();
        self.fill(&mut buffer.as_mut()[..length], offset)?;
        Ok(buffer.freeze(length))
    }

    fn fill(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        Ok(())
    }

    /// Whether a part is in memory, as far as one can tell by looking here and there.
    pub(crate) fn is_resident(&self, part: Span) -> bool {
        let Some(file) = self.on_disk() else { return true };
        let last = part.length.saturating_sub(1);
        let places = (0..last).step_by(usize::try_from(PROBES).unwrap_or(usize::MAX));
        places
            .chain([last])
            .all(|place| matches!(read_resident(&file, &mut [0], part.first + place), Ok(1)))
    }

    /// Begins to read a part into memory.
    pub(crate) fn warming(&self, part: Span) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let reader = self.clone();
        let reading = Work::aside(move || {
            let end = part.first + part.length;
            let starts = (part.first..end).step_by(BLOCK);
            for start in starts {
                let length = usize::try_from(end - start).unwrap_or(BLOCK).min(BLOCK);
                reader.read_block(start, length)?;
            }
            Ok(())
        });
        reading.result()
    }
}

//! Part of a blob that is copied to its connection, a block at a time. A whole blob may have to be proven on the way:
//! if it does not have its digest, its last part is not sent.
//!
//! What is read and not yet taken is memory that a client can make the registry hold. So the answers on a connection
//! that many of them share begin with a small part and grow as the client takes them, and where all answers together
//! hold what they may, they go on in [`SMALL_PART`]s.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::after;
use super::memory::{ClientMemory, counted};
use crate::operation::quota::Permit;
use crate::protocol::Span;
use crate::store::{BLOCK, BlobReader, Proof, StoreError};

/// The size of a part that is read without asking how much others hold: 10,000 of them take 80 MiB.
const SMALL_PART: usize = 8 * 1024;

/// The size of the first part where many answers share a connection. It is read before anybody knows whether the
/// client takes anything at all.
const FIRST_PART: usize = 1024;

/// How much larger each further part is, until it is a block: after five of them.
const GROWTH: usize = 4;

/// How fast the parts of an answer become large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockGrowth {
    /// At once, the next one being read while one is sent: the answer has its connection to itself.
    Full,
    /// As the client takes them.
    Growing,
}

/// A part of a blob on its way.
pub(crate) struct StreamedBody {
    blob: BlobReader,
    /// What has not been handed on.
    rest: Span,
    growth: BlockGrowth,
    memory: ClientMemory,
    /// The size of the next part.
    size: usize,
    /// The part that comes next.
    reading: Option<Reading>,
    /// What the blob is proven with, but while a part is read.
    proof: Option<Proof>,
}

/// Bytes that were read, and what the rest is proven with.
type ProvenBytes = (Bytes, Option<Proof>);

/// A part that is being read.
struct Reading {
    bytes: Pin<Box<dyn Future<Output = Result<ProvenBytes, StoreError>> + Send>>,
    /// What allows it to be large.
    permit: Option<Permit>,
}

impl StreamedBody {
    pub(super) const fn new(blob: BlobReader, part: Span, growth: BlockGrowth, memory: ClientMemory) -> Self {
        Self {
            blob,
            rest: part,
            growth,
            memory,
            size: match growth {
                BlockGrowth::Full => BLOCK,
                BlockGrowth::Growing => FIRST_PART,
            },
            reading: None,
            proof: None,
        }
    }

    /// The same, proven with this: what it is a part of has to be all of the blob.
    pub(super) fn proven_with(self, proof: Proof) -> Self {
        Self {
            proof: Some(proof),
            ..self
        }
    }

    /// The number of bytes to come.
    pub(super) const fn rest(&self) -> u64 {
        self.rest.length
    }

    /// Begins to read the next part, as large as it may be.
    fn read(&mut self) -> Reading {
        let wanted = self.length(self.size);
        let permit = (wanted > SMALL_PART).then(|| self.memory.take(wanted)).flatten();
        let length = if permit.is_some() {
            wanted
        } else {
            wanted.min(SMALL_PART)
        };
        Reading {
            bytes: Box::pin(self.blob.proving(self.rest.first, length, self.proof.take())),
            permit,
        }
    }

    /// The length of a part that is to have a size.
    fn length(&self, size: usize) -> usize {
        usize::try_from(self.rest.length).map_or(size, |rest| rest.min(size))
    }

    pub(super) fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StoreError>> {
        if self.rest.length == 0 {
            return Poll::Ready(Ok(Bytes::new()));
        }
        let reading = match self.reading.take() {
            Some(reading) => reading,
            None => self.read(),
        };
        let reading = self.reading.insert(reading);
        let read = ready!(reading.bytes.as_mut().poll(context));
        let permit = reading.permit.take();
        self.reading = None;
        let (bytes, proof) = read?;
        self.proof = proof;
        self.rest = after(self.rest, bytes.len() as u64);
        self.size = (self.size * GROWTH).min(BLOCK);
        if self.growth == BlockGrowth::Full && self.rest.length > 0 {
            self.reading = Some(self.read());
        }
        if self.rest.length == 0
            && let Some(proof) = self.proof.take()
        {
            proof.end()?;
        }
        Poll::Ready(Ok(counted(bytes, permit)))
    }
}

//! Part of a blob that is copied to its connection: one block is sent while the next one is read.
//!
//! A whole blob may have to be proven on the way: if it does not have its digest, its last block is not sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::after;
use crate::protocol::Span;
use crate::store::{BLOCK, BlobReader, Proof, StoreError};

type Reading = Pin<Box<dyn Future<Output = Result<(Bytes, Option<Proof>), StoreError>> + Send>>;

/// A part of a blob on its way.
pub(crate) struct Copied {
    blob: BlobReader,
    /// What has not been handed on.
    rest: Span,
    /// The block that comes next.
    reading: Option<Reading>,
    /// What the blob is proven with, but while a block is read.
    proof: Option<Proof>,
}

impl Copied {
    pub(super) const fn new(blob: BlobReader, part: Span, proof: Option<Proof>) -> Self {
        Self {
            blob,
            rest: part,
            reading: None,
            proof,
        }
    }

    /// The number of bytes to come.
    pub(super) const fn rest(&self) -> u64 {
        self.rest.length
    }

    /// Begins to read the next block, if there is one.
    fn read_on(&mut self) -> Option<Reading> {
        let length = usize::try_from(self.rest.length.min(BLOCK as u64)).unwrap_or_default();
        if length == 0 {
            return None;
        }
        let proof = self.proof.take();
        Some(Box::pin(self.blob.proving(self.rest.first, length, proof)))
    }

    pub(super) fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StoreError>> {
        let reading = match self.reading.take() {
            Some(reading) => Some(reading),
            None => self.read_on(),
        };
        let Some(reading) = reading else {
            return Poll::Ready(Ok(Bytes::new()));
        };
        let reading = self.reading.insert(reading);
        let read = ready!(reading.as_mut().poll(context));
        self.reading = None;
        let (block, proof) = read?;
        self.proof = proof;
        self.rest = after(self.rest, block.len() as u64);
        self.reading = self.read_on();
        if self.rest.length == 0
            && let Some(proof) = self.proof.take()
        {
            proof.end()?;
        }
        Poll::Ready(Ok(block))
    }
}

//! Part of a blob that is copied to its connection: one block is sent while the next one is read.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::after;
use crate::protocol::Span;
use crate::store::{BLOCK, BlobReader, StoreError};

type Reading = Pin<Box<dyn Future<Output = Result<Bytes, StoreError>> + Send>>;

/// A part of a blob on its way.
pub(crate) struct StreamedBody {
    blob: BlobReader,
    /// What has not been handed on.
    rest: Span,
    /// The block that comes next.
    reading: Option<Reading>,
}

impl StreamedBody {
    pub(super) const fn new(blob: BlobReader, part: Span) -> Self {
        Self {
            blob,
            rest: part,
            reading: None,
        }
    }

    /// The number of bytes to come.
    pub(super) const fn rest(&self) -> u64 {
        self.rest.length
    }

    /// Begins to read the next block, if there is one.
    fn read_on(&self) -> Option<Reading> {
        let length = usize::try_from(self.rest.length.min(BLOCK as u64)).unwrap_or_default();
        (length > 0).then(|| Box::pin(self.blob.reading(self.rest.first, length)) as Reading)
    }

    pub(super) fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StoreError>> {
        let Some(reading) = self.reading.take().or_else(|| self.read_on()) else {
            return Poll::Ready(Ok(Bytes::new()));
        };
        let reading = self.reading.insert(reading);
        let read = ready!(reading.as_mut().poll(context));
        self.reading = None;
        let block = read?;
        self.rest = after(self.rest, block.len() as u64);
        self.reading = self.read_on();
        Poll::Ready(Ok(block))
    }
}

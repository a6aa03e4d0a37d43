//! Part of a blob that the kernel sends from its file: piece by piece, each in memory before it is sent,
//! since sending must not wait for the disk.

use std::fs::File;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::after;
use crate::http::sendfile::{LARGEST_PIECE, SendfileQueue};
use crate::protocol::Span;
use crate::store::{BlobReader, StoreError};

type TurnFuture = Pin<Box<dyn Future<Output = ()> + Send>>;
type WarmingFuture = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// A part of a blob on its way.
pub(crate) struct SendfileBody {
    blob: BlobReader,
    file: Arc<File>,
    /// What has not been handed over.
    rest: Span,
    queue: SendfileQueue,
    /// Lets other connections have their turn before the next piece: a client that takes all at once would
    /// keep the thread to itself.
    turn_of_others: Option<TurnFuture>,
    /// Reads the next piece into memory.
    warming: Option<WarmingFuture>,
}

impl SendfileBody {
    pub(super) const fn new(blob: BlobReader, file: Arc<File>, part: Span, queue: SendfileQueue) -> Self {
        Self {
            blob,
            file,
            rest: part,
            queue,
            turn_of_others: None,
            warming: None,
        }
    }

    /// The number of bytes to come.
    pub(super) const fn rest(&self) -> u64 {
        self.rest.length
    }

    /// The piece that comes next. All but the last end where a page of the file does.
    fn piece(&self) -> Span {
        let to_boundary = LARGEST_PIECE as u64 - self.rest.first % LARGEST_PIECE as u64;
        Span {
            length: self.rest.length.min(to_boundary),
            ..self.rest
        }
    }

    /// Begins to read the next piece into memory, if it is not there.
    fn warm_up(&self) -> Option<WarmingFuture> {
        let piece = self.piece();
        (!self.blob.is_resident(piece)).then(|| Box::pin(self.blob.warming(piece)) as WarmingFuture)
    }

    pub(super) fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, StoreError>> {
        if let Some(turn) = &mut self.turn_of_others {
            ready!(turn.as_mut().poll(context));
            self.turn_of_others = None;
        }
        let was_cold = match self.warming.take().or_else(|| self.warm_up()) {
            None => false,
            Some(warming) => {
                let warming = self.warming.insert(warming);
                let warmed = ready!(warming.as_mut().poll(context));
                self.warming = None;
                warmed?;
                true
            }
        };
        let piece = self.piece();
        let length = usize::try_from(piece.length).unwrap_or(LARGEST_PIECE);
        let placeholder = self.queue.place(Arc::clone(&self.file), piece.first, length);
        self.rest = after(self.rest, piece.length);
        self.turn_of_others = Some(Box::pin(tokio::task::yield_now()));
        if was_cold && self.rest.length > 0 {
            self.warming = self.warm_up();
        }
        Poll::Ready(Ok(placeholder))
    }
}

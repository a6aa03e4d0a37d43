//! The bodies of answers: bytes at hand, or a blob that is read while it is sent.

mod from_file;
pub(crate) mod memory;
mod streamed;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use super::transport::Transport;
use crate::protocol::Span;
use crate::store::{BlobReader, StoreError};

use from_file::SendfileBody;
use memory::{ClientMemory, NoMemory, UNIT, counted};
use streamed::{BlockGrowth, StreamedBody};

/// The shortest part of a blob that the kernel sends from its file.
const WORTH_SENDFILE: u64 = 32 * 1024;

/// The body of an answer.
pub(crate) enum Body {
    /// Bytes at hand; `None` once they are sent.
    Bytes(Option<Bytes>),
    /// Part of a blob, copied to the connection.
    Streamed(StreamedBody),
    /// Part of a blob, sent by the kernel.
    Sendfile(SendfileBody),
}

impl Body {
    /// A body without content.
    pub(crate) const fn empty() -> Self {
        Self::Bytes(None)
    }

    /// A whole blob. If it is to be proven it is copied, since what the kernel sends nobody reads here.
    pub(crate) fn whole_blob(
        mut blob: BlobReader,
        size: u64,
        transport: &Transport,
        memory: ClientMemory,
    ) -> Self {
        let whole = Span {
            first: 0,
            length: size,
        };
        match blob.take_proof() {
            Some(proof) => {
                let growth = match transport {
                    Transport::Multiplexed => BlockGrowth::Growing,
                    Transport::Sendfile(_) | Transport::Copied => BlockGrowth::Full,
                };
                Self::Streamed(StreamedBody::new(blob, whole, growth, memory).proven_with(proof))
            }
            None => Self::blob(blob, whole, transport, memory),
        }
    }

    /// Part of a blob, in the way that suits the transport.
    pub(crate) fn blob(blob: BlobReader, part: Span, transport: &Transport, memory: ClientMemory) -> Self {
        let file = blob.on_disk().filter(|_| part.length >= WORTH_SENDFILE);
        match (transport, file) {
            (Transport::Sendfile(queue), Some(file)) => {
                Self::Sendfile(SendfileBody::new(blob, file, part, queue.clone()))
            }
            (Transport::Multiplexed, _) => {
                Self::Streamed(StreamedBody::new(blob, part, BlockGrowth::Growing, memory))
            }
            (Transport::Sendfile(_) | Transport::Copied, _) => {
                Self::Streamed(StreamedBody::new(blob, part, BlockGrowth::Full, memory))
            }
        }
    }

    /// Counts the bytes at hand in the memory of a client, unless they are few.
    ///
    /// # Errors
    /// Fails if there is not as much left: the client has to take what it was sent first.
    pub(crate) fn count_in(&mut self, memory: &ClientMemory) -> Result<(), NoMemory> {
        let large = match self {
            Self::Bytes(bytes) => bytes.as_mut().filter(|bytes| bytes.len() > UNIT),
            Self::Streamed(_) | Self::Sendfile(_) => None,
        };
        if let Some(bytes) = large {
            let permit = memory.take(bytes.len()).ok_or(NoMemory)?;
            *bytes = counted(std::mem::take(bytes), Some(permit));
        }
        Ok(())
    }

    /// The number of bytes to come.
    fn rest(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Streamed(body) => body.rest(),
            Self::Sendfile(body) => body.rest(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.rest())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let body = self.get_mut();
        if body.rest() == 0 {
            return Poll::Ready(None);
        }
        let part = match body {
            Self::Bytes(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Streamed(body) => body.poll_part(context),
            Self::Sendfile(body) => body.poll_part(context),
        };
        part.map(|part| Some(part.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest())
    }
}

/// An answer of JSON.
pub(crate) fn json(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from(value.to_string())));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// What of a span begins `length` bytes further on.
const fn after(span: Span, length: u64) -> Span {
    Span {
        first: span.first + length,
        length: span.length.saturating_sub(length),
    }
}

//! The bodies of answers: bytes at hand, or a blob that is read while it is sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use crate::protocol::Span;
use crate::store::{BlobReader, StoreError};

/// How much of a blob is read at once.
const BLOCK: u64 = 1024 * 1024;

type Reading = Pin<Box<dyn Future<Output = Result<Bytes, StoreError>> + Send>>;

/// The body of an answer.
pub(crate) enum Body {
    /// Bytes at hand; `None` once they are sent.
    Bytes(Option<Bytes>),
    /// Part of a blob.
    Blob(BlobBody),
}

/// A part of a blob on its way.
pub(crate) struct BlobBody {
    blob: BlobReader,
    /// What has not been sent.
    rest: Span,
    reading: Option<Reading>,
}

impl Body {
    /// A body without content.
    pub(crate) const fn empty() -> Self {
        Self::Bytes(None)
    }

    /// Part of a blob.
    pub(crate) const fn blob(blob: BlobReader, part: Span) -> Self {
        Self::Blob(BlobBody {
            blob,
            rest: part,
            reading: None,
        })
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl BlobBody {
    /// Begins to read the next block.
    fn read_on(&self) -> Reading {
        let (blob, first) = (self.blob.clone(), self.rest.first);
        let length = usize::try_from(self.rest.length.min(BLOCK)).unwrap_or_default();
        Box::pin(async move { blob.read(first, length).await })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = StoreError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StoreError>>> {
        let body = match self.get_mut() {
            Self::Bytes(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Blob(body) => body,
        };
        if body.rest.length == 0 {
            return Poll::Ready(None);
        }
        let mut reading = body.reading.take().unwrap_or_else(|| body.read_on());
        let Poll::Ready(read) = reading.as_mut().poll(context) else {
            body.reading = Some(reading);
            return Poll::Pending;
        };
        Poll::Ready(Some(read.map(|block| {
            let length = block.len() as u64;
            body.rest = Span {
                first: body.rest.first + length,
                length: body.rest.length - length,
            };
            Frame::data(block)
        })))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_none(),
            Self::Blob(body) => body.rest.length == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Blob(body) => body.rest.length,
        })
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

//! The bodies of answers: bytes at hand, or a blob that is read while it is sent.

mod copied;
mod handed_over;

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use http_body::{Frame, SizeHint};
use serde_json::Value;

use crate::outlet::Outlet;
use crate::protocol::Span;
use crate::store::{BlobReader, StoreError};

use copied::Copied;
use handed_over::HandedOver;

/// How long a part of a blob is at least that is handed over to the kernel.
const WORTH_AN_OUTLET: u64 = 32 * 1024;

/// The body of an answer.
pub(crate) enum Body {
    /// Bytes at hand; `None` once they are sent.
    Bytes(Option<Bytes>),
    /// Part of a blob, copied to the connection.
    Copied(Copied),
    /// Part of a blob, sent by the kernel.
    HandedOver(HandedOver),
}

impl Body {
    /// A body without content.
    pub(crate) const fn empty() -> Self {
        Self::Bytes(None)
    }

    /// A whole blob. If it is to be proven it is copied, since what the kernel sends nobody reads here.
    pub(crate) fn whole_blob(mut blob: BlobReader, size: u64, outlet: Option<&Outlet>) -> Self {
        let whole = Span {
            first: 0,
            length: size,
        };
        match blob.take_proof() {
            Some(proof) => Self::Copied(Copied::new(blob, whole, Some(proof))),
            None => Self::blob(blob, whole, outlet),
        }
    }

    /// Part of a blob, for a connection that may have an outlet.
    pub(crate) fn blob(blob: BlobReader, part: Span, outlet: Option<&Outlet>) -> Self {
        match (outlet, blob.on_disk()) {
            (Some(outlet), Some(file)) if part.length >= WORTH_AN_OUTLET => {
                Self::HandedOver(HandedOver::new(blob, file, part, outlet.clone()))
            }
            _ => Self::Copied(Copied::new(blob, part, None)),
        }
    }

    /// The number of bytes to come.
    fn rest(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
            Self::Copied(body) => body.rest(),
            Self::HandedOver(body) => body.rest(),
        }
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
            Self::Copied(body) => body.poll_part(context),
            Self::HandedOver(body) => body.poll_part(context),
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

//! A reply as it is sent: whole, in pieces, or with a length that is not its own.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use http::{Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

use crate::saboteur::call::{Framing, Reply};

/// How many pieces a body is sent in that is not sent whole.
const PIECES: usize = 3;
/// How long it takes until the next piece comes: long enough that the one before is sent by itself.
const PAUSE: Duration = Duration::from_millis(2);

/// A reply as it is sent.
pub(super) fn response(reply: Reply) -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(content(&reply));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = reply.headers;
    if reply.framing == Framing::Chunks {
        response.headers_mut().remove(http::header::CONTENT_LENGTH);
    }
    response
}

/// The content of a reply, in the way it is sent.
fn content(reply: &Reply) -> BoxBody<Bytes, Infallible> {
    match reply.framing {
        Framing::Whole => whole(reply),
        Framing::Pieces | Framing::Chunks => pieces(reply.body.clone()),
    }
}

/// The content at once. One whose length says something else is sent as it comes, as much of it as that says, and if it
/// says more, the connection ends behind it.
fn whole(reply: &Reply) -> BoxBody<Bytes, Infallible> {
    let said: Option<usize> = reply.header("content-length").parse().ok();
    if reply.body.is_empty() || said.is_none_or(|said| said == reply.body.len()) {
        return Full::new(reply.body.clone()).boxed();
    }
    let whole = Frame::data(reply.body.clone());
    // What was written is sent while the content is waited for; at its end the connection is closed at once.
    let end = stream::once(async {
        tokio::task::yield_now().await;
        Ok(Frame::data(Bytes::new()))
    });
    BodyExt::boxed(StreamBody::new(stream::iter([Ok(whole)]).chain(end)))
}

fn pieces(body: Bytes) -> BoxBody<Bytes, Infallible> {
    let length = body.len().div_ceil(PIECES).max(1);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
        let piece = rest.split_to(length.min(rest.len()));
        Some((Ok(Frame::data(piece)), rest))
    });
    BodyExt::boxed(StreamBody::new(pieces))
}

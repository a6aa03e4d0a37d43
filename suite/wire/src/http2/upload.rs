//! Sending the body of a request as fast as a server takes it.

use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use h2::SendStream;
use tokio::time::timeout;

use super::super::connection::WRITE_SIZE;
use super::super::progress::WriteProgress;
use super::super::{Body, Fault, Payload};

/// Sends a body as fast as the server takes it; where it takes no more, what comes of the answer tells why.
pub(super) async fn send(
    stream: &mut SendStream<Bytes>,
    body: &Body,
    progress: &WriteProgress,
    idle: Duration,
) -> Result<(), Fault> {
    let sent = match body {
        Body::Sized(payload) if !payload.is_empty() => send_all(stream, payload, progress, idle).await,
        // Chunks are sent over HTTP/1.1, and what is kept in part is not sent at all.
        Body::Sized(_) | Body::None | Body::Chunked(_) | Body::Cut(..) => Ok(()),
    };
    progress.end();
    sent
}

async fn send_all(
    stream: &mut SendStream<Bytes>,
    payload: &Payload,
    progress: &WriteProgress,
    idle: Duration,
) -> Result<(), Fault> {
    let mut pieces = payload.chunks(WRITE_SIZE).peekable();
    while let Some(mut piece) = pieces.next() {
        while !piece.is_empty() {
            stream.reserve_capacity(piece.len());
            let late = Fault::Timeout {
                after: idle,
                doing: "sending the request",
            };
            let Some(room) = timeout(idle, room(stream)).await.map_err(|_| late)? else {
                return Ok(());
            };
            let part = piece.split_to(room.min(piece.len()));
            progress.made(part.len());
            let is_last = piece.is_empty() && pieces.peek().is_none();
            if stream.send_data(part, is_last).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// How many bytes can be sent, as soon as there is room for any; nothing where none are taken any more.
async fn room(stream: &mut SendStream<Bytes>) -> Option<usize> {
    while stream.capacity() == 0 {
        poll_fn(|context| stream.poll_capacity(context)).await?.ok()?;
    }
    Some(stream.capacity())
}

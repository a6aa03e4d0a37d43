//! Bodies of several ranges that no server would send.

use bytes::Bytes;

use super::byteranges::{is_multipart, parts};

/// A media type, and, behind an empty line, a body: each part that is read is as long as it says.
pub(crate) fn byteranges(input: &[u8]) {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (kind, body) = input.split_at(end.unwrap_or(input.len()));
    let kind = String::from_utf8_lossy(kind);
    is_multipart(&kind);
    let body = Bytes::copy_from_slice(body.get(2..).unwrap_or_default());
    for part in parts(&kind, &body).into_iter().flatten() {
        assert_eq!(part.bytes.len() as u64, part.place.end() - part.place.start() + 1);
    }
}

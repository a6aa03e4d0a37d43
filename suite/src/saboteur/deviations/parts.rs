//! Deviations where several parts of a blob are asked for at once. The registry below sends the whole blob, as it may.

use std::ops::Range;

use bytes::Bytes;
use http::Method;

use super::range::whole;
use crate::saboteur::{Deviation, Kind, Reply, Story};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::story(
        "parts-with-content-range-of-their-own",
        &["range.multipart-headers"],
        |story| {
            Box::pin(in_parts(story, |spans, blob, reply| {
                become_parts(reply, spans, blob, 0);
                let last = spans.last().map_or(0, |span| span.end);
                let first = spans.first().map_or(0, |span| span.start);
                reply.set(
                    "content-range",
                    &format!("bytes {first}-{}/{}", last - 1, blob.len()),
                );
            }))
        },
    ),
    Deviation::story("parts-counted-from-one", &["range.multipart-headers"], |story| {
        Box::pin(in_parts(story, |spans, blob, reply| {
            become_parts(reply, spans, blob, 1);
        }))
    }),
    Deviation::story("parts-without-end", &["range.multipart-headers"], |story| {
        Box::pin(in_parts(story, |spans, blob, reply| {
            become_parts(reply, spans, blob, 0);
            let length = reply.body.len() - "\r\n--part--\r\n".len();
            reply.set_body(reply.body.slice(..length));
        }))
    }),
    Deviation::story("parts-by-position", &["range.multipart-order"], |story| {
        Box::pin(in_parts(story, |spans, blob, reply| {
            let mut sorted = spans.to_vec();
            sorted.sort_by_key(|span| span.start);
            become_parts(reply, &sorted, blob, 0);
        }))
    }),
    Deviation::story("every-range-answered", &["range.many-ranges-bounded"], |story| {
        Box::pin(async move {
            let mut reply = story.honestly().await;
            if let Some((spans, blob)) = several(&story).await {
                become_parts(&mut reply, &spans, &blob, 0);
            }
            reply
        })
    }),
];

/// Answers in parts, in this way, where they come to no more than the blob has.
async fn in_parts(story: Story<'_>, send: fn(&[Range<usize>], &Bytes, &mut Reply)) -> Reply {
    let mut reply = story.honestly().await;
    if let Some((spans, blob)) = several(&story).await {
        let length: usize = spans.iter().map(Range::len).sum();
        if length <= blob.len() {
            send(&spans, &blob, &mut reply);
        }
    }
    reply
}

/// The ranges that are asked for and lie in the blob, if there are several, and the blob.
async fn several(story: &Story<'_>) -> Option<(Vec<Range<usize>>, Bytes)> {
    let specs = story.call.header("range").strip_prefix("bytes=")?;
    if !story.call.is(&Method::GET, Kind::Blob) || !specs.contains(',') {
        return None;
    }
    let blob = whole(story).await;
    let spans: Vec<Range<usize>> = specs
        .split(',')
        .filter_map(|spec| span(spec.trim(), blob.len()))
        .collect();
    (spans.len() > 1).then_some((spans, blob))
}

/// The part of a blob of this size that a range names by its first position.
fn span(spec: &str, size: usize) -> Option<Range<usize>> {
    let (first, last) = spec.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let end = match last {
        "" => size,
        last => last.parse::<usize>().ok()?.saturating_add(1).min(size),
    };
    (first < end).then_some(first..end)
}

/// Turns an answer into several parts of a blob, each placed so many bytes behind where it is.
fn become_parts(reply: &mut Reply, spans: &[Range<usize>], blob: &Bytes, shift: usize) {
    let parts: Vec<(String, Bytes)> = spans
        .iter()
        .map(|span| {
            let (first, last) = (span.start + shift, span.end - 1 + shift);
            (
                format!("bytes {first}-{last}/{}", blob.len()),
                blob.slice(span.clone()),
            )
        })
        .collect();
    become_multipart(reply, &parts);
}

/// Turns an answer into parts, each with its place.
pub(super) fn become_multipart(reply: &mut Reply, parts: &[(String, Bytes)]) {
    let mut body = Vec::new();
    for (place, bytes) in parts {
        body.extend_from_slice(format!("--part\r\nContent-Range: {place}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--part--\r\n");
    reply.become_status(206);
    reply.remove("content-range");
    reply.set("content-type", "multipart/byteranges; boundary=part");
    reply.set_body(body);
}

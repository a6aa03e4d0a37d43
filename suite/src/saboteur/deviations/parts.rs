//! Deviations where several parts of a blob are asked for at once. The registry below sends the whole blob, as it may.

use std::ops::Range;

use bytes::Bytes;
use http::Method;

use super::tricks::whole;
use crate::saboteur::{Deviation, Kind, Reply, StatefulCall};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful(
        "parts-with-content-range-of-their-own",
        &["range.multipart-headers"],
        |context| {
            Box::pin(in_parts(context, |spans, blob, reply| {
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
    Deviation::stateful(
        "parts-counted-from-one",
        &["range.multipart-headers"],
        |context| {
            Box::pin(in_parts(context, |spans, blob, reply| {
                become_parts(reply, spans, blob, 1);
            }))
        },
    ),
    Deviation::stateful("parts-without-end", &["range.multipart-headers"], |context| {
        Box::pin(in_parts(context, |spans, blob, reply| {
            become_parts(reply, spans, blob, 0);
            let length = reply.body.len() - "\r\n--part--\r\n".len();
            reply.set_body(reply.body.slice(..length));
        }))
    }),
    Deviation::stateful("parts-by-position", &["range.multipart-order"], |context| {
        Box::pin(in_parts(context, |spans, blob, reply| {
            let mut sorted = spans.to_vec();
            sorted.sort_by_key(|span| span.start);
            become_parts(reply, &sorted, blob, 0);
        }))
    }),
    Deviation::stateful(
        "every-range-answered",
        &["range.many-ranges-bounded"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if let Some((spans, blob)) = several(&context).await {
                    become_parts(&mut reply, &spans, &blob, 0);
                }
                reply
            })
        },
    ),
];

/// Answers in parts, in this way, where they come to no more than the blob has.
async fn in_parts(context: StatefulCall<'_>, send: fn(&[Range<usize>], &Bytes, &mut Reply)) -> Reply {
    let mut reply = context.honestly().await;
    if let Some((spans, blob)) = several(&context).await {
        let length: usize = spans.iter().map(Range::len).sum();
        if length <= blob.len() {
            send(&spans, &blob, &mut reply);
        }
    }
    reply
}

/// The ranges that are asked for and lie in the blob, if there are several, and the blob.
async fn several(context: &StatefulCall<'_>) -> Option<(Vec<Range<usize>>, Bytes)> {
    let specs = context.call.header("range").strip_prefix("bytes=")?;
    if !context.call.is(&Method::GET, Kind::Blob) || !specs.contains(',') {
        return None;
    }
    let blob = whole(context).await;
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

//! Deviations in how large a manifest or a chunk may be.

use http::Method;

use super::tools::sha256;
use super::tricks::{adds, bytes, created, manifest_path};
use crate::saboteur::{Call, Deviation, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::instead(
        "manifest-of-four-mebibytes-413",
        &["push.manifest.four-megabytes"],
        |call| {
            let is_large = call.is_of_manifest(&Method::PUT) && call.body.len() > 4_000_000;
            is_large.then(|| Reply::error(413, "SIZE_INVALID"))
        },
    ),
    Deviation::instead(
        "manifest-of-any-size",
        &["push.manifest.size-limit-exists"],
        |call| {
            let is_huge = call.is_of_manifest(&Method::PUT) && call.body.len() > 32 * 1024 * 1024;
            is_huge.then(|| created(&manifest_path(call.repository(), &sha256(&call.body))))
        },
    ),
    Deviation::reply(
        "large-manifest-400",
        &["push.manifest.size-limit-413"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && reply.status == 413 {
                reply.become_error(400, "MANIFEST_INVALID");
            }
        },
    ),
    Deviation::instead("large-chunk-416", &["interop.chunk-too-large-413"], |call| {
        is_large_chunk(call).then(|| Reply::error(416, "BLOB_UPLOAD_INVALID"))
    }),
    Deviation::instead("large-chunk-400", &["interop.chunk-too-large-413"], |call| {
        is_large_chunk(call).then(|| Reply::error(400, "SIZE_INVALID"))
    }),
    Deviation::instead("large-chunk-413-as-page", &["interop.too-large-json"], |call| {
        is_large_chunk(call).then(|| {
            let mut reply = bytes("<html><h1>413 Request Entity Too Large</h1></html>", "text/html");
            reply.become_status(413);
            reply
        })
    }),
    Deviation::instead(
        "large-chunk-413-without-a-word",
        &["interop.too-large-json"],
        |call| is_large_chunk(call).then(|| Reply::empty(413)),
    ),
];

/// Whether a call adds a chunk above the least limit that there is in the field.
fn is_large_chunk(call: &Call) -> bool {
    adds(call) && call.body.len() > 4 * 1024 * 1024
}

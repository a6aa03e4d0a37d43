//! Deviations of HEAD.

use http::Method;

use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("head-blob-204", &["head.blob.200"], |call, reply| {
        if call.is(&Method::HEAD, Kind::Blob) && reply.status == 200 {
            reply.become_status(204);
            reply.remove("content-length");
        }
    }),
    Deviation::reply("head-blob-404", &["head.blob.200"], |call, reply| {
        if call.is(&Method::HEAD, Kind::Blob) {
            *reply = Reply::empty(404);
        }
    }),
    Deviation::reply(
        "head-manifest-by-digest-404",
        &["head.manifest.200"],
        |call, reply| {
            if call.is(&Method::HEAD, Kind::Manifest) {
                *reply = Reply::empty(404);
            }
        },
    ),
    Deviation::reply("head-unknown-blob-200", &["head.blob.404"], |call, reply| {
        if call.is(&Method::HEAD, Kind::Blob) && reply.status == 404 {
            *reply = Reply::empty(200);
        }
    }),
    Deviation::reply("head-unknown-tag-200", &["head.manifest.404"], |call, reply| {
        if call.is(&Method::HEAD, Kind::Tag) && reply.status == 404 {
            *reply = Reply::empty(200);
        }
    }),
    Deviation::reply(
        "head-blob-without-length",
        &["head.blob.content-length"],
        |call, reply| {
            if call.is(&Method::HEAD, Kind::Blob) {
                reply.remove("content-length");
            }
        },
    ),
    Deviation::reply(
        "head-manifest-without-length",
        &["head.manifest.content-length"],
        |call, reply| {
            if call.is_of_manifest(&Method::HEAD) {
                reply.remove("content-length");
            }
        },
    ),
    Deviation::reply(
        "head-blob-without-digest",
        &["head.blob.digest-header"],
        |call, reply| {
            if call.is(&Method::HEAD, Kind::Blob) {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::reply(
        "head-tag-without-digest",
        &["head.manifest.digest-header"],
        |call, reply| {
            if call.is(&Method::HEAD, Kind::Tag) {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::reply(
        "head-manifest-typed-json",
        &["head.manifest.content-type"],
        |call, reply| {
            if call.is_of_manifest(&Method::HEAD) && reply.is_success() {
                reply.set("content-type", "application/json");
            }
        },
    ),
    Deviation::reply(
        "head-without-validators",
        &["head.same-headers-as-get"],
        |call, reply| {
            if call.method == Method::HEAD {
                reply.remove("etag");
                reply.remove("accept-ranges");
            }
        },
    ),
    // The size of the compressed file behind the blob.
    Deviation::reply(
        "head-blob-length-of-file",
        &["head.content-length-not-wrong"],
        |call, reply| {
            if let Ok(size) = reply.header("content-length").parse::<u64>()
                && call.is(&Method::HEAD, Kind::Blob)
                && reply.is_success()
            {
                reply.set("content-length", &(size / 2).to_string());
            }
        },
    ),
    Deviation::reply(
        "head-manifest-length-zero",
        &["head.content-length-not-wrong"],
        |call, reply| {
            if call.is_of_manifest(&Method::HEAD) && reply.is_success() {
                reply.set("content-length", "0");
            }
        },
    ),
];

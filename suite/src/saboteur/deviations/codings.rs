//! Deviations of content codings: where none was offered, and where what comes is not described as it is.

use http::Method;

use super::tools::sha256;
use super::tricks::gzipped;
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "blob-coded-unasked",
        &["pull.coding-only-where-offered"],
        |call, reply| {
            if call.reads(Kind::Blob) && offered(call).is_empty() {
                code(call, reply, "gzip");
            }
        },
    ),
    Deviation::reply(
        "manifest-coded-unasked",
        &["pull.coding-only-where-offered"],
        |call, reply| {
            if reads_manifest(call) && offered(call).is_empty() {
                code(call, reply, "gzip");
            }
        },
    ),
    Deviation::reply("coding-not-offered", &["pull.coding-described"], |call, reply| {
        if reads(call) && offered(call) == "gzip" {
            code(call, reply, "br");
        }
    }),
    Deviation::reply(
        "coding-not-announced",
        &["pull.coding-described"],
        |call, reply| {
            if reads(call) && offered(call).contains("gzip") {
                code(call, reply, "gzip");
                reply.remove("content-encoding");
            }
        },
    ),
    Deviation::reply("digest-of-coding", &["pull.coding-described"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && offered(call).contains("gzip") {
            code(call, reply, "gzip");
            reply.set("docker-content-digest", &sha256(&reply.body.clone()));
        }
    }),
    Deviation::reply(
        "head-has-length-of-content",
        &["pull.coding-described"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) && offered(call).contains("gzip") {
                code(call, reply, "gzip");
            }
        },
    ),
    Deviation::reply("coding-without-vary", &["pull.coding-vary"], |call, reply| {
        if reads(call) && offered(call).contains("gzip") {
            code(call, reply, "gzip");
            reply.remove("vary");
        }
    }),
    Deviation::reply(
        "coded-where-offered",
        &["interop.no-content-coding"],
        |call, reply| {
            if reads(call) && offered(call).contains("gzip") {
                code(call, reply, "gzip");
            }
        },
    ),
];

/// The codings that a client offers.
fn offered(call: &Call) -> &str {
    call.header("accept-encoding")
}

fn reads_manifest(call: &Call) -> bool {
    call.reads(Kind::Tag) || call.reads(Kind::Manifest)
}

fn reads(call: &Call) -> bool {
    call.reads(Kind::Blob) || reads_manifest(call)
}

/// Sends an answer in a coding, under this name.
fn code(call: &Call, reply: &mut Reply, name: &str) {
    if reply.status != 200 {
        return;
    }
    if call.method == Method::GET {
        let body = gzipped(&reply.body);
        reply.set_body(body);
    } else {
        reply.remove("content-length");
    }
    reply.set("content-encoding", name);
    reply.add("vary", "Accept-Encoding");
}

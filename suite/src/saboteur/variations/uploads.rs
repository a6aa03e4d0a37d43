//! Variations of pushes: what is offered, and what an answer to an upload carries.

use http::Method;

use crate::saboteur::deviations::tricks::{adds, brings, closes, mounts, opens};
use crate::saboteur::{Sentence, Variation};

const UNABLE_TO_MOUNT: Sentence = Sentence::oci(
    "Mounting a blob from another repository",
    "it SHOULD return a 202.",
);
const FROM_OPTIONAL: Sentence = Sentence::oci(
    "Mounting a blob from another repository",
    "The registry MAY treat the from parameter as optional",
);
const SINGLE_POST: Sentence = Sentence::oci(
    "Single POST",
    "Registries MAY support pushing blobs using a single POST request.",
);
const MINIMUM: Sentence = Sentence::oci(
    "Pushing a blob in chunks",
    "If the registry has a minimum chunk size, the POST response SHOULD include the following header",
);
const OPENED: Sentence = Sentence::oci(
    "POST then PUT",
    "Upon success, the response MUST have a code of 202 Accepted, and MUST include the following header:",
);
const PUT_DIGEST: Sentence = Sentence::oci(
    "POST then PUT",
    "Upon successful completion of the request, the response MUST have code 201 Created",
);

/// Why nothing tells of a registry that never mounts.
const NO_MOUNT: &str = "What a registry offers is told anyway: what breaks is a copy by a client that leaves out what was not mounted.";

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::call(
        "mount-not-offered",
        "Every mount opens an upload.",
        UNABLE_TO_MOUNT,
        |call| {
            if mounts(call) {
                call.query.clear();
            }
        },
    )
    .untold(NO_MOUNT),
    Variation::call(
        "mount-needs-a-source",
        "A mount without a source is answered with an upload.",
        FROM_OPTIONAL,
        |call| {
            if mounts(call) && call.parameter("from").is_none() {
                call.query.clear();
            }
        },
    ),
    Variation::call(
        "single-post-not-offered",
        "A POST that brings a blob opens an upload.",
        SINGLE_POST,
        |call| {
            if brings(call) {
                call.query.clear();
                call.body = bytes::Bytes::new();
            }
        },
    ),
    Variation::reply(
        "post-bare",
        "An opened upload has a Location, and neither Range nor Docker-Upload-UUID.",
        OPENED,
        |call, reply| {
            if opens(call) {
                reply.remove("range");
                reply.remove("docker-upload-uuid");
            }
        },
    ),
    Variation::reply(
        "chunk-min-length-of-a-byte",
        "The least length of a chunk is announced, and any chunk is as long.",
        MINIMUM,
        |call, reply| {
            if opens(call) && reply.status == 202 {
                reply.set("oci-chunk-min-length", "1");
            }
        },
    ),
    Variation::reply(
        "chunk-min-length-of-a-mebibyte",
        "Chunks are to have a mebibyte.",
        MINIMUM,
        |call, reply| {
            if opens(call) && reply.status == 202 {
                reply.set("oci-chunk-min-length", "1048576");
            }
        },
    ),
    Variation::reply(
        "put-without-digest",
        "What was pushed as a blob is answered without Docker-Content-Digest.",
        PUT_DIGEST,
        |call, reply| {
            if closes(call) || brings(call) || mounts(call) {
                reply.remove("docker-content-digest");
            }
        },
    )
    .told_by(&["interop.blob-put-digest-header"]),
    Variation::reply(
        "upload-without-docker-headers",
        "No answer to an upload carries Docker-Upload-UUID.",
        OPENED,
        |_, reply| reply.remove("docker-upload-uuid"),
    ),
    Variation::reply(
        "created-with-body",
        "What was pushed is answered with a page of JSON about it.",
        PUT_DIGEST,
        |call, reply| {
            if reply.status == 201 && call.method != Method::HEAD {
                reply.set("content-type", "application/json");
                reply.set_body("{\"stored\": true}");
            }
        },
    ),
    Variation::reply(
        "accepted-with-body",
        "What was accepted is answered with a line of text.",
        OPENED,
        |call, reply| {
            if reply.status == 202 && (opens(call) || adds(call)) {
                reply.set("content-type", "text/plain");
                reply.set_body("go on\n");
            }
        },
    ),
];

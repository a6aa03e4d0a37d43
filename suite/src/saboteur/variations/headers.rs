//! Variations of header lines: left out where they may be, and sent where nobody asked.

use super::tools::{CONDITIONS, edit_conditions, edit_header, gives_content};
use crate::catalogue::Version;
use crate::saboteur::deviations::tricks::opens;
use crate::saboteur::{Framing, Kind, Sentence, Variation};

const DIGEST: Sentence = Sentence::oci(
    "Checking if content exists in the registry",
    "A successful response SHOULD contain the digest of the uploaded blob in the header Docker-Content-Digest.",
);
const LEGACY: Sentence = Sentence::oci(
    "Legacy Docker support HTTP headers",
    "Because of the origins of this specification, the client MAY encounter Docker-specific headers",
);
const UNKNOWN_HEADERS: Sentence = Sentence::rfc(
    "rfc9110",
    "5.1",
    "Other recipients SHOULD ignore unrecognized header and trailer fields.",
);
const SERVER: Sentence = Sentence::rfc(
    "rfc9110",
    "10.2.4",
    "An origin server MAY generate a Server header field in its responses.",
);
const SUPPORT: Sentence = Sentence::oci(
    "Determining Support",
    "If the response is 200 OK, then the registry implements this specification.",
);
const WARNINGS: Sentence = Sentence::oci(
    "Warnings",
    "Registry implementations MAY include informational warnings in Warning headers",
);
const VALIDATORS: Sentence = Sentence::rfc(
    "rfc9110",
    "8.8.3",
    "An entity tag is an opaque validator for differentiating between multiple representations",
);
const LINES: Sentence = Sentence::rfc(
    "rfc9110",
    "5.3",
    "A recipient MAY combine multiple field lines within a field section that have the same field name",
);

/// How an entity tag begins that is no digest.
const OWN: &str = "\"version-1.";

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::reply(
        "head-without-digest",
        "HEAD of a manifest or blob has no Docker-Content-Digest.",
        DIGEST,
        |call, reply| {
            if call.method == http::Method::HEAD && gives_content(call, reply) {
                reply.remove("docker-content-digest");
            }
        },
    )
    .forgoing(&["head.blob.digest-header", "head.manifest.digest-header"])
    .only_in(&[Version::V1_1]),
    Variation::reply(
        "no-digest-header",
        "No answer has Docker-Content-Digest.",
        DIGEST,
        |_, reply| reply.remove("docker-content-digest"),
    )
    .forgoing(&[
        "head.blob.digest-header",
        "head.manifest.digest-header",
        "pull.blob.digest-header",
        "pull.manifest.digest-header",
        "push.manifest.digest-header-present",
    ])
    .only_in(&[Version::V1_1]),
    Variation::reply(
        "no-api-version",
        "No answer has Docker-Distribution-Api-Version.",
        LEGACY,
        |_, reply| reply.remove("docker-distribution-api-version"),
    ),
    Variation::reply(
        "unknown-headers",
        "Every answer has header lines that nobody knows, one of them of four kilobytes.",
        UNKNOWN_HEADERS,
        |_, reply| {
            reply.set("x-request-id", "0123456789abcdef");
            reply.set("x-long", &"x".repeat(4096));
            reply.set("strict-transport-security", "max-age=0");
            reply.set("alt-svc", "clear");
            reply.set("cache-control", "no-store");
            reply.add("set-cookie", "a=b; Path=/");
            reply.add("set-cookie", "c=d; Path=/; HttpOnly");
        },
    ),
    Variation::reply(
        "server-named",
        "Every answer says what software it comes from.",
        SERVER,
        |_, reply| {
            reply.set("server", "Registry/1.0 (any; \"quoted\") proxy/2");
            reply.set("via", "1.1 front");
        },
    ),
    Variation::reply(
        "warned",
        "Every answer carries two warnings.",
        WARNINGS,
        |_, reply| {
            reply.add("warning", "299 - \"This registry moves.\"");
            reply.add("warning", "299 - \"To \\\"another\\\" place, soon.\"");
        },
    ),
    Variation::reply(
        "warned-in-one-line",
        "Every answer carries two warnings in one line.",
        LINES,
        |_, reply| {
            reply.set(
                "warning",
                "299 - \"This registry, as you see, moves.\", 299 - \"Soon.\"",
            );
        },
    ),
    Variation::reply(
        "base-is-a-page",
        "The base endpoint answers with a page of HTML.",
        SUPPORT,
        |call, reply| {
            if call.reads(Kind::Base) && reply.status == 200 {
                reply.set("content-type", "text/html; charset=utf-8");
                reply.set_body("<!doctype html><title>Registry</title>");
            }
        },
    ),
    Variation::reply(
        "base-is-empty",
        "The base endpoint answers with nothing.",
        SUPPORT,
        |call, reply| {
            if call.reads(Kind::Base) && reply.status == 200 {
                reply.remove("content-type");
                reply.set_body("");
            }
        },
    ),
    Variation::both(
        "entity-tags-of-their-own",
        "Entity tags are opaque, and no digests.",
        VALIDATORS,
        |call| edit_conditions(call, |tags| tags.replace(OWN, "\"")),
        |_, reply| edit_header(reply, "etag", |tag| tag.replacen('"', OWN, 1)),
    ),
    Variation::both(
        "no-entity-tags",
        "Nothing has an entity tag, and no condition on one is held.",
        VALIDATORS,
        |call| {
            if !call.header("if-range").is_empty() {
                call.headers.remove("range");
            }
            for name in CONDITIONS {
                if call.header(name) != "*" {
                    call.headers.remove(name);
                }
            }
        },
        |_, reply| reply.remove("etag"),
    )
    .forgoing(&["cond.etag-sent"]),
    Variation::reply(
        "opened-without-length",
        "What has no content is answered in an empty coded body.",
        LINES,
        |call, reply| {
            if opens(call) && reply.body.is_empty() {
                reply.framing = Framing::Chunks;
            }
        },
    ),
];

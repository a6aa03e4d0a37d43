//! Variations of pulls: redirects, ranges, codings, and what an answer says about content.

use http::Method;

use super::tools::{at_host, edit_conditions, edit_header, gives_content, host, other_host, reads_manifest};
use crate::catalogue::Version;
use crate::saboteur::deviations::tricks::gzipped;
use crate::saboteur::{Call, Kind, Reply, Sentence, Variation};

const TEMPORARILY: Sentence = Sentence::rfc(
    "rfc9110",
    "15.4.8",
    "indicates that the target resource resides temporarily under a different URI",
);
const REDIRECTS: Sentence = Sentence::rfc(
    "rfc9110",
    "15.4",
    "as in the status codes 301 (Moved Permanently), 302 (Found), 307 (Temporary Redirect), and 308",
);
const RANGE: Sentence = Sentence::oci(
    "Pulling blobs",
    "A registry SHOULD support the Range request header",
);
const UNKNOWN_LENGTH: Sentence = Sentence::rfc(
    "rfc9110",
    "14.4",
    "indicates that the representation length was unknown when the header field was generated.",
);
const MAY_IGNORE_RANGE: Sentence =
    Sentence::rfc("rfc9110", "14.2", "A server MAY ignore the Range header field.");
const CODING: Sentence = Sentence::rfc(
    "rfc9110",
    "12.5.3",
    "can be used to indicate preferences regarding the use of content codings",
);
const NO_LENGTH: Sentence = Sentence::oci(
    "Checking if content exists in the registry",
    "A successful response SHOULD contain the size in bytes of the uploaded blob in the header Content-Length.",
);
const TYPE_OF_BLOB: Sentence = Sentence::oci(
    "Pulling blobs",
    "A GET request to an existing blob URL MUST provide the expected blob",
);
const PARAMETERS: Sentence = Sentence::oci(
    "Pulling manifests",
    "The client SHOULD ignore parameters on the Content-Type header.",
);

/// The parameter of an address that is already the place that a redirect leads to.
const SIGNED: &str = "X-Signature";

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::reply(
        "blob-redirected",
        "A blob is fetched from a signed address of the same host (307).",
        TEMPORARILY,
        |call, reply| redirect(call, reply, Kind::Blob, 307, |_, path| path),
    ),
    Variation::reply(
        "blob-redirected-302-other-host",
        "A blob is fetched from a signed address of another host (302).",
        REDIRECTS,
        |call, reply| {
            redirect(call, reply, Kind::Blob, 302, |call, path| {
                at_host(&other_host(call), &path)
            });
        },
    ),
    Variation::reply(
        "blob-redirected-301",
        "A blob is fetched from an absolute address of the same host (301).",
        REDIRECTS,
        |call, reply| {
            redirect(call, reply, Kind::Blob, 301, |call, path| {
                at_host(&host(call), &path)
            });
        },
    ),
    Variation::reply(
        "blob-redirected-308-other-host",
        "A blob is fetched from another host (308).",
        REDIRECTS,
        |call, reply| {
            redirect(call, reply, Kind::Blob, 308, |call, path| {
                at_host(&other_host(call), &path)
            });
        },
    ),
    Variation::reply(
        "blob-redirected-by-segment",
        "A blob is fetched from an address relative to the one that was asked.",
        REDIRECTS,
        |call, reply| {
            redirect(call, reply, Kind::Blob, 307, |_, path| {
                format!("./{}", path.rsplit('/').next().unwrap_or_default())
            });
        },
    ),
    Variation::reply(
        "blob-redirected-by-query",
        "A blob is fetched from the same path with another query, and Location is that query.",
        REDIRECTS,
        |call, reply| {
            redirect(call, reply, Kind::Blob, 307, |_, path| {
                format!("?{}", path.split('?').nth(1).unwrap_or_default())
            });
        },
    ),
    Variation::reply(
        "manifest-redirected",
        "A manifest is fetched from another address of the same host (307).",
        TEMPORARILY,
        |call, reply| {
            for kind in [Kind::Tag, Kind::Manifest] {
                redirect(call, reply, kind, 307, |_, path| path);
            }
        },
    ),
    Variation::reply(
        "manifest-redirected-other-host",
        "A manifest is fetched from another host (302).",
        REDIRECTS,
        |call, reply| {
            for kind in [Kind::Tag, Kind::Manifest] {
                redirect(call, reply, kind, 302, |call, path| {
                    at_host(&other_host(call), &path)
                });
            }
        },
    ),
    Variation::reply(
        "lists-redirected",
        "Tags and referrers are listed at another address (307).",
        TEMPORARILY,
        |call, reply| {
            for kind in [Kind::Tags, Kind::Referrers] {
                redirect(call, reply, kind, 307, |_, path| path);
            }
        },
    ),
    Variation::both(
        "no-ranges",
        "Range is ignored, and Accept-Ranges is none.",
        RANGE,
        |call| {
            call.headers.remove("range");
        },
        |call, reply| {
            if call.reads(Kind::Blob) {
                reply.set("accept-ranges", "none");
            }
        },
    )
    .forgoing(&["range.supported"]),
    Variation::call(
        "ranges-of-one-part",
        "Several ranges at once are answered with the whole blob.",
        MAY_IGNORE_RANGE,
        |call| {
            if call.header("range").contains(',') {
                call.headers.remove("range");
            }
        },
    ),
    Variation::reply(
        "ranges-not-announced",
        "Ranges are served, and no answer has Accept-Ranges.",
        RANGE,
        |_, reply| reply.remove("accept-ranges"),
    ),
    Variation::reply(
        "range-of-unknown-length",
        "A part says where it stands, and not how long the whole is.",
        UNKNOWN_LENGTH,
        |_, reply| {
            if reply.status == 206 {
                let range = reply.header("content-range").to_owned();
                if let Some((part, _)) = range.split_once('/') {
                    reply.set("content-range", &format!("{part}/*"));
                }
            }
        },
    )
    .forgoing(&["range.206-complete-length"]),
    Variation::both(
        "gzip-where-offered",
        "Blobs, manifests and lists come in gzip where the client offers it.",
        CODING,
        |call| edit_conditions(call, |tags| tags.replace("-gzip\"", "\"")),
        |call, reply| {
            let is_read = matches!(call.method, Method::GET | Method::HEAD);
            let kinds = [Kind::Blob, Kind::Tag, Kind::Manifest, Kind::Tags, Kind::Referrers];
            if !(is_read && matches!(reply.status, 200 | 206 | 304) && kinds.contains(&call.kind())) {
                return;
            }
            reply.add("vary", "Accept-Encoding");
            if reply.status != 200 || !call.header("accept-encoding").contains("gzip") {
                return;
            }
            if call.method == Method::GET {
                let body = gzipped(&reply.body);
                reply.set_body(body);
            } else {
                reply.remove("content-length");
            }
            // An entity tag is of one coding.
            edit_header(reply, "etag", |tag| {
                format!("{}-gzip\"", tag.trim_end_matches('"'))
            });
            reply.set("content-encoding", "gzip");
        },
    ),
    Variation::reply(
        "head-without-length",
        "HEAD says nothing of the length.",
        NO_LENGTH,
        |call, reply| {
            if call.method == Method::HEAD && gives_content(call, reply) {
                reply.remove("content-length");
            }
        },
    )
    .forgoing(&["head.blob.content-length", "head.manifest.content-length"])
    .only_in(&[Version::V1_1]),
    Variation::reply(
        "blob-of-any-type",
        "A blob is said to be plain text.",
        TYPE_OF_BLOB,
        |call, reply| {
            if call.reads(Kind::Blob) && reply.is_success() {
                reply.set("content-type", "text/plain; charset=utf-8");
            }
        },
    ),
    Variation::reply(
        "manifest-type-with-parameter",
        "The Content-Type of a manifest has a parameter.",
        PARAMETERS,
        |call, reply| {
            if reads_manifest(call) && reply.is_success() {
                let kind = reply.header("content-type").to_owned();
                reply.set("content-type", &format!("{kind}; charset=utf-8"));
            }
        },
    )
    .forgoing(&["pull.manifest.content-type-no-parameters"]),
];

/// Sends a read elsewhere, unless it comes from there.
fn redirect(call: &Call, reply: &mut Reply, kind: Kind, status: u16, lead: fn(&Call, String) -> String) {
    if !call.reads(kind) || !reply.is_success() || call.parameter(SIGNED).is_some() {
        return;
    }
    let query = if call.query.is_empty() {
        String::new()
    } else {
        format!("{}&", call.query)
    };
    let path = format!("{}?{query}{SIGNED}=a%2Fb%2Bc%3D", call.path);
    *reply = Reply::empty(status);
    reply.set("location", &lead(call, path));
    reply.set("content-length", "0");
}

//! What variations of several parts of the protocol have in common.

use http::HeaderValue;

use crate::saboteur::{Call, Kind, Reply};

/// The host and port that a client came to.
pub(super) fn host(call: &Call) -> String {
    call.header("host").to_owned()
}

/// The same registry under another host name: a loopback address is also `localhost`, and the other way round.
pub(super) fn other_host(call: &Call) -> String {
    let host = host(call);
    let (name, port) = host.rsplit_once(':').unwrap_or((&host, "80"));
    let other = if name == "localhost" {
        "127.0.0.1"
    } else {
        "localhost"
    };
    format!("{other}:{port}")
}

/// A path at a host, as a whole URL; what is a whole URL already goes to that host.
pub(super) fn at_host(host: &str, reference: &str) -> String {
    let path = match reference.split_once("://") {
        Some((_, rest)) => &rest[rest.find('/').unwrap_or(rest.len())..],
        None => reference,
    };
    format!("http://{host}{path}")
}

/// Changes an address in a header, if there is one.
pub(super) fn edit_header(reply: &mut Reply, name: &str, edit: impl FnOnce(&str) -> String) {
    let value = reply.header(name);
    if !value.is_empty() {
        let value = edit(value);
        reply.set(name, &value);
    }
}

/// Whether an answer leads to an upload that goes on.
pub(super) fn leads_to_upload(call: &Call, reply: &Reply) -> bool {
    matches!(reply.status, 202 | 204)
        && matches!(call.kind(), Kind::Uploads | Kind::Session)
        && reply.header("location").contains("/blobs/uploads/")
}

/// Whether a call reads a blob or a manifest, and is answered with all of it.
pub(super) fn gives_content(call: &Call, reply: &Reply) -> bool {
    let reads = [Kind::Tag, Kind::Manifest, Kind::Blob];
    reply.status == 200 && reads.into_iter().any(|kind| call.reads(kind))
}

/// Whether a call reads a manifest, by tag or by digest.
pub(super) fn reads_manifest(call: &Call) -> bool {
    call.reads(Kind::Tag) || call.reads(Kind::Manifest)
}

/// Whether a body is JSON that the registry itself writes.
pub(super) fn is_own_json(call: &Call, reply: &Reply) -> bool {
    let lists = [Kind::Tags, Kind::Referrers, Kind::Catalog];
    let is_list = reply.status == 200 && lists.into_iter().any(|kind| call.reads(kind));
    is_list || is_json_error(reply)
}

/// Whether an answer is an error in the form of the specification.
pub(super) fn is_json_error(reply: &Reply) -> bool {
    reply.status >= 400 && reply.body.starts_with(b"{\"errors\"")
}

/// The conditions on entity tags.
pub(super) const CONDITIONS: [&str; 3] = ["if-match", "if-none-match", "if-range"];

/// Changes the entity tags that a call names in its conditions.
pub(super) fn edit_conditions(call: &mut Call, edit: fn(&str) -> String) {
    for name in CONDITIONS {
        let value = HeaderValue::try_from(edit(call.header(name)));
        if let (Ok(value), Some(tags)) = (value, call.headers.get_mut(name)) {
            *tags = value;
        }
    }
}

//! Deviations in entity tags and conditional requests.

use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderValue, Method};

use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The length of a sha256 digest.
const SHA256_LENGTH: usize = 71;

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("no-etag", &["cond.etag-sent"], |_, reply| {
        reply.remove("etag");
    }),
    Deviation::stateful("etag-without-quotes", &["cond.etag-syntax"], |context| {
        Box::pin(async move {
            let mut call = context.call.clone();
            for name in [IF_MATCH, IF_NONE_MATCH] {
                let quoted = with_quotes(call.header(name.as_str()));
                set(&mut call, &name, &quoted);
            }
            let mut reply = context.ask(&call).await;
            let bare = reply.header("etag").replace('"', "");
            if !bare.is_empty() {
                reply.set("etag", &bare);
            }
            reply
        })
    }),
    Deviation::reply(
        "etag-of-tag-name",
        &["cond.etag-changes-with-content"],
        |call, reply| {
            if call.reads(Kind::Tag) && reply.is_success() {
                reply.set("etag", &format!("\"{}\"", call.reference()));
            }
        },
    ),
    Deviation::call("if-none-match-ignored", &["cond.if-none-match-304"], |call| {
        if reads_content(call) {
            call.headers.remove(IF_NONE_MATCH);
        }
    }),
    Deviation::call(
        "if-none-match-compares-strongly",
        &["cond.if-none-match-weak"],
        |call| {
            if reads_content(call) && call.header("if-none-match").starts_with("W/") {
                call.headers.remove(IF_NONE_MATCH);
            }
        },
    ),
    Deviation::call(
        "if-none-match-star-is-literal",
        &["cond.if-none-match-star-get"],
        |call| {
            if reads_content(call) && call.header("if-none-match") == "*" {
                call.headers.remove(IF_NONE_MATCH);
            }
        },
    ),
    Deviation::reply("304-without-etag", &["cond.304-headers"], |_, reply| {
        if reply.status == 304 {
            reply.remove("etag");
        }
    }),
    Deviation::call("range-before-condition", &["cond.304-before-range"], |call| {
        if reads_content(call) && !call.header("range").is_empty() {
            call.headers.remove(IF_NONE_MATCH);
        }
    }),
    Deviation::reply(
        "date-before-etag",
        &["cond.if-none-match-over-if-modified-since"],
        |call, reply| {
            if !call.header("if-modified-since").is_empty() && reply.status == 200 {
                *reply = Reply {
                    status: 304,
                    headers: reply.headers.clone(),
                    ..Reply::default()
                };
                reply.remove("content-length");
            }
        },
    ),
    Deviation::call("if-match-ignored", &["cond.if-match-put"], |call| {
        if call.is_of_manifest(&Method::PUT) {
            call.headers.remove(IF_MATCH);
        }
    }),
    Deviation::call("if-match-star-ignored", &["cond.if-match-star-missing"], |call| {
        if call.is_of_manifest(&Method::PUT) && call.header("if-match") == "*" {
            call.headers.remove(IF_MATCH);
        }
    }),
    Deviation::call(
        "if-none-match-star-ignored",
        &["cond.if-none-match-star-put"],
        |call| {
            if call.is_of_manifest(&Method::PUT) {
                call.headers.remove(IF_NONE_MATCH);
            }
        },
    ),
    Deviation::call("if-match-ignored-on-delete", &["cond.if-match-delete"], |call| {
        if call.is_of_manifest(&Method::DELETE) {
            call.headers.remove(IF_MATCH);
        }
    }),
    Deviation::reply(
        "condition-before-404",
        &["cond.ignored-on-error"],
        |call, reply| {
            if reply.status == 404 && !call.header("if-match").is_empty() {
                reply.become_error(412, "DENIED");
            }
        },
    ),
    Deviation::call("if-match-compares-weakly", &["cond.if-match-strong"], |call| {
        if let Some(strong) = call.header("if-match").strip_prefix("W/") {
            let strong = strong.to_owned();
            set(call, &IF_MATCH, &strong);
        }
    }),
];

/// Whether a call reads a manifest or a blob.
fn reads_content(call: &Call) -> bool {
    [Kind::Tag, Kind::Manifest, Kind::Blob]
        .into_iter()
        .any(|kind| call.reads(kind))
}

/// Replaces a header that is there.
fn set(call: &mut Call, name: &HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value)
        && call.headers.contains_key(name)
    {
        call.headers.insert(name, value);
    }
}

/// Puts the digest in a list of entity tags between quotes, where it has none.
fn with_quotes(list: &str) -> String {
    let Some(at) = list.find("sha256:").filter(|at| !list[..*at].ends_with('"')) else {
        return list.to_owned();
    };
    let end = (at + SHA256_LENGTH).min(list.len());
    format!("{}\"{}\"{}", &list[..at], &list[at..end], &list[end..])
}

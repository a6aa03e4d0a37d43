//! Deviations in what a refusal says: its status, its form and its code.

use http::Method;
use serde_json::{Value as Json, json};

use super::tools::not_allowed;
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("error-of-other-shape", &["errors.json-shape"], |call, reply| {
        if is_not_found(call, reply) {
            reply.edit_json(|body| *body = json!({ "error": "not found" }));
        }
    }),
    Deviation::reply(
        "error-code-in-small-letters",
        &["errors.code-characters"],
        |call, reply| {
            if is_not_found(call, reply) {
                each_error(reply, |error| {
                    let code = error["code"].as_str().unwrap_or_default().to_lowercase();
                    error["code"] = json!(code.replace('_', "-"));
                });
            }
        },
    ),
    Deviation::reply("error-code-of-its-own", &["errors.code-known"], |call, reply| {
        if is_not_found(call, reply) {
            each_error(reply, |error| error["code"] = json!("NOT_FOUND"));
        }
    }),
    Deviation::reply(
        "error-message-is-object",
        &["errors.message-string"],
        |call, reply| {
            if is_not_found(call, reply) {
                each_error(reply, |error| error["message"] = json!({ "en": "not found" }));
            }
        },
    ),
    Deviation::reply(
        "error-as-plain-text",
        &["errors.content-type-json"],
        |call, reply| {
            if is_not_found(call, reply) {
                reply.set("content-type", "text/plain; charset=utf-8");
            }
        },
    ),
    Deviation::reply(
        "code-of-missing-blob",
        &["errors.code.blob-unknown"],
        |call, reply| {
            if call.kind() == Kind::Blob {
                recode(reply, "BLOB_UNKNOWN", "MANIFEST_UNKNOWN");
            }
        },
    ),
    Deviation::reply(
        "code-of-missing-upload",
        &["errors.code.blob-upload-unknown"],
        |_, reply| {
            recode(reply, "BLOB_UPLOAD_UNKNOWN", "BLOB_UNKNOWN");
        },
    ),
    Deviation::reply(
        "code-of-skipped-chunk",
        &["errors.code.blob-upload-invalid"],
        |_, reply| {
            if reply.status == 416 {
                recode(reply, "BLOB_UPLOAD_INVALID", "UNSUPPORTED");
            }
        },
    ),
    Deviation::reply(
        "code-of-wrong-digest",
        &["errors.code.digest-invalid"],
        |_, reply| {
            recode(reply, "DIGEST_INVALID", "BLOB_UPLOAD_INVALID");
        },
    ),
    Deviation::reply(
        "code-of-missing-tag",
        &["errors.code.manifest-unknown"],
        |call, reply| {
            if call.kind() == Kind::Tag {
                recode(reply, "MANIFEST_UNKNOWN", "TAG_INVALID");
            }
        },
    ),
    Deviation::reply(
        "code-of-bad-manifest",
        &["errors.code.manifest-invalid"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) {
                recode(reply, "MANIFEST_INVALID", "UNSUPPORTED");
            }
        },
    ),
    Deviation::reply("code-of-bad-name", &["errors.code.name-invalid"], |_, reply| {
        recode(reply, "NAME_INVALID", "NAME_UNKNOWN");
    }),
    Deviation::reply(
        "code-of-missing-repository",
        &["errors.code.name-unknown"],
        |_, reply| {
            recode(reply, "NAME_UNKNOWN", "UNSUPPORTED");
        },
    ),
    Deviation::reply(
        "code-of-wrong-length",
        &["errors.code.size-invalid"],
        |call, reply| {
            if call.is(&Method::PATCH, Kind::Session) && reply.status == 400 {
                recode(reply, "SIZE_INVALID", "DENIED");
                recode(reply, "BLOB_UPLOAD_INVALID", "DENIED");
            }
        },
    ),
    Deviation::reply("code-of-401", &["errors.code.unauthorized"], |call, reply| {
        if is_nonsense(call, reply) {
            reply.become_error(401, "DENIED");
            reply.set("www-authenticate", "Basic realm=\"registry\"");
        }
    }),
    Deviation::reply(
        "401-without-challenge",
        &["http.401-www-authenticate"],
        |call, reply| {
            if is_nonsense(call, reply) {
                reply.become_error(401, "UNAUTHORIZED");
            }
        },
    ),
    // A router that knows no such path asks for a password, and does not say how.
    Deviation::instead(
        "401-without-challenge-everywhere",
        &["http.401-www-authenticate", "category.push"],
        |call| {
            let is_base = matches!(call.kind(), Kind::Base);
            (!is_base).then(|| Reply::error(401, "UNAUTHORIZED"))
        },
    )
    .because("who is not told how to log in cannot push")
    .without_accounts(),
    Deviation::reply("code-of-403", &["errors.code.denied"], |call, reply| {
        if is_nonsense(call, reply) {
            reply.become_error(403, "UNSUPPORTED");
        }
    }),
    Deviation::reply("code-of-429", &["errors.code.toomanyrequests"], |call, reply| {
        if is_nonsense(call, reply) {
            reply.become_error(429, "DENIED");
            reply.set("retry-after", "1");
        }
    }),
    Deviation::reply(
        "429-without-retry-after",
        &["errors.429-retry-after"],
        |call, reply| {
            if is_nonsense(call, reply) {
                reply.become_error(429, "TOOMANYREQUESTS");
            }
        },
    ),
    // zot did, for tags that it would not delete.
    Deviation::instead(
        "code-of-deletion-switched-off",
        &["errors.code.unsupported"],
        |call| {
            call.is(&Method::DELETE, Kind::Tag).then(|| {
                let mut reply = not_allowed("GET, HEAD, PUT");
                recode(&mut reply, "UNSUPPORTED", "DIGEST_INVALID");
                reply
            })
        },
    ),
    Deviation::instead("nul-byte-500", &["errors.client-fault-not-5xx"], |call| {
        call.path.contains("%00").then(|| Reply::empty(500))
    }),
    Deviation::reply(
        "page-size-500",
        &["errors.client-fault-not-5xx"],
        |call, reply| {
            if call.kind() == Kind::Tags && reply.status == 400 {
                *reply = Reply::empty(500);
            }
        },
    ),
    Deviation::instead("directory-shown", &["errors.unknown-route-404"], |call| {
        call.path.ends_with("/manifests/").then(|| {
            let mut page = Reply::empty(200);
            page.set_body("<html><h1>Index of manifests</h1></html>");
            page.set("content-type", "text/html");
            page
        })
    }),
    Deviation::reply("mismatch-422", &["errors.status-as-documented"], |call, reply| {
        if call.is(&Method::POST, Kind::Uploads) && reply.status == 400 {
            reply.become_status(422);
        }
    }),
];

/// Whether somebody asked for something that is not there.
fn is_not_found(call: &Call, reply: &Reply) -> bool {
    call.method == Method::GET && reply.status == 404
}

/// Whether somebody asked for a blob by something that is no digest, for which any 4xx is right.
fn is_nonsense(call: &Call, reply: &Reply) -> bool {
    call.is(&Method::GET, Kind::Blob) && !call.reference().is_empty() && reply.status == 400
}

/// Changes each error of a body.
fn each_error(reply: &mut Reply, change: impl Fn(&mut Json)) {
    reply.edit_json(|body| {
        let errors = body.get_mut("errors").and_then(Json::as_array_mut);
        errors.into_iter().flatten().for_each(change);
    });
}

/// Gives the errors of one code another.
pub(super) fn recode(reply: &mut Reply, from: &str, to: &str) {
    if reply.status >= 400 {
        each_error(reply, |error| {
            if error["code"] == from {
                error["code"] = json!(to);
            }
        });
    }
}

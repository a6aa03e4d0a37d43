//! Deviations of pulls: of manifests first, of blobs then.

use http::Method;
use serde_json::json;

use super::tools::{in_repository, json, named_digest, sha256};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The media type of an image.
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// How much of a blob is kept by a registry that forgets the rest.
const KEPT: usize = 16 * 1024 * 1024;

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "tag-not-found",
        &["pull.manifest.get-by-tag-200"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Tag) {
                reply.become_error(404, "MANIFEST_UNKNOWN");
            }
        },
    ),
    Deviation::reply(
        "digest-not-found",
        &["pull.manifest.get-by-digest-200"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Manifest) {
                reply.become_error(404, "MANIFEST_UNKNOWN");
            }
        },
    ),
    Deviation::stateful(
        "tag-gives-last-push",
        &["pull.manifest.body-expected"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if context.call.is_of_manifest(&Method::PUT) {
                    context.memory.note(context.call.repository(), &context.call);
                }
                let pushed = context.memory.noted(context.call.repository());
                if context.call.is(&Method::GET, Kind::Tag)
                    && reply.is_success()
                    && let Some(last) = pushed.last()
                {
                    reply.set_body(last.body.clone());
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "tagged-manifest-without-digest",
        &["pull.manifest.digest-after-tag-only-push"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let key = |digest: &str| format!("{} {digest}", context.call.repository());
                if context.call.is(&Method::PUT, Kind::Manifest) {
                    context.memory.count(&key(context.call.reference()));
                }
                if context.call.reads(Kind::Manifest)
                    && context.memory.counted(&key(context.call.reference())) == 0
                {
                    return Reply::error(404, "MANIFEST_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "manifest-without-type",
        &["pull.manifest.content-type-present"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) && reply.is_success() {
                reply.remove("content-type");
            }
        },
    ),
    Deviation::reply(
        "manifest-type-always-image",
        &["pull.manifest.content-type-as-pushed"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) && reply.is_success() {
                reply.set("content-type", IMAGE);
            }
        },
    ),
    Deviation::reply(
        "manifest-type-guessed",
        &["pull.manifest.content-type-from-push-header"],
        |call, reply| {
            let says_nothing = json(&reply.body).get("mediaType").is_none();
            if call.is_of_manifest(&Method::GET) && reply.is_success() && says_nothing {
                reply.set("content-type", IMAGE);
            }
        },
    ),
    Deviation::reply(
        "manifest-type-with-charset",
        &["pull.manifest.content-type-no-parameters"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) && reply.is_success() {
                let kind = format!("{}; charset=utf-8", reply.header("content-type"));
                reply.set("content-type", &kind);
            }
        },
    ),
    Deviation::reply(
        "manifest-without-digest-header",
        &["pull.manifest.digest-header"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::reply(
        "manifest-digest-of-config",
        &["pull.manifest.digest-header-correct"],
        |call, reply| {
            if let Some(config) = json(&reply.body).pointer("/config/digest")
                && call.is(&Method::GET, Kind::Tag)
            {
                reply.set("docker-content-digest", config.as_str().unwrap_or_default());
            }
        },
    ),
    Deviation::reply(
        "unknown-manifest-is-empty",
        &["pull.manifest.404-unknown-digest"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Manifest) && reply.status == 404 {
                *reply = Reply::empty(200);
            }
        },
    ),
    Deviation::reply(
        "unknown-tag-400",
        &["pull.manifest.404-unknown-tag"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Tag) && reply.status == 404 {
                reply.become_status(400);
            }
        },
    ),
    Deviation::stateful(
        "manifest-from-any-repository",
        &["pull.manifest.404-other-repository"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if context.call.is_of_manifest(&Method::PUT) {
                    context
                        .memory
                        .note(reply.header("docker-content-digest"), &context.call);
                }
                let pushed = context.memory.noted(context.call.reference());
                match pushed.first() {
                    Some(pushed) if context.call.reads(Kind::Manifest) && reply.status == 404 => {
                        context
                            .ask(&in_repository(&context.call, pushed.repository()))
                            .await
                    }
                    _ => reply,
                }
            })
        },
    ),
    Deviation::reply(
        "unknown-repository-403",
        &["pull.manifest.404-unknown-repository"],
        |call, reply| {
            let is_pull = [Kind::Tag, Kind::Manifest, Kind::Blob].contains(&call.kind());
            let code = json(&reply.body).pointer("/errors/0/code").cloned();
            if call.method == Method::GET && is_pull && code == Some(json!("NAME_UNKNOWN")) {
                *reply = Reply::empty(403);
            }
        },
    ),
    Deviation::instead("accept-demanded", &["pull.manifest.accept-absent"], |call| {
        let says_nothing = ["", "*/*"].contains(&call.header("accept"));
        (call.is_of_manifest(&Method::GET) && says_nothing).then(|| Reply::error(404, "MANIFEST_UNKNOWN"))
    }),
    Deviation::reply(
        "accept-first-line-only",
        &["pull.manifest.accept-list-forms"],
        |call, reply| {
            let first = call.header("accept");
            let accepted =
                first.is_empty() || first.contains("*/*") || first.contains(reply.header("content-type"));
            if call.is_of_manifest(&Method::GET) && reply.is_success() && !accepted {
                reply.become_error(404, "MANIFEST_UNKNOWN");
            }
        },
    ),
    Deviation::stateful(
        "index-resolved-for-image-clients",
        &["pull.manifest.accept-no-conversion-by-digest"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let accept = context.call.header("accept");
                let index = json(&reply.body);
                match index
                    .pointer("/manifests/0/digest")
                    .and_then(|first| first.as_str())
                {
                    Some(first) if accept.contains(IMAGE) && !accept.contains(INDEX) => {
                        let path = context.call.path.replace(context.call.reference(), first);
                        context.ask(&context.call.get(&path)).await
                    }
                    _ => reply,
                }
            })
        },
    ),
    Deviation::reply("blob-last-byte-lost", &["pull.blob.get-200"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.status == 200 && !reply.body.is_empty() {
            reply.set_body(reply.body.slice(..reply.body.len() - 1));
        }
    }),
    Deviation::reply(
        "blob-cut-at-16-mib",
        &["pull.blob.large-intact"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && reply.body.len() > KEPT {
                reply.set_body(reply.body.slice(..KEPT));
            }
        },
    ),
    Deviation::reply(
        "blob-without-digest-header",
        &["pull.blob.digest-header"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::reply(
        "blob-digest-of-nothing",
        &["pull.blob.digest-header-matches-body"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && reply.is_success() {
                reply.set("docker-content-digest", &sha256(b""));
            }
        },
    ),
    Deviation::reply(
        "unknown-blob-is-empty",
        &["pull.blob.404-unknown"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && reply.status == 404 {
                *reply = Reply::empty(200);
            }
        },
    ),
    Deviation::stateful(
        "blob-from-any-repository",
        &["pull.blob.404-other-repository"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let digest = named_digest(&context.call);
                if closes_upload(&context.call) && reply.is_success() {
                    context.memory.note(&digest, &context.call);
                }
                match context.memory.noted(&digest).first() {
                    Some(pushed) if context.call.reads(Kind::Blob) && reply.status == 404 => {
                        context
                            .ask(&in_repository(&context.call, pushed.repository()))
                            .await
                    }
                    _ => reply,
                }
            })
        },
    ),
    Deviation::reply(
        "blob-malformed-digest-500",
        &["pull.blob.invalid-digest"],
        |call, reply| {
            if call.reads(Kind::Blob) && reply.status == 400 {
                *reply = Reply::empty(500);
            }
        },
    ),
    // The coding in which the object store was given the blob, and in which it is not sent.
    Deviation::reply(
        "blob-says-aws-chunked",
        &["pull.blob.identity-coding"],
        |call, reply| {
            if call.reads(Kind::Blob) && reply.is_success() {
                reply.set("content-encoding", "aws-chunked");
            }
        },
    ),
    Deviation::reply("blob-type-sniffed", &["pull.blob.content-type"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.body.starts_with(b"<!DOCTYPE html>") {
            reply.set("content-type", "text/html; charset=utf-8");
        }
    }),
    Deviation::reply("blob-without-type", &["pull.blob.content-type"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.is_success() {
            reply.remove("content-type");
        }
    }),
    Deviation::reply(
        "namespace-own-host",
        &["proxy.oci-namespace-header"],
        |call, reply| {
            if call.parameter("ns").is_some() && reply.is_success() {
                reply.set("oci-namespace", "registry.internal");
            }
        },
    ),
];

/// Whether a call brings a blob to its end.
fn closes_upload(call: &Call) -> bool {
    call.is(&Method::PUT, Kind::Session) || call.is(&Method::POST, Kind::Uploads)
}

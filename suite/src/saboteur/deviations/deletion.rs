//! Deviations of the deletion of tags, manifests and blobs.

use http::Method;
use serde_json::Value as Json;

use super::tools;
use super::tools::sha256;
use super::tricks::{UnderWay, blob_path, brought, bytes, closes, delete, has, manifest_path, under_way};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("tag-deleted-200", &["manage.tag.delete-202"], |call, reply| {
        if call.is(&Method::DELETE, Kind::Tag) && reply.status == 202 {
            reply.become_status(200);
        }
    }),
    Deviation::instead("tag-deletion-403", &["manage.tag.disabled-400-405"], |call| {
        call.is(&Method::DELETE, Kind::Tag)
            .then(|| Reply::error(403, "DENIED"))
    }),
    Deviation::instead("tag-deletion-501", &["manage.tag.disabled-400-405"], |call| {
        call.is(&Method::DELETE, Kind::Tag)
            .then(|| Reply::error(501, "UNSUPPORTED"))
    }),
    Deviation::instead(
        "deleted-tag-stays",
        &["manage.tag.get-404-after-delete"],
        |call| call.is(&Method::DELETE, Kind::Tag).then(|| Reply::empty(202)),
    ),
    Deviation::stateful(
        "tag-deletion-deletes-manifest",
        &["manage.tag.delete-keeps-manifest"],
        |context| {
            Box::pin(async move {
                if context.call.is(&Method::DELETE, Kind::Tag) {
                    let tagged = context.ask(&context.call.get(&context.call.path)).await;
                    if tagged.is_success() {
                        let mut deletion = context.call.clone();
                        deletion.path = manifest_path(context.call.repository(), &sha256(&tagged.body));
                        return context.ask(&deletion).await;
                    }
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "unknown-tag-deleted-202",
        &["manage.tag.delete-unknown-404"],
        |call, reply| {
            if call.is(&Method::DELETE, Kind::Tag) && reply.status == 404 {
                *reply = Reply::empty(202);
            }
        },
    ),
    Deviation::reply(
        "manifest-deleted-200",
        &["manage.manifest.delete-202"],
        |call, reply| {
            if call.is(&Method::DELETE, Kind::Manifest) && reply.status == 202 {
                reply.become_status(200);
            }
        },
    ),
    Deviation::stateful(
        "deletion-in-unknown-repository-202",
        &["manage.manifest.unknown-repository-404"],
        |context| {
            Box::pin(async move {
                let tags = format!("/v2/{}/tags/list", context.call.repository());
                if context.call.is(&Method::DELETE, Kind::Manifest) && !has(&context, &tags).await {
                    return Reply::empty(202);
                }
                context.honestly().await
            })
        },
    ),
    Deviation::stateful(
        "unknown-manifest-deleted-202",
        &["manage.manifest.unknown-404"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let tags = format!("/v2/{}/tags/list", context.call.repository());
                let is_unknown = context.call.is(&Method::DELETE, Kind::Manifest) && reply.status == 404;
                if is_unknown && has(&context, &tags).await {
                    return Reply::empty(202);
                }
                reply
            })
        },
    ),
    Deviation::instead(
        "manifest-deletion-403",
        &["manage.manifest.disabled-400-405"],
        |call| {
            call.is(&Method::DELETE, Kind::Manifest)
                .then(|| Reply::error(403, "DENIED"))
        },
    ),
    Deviation::instead(
        "manifest-deletion-501",
        &["manage.manifest.disabled-400-405"],
        |call| {
            call.is(&Method::DELETE, Kind::Manifest)
                .then(|| Reply::error(501, "UNSUPPORTED"))
        },
    ),
    Deviation::stateful(
        "deleted-manifest-cached",
        &["manage.manifest.get-404-after-delete"],
        |context| {
            Box::pin(async move {
                if context.call.is(&Method::DELETE, Kind::Manifest) {
                    let cached = context.ask(&context.call.get(&context.call.path)).await;
                    if cached.is_success() {
                        context.memory.keep(&context.call.path, cached);
                    }
                }
                let reply = context.honestly().await;
                match context.memory.recall(&context.call.path) {
                    Some(cached) if context.call.reads(Kind::Manifest) && reply.status == 404 => cached,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "tags-outlive-manifest",
        &["manage.manifest.delete-removes-tags"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if context.call.is(&Method::PUT, Kind::Tag) && reply.is_success() {
                    let tagged = bytes(context.call.body.clone(), context.call.header("content-type"));
                    context.memory.keep(&context.call.path, tagged);
                } else if context.call.is(&Method::DELETE, Kind::Tag) {
                    context.memory.forget(&context.call.path);
                }
                match context.memory.recall(&context.call.path) {
                    Some(tagged) if context.call.reads(Kind::Tag) && reply.status == 404 => tagged,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "deleted-index-takes-children",
        &["manage.manifest.delete-index-keeps-children"],
        |context| {
            Box::pin(async move {
                let gone = context.ask(&context.call.get(&context.call.path)).await;
                let reply = context.honestly().await;
                if context.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for child in digests(&tools::json(&gone.body), "manifests") {
                        delete(&context, &manifest_path(context.call.repository(), &child)).await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "deleted-child-takes-index",
        &["manage.manifest.index-outlives-child"],
        |context| {
            Box::pin(async move {
                let repository = context.call.repository();
                let reply = context.honestly().await;
                if context.call.is_of_manifest(&Method::PUT) {
                    context.memory.note(repository, &context.call);
                } else if context.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for push in context.memory.noted(repository) {
                        if is_child(&context.call, &push) {
                            delete(&context, &manifest_path(repository, &sha256(&push.body))).await;
                        }
                    }
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "deleted-image-takes-layers",
        &["manage.manifest.delete-other-manifest-untouched"],
        |context| {
            Box::pin(async move {
                let gone = context.ask(&context.call.get(&context.call.path)).await;
                let reply = context.honestly().await;
                if context.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for layer in digests(&tools::json(&gone.body), "layers") {
                        delete(&context, &blob_path(context.call.repository(), &layer)).await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "manifest-deleted-everywhere",
        &["manage.manifest.delete-other-repository-untouched"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if context.call.is_of_manifest(&Method::PUT) && reply.is_success() {
                    context.memory.note(&sha256(&context.call.body), &context.call);
                } else if context.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for push in context.memory.noted(context.call.reference()) {
                        delete(
                            &context,
                            &manifest_path(push.repository(), context.call.reference()),
                        )
                        .await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::reply("blob-deleted-204", &["manage.blob.delete-202"], |call, reply| {
        if call.is(&Method::DELETE, Kind::Blob) && reply.status == 202 {
            *reply = Reply {
                status: 204,
                ..reply.clone()
            };
            reply.remove("content-length");
        }
    }),
    Deviation::reply(
        "unknown-blob-deleted-202",
        &["manage.blob.unknown-404"],
        |call, reply| {
            if call.is(&Method::DELETE, Kind::Blob) && reply.status == 404 {
                *reply = Reply::empty(202);
            }
        },
    ),
    Deviation::instead("blob-deletion-403", &["manage.blob.disabled-400-405"], |call| {
        call.is(&Method::DELETE, Kind::Blob)
            .then(|| Reply::error(403, "DENIED"))
    }),
    Deviation::instead("blob-deletion-501", &["manage.blob.disabled-400-405"], |call| {
        call.is(&Method::DELETE, Kind::Blob)
            .then(|| Reply::error(501, "UNSUPPORTED"))
    }),
    Deviation::stateful(
        "deleted-blob-cached",
        &["manage.blob.get-404-after-delete"],
        |context| {
            Box::pin(async move {
                if context.call.is(&Method::DELETE, Kind::Blob) {
                    let cached = context.ask(&context.call.get(&context.call.path)).await;
                    if cached.is_success() {
                        context.memory.keep(&context.call.path, cached);
                    }
                }
                let reply = context.honestly().await;
                match context.memory.recall(&context.call.path) {
                    Some(cached) if context.call.reads(Kind::Blob) && reply.status == 404 => cached,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "blob-deleted-everywhere",
        &["manage.blob.delete-other-repository-untouched"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if let (true, Some(digest)) = (closes(&context.call), brought(&context.call)) {
                    context.memory.note(&digest, &context.call);
                } else if context.call.is(&Method::DELETE, Kind::Blob) && reply.is_success() {
                    for push in context.memory.noted(context.call.reference()) {
                        delete(&context, &blob_path(push.repository(), context.call.reference())).await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "child-deleted-though-refused",
        &["manage.refused-delete-changes-nothing"],
        |context| {
            Box::pin(async move {
                let repository = context.call.repository();
                let mut reply = context.honestly().await;
                if context.call.is_of_manifest(&Method::PUT) {
                    context.memory.note(repository, &context.call);
                } else if context.call.is(&Method::DELETE, Kind::Manifest) {
                    let pushes = context.memory.noted(repository);
                    if pushes.iter().any(|push| is_child(&context.call, push)) {
                        reply.become_error(405, "UNSUPPORTED");
                        reply.set("allow", "GET, HEAD, PUT");
                    }
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "deleted-blob-gone-for-ever",
        &["manage.repush-after-delete"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if context.call.is(&Method::DELETE, Kind::Blob) && reply.is_success() {
                    context.memory.count(&context.call.path);
                } else if context.call.reads(Kind::Blob) && context.memory.counted(&context.call.path) > 0 {
                    reply.become_error(404, "BLOB_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "deleted-manifest-gone-for-ever",
        &["manage.repush-after-delete"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if context.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    context.memory.count(&context.call.path);
                } else if context.call.reads(Kind::Manifest) && context.memory.counted(&context.call.path) > 0
                {
                    reply.become_error(404, "MANIFEST_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "blob-torn-between-push-and-deletion",
        &["manage.delete-during-upload"],
        |context| {
            Box::pin(async move {
                let path = context.call.path.clone();
                if let (true, Some(digest)) = (closes(&context.call), brought(&context.call)) {
                    let blob = blob_path(context.call.repository(), &digest);
                    let _turn = UnderWay::begin(context.memory, &blob).await;
                    return context.honestly().await;
                }
                let mut reply = context.honestly().await;
                if context.call.is(&Method::DELETE, Kind::Blob) && under_way(context.memory, &path) > 0 {
                    context.memory.count(&path);
                } else if context.call.reads(Kind::Blob) && context.memory.counted(&path) > 0 {
                    reply.set_body(reply.body.slice(..reply.body.len() / 2));
                    reply.remove("docker-content-digest");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "deleted-tag-known-to-head",
        &["manage.get-and-head-agree-after-delete"],
        |context| {
            Box::pin(async move {
                if context.call.is(&Method::DELETE, Kind::Tag) {
                    let cached = context.ask(&context.call.with_method(Method::HEAD)).await;
                    context.memory.keep(&context.call.path, cached);
                }
                match context.memory.recall(&context.call.path) {
                    Some(cached) if context.call.method == Method::HEAD => cached,
                    _ => context.honestly().await,
                }
            })
        },
    ),
    Deviation::stateful(
        "parts-of-deleted-blob-cached",
        &["manage.get-and-head-agree-after-delete"],
        |context| {
            Box::pin(async move {
                let is_part = !context.call.header("range").is_empty();
                if context.call.is(&Method::DELETE, Kind::Blob) {
                    let cached = context.ask(&context.call.get(&context.call.path)).await;
                    context.memory.keep(&context.call.path, cached);
                }
                let reply = context.honestly().await;
                match context.memory.recall(&context.call.path) {
                    Some(cached) if context.call.is(&Method::GET, Kind::Blob) && is_part => cached,
                    _ => reply,
                }
            })
        },
    ),
];

/// The digests of the descriptors in a list of a manifest.
fn digests(manifest: &Json, list: &str) -> Vec<String> {
    let list = manifest[list].as_array().map_or(&[][..], Vec::as_slice);
    let digests = list.iter().filter_map(|entry| entry["digest"].as_str());
    digests.map(str::to_owned).collect()
}

/// Whether what a call names is listed by an index that was pushed.
fn is_child(call: &Call, push: &Call) -> bool {
    let children = digests(&tools::json(&push.body), "manifests");
    children.iter().any(|child| child == call.reference())
}

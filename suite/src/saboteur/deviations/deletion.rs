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
    Deviation::story(
        "tag-deletion-deletes-manifest",
        &["manage.tag.delete-keeps-manifest"],
        |story| {
            Box::pin(async move {
                if story.call.is(&Method::DELETE, Kind::Tag) {
                    let tagged = story.ask(&story.call.get(&story.call.path)).await;
                    if tagged.is_success() {
                        let mut deletion = story.call.clone();
                        deletion.path = manifest_path(story.call.repository(), &sha256(&tagged.body));
                        return story.ask(&deletion).await;
                    }
                }
                story.honestly().await
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
    Deviation::story(
        "deletion-in-unknown-repository-202",
        &["manage.manifest.unknown-repository-404"],
        |story| {
            Box::pin(async move {
                let tags = format!("/v2/{}/tags/list", story.call.repository());
                if story.call.is(&Method::DELETE, Kind::Manifest) && !has(&story, &tags).await {
                    return Reply::empty(202);
                }
                story.honestly().await
            })
        },
    ),
    Deviation::story(
        "unknown-manifest-deleted-202",
        &["manage.manifest.unknown-404"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                let tags = format!("/v2/{}/tags/list", story.call.repository());
                let is_unknown = story.call.is(&Method::DELETE, Kind::Manifest) && reply.status == 404;
                if is_unknown && has(&story, &tags).await {
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
    Deviation::story(
        "deleted-manifest-cached",
        &["manage.manifest.get-404-after-delete"],
        |story| {
            Box::pin(async move {
                if story.call.is(&Method::DELETE, Kind::Manifest) {
                    let cached = story.ask(&story.call.get(&story.call.path)).await;
                    if cached.is_success() {
                        story.memory.keep(&story.call.path, cached);
                    }
                }
                let reply = story.honestly().await;
                match story.memory.recall(&story.call.path) {
                    Some(cached) if story.call.reads(Kind::Manifest) && reply.status == 404 => cached,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story(
        "tags-outlive-manifest",
        &["manage.manifest.delete-removes-tags"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if story.call.is(&Method::PUT, Kind::Tag) && reply.is_success() {
                    let tagged = bytes(story.call.body.clone(), story.call.header("content-type"));
                    story.memory.keep(&story.call.path, tagged);
                } else if story.call.is(&Method::DELETE, Kind::Tag) {
                    story.memory.forget(&story.call.path);
                }
                match story.memory.recall(&story.call.path) {
                    Some(tagged) if story.call.reads(Kind::Tag) && reply.status == 404 => tagged,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story(
        "deleted-index-takes-children",
        &["manage.manifest.delete-index-keeps-children"],
        |story| {
            Box::pin(async move {
                let gone = story.ask(&story.call.get(&story.call.path)).await;
                let reply = story.honestly().await;
                if story.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for child in digests(&tools::json(&gone.body), "manifests") {
                        delete(&story, &manifest_path(story.call.repository(), &child)).await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::story(
        "deleted-child-takes-index",
        &["manage.manifest.index-outlives-child"],
        |story| {
            Box::pin(async move {
                let repository = story.call.repository();
                let reply = story.honestly().await;
                if story.call.is_of_manifest(&Method::PUT) {
                    story.memory.note(repository, &story.call);
                } else if story.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for push in story.memory.noted(repository) {
                        if is_child(&story.call, &push) {
                            delete(&story, &manifest_path(repository, &sha256(&push.body))).await;
                        }
                    }
                }
                reply
            })
        },
    ),
    Deviation::story(
        "deleted-image-takes-layers",
        &["manage.manifest.delete-other-manifest-untouched"],
        |story| {
            Box::pin(async move {
                let gone = story.ask(&story.call.get(&story.call.path)).await;
                let reply = story.honestly().await;
                if story.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for layer in digests(&tools::json(&gone.body), "layers") {
                        delete(&story, &blob_path(story.call.repository(), &layer)).await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::story(
        "manifest-deleted-everywhere",
        &["manage.manifest.delete-other-repository-untouched"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if story.call.is_of_manifest(&Method::PUT) && reply.is_success() {
                    story.memory.note(&sha256(&story.call.body), &story.call);
                } else if story.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    for push in story.memory.noted(story.call.reference()) {
                        delete(&story, &manifest_path(push.repository(), story.call.reference())).await;
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
    Deviation::story(
        "deleted-blob-cached",
        &["manage.blob.get-404-after-delete"],
        |story| {
            Box::pin(async move {
                if story.call.is(&Method::DELETE, Kind::Blob) {
                    let cached = story.ask(&story.call.get(&story.call.path)).await;
                    if cached.is_success() {
                        story.memory.keep(&story.call.path, cached);
                    }
                }
                let reply = story.honestly().await;
                match story.memory.recall(&story.call.path) {
                    Some(cached) if story.call.reads(Kind::Blob) && reply.status == 404 => cached,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story(
        "blob-deleted-everywhere",
        &["manage.blob.delete-other-repository-untouched"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if let (true, Some(digest)) = (closes(&story.call), brought(&story.call)) {
                    story.memory.note(&digest, &story.call);
                } else if story.call.is(&Method::DELETE, Kind::Blob) && reply.is_success() {
                    for push in story.memory.noted(story.call.reference()) {
                        delete(&story, &blob_path(push.repository(), story.call.reference())).await;
                    }
                }
                reply
            })
        },
    ),
    Deviation::story(
        "child-deleted-though-refused",
        &["manage.refused-delete-changes-nothing"],
        |story| {
            Box::pin(async move {
                let repository = story.call.repository();
                let mut reply = story.honestly().await;
                if story.call.is_of_manifest(&Method::PUT) {
                    story.memory.note(repository, &story.call);
                } else if story.call.is(&Method::DELETE, Kind::Manifest) {
                    let pushes = story.memory.noted(repository);
                    if pushes.iter().any(|push| is_child(&story.call, push)) {
                        reply.become_error(405, "UNSUPPORTED");
                        reply.set("allow", "GET, HEAD, PUT");
                    }
                }
                reply
            })
        },
    ),
    Deviation::story(
        "deleted-blob-gone-for-ever",
        &["manage.repush-after-delete"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                if story.call.is(&Method::DELETE, Kind::Blob) && reply.is_success() {
                    story.memory.count(&story.call.path);
                } else if story.call.reads(Kind::Blob) && story.memory.counted(&story.call.path) > 0 {
                    reply.become_error(404, "BLOB_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::story(
        "deleted-manifest-gone-for-ever",
        &["manage.repush-after-delete"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                if story.call.is(&Method::DELETE, Kind::Manifest) && reply.is_success() {
                    story.memory.count(&story.call.path);
                } else if story.call.reads(Kind::Manifest) && story.memory.counted(&story.call.path) > 0 {
                    reply.become_error(404, "MANIFEST_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::story(
        "blob-torn-between-push-and-deletion",
        &["manage.delete-during-upload"],
        |story| {
            Box::pin(async move {
                let path = story.call.path.clone();
                if let (true, Some(digest)) = (closes(&story.call), brought(&story.call)) {
                    let blob = blob_path(story.call.repository(), &digest);
                    let _turn = UnderWay::begin(story.memory, &blob).await;
                    return story.honestly().await;
                }
                let mut reply = story.honestly().await;
                if story.call.is(&Method::DELETE, Kind::Blob) && under_way(story.memory, &path) > 0 {
                    story.memory.count(&path);
                } else if story.call.reads(Kind::Blob) && story.memory.counted(&path) > 0 {
                    reply.become_error(500, "BLOB_UNKNOWN");
                }
                reply
            })
        },
    ),
    Deviation::story(
        "deleted-tag-known-to-head",
        &["manage.get-and-head-agree-after-delete"],
        |story| {
            Box::pin(async move {
                if story.call.is(&Method::DELETE, Kind::Tag) {
                    let cached = story.ask(&story.call.with_method(Method::HEAD)).await;
                    story.memory.keep(&story.call.path, cached);
                }
                match story.memory.recall(&story.call.path) {
                    Some(cached) if story.call.method == Method::HEAD => cached,
                    _ => story.honestly().await,
                }
            })
        },
    ),
    Deviation::story(
        "parts-of-deleted-blob-cached",
        &["manage.get-and-head-agree-after-delete"],
        |story| {
            Box::pin(async move {
                let is_part = !story.call.header("range").is_empty();
                if story.call.is(&Method::DELETE, Kind::Blob) {
                    let cached = story.ask(&story.call.get(&story.call.path)).await;
                    story.memory.keep(&story.call.path, cached);
                }
                let reply = story.honestly().await;
                match story.memory.recall(&story.call.path) {
                    Some(cached) if story.call.is(&Method::GET, Kind::Blob) && is_part => cached,
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

//! Deviations from Docker Registry HTTP API V2, where it asks more than the OCI specification does.

use http::Method;
use serde_json::{Value as Json, json};

use super::tools::is_index;
use super::tricks::{adds, asks_status, cancels, closes, lists_tags, mounts, opens, span};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The media types of Docker's manifests.
const IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The name of an upload that is never the one that was asked for.
const ANOTHER_UPLOAD: &str = "3e1f2a7c-9f0b-4c59-8d5e-0d8a1f6b7c21";
/// The digest of a blob that is never the one that was asked for.
const ANOTHER_BLOB: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "base-without-version",
        &["docker.base.version-header"],
        |call, reply| {
            if call.kind() == Kind::Base {
                reply.remove("docker-distribution-api-version");
            }
        },
    ),
    Deviation::reply("error-as-text", &["docker.errors.in-json"], |call, reply| {
        if call.is(&Method::GET, Kind::Manifest) && reply.status == 404 {
            reply.set_body("manifest unknown\n");
            reply.set("content-type", "text/plain");
        }
    }),
    Deviation::reply(
        "error-without-message",
        &["docker.errors.message"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Manifest) {
                edit_errors(reply, |error| drop(error.remove("message")));
            }
        },
    ),
    Deviation::reply(
        "invalid-manifest-without-detail",
        &["docker.errors.manifest-invalid-detail"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) {
                edit_errors(reply, |error| drop(error.remove("detail")));
            }
        },
    ),
    Deviation::reply(
        "invalid-name-410",
        &["docker.errors.name-invalid-400"],
        |call, reply| {
            if lists_tags(call) && call.repository().contains("Assize") {
                reply.become_status(410);
            }
        },
    ),
    Deviation::reply(
        "upload-without-range",
        &["docker.upload.start-range"],
        |call, reply| {
            if opens(call) {
                reply.remove("range");
            }
        },
    ),
    Deviation::reply("upload-without-name", &["docker.upload.uuid"], |call, reply| {
        if asks_status(call) {
            reply.remove("docker-upload-uuid");
        }
    }),
    Deviation::reply("upload-renamed", &["docker.upload.uuid-stays"], |call, reply| {
        if asks_status(call) {
            reply.set("docker-upload-uuid", ANOTHER_UPLOAD);
        }
    }),
    Deviation::reply(
        "upload-opened-with-content",
        &["docker.upload.empty-answer"],
        |call, reply| {
            if opens(call) && reply.status == 202 {
                reply.set_body("{}");
            }
        },
    ),
    Deviation::reply(
        "chunk-range-exclusive",
        &["docker.upload.range"],
        |call, reply| {
            if adds(call)
                && reply.status == 202
                && let Some((first, last)) = span(reply.header("range"))
            {
                reply.set("range", &format!("{first}-{}", last + 1));
            }
        },
    ),
    Deviation::reply("status-as-200", &["docker.upload.status-204"], |call, reply| {
        if asks_status(call) && reply.status == 204 {
            reply.become_status(200);
            reply.set_body("{}");
        }
    }),
    Deviation::reply(
        "status-without-range",
        &["docker.upload.status-range"],
        |call, reply| {
            if asks_status(call) {
                reply.remove("range");
            }
        },
    ),
    Deviation::reply(
        "status-leads-nowhere",
        &["docker.upload.status-location"],
        |call, reply| {
            if asks_status(call) {
                reply.remove("location");
            }
        },
    ),
    Deviation::reply(
        "refused-chunk-without-range",
        &["docker.upload.416-range"],
        |call, reply| {
            if adds(call) && reply.status == 416 {
                reply.remove("range");
            }
        },
    ),
    Deviation::reply(
        "refused-chunk-without-name",
        &["docker.upload.416-names-upload"],
        |call, reply| {
            if adds(call) && reply.status == 416 {
                reply.remove("docker-upload-uuid");
            }
        },
    ),
    Deviation::reply(
        "malformed-range-400",
        &["docker.upload.416-malformed"],
        |call, reply| {
            if adds(call) && reply.status == 416 && span(call.header("content-range")).is_none() {
                reply.become_status(400);
            }
        },
    ),
    Deviation::reply(
        "chunk-of-another-size-invalid",
        &["docker.upload.size-invalid"],
        |call, reply| {
            if adds(call) && reply.status == 400 {
                reply.become_error(400, "BLOB_UPLOAD_INVALID");
            }
        },
    ),
    Deviation::reply(
        "unknown-upload-410",
        &["docker.upload.unknown-404"],
        |call, reply| {
            if adds(call) && reply.status == 404 {
                reply.become_status(410);
            }
        },
    ),
    Deviation::stateful(
        "completed-upload-410",
        &["docker.upload.closed-unknown"],
        |context| {
            Box::pin(async move {
                let upload = context.call.reference();
                let mut reply = context.honestly().await;
                if closes(&context.call) && reply.is_success() {
                    context.memory.count(upload);
                } else if asks_status(&context.call) && context.memory.counted(upload) > 0 {
                    reply.become_status(410);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "cancelled-upload-410",
        &["docker.upload.cancelled-unknown"],
        |context| {
            Box::pin(async move {
                let upload = context.call.reference();
                let mut reply = context.honestly().await;
                if cancels(&context.call) && reply.is_success() {
                    context.memory.count(upload);
                } else if asks_status(&context.call) && context.memory.counted(upload) > 0 {
                    reply.become_status(410);
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "upload-cancelled-200",
        &["docker.upload.cancel-204"],
        |call, reply| {
            if cancels(call) && reply.status == 204 {
                reply.become_status(200);
            }
        },
    ),
    Deviation::reply(
        "completed-without-digest",
        &["docker.upload.complete-digest"],
        |call, reply| {
            if closes(call) {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::instead("pushes-denied", &["docker.upload.refused-405"], |call| {
        call.is(&Method::POST, Kind::Uploads)
            .then(|| Reply::error(403, "DENIED"))
    }),
    Deviation::reply(
        "mounted-without-digest",
        &["docker.mount.digest"],
        |call, reply| {
            if mounts(call) && reply.status == 201 {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::reply(
        "mount-of-nothing-404",
        &["docker.mount.fallback-202"],
        |call, reply| {
            if mounts(call) && reply.status == 202 {
                reply.become_error(404, "BLOB_UNKNOWN");
            }
        },
    ),
    Deviation::reply(
        "mount-of-nothing-without-name",
        &["docker.mount.fallback-headers"],
        |call, reply| {
            if mounts(call) && reply.status == 202 {
                reply.remove("docker-upload-uuid");
            }
        },
    ),
    Deviation::reply(
        "schema-2-refused",
        &["docker.manifest.schema-2"],
        |call, reply| {
            if puts_schema_2(call) && reply.is_success() {
                reply.become_error(415, "MANIFEST_INVALID");
            }
        },
    ),
    Deviation::reply(
        "schema-2-relabelled",
        &["docker.manifest.schema-2-kept"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Tag) && reply.header("content-type") == IMAGE {
                reply.set("content-type", "application/vnd.oci.image.manifest.v1+json");
            }
        },
    ),
    Deviation::reply(
        "missing-layers-404",
        &["docker.manifest.missing-blobs-400"],
        |call, reply| {
            if puts_schema_2(call) && reply.status == 400 {
                reply.become_status(404);
            }
        },
    ),
    Deviation::reply(
        "missing-layers-one-by-one",
        &["docker.manifest.missing-blobs-each"],
        |call, reply| {
            if puts_schema_2(call) && reply.status == 400 {
                reply.edit_json(|body| {
                    if let Some(errors) = body["errors"].as_array_mut() {
                        errors.truncate(1);
                    }
                });
            }
        },
    ),
    Deviation::reply(
        "missing-layers-in-plain-details",
        &["docker.manifest.missing-blobs-detail"],
        |call, reply| {
            if puts_schema_2(call) {
                edit_errors(reply, |error| {
                    let digest = error.get("detail").map(|detail| detail["digest"].clone());
                    error.insert("detail".to_owned(), digest.unwrap_or_default());
                });
            }
        },
    ),
    Deviation::stateful(
        "blob-that-never-was-410",
        &["docker.blob.unknown-404"],
        |context| {
            Box::pin(async move {
                let call = &context.call;
                let mut reply = context.honestly().await;
                if let Some(digest) = call.parameter("digest").filter(|_| closes(call)) {
                    context.memory.count(&digest);
                } else if call.reads(Kind::Blob)
                    && reply.status == 404
                    && context.memory.counted(call.reference()) == 0
                {
                    reply.become_status(410);
                }
                reply
            })
        },
    ),
    Deviation::instead("blob-elsewhere-by-303", &["docker.blob.redirect"], |call| {
        let asks = call.is(&Method::GET, Kind::Blob) && call.parameter("there").is_none();
        asks.then(|| {
            let mut reply = Reply::empty(303);
            reply.set("location", &format!("{}?there=yes", call.path));
            reply
        })
    }),
    Deviation::reply(
        "list-said-to-be-an-image",
        &["docker.list.said-as-it-is"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Tag) && call.header("accept") == IMAGE && is_index(&reply.body) {
                reply.set("content-type", IMAGE);
            }
        },
    ),
    Deviation::reply("tags-last-first", &["docker.tags.sorted"], |call, reply| {
        if lists_tags(call) && call.query.is_empty() {
            reply.edit_json(|body| {
                if let Some(tags) = body["tags"].as_array_mut() {
                    tags.reverse();
                }
            });
        }
    }),
    Deviation::call("tags-all-at-once", &["docker.tags.n"], |call| {
        if lists_tags(call) {
            call.drop_parameter("n");
        }
    }),
    Deviation::reply("tags-page-without-link", &["docker.tags.link"], |call, reply| {
        if lists_tags(call) && call.query == "n=2" {
            reply.remove("link");
        }
    }),
    Deviation::reply("catalog-of-objects", &["docker.catalog.200"], |call, reply| {
        if call.kind() == Kind::Catalog {
            reply.edit_json(|body| *body = json!({ "repositories": { "items": body["repositories"] } }));
        }
    }),
    Deviation::reply(
        "catalog-as-text",
        &["docker.catalog.content-type"],
        |call, reply| {
            if call.kind() == Kind::Catalog {
                reply.set("content-type", "text/plain");
            }
        },
    ),
    Deviation::call("catalog-all-at-once", &["docker.catalog.n"], |call| {
        if call.kind() == Kind::Catalog {
            call.drop_parameter("n");
        }
    }),
    Deviation::reply("catalog-without-link", &["docker.catalog.link"], |call, reply| {
        if call.kind() == Kind::Catalog {
            reply.remove("link");
        }
    }),
    Deviation::call("catalog-from-the-start", &["docker.catalog.last"], |call| {
        if call.kind() == Kind::Catalog {
            call.drop_parameter("last");
        }
    }),
    Deviation::instead(
        "manifest-deletion-off-400",
        &["docker.delete.manifest-disabled-405"],
        |call| {
            call.is(&Method::DELETE, Kind::Manifest)
                .then(|| Reply::error(400, "UNSUPPORTED"))
        },
    ),
    Deviation::instead(
        "blob-deletion-off-400",
        &["docker.delete.blob-disabled-405"],
        |call| {
            call.is(&Method::DELETE, Kind::Blob)
                .then(|| Reply::error(400, "UNSUPPORTED"))
        },
    ),
    Deviation::reply(
        "another-blob-deleted",
        &["docker.delete.blob-digest"],
        |call, reply| {
            if call.is(&Method::DELETE, Kind::Blob) && reply.is_success() {
                reply.set("docker-content-digest", ANOTHER_BLOB);
            }
        },
    ),
];

fn puts_schema_2(call: &Call) -> bool {
    call.is_of_manifest(&Method::PUT) && [IMAGE, LIST].contains(&call.header("content-type"))
}

/// Changes every error of an answer that refuses.
fn edit_errors(reply: &mut Reply, edit: impl Fn(&mut serde_json::Map<String, Json>)) {
    if reply.status < 400 {
        return;
    }
    reply.edit_json(|body| {
        let errors = body["errors"].as_array_mut().into_iter().flatten();
        errors.filter_map(Json::as_object_mut).for_each(edit);
    });
}

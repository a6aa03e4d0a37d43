//! Deviations where a manifest is pushed.

use http::Method;
use serde_json::Value as Json;

use super::tools::{is_index, json, respell, sha256};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The media type of an index.
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The configs that a registry for images alone knows.
const CONFIGS: [&str; 2] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
/// The members that a registry keeps which does not keep what it does not know.
const MEMBERS: [&str; 9] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
    "annotations",
    "data",
];

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    // Quay did, and skopeo took the push for failed.
    Deviation::reply("push-by-tag-202", &["push.manifest.by-tag-201"], |call, reply| {
        if call.is(&Method::PUT, Kind::Tag) && reply.status == 201 {
            reply.become_status(202);
        }
    }),
    Deviation::reply(
        "push-by-digest-200",
        &["push.manifest.by-digest-201"],
        |call, reply| {
            if call.is(&Method::PUT, Kind::Manifest) && reply.status == 201 {
                reply.become_status(200);
            }
        },
    ),
    Deviation::reply(
        "push-without-location",
        &["push.manifest.location"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) {
                reply.remove("location");
            }
        },
    ),
    Deviation::reply(
        "push-location-elsewhere",
        &["push.manifest.location-pullable"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && reply.is_success() {
                let place = reply
                    .header("location")
                    .replace("/manifests/", "-mirror/manifests/");
                reply.set("location", &place);
            }
        },
    ),
    Deviation::reply(
        "manifest-rewritten",
        &["push.manifest.exact-bytes"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) && reply.is_success() {
                reply.edit_json(|_| {});
            }
        },
    ),
    Deviation::reply(
        "push-by-sha512-says-sha256",
        &["push.manifest.digest-header-equal"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && reply.is_success() {
                reply.set("docker-content-digest", &sha256(&call.body));
            }
        },
    ),
    Deviation::reply(
        "push-without-digest-header",
        &["push.manifest.digest-header-present"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) {
                reply.remove("docker-content-digest");
            }
        },
    ),
    Deviation::call(
        "manifest-digest-unchecked",
        &["push.manifest.digest-mismatch-400"],
        |call| {
            if call.is(&Method::PUT, Kind::Manifest) && call.reference().starts_with("sha256:") {
                let own = sha256(&call.body);
                respell(call, |_| own);
            }
        },
    ),
    Deviation::stateful(
        "manifest-stored-before-checked",
        &["push.manifest.digest-mismatch-nothing-stored"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if context.call.is(&Method::PUT, Kind::Manifest) && reply.status == 400 {
                    let mut right = context.call.clone();
                    respell(&mut right, |_| sha256(&context.call.body));
                    context.ask(&right).await;
                }
                reply
            })
        },
    ),
    Deviation::stateful("tag-stays", &["push.manifest.tag-move"], |context| {
        Box::pin(async move {
            let mut call = context.call.clone();
            if call.is(&Method::PUT, Kind::Tag) && context.ask(&call.get(&call.path)).await.is_success() {
                respell(&mut call, |_| sha256(&context.call.body));
            }
            context.ask(&call).await
        })
    }),
    Deviation::stateful(
        "untagged-manifest-deleted",
        &["push.manifest.old-digest-after-tag-move"],
        |context| {
            Box::pin(async move {
                let before = context.ask(&context.call.get(&context.call.path)).await;
                let reply = context.honestly().await;
                if context.call.is(&Method::PUT, Kind::Tag)
                    && reply.is_success()
                    && before.body != context.call.body
                {
                    let mut old = context.call.get(&context.call.path).with_method(Method::DELETE);
                    respell(&mut old, |_| before.header("docker-content-digest").to_owned());
                    context.ask(&old).await;
                }
                reply
            })
        },
    ),
    Deviation::stateful("one-tag-a-manifest", &["push.manifest.many-tags"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            if context.call.is(&Method::PUT, Kind::Tag) && reply.is_success() {
                let key = format!("{} {}", context.call.repository(), sha256(&context.call.body));
                for earlier in context.memory.noted(&key) {
                    if earlier.path != context.call.path {
                        context
                            .ask(&earlier.get(&earlier.path).with_method(Method::DELETE))
                            .await;
                    }
                }
                context.memory.note(&key, &context.call);
            }
            reply
        })
    }),
    // ECR did for tags that may not move, though they did not.
    Deviation::stateful(
        "push-again-409",
        &["push.manifest.repush-idempotent"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if context.call.is_of_manifest(&Method::PUT) && reply.is_success() {
                    let key = format!("{} {}", context.call.repository(), sha256(&context.call.body));
                    if context.memory.count(&key) > 0 {
                        return Reply::error(409, "DENIED");
                    }
                }
                reply
            })
        },
    ),
    Deviation::instead(
        "push-type-with-parameter-415",
        &["push.manifest.content-type-parameters-ignored"],
        |call| {
            let has_parameter = call.header("content-type").contains(';');
            refused(call, 415, |_| has_parameter)
        },
    ),
    Deviation::instead("push-without-layers-400", &["push.manifest.no-layers"], |call| {
        refused(call, 400, |manifest| {
            manifest["layers"] == Json::Array(Vec::new())
        })
    }),
    Deviation::instead("push-of-index-415", &["push.manifest.index"], |call| {
        refused(call, 415, |manifest| manifest.get("manifests").is_some())
    }),
    Deviation::instead(
        "push-of-nested-index-400",
        &["push.manifest.nested-and-empty-index"],
        |call| {
            refused(call, 400, |manifest| {
                members(manifest, "manifests").any(|entry| entry["mediaType"] == INDEX)
            })
        },
    ),
    Deviation::instead(
        "push-of-empty-index-400",
        &["push.manifest.nested-and-empty-index"],
        |call| {
            refused(call, 400, |manifest| {
                manifest["manifests"] == Json::Array(Vec::new())
            })
        },
    ),
    Deviation::reply(
        "manifest-keeps-known-members",
        &["push.manifest.unknown-fields"],
        |call, reply| {
            if call.is_of_manifest(&Method::GET) && reply.is_success() {
                reply.edit_json(|manifest| {
                    if let Some(members) = manifest.as_object_mut() {
                        members.retain(|name, _| MEMBERS.contains(&name.as_str()));
                    }
                });
            }
        },
    ),
    Deviation::instead("push-of-artifact-400", &["push.manifest.artifact"], |call| {
        refused(call, 400, |manifest| {
            let config = manifest["config"]["mediaType"].as_str();
            config.is_some_and(|config| !CONFIGS.contains(&config))
        })
    }),
    Deviation::instead("push-with-data-400", &["push.manifest.descriptor-data"], |call| {
        refused(call, 400, |manifest| {
            let config = manifest.get("config");
            let mut descriptors = config.into_iter().chain(members(manifest, "layers"));
            descriptors.any(|descriptor| descriptor.get("data").is_some())
        })
    }),
    Deviation::reply(
        "missing-blob-is-invalid-manifest",
        &["push.manifest.missing-blob-error-code"],
        |call, reply| renamed(call, reply, "MANIFEST_INVALID"),
    ),
    Deviation::reply(
        "missing-blob-is-unknown-name",
        &["push.manifest.missing-blob-error-blob-unknown"],
        |call, reply| renamed(call, reply, "NAME_UNKNOWN"),
    ),
    // gitlab.com did, for attestations that come before the image.
    Deviation::stateful(
        "missing-subject-refused",
        &["push.manifest.subject-missing-accepted"],
        |context| {
            Box::pin(async move {
                let manifest = json(&context.call.body);
                if let Some(subject) = manifest["subject"]["digest"].as_str()
                    && context.call.is_of_manifest(&Method::PUT)
                {
                    let path = format!("/v2/{}/manifests/{subject}", context.call.repository());
                    if context.ask(&context.call.get(&path)).await.status == 404 {
                        return Reply::error(404, "MANIFEST_BLOB_UNKNOWN");
                    }
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "oci-subject-of-referrer",
        &["push.manifest.oci-subject"],
        |call, reply| {
            if reply.headers.contains_key("oci-subject") && !is_index(&call.body) {
                let own = sha256(&call.body);
                reply.set("oci-subject", &own);
            }
        },
    ),
    Deviation::reply(
        "oci-subject-of-images-only",
        &["push.manifest.oci-subject-index"],
        |call, reply| {
            if is_index(&call.body) {
                reply.remove("oci-subject");
            }
        },
    ),
    Deviation::reply(
        "oci-subject-always",
        &["push.manifest.oci-subject-absent"],
        |call, reply| {
            let is_new = call.is_of_manifest(&Method::PUT) && reply.is_success();
            if is_new && reply.header("oci-subject").is_empty() {
                let own = sha256(&call.body);
                reply.set("oci-subject", &own);
            }
        },
    ),
    // Docker Hub and ECR sent the header long before they had the list.
    Deviation::instead(
        "oci-subject-without-referrers",
        &["push.manifest.oci-subject-truthful"],
        |call| call.reads(Kind::Referrers).then(|| Reply::empty(404)),
    ),
    Deviation::stateful(
        "malformed-subject-spoils-list",
        &["push.manifest.subject-malformed"],
        |context| {
            Box::pin(async move {
                let repository = context.call.repository();
                let manifest = json(&context.call.body);
                let digest = manifest["subject"]["digest"].as_str().unwrap_or_default();
                if manifest.get("subject").is_some() && !digest.contains(':') {
                    context.memory.count(repository);
                }
                if context.call.reads(Kind::Referrers) && context.memory.counted(repository) > 0 {
                    return Reply::empty(500);
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "empty-manifest-taken",
        &["push.manifest.invalid-json"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && call.body.is_empty() {
                *reply = Reply::empty(201);
                reply.set("location", &call.path);
            }
        },
    ),
    Deviation::reply(
        "tags-not-announced",
        &["push.manifest.oci-tag-header"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) {
                reply.remove("oci-tag");
            }
        },
    ),
    Deviation::reply(
        "first-tag-announced",
        &["push.manifest.oci-tag-header"],
        |_, reply| {
            if let Some((first, _)) = reply.header("oci-tag").split_once(',') {
                let first = first.to_owned();
                reply.set("oci-tag", &first);
            }
        },
    ),
    Deviation::stateful(
        "refused-tag-announced",
        &["push.manifest.oci-tag-truthful"],
        |context| {
            Box::pin(async move {
                let mut call = context.call.clone();
                let (bad, good): (Vec<&str>, Vec<&str>) = context
                    .call
                    .query
                    .split('&')
                    .partition(|pair| pair.strip_prefix("tag=").is_some_and(|tag| !is_tag(tag)));
                call.query = good.join("&");
                let mut reply = context.ask(&call).await;
                for tag in bad.iter().filter_map(|pair| pair.strip_prefix("tag=")) {
                    reply.add("oci-tag", tag);
                }
                reply
            })
        },
    ),
    Deviation::call("five-tags-taken", &["push.manifest.tag-parameters-ten"], |call| {
        if call.is(&Method::PUT, Kind::Manifest) {
            let taken: Vec<&str> = call.query.split('&').take(5).collect();
            call.query = taken.join("&");
        }
    }),
];

/// Refuses to take a manifest that is of some kind.
pub(super) fn refused(call: &Call, status: u16, is: impl Fn(&Json) -> bool) -> Option<Reply> {
    (call.is_of_manifest(&Method::PUT) && is(&json(&call.body)))
        .then(|| Reply::error(status, "MANIFEST_INVALID"))
}

/// Whether a text can be a tag.
fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = text.bytes().next().is_some_and(is_word);
    begins && text.len() <= 128 && text.bytes().all(|byte| is_word(byte) || b".-".contains(&byte))
}

/// The members of a list of a manifest.
pub(super) fn members<'a>(manifest: &'a Json, list: &str) -> impl Iterator<Item = &'a Json> {
    manifest[list].as_array().into_iter().flatten()
}

/// Calls a missing blob something else.
fn renamed(call: &Call, reply: &mut Reply, code: &str) {
    if call.is_of_manifest(&Method::PUT) {
        super::errors::recode(reply, "MANIFEST_BLOB_UNKNOWN", code);
    }
}

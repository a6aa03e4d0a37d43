//! Deviations in what a manifest may be: shapes that real clients push, and some registry does not take.

use http::Method;
use serde_json::Value as Json;

use super::manifests::{members, refused};
use super::tools::{json, not_allowed};
use super::tricks::{INDEX, blob_path, digest, has, subject_of};
use crate::saboteur::{Call, Deviation, Reply};

/// The usual config.
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The layers that a registry knows which knows only its own time.
const LAYERS: [&str; 4] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
];
/// The length of a column in which many databases keep a text.
const COLUMN: usize = 255;

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "images-refused",
        &["push.manifest.by-tag-201", "push.manifest.by-digest-201"],
        |call, reply| {
            let is_image = json(&call.body)["config"]["mediaType"] == CONFIG;
            if call.is_of_manifest(&Method::PUT) && reply.is_success() && is_image {
                reply.become_error(415, "UNSUPPORTED");
            }
        },
    )
    .because("a manifest is pushed by tag or by digest, and both are refused"),
    // Gitea kept layers in a table, each once.
    Deviation::instead("repeated-layer-500", &["push.manifest.repeated-layer"], |call| {
        refused(call, 500, |manifest| repeats(manifest, "layers"))
    }),
    Deviation::instead("repeated-child-400", &["push.manifest.repeated-child"], |call| {
        refused(call, 400, |manifest| repeats(manifest, "manifests"))
    }),
    // Quay took gzip alone.
    Deviation::instead("zstd-layer-415", &["push.manifest.layer-types"], |call| {
        refused(call, 415, |manifest| {
            types(manifest).any(|kind| kind.contains("zstd"))
        })
    }),
    Deviation::instead("layer-types-by-list", &["push.manifest.layer-types"], |call| {
        refused(call, 400, |manifest| {
            manifest["config"]["mediaType"] == CONFIG && types(manifest).any(|kind| !LAYERS.contains(&kind))
        })
    }),
    // distribution did before 3.1.
    Deviation::instead(
        "layer-with-urls-500",
        &["push.manifest.descriptor-urls", "errors.client-fault-not-5xx"],
        |call| {
            refused(call, 500, |manifest| {
                members(manifest, "layers").any(|layer| layer.get("urls").is_some())
            })
        },
    )
    .because("such a layer is not taken, and that by an error of the server"),
    Deviation::stateful(
        "nondistributable-layer-demanded",
        &["push.manifest.nondistributable"],
        |context| {
            Box::pin(async move {
                let manifest = json(&context.call.body);
                if context.call.is_of_manifest(&Method::PUT) {
                    for layer in members(&manifest, "layers").filter(|layer| is_elsewhere(layer)) {
                        if !has(&context, &blob_path(context.call.repository(), digest(layer))).await {
                            return Reply::error(404, "MANIFEST_BLOB_UNKNOWN");
                        }
                    }
                }
                context.honestly().await
            })
        },
    ),
    Deviation::instead(
        "annotations-refused",
        &["push.manifest.long-annotations"],
        |call| refused(call, 400, |manifest| manifest.get("annotations").is_some()),
    ),
    Deviation::instead("artifact-type-refused", &["push.manifest.artifact"], |call| {
        refused(call, 400, |manifest| manifest.get("artifactType").is_some())
    }),
    Deviation::instead(
        "annotation-longer-than-column-400",
        &["push.manifest.long-annotations"],
        |call| {
            refused(call, 400, |manifest| {
                annotations(manifest).any(|text| text.len() > COLUMN)
            })
        },
    ),
    Deviation::instead(
        "annotation-of-layer-longer-than-column-400",
        &["push.manifest.long-annotations"],
        |call| {
            refused(call, 400, |manifest| {
                let texts = members(manifest, "layers").flat_map(annotations);
                texts.into_iter().any(|text| text.len() > COLUMN)
            })
        },
    ),
    Deviation::instead(
        "annotation-of-64-kib-500",
        &["push.manifest.long-annotations"],
        |call| {
            refused(call, 500, |manifest| {
                annotations(manifest).any(|text| text.len() >= 65536)
            })
        },
    ),
    Deviation::instead("escaped-nul-500", &["push.manifest.any-characters"], |call| {
        refused(call, 500, |manifest| {
            annotations(manifest).any(|text| text.contains('\0'))
        })
    }),
    Deviation::instead(
        "letters-outside-ascii-400",
        &["push.manifest.any-characters"],
        |call| {
            refused(call, 400, |manifest| {
                annotations(manifest).any(|text| !text.is_ascii())
            })
        },
    ),
    // ECR did above 500.
    Deviation::instead("many-layers-405", &["push.manifest.many-layers"], |call| {
        refused(call, 405, |manifest| members(manifest, "layers").count() > 500)
            .map(|_| not_allowed("GET, HEAD, DELETE"))
    }),
    Deviation::instead("many-layers-500", &["push.manifest.many-layers"], |call| {
        refused(call, 500, |manifest| members(manifest, "layers").count() > 127)
    }),
    Deviation::instead(
        "many-layers-413-without-a-word",
        &["push.manifest.many-layers"],
        |call| {
            refused(call, 413, |manifest| members(manifest, "layers").count() > 1000)
                .map(|_| Reply::empty(413))
        },
    ),
    Deviation::instead(
        "entry-without-platform-400",
        &["push.manifest.index-entries"],
        |call| {
            refused(call, 400, |manifest| {
                members(manifest, "manifests").any(|entry| entry.get("platform").is_none())
            })
        },
    ),
    Deviation::instead(
        "entry-of-unknown-platform-400",
        &["push.manifest.index-entries"],
        |call| {
            refused(call, 400, |manifest| {
                members(manifest, "manifests").any(|entry| entry["platform"]["os"] == "unknown")
            })
        },
    ),
    Deviation::instead(
        "subject-refused",
        &[
            "push.manifest.with-subject",
            "push.manifest.subject-missing-accepted",
        ],
        |call| {
            (subject_of(call).is_some() && !is_index(call))
                .then(|| refusal(call))
                .flatten()
        },
    )
    .because("a subject is there or missing, and both are refused"),
    Deviation::instead(
        "subject-of-index-refused",
        &["push.manifest.index-with-subject"],
        |call| {
            (subject_of(call).is_some() && is_index(call))
                .then(|| refusal(call))
                .flatten()
        },
    ),
    Deviation::instead("docker-manifests-415", &["interop.docker-manifests"], |call| {
        let is_docker = call.header("content-type").contains("vnd.docker.distribution");
        refused(call, 415, |_| is_docker)
    }),
    Deviation::instead("buildkit-cache-400", &["interop.buildkit-cache-index"], |call| {
        refused(call, 400, |manifest| {
            let entries = members(manifest, "manifests");
            entries
                .filter_map(kind)
                .any(|kind| kind.contains("buildkit.cacheconfig"))
        })
    }),
];

/// Whether a list of a manifest names something twice.
fn repeats(manifest: &Json, list: &str) -> bool {
    let digests: Vec<&str> = members(manifest, list).map(digest).collect();
    digests
        .iter()
        .enumerate()
        .any(|(at, one)| digests[..at].contains(one) && digests.len() < 100)
}

fn kind(descriptor: &Json) -> Option<&str> {
    descriptor["mediaType"].as_str()
}

/// The media types of the layers of a manifest.
fn types(manifest: &Json) -> impl Iterator<Item = &str> {
    members(manifest, "layers").filter_map(kind)
}

/// The names and the values of annotations.
fn annotations(of: &Json) -> impl Iterator<Item = &str> {
    let pairs = of["annotations"].as_object().into_iter().flatten();
    pairs.flat_map(|(name, value)| [Some(name.as_str()), value.as_str()].into_iter().flatten())
}

/// Whether a layer need not be here.
fn is_elsewhere(layer: &Json) -> bool {
    kind(layer).is_some_and(|kind| kind.contains("nondistributable") || kind.contains("foreign"))
}

fn is_index(call: &Call) -> bool {
    json(&call.body)["mediaType"] == INDEX
}

fn refusal(call: &Call) -> Option<Reply> {
    refused(call, 400, |_| true)
}

//! Deviations from what Docker's registry of 2014 spoke: TarSum digests, signed manifests.

use assize_legacy::signed::{SignatureAlgorithm, SignedManifest, SigningKey};
use http::Method;
use serde_json::{Value as Json, json};
use time::OffsetDateTime;

use super::tools::json;
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The media type of a signed manifest.
const SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("base-says-more", &["legacy.base.empty-object"], |call, reply| {
        if call.kind() == Kind::Base {
            reply.edit_json(|body| *body = json!({ "version": "registry/2.0" }));
        }
    }),
    Deviation::reply(
        "missing-layer-by-another-code",
        &["legacy.layer.unknown-404"],
        |call, reply| {
            if call.reads(Kind::Blob) && reply.status == 404 {
                reply.become_error(404, "UNKNOWN");
            }
        },
    ),
    Deviation::reply(
        "missing-layer-without-detail",
        &["legacy.layer.unknown-detail"],
        |call, reply| {
            if call.reads(Kind::Blob) {
                drop_details(reply);
            }
        },
    ),
    Deviation::instead("tarsum-unsupported", &["legacy.layer.tarsum-201"], |call| {
        (closes_by_tarsum(call)).then(|| Reply::error(400, "DIGEST_INVALID"))
    }),
    Deviation::reply(
        "tarsum-layer-altered",
        &["legacy.layer.tarsum-get"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && is_tarsum(call.reference()) && reply.status == 200 {
                let mut body = reply.body.to_vec();
                body.rotate_left(1);
                reply.set_body(body);
            }
        },
    ),
    Deviation::reply(
        "tarsum-unverified",
        &["legacy.layer.tarsum-mismatch"],
        |call, reply| {
            if closes_by_tarsum(call) && reply.status == 400 {
                reply.become_status(201);
            }
        },
    ),
    Deviation::instead("size-unsupported", &["legacy.layer.size"], |call| {
        let says_size = call.parameter("size").is_some() && !closes_by_tarsum(call);
        says_size.then(|| Reply::error(400, "UNSUPPORTED"))
    }),
    Deviation::call("size-ignored", &["legacy.layer.size-mismatch"], |call| {
        call.drop_parameter("size");
    }),
    Deviation::instead("parts-unsupported-2014", &["legacy.layer.resumed"], |call| {
        call.is(&Method::PATCH, Kind::Session)
            .then(|| Reply::error(405, "UNSUPPORTED"))
    }),
    Deviation::reply(
        "status-without-range-2014",
        &["legacy.layer.status"],
        |call, reply| {
            if call.reads(Kind::Session) {
                reply.remove("range");
            }
        },
    ),
    Deviation::call("parts-of-layers-ignored", &["legacy.layer.range"], |call| {
        if call.reads(Kind::Blob) {
            call.headers.remove("range");
        }
    }),
    Deviation::reply(
        "missing-manifest-by-another-code",
        &["legacy.manifest.unknown-404"],
        |call, reply| {
            if call.reads(Kind::Tag) && reply.status == 404 {
                reply.become_error(404, "UNKNOWN");
            }
        },
    ),
    Deviation::reply(
        "missing-manifest-without-detail",
        &["legacy.manifest.unknown-detail"],
        |call, reply| {
            if call.reads(Kind::Tag) {
                drop_details(reply);
            }
        },
    ),
    Deviation::reply(
        "signed-manifest-unsupported",
        &["legacy.manifest.put"],
        |call, reply| {
            if puts_signed(call) && !names_tarsum(call) && reply.is_success() {
                reply.become_error(400, "MANIFEST_INVALID");
            }
        },
    ),
    Deviation::instead(
        "manifest-by-tarsum-unsupported",
        &["legacy.manifest.tarsum-layers"],
        |call| (puts_signed(call) && names_tarsum(call)).then(|| Reply::error(400, "MANIFEST_INVALID")),
    ),
    Deviation::reply(
        "signed-manifest-reformatted",
        &["legacy.manifest.get"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Tag) && is_of_schema_1(reply) && call.header("accept") != SIGNED {
                let body = json(&reply.body);
                if let Ok(body) = serde_json::to_vec_pretty(&body) {
                    reply.set_body(body);
                }
            }
        },
    ),
    Deviation::reply(
        "digest-of-signatures-too",
        &["legacy.manifest.digest-of-payload"],
        |call, reply| {
            if call.reads(Kind::Tag) && is_of_schema_1(reply) {
                let digest = super::tools::sha256(&reply.body);
                reply.set("docker-content-digest", &digest);
            }
        },
    ),
    Deviation::instead(
        "tag-not-deleted-2014",
        &["legacy.manifest.delete-by-tag"],
        |call| {
            call.is(&Method::DELETE, Kind::Tag)
                .then(|| Reply::error(405, "UNSUPPORTED"))
        },
    ),
    Deviation::reply(
        "signature-unverified",
        &["legacy.manifest.unverified"],
        |call, reply| {
            if puts_signed(call) && says(reply, "MANIFEST_UNVERIFIED") && has_signature(call) {
                reply.become_status(201);
            }
        },
    ),
    Deviation::reply(
        "no-signature-taken",
        &["legacy.manifest.no-signature"],
        |call, reply| {
            if puts_signed(call) && says(reply, "MANIFEST_UNVERIFIED") && !has_signature(call) {
                reply.become_status(201);
            }
        },
    ),
    Deviation::reply(
        "signed-name-ignored",
        &["legacy.manifest.for-this-name"],
        |call, reply| {
            if puts_signed(call) && says(reply, "NAME_INVALID") {
                reply.become_status(201);
            }
        },
    ),
    Deviation::reply(
        "signed-tag-ignored",
        &["legacy.manifest.for-this-tag"],
        |call, reply| {
            if puts_signed(call) && says(reply, "TAG_INVALID") {
                reply.become_status(201);
            }
        },
    ),
    Deviation::reply(
        "signed-layers-ignored",
        &["legacy.manifest.missing-layers"],
        |call, reply| {
            if puts_signed(call) && says(reply, "BLOB_UNKNOWN") {
                reply.become_status(201);
            }
        },
    ),
    Deviation::reply(
        "one-missing-layer-at-a-time",
        &["legacy.manifest.missing-layers-named"],
        |call, reply| {
            if puts_signed(call) && says(reply, "BLOB_UNKNOWN") {
                reply.edit_json(|body| {
                    if let Some(errors) = body["errors"].as_array_mut() {
                        errors.truncate(1);
                    }
                });
            }
        },
    ),
    Deviation::instead("old-clients-not-served", &["legacy.manifest.converted"], |call| {
        let is_old = call.reads(Kind::Tag) && call.header("accept") == SIGNED;
        is_old.then(|| Reply::error(404, "MANIFEST_UNKNOWN"))
    }),
    Deviation::reply(
        "converted-and-not-signed-anew",
        &["legacy.manifest.converted-signed"],
        |call, reply| {
            if is_converted(call, reply) {
                reply.edit_json(|manifest| manifest["architecture"] = json!("other"));
            }
        },
    ),
    Deviation::reply(
        "converted-for-another-tag",
        &["legacy.manifest.converted-names-its-place"],
        |call, reply| {
            if is_converted(call, reply)
                && let Some(signed) = signed_for(&reply.body, "other")
            {
                reply.set_body(signed);
            }
        },
    ),
];

/// Whether a client of the time was told an image of schema 2 as one of schema 1.
fn is_converted(call: &Call, reply: &Reply) -> bool {
    call.reads(Kind::Tag) && call.header("accept") == SIGNED && is_of_schema_1(reply)
}

/// A signed manifest, signed anew for another tag.
fn signed_for(manifest: &[u8], tag: &str) -> Option<Vec<u8>> {
    let mut manifest: Json = serde_json::from_slice(SignedManifest::verify(manifest).ok()?.payload()).ok()?;
    manifest["tag"] = json!(tag);
    let key = SigningKey::generate(SignatureAlgorithm::Es256).ok()?;
    key.sign(manifest.to_string().as_bytes(), OffsetDateTime::now_utc())
        .ok()
}

fn is_tarsum(digest: &str) -> bool {
    digest.starts_with("tarsum.")
}

fn closes_by_tarsum(call: &Call) -> bool {
    let digest = call.parameter("digest").unwrap_or_default();
    call.is(&Method::PUT, Kind::Session) && is_tarsum(&digest.replace("%2B", "+"))
}

fn puts_signed(call: &Call) -> bool {
    call.is(&Method::PUT, Kind::Tag) && call.header("content-type") == SIGNED
}

fn names_tarsum(call: &Call) -> bool {
    let layer = &json(&call.body)["fsLayers"][0]["blobSum"];
    layer.as_str().is_some_and(is_tarsum)
}

fn has_signature(call: &Call) -> bool {
    json(&call.body)["signatures"][0].is_object()
}

fn is_of_schema_1(reply: &Reply) -> bool {
    reply.header("content-type") == SIGNED
}

/// Whether an error has a code.
fn says(reply: &Reply, code: &str) -> bool {
    let body = json(&reply.body);
    let mut errors = body["errors"].as_array().into_iter().flatten();
    reply.status >= 400 && errors.any(|error| error["code"] == code)
}

fn drop_details(reply: &mut Reply) {
    if reply.status < 400 {
        return;
    }
    reply.edit_json(|body| {
        let errors = body["errors"].as_array_mut().into_iter().flatten();
        for error in errors.filter_map(Json::as_object_mut) {
            error.remove("detail");
        }
    });
}

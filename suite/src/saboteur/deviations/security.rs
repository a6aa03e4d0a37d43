//! Deviations under hostile input.

use super::tools::sha256;
use super::tricks::{blob_path, bytes, closes};
use crate::saboteur::{Deviation, Kind};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::call("name-decoded-too-late", &["security.traversal-name"], |call| {
        if !call.repository().is_empty() {
            let (name, rest) = call.path.split_at(call.repository().len() + "/v2/".len());
            call.path = format!("{}{rest}", walked(name));
        }
    }),
    Deviation::call(
        "reference-decoded-too-late",
        &["security.traversal-reference"],
        |call| {
            if matches!(call.kind(), Kind::Tag | Kind::Manifest) {
                call.path = walked(&call.path);
            }
        },
    ),
    Deviation::instead("digest-joined-to-path", &["security.traversal-digest"], |call| {
        let file = call.path.to_lowercase().replace("%2f", "/");
        (call.reads(Kind::Blob) && file.ends_with("/etc/passwd"))
            .then(|| bytes("root:x:0:0:root:/root:/bin/sh\n", "application/octet-stream"))
    }),
    Deviation::call(
        "upload-decoded-too-late",
        &["security.traversal-session"],
        |call| {
            if call.kind() == Kind::Session {
                call.path = walked(&call.path);
            }
        },
    ),
    Deviation::reply(
        "line-ends-copied-to-header",
        &["security.header-injection"],
        |call, reply| {
            let query = call.query.to_lowercase().replace("%3a", ":").replace("%20", " ");
            let injected = query.split_once("%0d%0a").map(|(_, injected)| injected);
            if let Some((name, value)) = injected.and_then(|line| line.split_once(':')) {
                reply.add(name, value.trim());
            }
        },
    ),
    Deviation::reply(
        "error-text-unescaped",
        &["security.json-injection"],
        |call, reply| {
            if reply.status >= 400 && reply.header("content-type").contains("json") {
                let asked = call
                    .path
                    .replace("%22", "\"")
                    .replace("%5c", "\\")
                    .replace("%0a", "\n");
                reply.set_body(format!(
                    r#"{{"errors":[{{"code":"NAME_INVALID","message":"{asked} is no name"}}]}}"#
                ));
            }
        },
    ),
    Deviation::call(
        "weak-digest-taken",
        &["security.digest-algorithm-downgrade"],
        |call| {
            let is_weak = |digest: String| digest.starts_with("md5:") || digest.starts_with("sha1:");
            if closes(call) && call.parameter("digest").is_some_and(is_weak) {
                call.set_parameter("digest", &sha256(&call.body));
            }
        },
    ),
    Deviation::stateful(
        "second-digest-unverified",
        &["security.digest-algorithm-downgrade"],
        |mut context| {
            Box::pin(async move {
                let digests: Vec<String> = context.call.query.split('&').filter_map(digest_in).collect();
                if closes(&context.call)
                    && let [_, claimed] = digests.as_slice()
                {
                    let blob = blob_path(context.call.repository(), claimed);
                    context.call.set_parameter("digest", &sha256(&context.call.body));
                    context.memory.keep(
                        &blob,
                        bytes(context.call.body.clone(), "application/octet-stream"),
                    );
                }
                let reply = context.honestly().await;
                match context.memory.recall(&context.call.path) {
                    Some(blob) if reply.status == 404 => blob,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "blobs-served-as-manifests",
        &["security.manifest-blob-confusion"],
        |mut context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if !context.call.reads(Kind::Manifest) || reply.status != 404 {
                    return reply;
                }
                context.call.path = blob_path(context.call.repository(), context.call.reference());
                let mut blob = context.honestly().await;
                if blob.is_success() {
                    blob.set("content-type", "application/vnd.oci.image.manifest.v1+json");
                    return blob;
                }
                reply
            })
        },
    ),
];

/// A path with its slashes and dots decoded, and walked along.
fn walked(path: &str) -> String {
    let plain = path.to_lowercase().replace("%2f", "/").replace("%2e", ".");
    let mut walked: Vec<&str> = Vec::new();
    for segment in plain.split('/') {
        match segment {
            ".." => {
                walked.pop();
            }
            "." => {}
            _ => walked.push(segment),
        }
    }
    walked.join("/")
}

/// A digest among the parameters of a query.
fn digest_in(pair: &str) -> Option<String> {
    let digest = pair.strip_prefix("digest=")?;
    Some(digest.replace("%3A", ":").replace("%3a", ":"))
}

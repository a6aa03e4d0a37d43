//! What deviations of several parts of the protocol have in common.

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::saboteur::{Call, Kind, Reply};

/// The digest of `bytes`.
pub(in crate::saboteur) fn sha256(bytes: &[u8]) -> String {
    let hex = Sha256::digest(bytes);
    hex.iter()
        .fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Whether `text` is a digest as the image specification writes it.
pub(in crate::saboteur) fn is_digest(text: &str) -> bool {
    let (algorithm, hex) = text.split_once(':').unwrap_or_default();
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length
        && hex
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// A body as JSON; `null` if it is none.
pub(in crate::saboteur) fn json(body: &[u8]) -> Json {
    serde_json::from_slice(body).unwrap_or_default()
}

/// Whether a body is that of an index.
pub(in crate::saboteur) fn is_index(body: &[u8]) -> bool {
    json(body).get("manifests").is_some()
}

/// The digest that a call names, in its path or in its query.
pub(in crate::saboteur) fn named_digest(call: &Call) -> String {
    match call.kind() {
        Kind::Uploads | Kind::Session => call.parameter("digest").unwrap_or_default(),
        _ => call.reference().to_owned(),
    }
}

/// Changes the last segment of the path: a tag, a digest.
pub(in crate::saboteur) fn respell(call: &mut Call, spelling: impl FnOnce(&str) -> String) {
    if let Some((resource, reference)) = call.path.rsplit_once('/') {
        call.path = format!("{resource}/{}", spelling(reference));
    }
}

/// The same call in another repository.
pub(in crate::saboteur) fn in_repository(call: &Call, repository: &str) -> Call {
    Call {
        path: call.path.replacen(call.repository(), repository, 1),
        ..call.clone()
    }
}

/// A method that the path is said not to have.
pub(in crate::saboteur) fn not_allowed(methods: &str) -> Reply {
    let mut reply = Reply::error(405, "UNSUPPORTED");
    reply.set("allow", methods);
    reply
}

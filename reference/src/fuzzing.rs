//! Requests, manifests and files that nobody would write: they are read or refused, and what is read is well-formed.

#![expect(clippy::unwrap_used, reason = "a target fails by panicking")]

mod fields;
mod request;

use std::str::from_utf8;

use crate::auth::fuzzing::{accounts, credentials, trusted_keys};
use crate::config::fuzzing::config;
use crate::protocol::{Algorithm, Digest, Manifest};
use crate::store::fuzzing::{journal, store};

/// A target, with its name.
type Target = (&'static str, fn(&[u8]));

/// Each target.
pub const TARGETS: &[Target] = &[
    ("request", request::request),
    ("fields", fields::fields),
    ("credentials", credentials),
    ("manifest", manifest),
    ("config", config),
    ("accounts", accounts),
    ("trusted-keys", trusted_keys),
    ("journal", journal),
    STORE,
];

/// The target that is more than a parser.
const STORE: Target = ("store", store);

/// A content type, and a manifest in the lines behind it: what is read of it is a descriptor in JSON.
fn manifest(input: &[u8]) {
    let end = input
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(input.len());
    let (kind, bytes) = input.split_at(end);
    let kind = from_utf8(kind).ok().filter(|kind| !kind.is_empty());
    let bytes = bytes.get(1..).unwrap_or_default();
    let Ok(manifest) = Manifest::parse(bytes, kind) else {
        return;
    };
    for target in manifest.targets() {
        assert_eq!(
            Digest::parse(target.digest().as_str()).as_ref(),
            Some(target.digest())
        );
    }
    let digest = Digest::of(Algorithm::Sha256, bytes);
    let descriptor = manifest.referrer_descriptor(&digest, bytes.len());
    let descriptor: serde_json::Value = serde_json::from_str(&descriptor).unwrap();
    assert_eq!(descriptor["digest"], digest.as_str());
}

#[cfg(test)]
mod tests {
    use super::{STORE, TARGETS};

    #[test]
    fn no_input_breaks_anything() {
        let others = TARGETS.iter().filter(|target| target.0 != STORE.0);
        assize_fuzz::hold("reference", others);
    }

    #[test]
    fn the_store_holds_what_its_answers_say_whatever_fails() {
        assize_fuzz::hold("reference", &[STORE]);
    }
}

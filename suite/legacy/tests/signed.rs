//! Signed manifests, held against those that a registry of the time has signed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use assize_legacy::signed::{
    Content, ContentError, KeyError, SignatureAlgorithm, SignedManifest, SigningError, SigningKey, Unverified,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

const ALGORITHMS: [(SignatureAlgorithm, &str); 4] = [
    (SignatureAlgorithm::Es256, "ES256"),
    (SignatureAlgorithm::Es384, "ES384"),
    (SignatureAlgorithm::Es512, "ES512"),
    (SignatureAlgorithm::Rs256, "RS256"),
];

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/signed");
    fs::read(folder.join(format!("{name}.json"))).unwrap()
}

/// What the registry said the digest is of what it signed.
const DIGEST: &str = "6eef64b2eca8f5d9ad6123210bb8e5e4184ff3b71bd93edce5ce16cbd45ff593";

#[test]
fn what_a_registry_has_signed_is_verified_and_has_the_digest_that_it_said() {
    for (_, algorithm) in ALGORITHMS {
        let text = fixture(algorithm);
        let manifest = SignedManifest::verify(&text).unwrap();
        let digest = Sha256::digest(manifest.payload());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, DIGEST, "{algorithm}");
        let outer: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(
            manifest.key_ids(),
            [outer["signatures"][0]["header"]["jwk"]["kid"].clone()]
        );
        let content = Content::read(manifest.payload()).unwrap();
        assert_eq!((content.name.as_str(), content.tag.as_str()), ("team/app", "v1"));
        assert_eq!((content.layers.len(), content.history.len()), (3, 3));
    }
}

#[test]
fn what_is_signed_here_is_laid_out_as_the_registry_lays_it_out() {
    let signed_there = fixture("ES256");
    let payload = SignedManifest::verify(&signed_there).unwrap().payload().to_vec();
    let signed_here = sign(SignatureAlgorithm::Es256, &payload);
    let shape = |text: &[u8]| {
        let text = std::str::from_utf8(text).unwrap();
        let value = |line: &str| {
            line.split_once(": ")
                .map_or_else(|| line.to_owned(), |(name, _)| name.to_owned())
        };
        text.lines().map(value).collect::<Vec<_>>()
    };
    assert_eq!(shape(&signed_here), shape(&signed_there));
}

fn sign(algorithm: SignatureAlgorithm, payload: &[u8]) -> Vec<u8> {
    let key = SigningKey::generate(algorithm).unwrap();
    key.sign(payload, OffsetDateTime::UNIX_EPOCH).unwrap()
}

#[test]
fn what_is_signed_is_verified_by_every_algorithm_in_every_look() {
    let payloads = [
        "{\"a\":1}",
        "{\n   \"a\": 1\n}",
        "{ \"a\" : [ {} ]  }\n",
        "{\r\n\"a\":\"\\u007d}\"\r\n}",
    ];
    for (algorithm, name) in ALGORITHMS {
        for payload in payloads {
            let signed = sign(algorithm, payload.as_bytes());
            let manifest = SignedManifest::verify(&signed).unwrap();
            assert_eq!(manifest.payload(), payload.as_bytes(), "{name}");
        }
    }
}

#[test]
fn a_certificate_stands_for_its_key() {
    for (algorithm, pair) in [
        (SignatureAlgorithm::Es256, &rcgen::PKCS_ECDSA_P256_SHA256),
        (SignatureAlgorithm::Es384, &rcgen::PKCS_ECDSA_P384_SHA384),
        (SignatureAlgorithm::Rs256, &rcgen::PKCS_RSA_SHA256),
    ] {
        let key = rcgen::KeyPair::generate_for(pair).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        let certificates = vec![certificate.der().to_vec()];
        let key = SigningKey::with_certificates(algorithm, &key.serialize_der(), certificates).unwrap();
        let signed = key.sign(b"{\"a\":1}", OffsetDateTime::UNIX_EPOCH).unwrap();
        assert!(SignedManifest::verify(&signed).is_ok());
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let other = rcgen::CertificateParams::default().self_signed(&other).unwrap();
        let exchanged = changed(&signed, |signature| {
            signature["header"]["x5c"][0] = base64::prelude::BASE64_STANDARD.encode(other.der()).into();
        });
        assert!(SignedManifest::verify(&exchanged).is_err());
    }
}

#[test]
fn what_has_signatures_or_no_member_cannot_be_signed() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256).unwrap();
    for payload in ["{}", "[]", "x", "{\"signatures\":[]}"] {
        let refused = key.sign(payload.as_bytes(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!(refused, Err(SigningError::Payload), "{payload}");
    }
}

/// The text with its first signature changed; what stands before the signatures stays as it is.
fn changed(text: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let outer: Value = serde_json::from_slice(text).unwrap();
    let mut signatures = outer["signatures"].clone();
    change(&mut signatures[0]);
    with_signatures(text, &signatures)
}

fn with_signatures(text: &[u8], signatures: &Value) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let (before, _) = text.rsplit_once("\"signatures\"").unwrap();
    format!("{before}\"signatures\": {signatures}\n}}").into_bytes()
}

#[test]
fn a_manifest_without_a_signature_is_not_verified() {
    let text = fixture("ES256");
    let payload = SignedManifest::verify(&text).unwrap().payload().to_vec();
    assert_eq!(SignedManifest::verify(&payload), Err(Unverified::NotSigned));
    for none in [json!([]), json!(null), json!({}), json!("")] {
        let unsigned = with_signatures(&text, &none);
        assert_eq!(
            SignedManifest::verify(&unsigned),
            Err(Unverified::NoSignature),
            "{none}"
        );
    }
}

#[test]
fn what_is_said_besides_what_is_signed_is_refused() {
    let text = String::from_utf8(fixture("ES256")).unwrap();
    let (before, after) = text.rsplit_once("   \"signatures\"").unwrap();
    for unsigned in [
        "\"fsLayers\": []",
        "\"fsLayers\": [{\"blobSum\": \"sha256:0\"}]",
        "\"more\": 1",
        "\"tag\": \"v2\"",
        "\"tag\": \"v1\"",
    ] {
        let said = format!("{before}   {unsigned},\n   \"signatures\"{after}");
        assert_eq!(
            SignedManifest::verify(said.as_bytes()),
            Err(Unverified::Unsigned),
            "{unsigned}"
        );
        let said = format!("{},\n   {unsigned}\n}}", text.trim_end_matches(['\n', '}']));
        assert_eq!(
            SignedManifest::verify(said.as_bytes()),
            Err(Unverified::Unsigned),
            "{unsigned}"
        );
    }
}

#[test]
fn any_change_of_what_is_signed_is_found() {
    let text = String::from_utf8(fixture("ES256")).unwrap();
    for (from, to) in [
        ("\"tag\": \"v1\"", "\"tag\": \"v2\""),
        ("   \"tag\"", "  \"tag\""),
        ("a3ed95ca", "a3ed95cb"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert!(SignedManifest::verify(changed.as_bytes()).is_err(), "{from}");
    }
    let moved = format!("\n{text}");
    assert!(SignedManifest::verify(moved.as_bytes()).is_err());
}

#[test]
fn signatures_that_are_none_are_refused_with_the_reason() {
    let text = fixture("ES256");
    let protected = |format: Value| Value::from(BASE64_URL.encode(format.to_string()));
    let refused = |change: &dyn Fn(&mut Value)| SignedManifest::verify(&changed(&text, change)).unwrap_err();
    let long = protected(json!({"formatLength": 1_000_000, "formatTail": "Cn0"}));
    assert_eq!(
        refused(&|one| one["protected"] = long.clone()),
        Unverified::TooLong
    );
    let negative = protected(json!({"formatLength": -1, "formatTail": "Cn0"}));
    assert!(matches!(
        refused(&|one| one["protected"] = negative.clone()),
        Unverified::Form(0, _)
    ));
    assert!(matches!(
        refused(&|one| one["protected"] = "!".into()),
        Unverified::Form(0, _)
    ));
    let key = |change: &dyn Fn(&mut Value)| match refused(&|one| change(&mut one["header"])) {
        Unverified::Key(0, error) => error,
        other => panic!("{other}"),
    };
    assert_eq!(
        key(&|header| drop(header.as_object_mut().unwrap().remove("jwk"))),
        KeyError::Missing
    );
    assert_eq!(
        key(&|header| header["jwk"]["kid"] = "AAAA".into()),
        KeyError::Name
    );
    assert_eq!(
        key(&|header| header["jwk"]["crv"] = "P-192".into()),
        KeyError::Unknown
    );
    assert_eq!(key(&|header| header["jwk"]["x"] = "AA".into()), KeyError::Unknown);
    assert_eq!(
        key(&|header| header["x5c"] = json!(["AAAA"])),
        KeyError::Certificate
    );
    for algorithm in ["ES384", "RS256", "none", "HS256"] {
        let expected = KeyError::Algorithm(algorithm.to_owned());
        assert_eq!(key(&|header| header["alg"] = algorithm.into()), expected);
    }
    assert_eq!(
        refused(&|one| one["signature"] = BASE64_URL.encode([1; 64]).into()),
        Unverified::Wrong(0)
    );
}

#[test]
fn every_signature_counts_and_all_are_over_one_payload() {
    let (one, other): (Value, Value) = (
        serde_json::from_slice(&fixture("ES256")).unwrap(),
        serde_json::from_slice(&fixture("RS256")).unwrap(),
    );
    let both = json!([one["signatures"][0], other["signatures"][0]]);
    let manifest = SignedManifest::verify(&with_signatures(&fixture("ES256"), &both)).unwrap();
    assert_eq!(manifest.key_ids().len(), 2);
    let mut forged = both.clone();
    forged[1]["signature"] = one["signatures"][0]["signature"].clone();
    let refused = SignedManifest::verify(&with_signatures(&fixture("ES256"), &forged));
    assert_eq!(refused, Err(Unverified::Wrong(1)));
    let mut torn = both;
    torn[1]["protected"] = BASE64_URL
        .encode("{\"formatLength\": 3, \"formatTail\": \"\"}")
        .into();
    let refused = SignedManifest::verify(&with_signatures(&fixture("ES256"), &torn));
    assert_eq!(refused, Err(Unverified::Disagreement));
}

#[test]
fn a_manifest_of_schema_1_has_an_image_for_each_layer() {
    let manifest = |change: &dyn Fn(&mut Value)| {
        let mut manifest = json!({
            "schemaVersion": 1, "name": "a/b", "tag": "c",
            "fsLayers": [{"blobSum": "d"}], "history": [{"v1Compatibility": "{}"}],
        });
        change(&mut manifest);
        Content::read(manifest.to_string().as_bytes())
    };
    assert_eq!(manifest(&|_| {}).unwrap().layers, ["d"]);
    assert_eq!(
        manifest(&|manifest| manifest["schemaVersion"] = 2.into()),
        Err(ContentError::Schema(2))
    );
    let lengths = |layers, history| Err(ContentError::Lengths { layers, history });
    assert_eq!(
        manifest(&|manifest| manifest["history"] = json!([])),
        lengths(1, 0)
    );
    assert_eq!(
        manifest(&|manifest| {
            manifest["history"] = json!([]);
            manifest["fsLayers"] = json!([]);
        }),
        lengths(0, 0)
    );
    assert!(matches!(
        manifest(&|manifest| manifest["tag"] = 1.into()),
        Err(ContentError::Json(_))
    ));
}

proptest! {
    #[test]
    fn no_bytes_whatever_cause_a_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = fixture("ES256");
        let at = at.index(text.len());
        text[at] = byte;
        drop(SignedManifest::verify(&text));
    }
}

//! Addresses against the examples of RFC 3986, and against texts that are none.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    base: String,
    example: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Example {
    reference: String,
    target: String,
    as_written: Option<String>,
}

#[test]
fn references_are_resolved_as_the_examples_of_the_rfc_say() {
    let text = include_str!("../../../../fixtures/vectors/uri-references.toml");
    let vectors: Vectors = toml::from_str(text).unwrap();
    let base = Url::parse(&vectors.base).unwrap();
    for example in vectors.example {
        let resolved = base.resolve(&example.reference);
        let expected = example.as_written.unwrap_or(example.target);
        let shown = resolved.map_or("none".to_owned(), |url| url.to_string());
        assert_eq!(shown, expected, "{:?}", example.reference);
    }
}

#[test]
fn what_is_written_is_kept() {
    for text in [
        "http://localhost:5000",
        "http://localhost:5000/",
        "https://Registry.Example.com/v2/a/../b",
        "http://h/v2/%2e%2E/a%2Fb",
        "http://h/v2//a\\b",
        "http://[::1]:5000/v2/",
        "http://h?x=/a?b",
    ] {
        assert_eq!(Url::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn what_cannot_be_a_target_is_refused() {
    let fault = |text: &str| Url::parse(text).unwrap_err();
    assert_eq!(fault("registry.example.com/v2/"), UrlError::NotAbsolute);
    assert_eq!(fault("ftp://h/"), UrlError::Scheme("ftp".to_owned()));
    assert_eq!(fault("http://:5000/"), UrlError::Host(String::new()));
    assert_eq!(fault("http://a_b!/"), UrlError::Host("a_b!".to_owned()));
    assert_eq!(fault("http://[::1/"), UrlError::Host("[:".to_owned()));
    assert_eq!(fault("http://h:x/"), UrlError::Port("x".to_owned()));
    assert_eq!(fault("http://h:65536/"), UrlError::Port("65536".to_owned()));
    assert_eq!(fault("http://h:0/"), UrlError::Port("0".to_owned()));
    assert_eq!(fault("http://h/a b"), UrlError::Character(' '));
    assert_eq!(fault("http://h/\r\nX: y"), UrlError::Character('\r'));
}

#[test]
fn credentials_are_refused_and_not_repeated() {
    let fault = Url::parse("https://alice:hunter2@h/").unwrap_err();
    assert_eq!(fault, UrlError::Credentials);
    assert!(!format!("{fault} {fault:?}").contains("hunter2"));
    let base = Url::parse("http://h/").unwrap();
    assert_eq!(base.resolve("//alice:hunter2@h/"), Err(UrlError::Credentials));
}

#[test]
fn an_origin_is_compared_by_its_meaning() {
    let origin = |text: &str| Url::parse(text).unwrap().origin();
    assert_eq!(origin("HTTP://Example.com/a"), origin("http://example.com:80/b"));
    assert_eq!(origin("https://h:/"), origin("https://h:443"));
    assert_ne!(origin("http://h:443/"), origin("https://h/"));
    assert_eq!(origin("http://[0:0::1]/"), origin("http://[::1]/"));
    assert_eq!(origin("http://[::1]:5000/").to_string(), "http://[::1]:5000");
    assert!(origin("http://127.0.0.9:1/").is_loopback());
    assert!(!origin("http://10.0.0.1/").is_loopback());
}

#[test]
fn a_query_joins_the_one_that_is_there() {
    let joined = |text: &str| Url::parse(text).unwrap().join_query("b=2").to_string();
    assert_eq!(joined("http://h/p"), "http://h/p?b=2");
    assert_eq!(joined("http://h/p?"), "http://h/p?b=2");
    assert_eq!(joined("http://h/p?a=1"), "http://h/p?a=1&b=2");
    assert_eq!(joined("http://h/p?a=1&"), "http://h/p?a=1&b=2");
}

#[test]
fn a_request_line_always_has_a_path() {
    let target = |text: &str| Url::parse(text).unwrap().request_target().into_owned();
    assert_eq!(target("http://h"), "/");
    assert_eq!(target("http://h?a=1"), "/?a=1");
    assert_eq!(target("http://h//a"), "//a");
}

#[test]
fn an_address_knows_what_its_registry_calls_it() {
    let registry = Url::parse("https://h/api/v2/").unwrap().mounted();
    assert_eq!(registry.to_string(), "https://h/api/v2");
    let blob = registry.below_mount("/v2/a/blobs/x?y");
    assert_eq!(blob.to_string(), "https://h/api/v2/v2/a/blobs/x?y");
    assert_eq!(blob.path_below_mount(), Some("/v2/a/blobs/x"));
    let below = |reference: &str| {
        let place = blob.resolve(reference).unwrap();
        place.path_below_mount().map(str::to_owned)
    };
    for (reference, path) in [
        ("/api/v2/v2/a", Some("/v2/a")),
        ("https://h:443/api/v2/v2/a?b", Some("/v2/a")),
        ("//h/api/v2/v2/", Some("/v2/")),
        ("uploads/1", Some("/v2/a/blobs/uploads/1")),
        ("?b", Some("/v2/a/blobs/x")),
        ("/v2/a", None),
        ("/api/v21/a", None),
        ("../../../../../v2/a", None),
        ("https://elsewhere/v2/a", Some("/v2/a")),
    ] {
        assert_eq!(below(reference).as_deref(), path, "{reference}");
    }
}

proptest! {
    #[test]
    fn any_path_is_kept(path in "/[!-~&&[^#]]{0,40}") {
        let base = Url::parse("http://h:1").unwrap();
        let text = format!("http://h:1{path}");
        prop_assert_eq!(Url::parse(&text).unwrap().to_string(), text.clone());
        prop_assert_eq!(base.with_target(&path).to_string(), text.clone());
        if !path.starts_with("//") {
            prop_assert_eq!(base.resolve(&path).unwrap().to_string(), text);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,60}", reference in ".{0,60}") {
        let _ = Url::parse(&text);
        let _ = Url::parse(&format!("http://{text}"));
        if let Ok(url) = Url::parse("http://h/a/b?c").unwrap().resolve(&reference) {
            prop_assert_eq!(Url::parse(&url.to_string()).unwrap(), url);
        }
    }

    #[test]
    fn a_relative_path_leaves_no_dot_segments(path in "[a-z./]{0,20}") {
        let url = Url::parse("http://h/a/b").unwrap().resolve(&format!("x/{path}")).unwrap();
        prop_assert!(url.path().split('/').all(|segment| segment != "." && segment != ".."));
    }
}

//! The grammars that a check may ask of a value. One table; the scenarios name them by their words.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use crate::scenario::ast::PlainForm;
use crate::wire::Url;

/// The error codes that the distribution specification lists, and the two legacy ones that it tolerates.
const LISTED_ERROR_CODES: [&str; 16] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
    "TAG_INVALID",
    "MANIFEST_UNVERIFIED",
];

/// The most bytes that all warnings of one answer may have together.
const WARNING_LIMIT: usize = 4096;

macro_rules! patterns {
    ($($name:ident = $pattern:literal;)+) => {
        $(
            static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).expect("the pattern compiles"));
        )+

        #[cfg(test)]
        fn compile_all() {
            $(LazyLock::force(&$name);)+
        }
    };
}

patterns! {
    UUID = r"(?i)(^|[^0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}($|[^0-9a-f])";
    NUMBER = r"^[0-9]+$";
    ENTITY_TAG = r#"^(W/)?"[\x21\x23-\x7e\x80-\u{10ffff}]*"$"#;
    WARNING = r#"^299 - "([^"\\]|\\.)*"(\s*,\s*299 - "([^"\\]|\\.)*")*$"#;
    QUOTED_WARNING = r#"^[0-9]{3} \S+ "([^"\\]|\\.)*"( "[^"]*")?(\s*,\s*[0-9]{3} \S+ "([^"\\]|\\.)*"( "[^"]*")?)*$"#;
    USABLE_CHALLENGE = r"(?i)^(basic|bearer)(\s+\S.*)?$";
    SIGNED_URI = r"(?i)\?(.*&)?(signature|sig|x-amz-signature|x-goog-signature|hmac|jwt|token|access_token)=[^&]";
    UPLOAD_RANGE = r"^0-[0-9]+$";
    ERROR_CODE = r"^[A-Z_]+$";
    DIGEST = r"^[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$";
    BARE_MEDIA_TYPE = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
    CHALLENGE = r#"^[!#$%&'*+.^_`|~0-9A-Za-z-]+(\s+\S.*)?$"#;
    LINK = r#"^\s*<([^<>\s]*)>((\s*;\s*[^;,\s"=]+(\s*=\s*("([^"\\]|\\.)*"|[^;,\s"]+))?)*)\s*"#;
    RELATION = r#"(?i);\s*rel\s*=\s*("([^"]*)"|([^;,\s"]+))"#;
}

/// Whether the lines of a header have `form`.
pub(crate) fn header_has(form: PlainForm, lines: &[&str]) -> bool {
    match form {
        PlainForm::WithinWarningLimit => lines.iter().map(|line| line.len()).sum::<usize>() <= WARNING_LIMIT,
        PlainForm::NextLink => next_link(lines).is_some(),
        PlainForm::Uri => lines.len() == 1 && text_has(form, lines[0]),
        // Clients take the first.
        PlainForm::UsableChallenge => lines.first().is_some_and(|line| text_has(form, line.trim())),
        _ => !lines.is_empty() && lines.iter().all(|line| text_has(form, line.trim())),
    }
}

/// Whether a JSON value has `form`.
pub(crate) fn json_has(form: PlainForm, value: &Json) -> bool {
    match (form, value) {
        (PlainForm::String, value) => value.is_string(),
        (PlainForm::Array, value) => value.is_array(),
        (PlainForm::Object, value) => value.is_object(),
        (PlainForm::Number, value) => value.is_u64(),
        (_, Json::String(text)) => text_has(form, text),
        _ => false,
    }
}

fn text_has(form: PlainForm, text: &str) -> bool {
    match form {
        PlainForm::Uri => is_uri_reference(text),
        PlainForm::Uuid => UUID.is_match(text),
        PlainForm::Number => NUMBER.is_match(text),
        PlainForm::String => true,
        PlainForm::Array | PlainForm::Object => false,
        PlainForm::EntityTag => ENTITY_TAG.is_match(text),
        PlainForm::HttpDate => httpdate::parse_http_date(text).is_ok(),
        PlainForm::NextLink => next_link(&[text]).is_some(),
        PlainForm::Warning => WARNING.is_match(text),
        PlainForm::QuotedWarning => QUOTED_WARNING.is_match(text),
        PlainForm::Challenge => CHALLENGE.is_match(text),
        PlainForm::UsableChallenge => USABLE_CHALLENGE.is_match(text),
        PlainForm::SignedUri => is_uri_reference(text) && SIGNED_URI.is_match(text),
        PlainForm::UploadRange => UPLOAD_RANGE.is_match(text),
        PlainForm::ErrorCode => ERROR_CODE.is_match(text),
        PlainForm::KnownErrorCode => LISTED_ERROR_CODES.contains(&text),
        PlainForm::Digest => DIGEST.is_match(text),
        PlainForm::BareMediaType => BARE_MEDIA_TYPE.is_match(text),
        PlainForm::RetryAfter => NUMBER.is_match(text) || httpdate::parse_http_date(text).is_ok(),
        PlainForm::WithinWarningLimit => text.len() <= WARNING_LIMIT,
    }
}

fn is_uri_reference(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed) && resolves(text)
}

/// Whether `text` resolves against some address, whatever that address is.
fn resolves(text: &str) -> bool {
    Url::parse("http://registry.example/v2/").is_ok_and(|base| base.resolve(text).is_ok())
}

/// The target of the link whose relation is `next`, among the lines of a `Link` header.
pub(crate) fn next_link(lines: &[&str]) -> Option<String> {
    lines.iter().find_map(|line| next_in(line))
}

fn next_in(line: &str) -> Option<String> {
    let mut rest = line;
    loop {
        let link = LINK.captures(rest)?;
        let parameters = &link[2];
        let is_next = RELATION.captures(parameters).is_some_and(|relation| {
            let relations = relation
                .get(2)
                .or(relation.get(3))
                .map_or("", |words| words.as_str());
            relations
                .split_whitespace()
                .any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next && is_uri_reference(&link[1]) {
            return Some(link[1].to_owned());
        }
        rest = rest[link[0].len()..].strip_prefix(',')?;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Vectors {
        valid: Vec<String>,
        invalid: Vec<String>,
    }

    #[test]
    fn every_form_accepts_and_refuses_what_its_vectors_say() {
        let text = include_str!("../../../fixtures/vectors/forms.toml");
        let vectors: BTreeMap<String, Vectors> = toml::from_str(text).unwrap();
        for form in PlainForm::ALL {
            if matches!(form, PlainForm::String | PlainForm::Array | PlainForm::Object) {
                continue;
            }
            let vectors = vectors
                .get(form.words())
                .unwrap_or_else(|| panic!("no vectors for {form:?}"));
            for text in &vectors.valid {
                assert!(header_has(*form, &[text]), "`{text}` is a {}", form.words());
            }
            for text in &vectors.invalid {
                assert!(!header_has(*form, &[text]), "`{text}` is no {}", form.words());
            }
        }
    }

    #[test]
    fn the_patterns_compile() {
        compile_all();
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        let line =
            r#"</first>; rel="first", </v2/a/tags/list?last=b%2C&n=2>; title="x, y"; rel="next prefetch""#;
        assert_eq!(
            next_link(&[line]).as_deref(),
            Some("/v2/a/tags/list?last=b%2C&n=2")
        );
        assert_eq!(next_link(&["</first>; rel=first"]), None);
    }
}

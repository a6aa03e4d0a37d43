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
    PLAIN_RELATION = r#";\s*rel=("next"|next)\s*(;|$)"#;
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
    static BASE: LazyLock<Option<Url>> = LazyLock::new(|| Url::parse("http://registry.example/v2/").ok());
    BASE.as_ref().is_some_and(|base| base.resolve(text).is_ok())
}

/// One link of a `Link` header (RFC 8288, 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkValue<'a> {
    /// Where it leads.
    pub(crate) target: &'a str,
    /// What is said about it, as it is written.
    pub(crate) parameters: &'a str,
}

impl LinkValue<'_> {
    /// Whether its relation is `next` and nothing else, spelled as every client knows it.
    pub(crate) fn is_plainly_next(&self) -> bool {
        PLAIN_RELATION.is_match(self.parameters)
    }

    /// Whether it leads to the next page.
    pub(crate) fn is_next(&self) -> bool {
        let Some(relation) = RELATION.captures(self.parameters) else {
            return false;
        };
        let relations = relation.get(2).or(relation.get(3));
        let mut relations = relations.map_or("", |words| words.as_str()).split_whitespace();
        relations.any(|word| word.eq_ignore_ascii_case("next"))
    }
}

/// The links in a line of a `Link` header, as far as it can be read.
pub(crate) fn links(line: &str) -> impl Iterator<Item = LinkValue<'_>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let read = LINK.captures(text)?;
        rest = text[read.get(0)?.end()..].strip_prefix(',');
        Some(LinkValue {
            target: read.get(1)?.as_str(),
            parameters: read.get(2)?.as_str(),
        })
    })
}

/// The target of the link whose relation is `next`, among the lines of a `Link` header.
pub(crate) fn next_link(lines: &[&str]) -> Option<String> {
    let mut links = lines.iter().flat_map(|line| links(line));
    let next = links.find(|link| link.is_next() && is_uri_reference(link.target))?;
    Some(next.target.to_owned())
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

    #[test]
    fn every_link_of_a_line_is_read() {
        let line = r#"</first?a,b>; rel="first", <?n=1>;REL=next;title="a; b", </up>; rel="up""#;
        let targets: Vec<&str> = links(line).map(|link| link.target).collect();
        assert_eq!(targets, ["/first?a,b", "?n=1", "/up"]);
        assert_eq!(links("</a>; rel=\"a\", no link").count(), 1);
        assert_eq!(links("").count(), 0);
    }

    #[test]
    fn a_relation_is_plain_in_small_letters_and_alone() {
        for (parameters, is_plain) in [
            (r#"; rel="next""#, true),
            ("; rel=next", true),
            (r#"; title="next"; rel="next"; type=a"#, true),
            (r#"; rel="NEXT""#, false),
            (r#";REL="next""#, false),
            (r#"; rel="up next""#, false),
            ("", false),
        ] {
            let link = LinkValue {
                target: "/",
                parameters,
            };
            assert_eq!(link.is_plainly_next(), is_plain, "{parameters}");
        }
    }
}

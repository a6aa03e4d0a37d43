//! The values of fields and of parameters.

use std::str::{FromStr as _, from_utf8};

use crate::auth::Scope;
use crate::config::{BaseUrl, BlobRedirect, NotificationEndpoint};
use crate::protocol::{
    Algorithm, ChunkRange, Digest, IfRange, ManifestType, Name, Query, Selection, Tag, TagList, select,
};

/// A value, and, in the line behind it, the length of the content that it is about.
pub(super) fn fields(input: &[u8]) {
    let Ok(text) = from_utf8(input) else { return };
    let (text, size) = text.split_once('\n').unwrap_or((text, ""));
    ranges(text, size.parse().unwrap_or(u64::MAX));
    nouns(text);
    validators(text);
    addresses(text);
}

/// What is selected lies within the content.
fn ranges(text: &str, size: u64) {
    if let Selection::Part(span) = select(text, size) {
        assert!(span.length > 0);
        assert!(span.first.checked_add(span.length).is_some_and(|end| end <= size));
    }
    if let Some(chunk) = ChunkRange::parse(text) {
        assert!(chunk.first.checked_add(chunk.length).is_some());
    }
}

/// What is read is printed as it was written, and none of it leads out of a folder or out of a path.
fn nouns(text: &str) {
    if let Some(digest) = Digest::parse(text) {
        assert_eq!(digest.to_string(), text);
        assert!(text.starts_with(digest.algorithm().as_str()));
    }
    for noun in [
        Name::parse(text).map(|name| name.to_string()),
        Tag::parse(text).map(|tag| tag.to_string()),
    ] {
        let Some(noun) = noun else { continue };
        assert_eq!(noun, text);
        assert!(noun.split('/').all(|part| !matches!(part, "" | "." | "..")));
        assert!(!noun.contains(['%', '?', '#', '\\', ' ']));
    }
    if let Some(kind) = ManifestType::parse(text) {
        assert_eq!(ManifestType::parse(kind.as_str()), Some(kind));
    }
    if let Some(scope) = Scope::parse(text) {
        let printed = scope.to_string();
        assert_eq!(
            Scope::parse(&printed).map(|scope| scope.to_string()),
            Some(printed)
        );
    }
    let query = Query::parse(text);
    assert_eq!(query.first("n"), query.all("n").next());
}

/// A tag that matches strongly matches weakly.
fn validators(text: &str) {
    let digest = Digest::of(Algorithm::Sha256, b"content");
    if let Some(list) = TagList::parse([text].into_iter()) {
        assert!(!list.matches_strongly(Some(&digest)) || list.matches_weakly(Some(&digest)));
    }
    IfRange(text).allows_range(&digest);
}

/// What is read of an address can be printed and read again.
fn addresses(text: &str) {
    if let Ok(url) = BaseUrl::from_str(text) {
        assert_eq!(BaseUrl::from_str(url.as_str()), Ok(url.clone()));
        assert!(!url.as_str().ends_with('/'));
    }
    if let Ok(redirect) = BlobRedirect::from_str(text) {
        assert_eq!(
            BlobRedirect::from_str(&String::from(redirect.clone())),
            Ok(redirect)
        );
    }
    drop(NotificationEndpoint::from_str(text));
}

//! What lets somebody in stands in no report: not only the credentials that the suite sends, which are taken out where
//! they are sent, but also what a registry gives away in its answers.

const REDACTED: &str = "<redacted>";

/// Header lines of answers whose whole value is a secret.
const HEADERS: [&str; 2] = ["Set-Cookie", "Authentication-Info"];

/// Members of JSON whose text is a secret.
const MEMBERS: [&str; 4] = [
    "\"token\"",
    "\"access_token\"",
    "\"refresh_token\"",
    "\"id_token\"",
];

/// Parameters of addresses by which storage knows whom it lets in.
const PARAMETERS: [&str; 8] = [
    "x-amz-signature=",
    "x-amz-credential=",
    "x-amz-security-token=",
    "x-goog-signature=",
    "x-goog-credential=",
    "signature=",
    "sig=",
    "access_token=",
];

/// The value of a header line, as far as it may be shown.
pub(super) fn header(name: &str, value: &str) -> String {
    if HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name)) {
        return REDACTED.to_owned();
    }
    text(value)
}

/// A text, as far as it may be shown.
pub(super) fn text(text: &str) -> String {
    without_members(&without_parameters(text))
}

fn without_members(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, value)) = next_member(rest) {
        shown.push_str(before);
        shown.push_str(REDACTED);
        rest = value.trim_start_matches(|c| c != '"');
    }
    shown + rest
}

/// What stands before the next secret text of JSON, its quotation mark included, and what follows that mark.
fn next_member(text: &str) -> Option<(&str, &str)> {
    let found = MEMBERS
        .iter()
        .filter_map(|name| Some(text.find(name)? + name.len()));
    let mut ends: Vec<usize> = found.collect();
    ends.sort_unstable();
    ends.into_iter().find_map(|end| {
        let value = text[end..]
            .trim_start()
            .strip_prefix(':')?
            .trim_start()
            .strip_prefix('"')?;
        Some(text.split_at(text.len() - value.len()))
    })
}

fn without_parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in text.split_inclusive(['?', '&']) {
        let lower = piece.to_ascii_lowercase();
        match PARAMETERS.iter().find(|name| lower.starts_with(*name)) {
            Some(name) if !shown.is_empty() => {
                let (name, value) = piece.split_at(name.len());
                let end = value
                    .find(['&', '?', ' ', '"', '\'', '<', '>'])
                    .unwrap_or(value.len());
                shown.extend([name, REDACTED, &value[end..]]);
            }
            _ => shown.push_str(piece),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_bodies_are_taken_out() {
        assert_eq!(
            text(r#"{"token": "abc.def", "expires_in": 300, "access_token":"ghi"}"#),
            r#"{"token": "<redacted>", "expires_in": 300, "access_token":"<redacted>"}"#
        );
        assert_eq!(text(r#"cut: {"token":"abc"#), r#"cut: {"token":"<redacted>"#);
        assert_eq!(
            text(r#"{"token": 7, "tokens": "x"}"#),
            r#"{"token": 7, "tokens": "x"}"#
        );
    }

    #[test]
    fn signatures_of_addresses_are_taken_out() {
        assert_eq!(
            text("GET https://s3.example.com/b?X-Amz-Signature=ab12&x=1&X-Amz-Credential=me answered 200"),
            "GET https://s3.example.com/b?X-Amz-Signature=<redacted>&x=1&X-Amz-Credential=<redacted> answered 200"
        );
        assert_eq!(
            text("/v2/a/blobs/uploads/1?_state=ab&sig=cd"),
            "/v2/a/blobs/uploads/1?_state=ab&sig=<redacted>"
        );
        assert_eq!(text("sig=ab"), "sig=ab");
    }

    #[test]
    fn cookies_are_taken_out() {
        assert_eq!(header("set-cookie", "session=1"), "<redacted>");
        assert_eq!(header("Location", "/v2/a?sig=1"), "/v2/a?sig=<redacted>");
    }
}

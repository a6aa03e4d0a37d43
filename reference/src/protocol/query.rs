//! The query of a request.

use percent_encoding::percent_decode_str;

/// The parameters of a query, decoded, in the order in which they were written.
///
/// A plus sign stands for itself, as in RFC 3986: media types hold plus signs and never blanks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; bytes that are no UTF-8 become replacement characters, which no grammar accepts.
    pub(crate) fn parse(query: &str) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        });
        Self(pairs.collect())
    }

    /// Reads a form (application/x-www-form-urlencoded), in which a plus sign stands for a blank.
    pub(crate) fn of_form(form: &str) -> Self {
        Self::parse(&form.replace('+', "%20"))
    }

    /// The first value of a parameter.
    pub(crate) fn first(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// Every value of a parameter.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Query;

    #[test]
    fn a_plus_sign_is_a_blank_in_a_form_alone() {
        let text = "scope=a+b%2Bc&flag";
        assert_eq!(Query::parse(text).first("scope"), Some("a+b+c"));
        assert_eq!(Query::of_form(text).first("scope"), Some("a b+c"));
    }

    #[test]
    fn parameters_are_decoded_and_may_repeat() {
        let query = Query::parse("digest=sha256%3Aabc&tag=a&tag=b&flag&artifactType=a/b+json");
        assert_eq!(query.first("digest"), Some("sha256:abc"));
        assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(query.first("flag"), Some(""));
        assert_eq!(query.first("artifactType"), Some("a/b+json"));
        assert_eq!(query.first("missing"), None);
    }
}

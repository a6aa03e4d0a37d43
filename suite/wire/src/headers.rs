//! Header lines, in the order and with the names they are written with.

use std::fmt;
use std::sync::Arc;

/// The lines whose values are secrets, and that never cross to another server.
pub(super) const SECRET: [&str; 3] = ["Authorization", "Proxy-Authorization", "Cookie"];

/// The header lines of a message; names are matched without regard to case and kept as they are written.
///
/// Texts are shared, since a run has tens of thousands of lines and few that differ.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Arc<str>, Arc<str>)>);

impl Headers {
    /// No lines at all.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// The value of the first line of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of all lines of this name, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(present, _)| present.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Whether there is a line of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Makes this the only line of its name, in the place of the first one.
    pub fn set(&mut self, name: &str, value: &str) {
        let place = self.0.iter().position(|(p, _)| p.eq_ignore_ascii_case(name));
        self.remove(name);
        let line = (name.into(), value.into());
        self.0.insert(place.unwrap_or(self.0.len()), line);
    }

    /// Adds a line below the others.
    pub fn append(&mut self, name: &str, value: &str) {
        self.0.push((name.into(), value.into()));
    }

    /// Takes all lines of this name out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
    }

    /// Keeps the lines whose name passes.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// The lines, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(lines: I) -> Headers {
        Headers(
            lines
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Headers {
    /// Shows the lines without the values that are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value)| (name, if is_secret(name) { "<redacted>" } else { value });
        f.debug_list().entries(self.iter().map(shown)).finish()
    }
}

/// Whether lines of this name carry secrets.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(headers: &Headers) -> Vec<(&str, &str)> {
        headers.iter().collect()
    }

    #[test]
    fn names_are_matched_without_case_and_kept_with_it() {
        let mut headers: Headers = [("Link", "a"), ("range", "0-1"), ("LINK", "b")]
            .into_iter()
            .collect();
        assert_eq!(headers.get("link"), Some("a"));
        assert_eq!(headers.all("Link").collect::<Vec<_>>(), ["a", "b"]);
        headers.set("link", "c");
        assert_eq!(lines(&headers), [("link", "c"), ("range", "0-1")]);
        headers.append("Range", "2-3");
        headers.remove("rAnge");
        headers.set("Accept", "*/*");
        assert_eq!(lines(&headers), [("link", "c"), ("Accept", "*/*")]);
        assert_eq!((headers.len(), headers.is_empty()), (2, false));
    }

    #[test]
    fn secrets_are_not_printed() {
        let headers: Headers = [("authorization", "Bearer abc"), ("Cookie", "abc"), ("A", "b")]
            .into_iter()
            .collect();
        let shown = format!("{headers:?}");
        assert!(
            !shown.contains("abc") && shown.contains("(\"A\", \"b\")"),
            "{shown}"
        );
    }
}

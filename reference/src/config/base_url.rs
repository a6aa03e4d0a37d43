//! URLs under which the paths of a registry are found.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use serde::{Deserialize, Serialize};

/// A URL with scheme and host, perhaps with a path, under which the paths of a registry are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl {
    /// Without a slash at its end.
    text: String,
    /// Where the path begins.
    path: usize,
}

impl BaseUrl {
    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its path, without a slash at its end.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.text[self.path..]
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!("{text:?} {why}; a base URL is one such as https://registry.example.com/path")
        };
        let uri = text.parse::<Uri>().map_err(|_| wrong("is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("begins neither with http:// nor with https://"));
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(wrong("holds a name or a password"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(wrong("has something behind its path"));
        }
        let text = text.trim_end_matches('/').to_owned();
        let path = text.find("://").map_or(0, |scheme| scheme + 3) + authority.len();
        Ok(Self { text, path })
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.text
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where downloads of blobs are redirected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BlobRedirect {
    /// To signed URLs of the registry itself.
    Itself,
    /// To the same path under another URL.
    Elsewhere(BaseUrl),
}

/// How [`BlobRedirect::Itself`] is written.
const ITSELF: &str = "self";

impl FromStr for BlobRedirect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == ITSELF {
            return Ok(Self::Itself);
        }
        let url = text.parse().map(Self::Elsewhere);
        url.map_err(|why| format!("{why}, or {ITSELF} for signed URLs of the registry"))
    }
}

impl TryFrom<String> for BlobRedirect {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<BlobRedirect> for String {
    fn from(redirect: BlobRedirect) -> Self {
        match redirect {
            BlobRedirect::Itself => ITSELF.to_owned(),
            BlobRedirect::Elsewhere(url) => url.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseUrl, BlobRedirect};

    #[test]
    fn a_base_url_has_a_scheme_a_host_and_perhaps_a_path() {
        for (text, url, path) in [
            ("https://a", "https://a", ""),
            ("http://a:5/", "http://a:5", ""),
            ("https://[::1]:5/p/q/", "https://[::1]:5/p/q", "/p/q"),
        ] {
            let parsed = text.parse::<BaseUrl>().unwrap();
            assert_eq!((parsed.as_str(), parsed.path()), (url, path));
        }
        for text in [
            "",
            "nonsense",
            "/p",
            "a:5000",
            "ftp://a",
            "https://u:p@a",
            "https://a/?b",
            "https://a#b",
            "https://",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn blobs_are_redirected_to_the_registry_or_elsewhere() {
        assert_eq!("self".parse(), Ok(BlobRedirect::Itself));
        assert!(matches!("https://a/b".parse(), Ok(BlobRedirect::Elsewhere(_))));
        assert!(
            "nonsense"
                .parse::<BlobRedirect>()
                .unwrap_err()
                .ends_with("signed URLs of the registry")
        );
    }
}

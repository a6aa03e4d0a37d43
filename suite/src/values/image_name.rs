//! The name of an image, as clients write it: a repository, and a tag or a digest behind it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An image that was named, or a repository of which any image will do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageName {
    /// The repository.
    pub repository: String,
    /// Its tag or its digest, if one was named.
    pub reference: Option<String>,
}

/// Why a text names no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadImageName {
    /// The repository is none.
    #[error(
        "an image is NAME, NAME:TAG or NAME@DIGEST without the host, and a name has small letters, digits and single marks between them"
    )]
    Repository,
    /// The tag is none.
    #[error(
        "a tag has up to 128 letters, digits, underscores, dots and hyphens, and begins with none of the last two"
    )]
    Tag,
    /// The digest is none.
    #[error("a digest is `sha256:` or `sha512:` and as many hexadecimal digits, in small letters, as it has")]
    Digest,
    /// There are both.
    #[error("it has a tag and a digest: name one of them")]
    Both,
}

impl FromStr for ImageName {
    type Err = BadImageName;

    fn from_str(text: &str) -> Result<ImageName, BadImageName> {
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        let (repository, tag) = match named.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (named, None),
        };
        if !is_repository(repository) {
            return Err(BadImageName::Repository);
        }
        let reference = match (tag, digest) {
            (Some(_), Some(_)) => return Err(BadImageName::Both),
            (Some(tag), None) if !is_tag(tag) => return Err(BadImageName::Tag),
            (None, Some(digest)) if !is_digest(digest) => return Err(BadImageName::Digest),
            (tag, digest) => tag.or(digest).map(str::to_owned),
        };
        Ok(ImageName {
            repository: repository.to_owned(),
            reference,
        })
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ImageName {
            repository,
            reference,
        } = self;
        match reference {
            Some(digest) if digest.contains(':') => write!(f, "{repository}@{digest}"),
            Some(tag) => write!(f, "{repository}:{tag}"),
            None => f.write_str(repository),
        }
    }
}

/// Whether a text has the form that the specification gives to the names of repositories.
pub fn is_repository(text: &str) -> bool {
    let word = |word: &str| {
        let is_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let parts = word.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let joints = parts.filter(|part| !part.is_empty());
        is_end(word.chars().next())
            && is_end(word.chars().last())
            && joints
                .into_iter()
                .all(|joint| matches!(joint, "." | "_" | "__") || joint.bytes().all(|b| b == b'-'))
    };
    text.split('/').all(word)
}

fn is_tag(text: &str) -> bool {
    let is_of_words = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().next().is_some_and(is_of_words)
        && text.bytes().all(|c| is_of_words(c) || matches!(c, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_repository_is_words_with_single_joints() {
        for name in ["a", "a/b", "my-org/my.app_2", "a__b", "a---b"] {
            assert!(is_repository(name), "{name}");
        }
        for name in ["", "A", "a//b", "/a", "a/", "-a", "a..b", "a___b", "a:b"] {
            assert!(!is_repository(name), "{name}");
        }
    }

    #[test]
    fn an_image_is_named_as_clients_name_it() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in ["app", "team/app:v1.2", &format!("team/app@{digest}")] {
            let name: ImageName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
        }
        let named: ImageName = "team/app:v1".parse().unwrap();
        assert_eq!(
            (named.repository.as_str(), named.reference.as_deref()),
            ("team/app", Some("v1"))
        );
    }

    #[test]
    fn what_names_no_image_is_refused_with_the_reason() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (text, why) in [
            ("", BadImageName::Repository),
            ("registry.example.com:443/app", BadImageName::Tag),
            ("Team/app", BadImageName::Repository),
            ("app:", BadImageName::Tag),
            ("app:-v1", BadImageName::Tag),
            ("app@sha256:00", BadImageName::Digest),
            ("app@v1", BadImageName::Digest),
            (&format!("app:v1@{digest}"), BadImageName::Both),
        ] {
            assert_eq!(text.parse::<ImageName>(), Err(why), "{text}");
        }
    }
}

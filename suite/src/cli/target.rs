//! The address of a registry, as a person types it.

use assize::wire::{Url, UrlError};
use thiserror::Error;

use super::arguments::Command;

/// Why a text does not name a registry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum BadTarget {
    /// It is not an address.
    #[error("`{0}` is not the address of a registry: {1}")]
    Address(String, UrlError),
    /// It holds a secret, which is not repeated.
    #[error(
        "the address holds credentials: give them in ASSIZE_USER and ASSIZE_PASSWORD, or in ASSIZE_TOKEN"
    )]
    Credentials,
    /// It is a single word, which is more likely a command that does not exist.
    #[error(
        "`{word}` is neither a command nor the address of a registry; {}if it is the name of a host: https://{word}",
        meant.as_ref().map(|meant| format!("{meant} ")).unwrap_or_default()
    )]
    Word {
        /// The word.
        word: String,
        /// The command that may have been meant, as a question.
        meant: Option<String>,
    },
    /// It goes on behind the host.
    #[error(
        "`{address}` names more than a registry, which is found at /v2/ of its host: \
         give the host alone, and a repository to write to as --repository {path}\
         {}", whole.as_ref().map(|whole| format!("; or, if the API is at {whole}/v2/, give {whole}")).unwrap_or_default()
    )]
    Path {
        /// What was given.
        address: String,
        /// What stands behind the host.
        path: String,
        /// The address of a registry below this path.
        whole: Option<String>,
    },
    /// It has a query.
    #[error("`{0}` has a query, which the address of a registry has not: give it up to the `?`")]
    Query(String),
}

/// Reads the address of a registry: a URL, or a host, which means https, or http on this machine. A URL may have a path,
/// below which the API is found.
pub(crate) fn target(text: &str) -> Result<Url, BadTarget> {
    let bad = |error| match error {
        UrlError::Credentials => BadTarget::Credentials,
        error => BadTarget::Address(text.to_owned(), error),
    };
    let url = if text.contains("://") {
        Url::parse(text).map_err(bad)?
    } else {
        let secure = Url::parse(&format!("https://{text}")).map_err(bad)?;
        let loopback = secure.origin().is_loopback();
        if !loopback && !text.contains(['.', ':', '/']) {
            return Err(BadTarget::Word {
                word: text.to_owned(),
                meant: Command::like(text),
            });
        }
        let scheme = if loopback { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{text}")).map_err(bad)?
    };
    if url.query().is_some() {
        return Err(BadTarget::Query(text.to_owned()));
    }
    let path = url.path().trim_matches('/');
    let mount = match path.strip_suffix("v2").unwrap_or(path) {
        mount if mount.is_empty() || mount.ends_with('/') => mount.trim_end_matches('/'),
        _ => path,
    };
    let registry = match mount {
        "" => url.with_target(""),
        mount => url.with_target(&format!("/{mount}")),
    };
    let names_an_endpoint = mount.starts_with("v2/");
    if mount.is_empty() || text.contains("://") && !names_an_endpoint {
        return Ok(registry.mounted());
    }
    Err(BadTarget::Path {
        address: text.to_owned(),
        path: mount.strip_prefix("v2/").unwrap_or(mount).to_owned(),
        whole: (!names_an_endpoint).then(|| registry.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_means_https_and_this_machine_http() {
        let read = |text| target(text).map(|url| url.to_string());
        for (text, url) in [
            ("registry.example.com", "https://registry.example.com"),
            ("registry.example.com:5000", "https://registry.example.com:5000"),
            ("registry:5000", "https://registry:5000"),
            ("localhost", "http://localhost"),
            ("localhost:5000", "http://localhost:5000"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("[::1]:5000", "http://[::1]:5000"),
            ("https://localhost:5000/", "https://localhost:5000"),
            ("http://registry/v2/", "http://registry"),
            ("https://registry//", "https://registry"),
            ("https://registry/api/docker", "https://registry/api/docker"),
            ("https://registry/api/docker/v2/", "https://registry/api/docker"),
            ("https://registry/hubv2/", "https://registry/hubv2"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(url), "{text}");
        }
    }

    #[test]
    fn what_is_no_registry_is_refused_with_advice() {
        let refusals = [
            "lst",
            "ghcr.io/me/app",
            "https://ghcr.io/v2/me/app/tags/list",
            "https://ghcr.io/?x=y",
            "https://me:secret@ghcr.io",
            "ftp://ghcr.io",
        ]
        .map(|text| target(text).unwrap_err().to_string());
        insta::assert_snapshot!(refusals.join("\n"));
    }
}

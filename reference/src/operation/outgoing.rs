//! What requests of the registry to others have in common.

use std::error::Error as _;

use reqwest::ClientBuilder;

/// What the registry calls itself.
const AGENT: &str = concat!("assize-reference/", env!("CARGO_PKG_VERSION"));

/// A client for URLs of this scheme. Certificates are checked against those that the system trusts; a machine that has
/// none can do without them where there is no TLS.
pub(crate) fn client(scheme: &str) -> ClientBuilder {
    let client = reqwest::Client::builder().user_agent(AGENT);
    match scheme {
        "http" => client.tls_certs_only([]),
        _ => client,
    }
}

/// What is behind an error, without the URL that the error itself would show.
pub(crate) fn causes(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    match words.is_empty() {
        true => error.to_string(),
        false => words.join(": "),
    }
}

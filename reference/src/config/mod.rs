//! The configuration: one definition for the command line, the environment, files and programs.
//!
//! A key of a file is the long form of a flag, and a variable of the environment is the same in capitals,
//! after `ASSIZE_REFERENCE_`.

mod address;
mod base_url;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod launch;
mod limits;
mod notify;
mod offer;
mod profiles;
mod settle;
mod tokens;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

pub use base_url::{BaseUrl, BlobRedirect};
pub use launch::Launch;
pub use limits::Limits;
pub use notify::{Action, Ignore, NotificationEndpoint};
pub use offer::{MissingContent, Offer};
pub use profiles::{PROFILES, Profile, profile};
pub use settle::{ConfigError, refuse_unknown_variables};
pub(crate) use tokens::Gate;
pub use tokens::{TokenName, TokenRealm, TrustedKeysSource};

/// Everything that can be chosen about a registry.
#[derive(Debug, Clone, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Address to listen on: 5000 listens on loopback only, :5000 on all interfaces; port 0 picks a free port
    #[arg(
        long,
        env = "ASSIZE_REFERENCE_LISTEN",
        default_value_t = Config::default().listen,
        value_parser = address::parse
    )]
    #[serde(deserialize_with = "address::deserialize")]
    pub listen: SocketAddr,

    /// Directory for the content (default: content is kept in memory)
    #[arg(long, env = "ASSIZE_REFERENCE_STORE")]
    pub store: Option<PathBuf>,

    /// When an upload is acknowledged
    #[arg(long, env = "ASSIZE_REFERENCE_DURABILITY", value_enum, default_value_t)]
    pub durability: Durability,

    /// Bytes per second to read in the background in search of damaged content; 0 checks only content in which a
    /// request has met damage
    #[arg(long, env = "ASSIZE_REFERENCE_SCRUB_RATE", default_value_t = Config::default().scrub_rate)]
    pub scrub_rate: u64,

    /// URL under which clients reach the registry (default: taken from each request)
    #[arg(long, env = "ASSIZE_REFERENCE_BASE_URL")]
    pub base_url: Option<BaseUrl>,

    /// Form of the URLs in Location and Link headers
    #[arg(long, env = "ASSIZE_REFERENCE_LOCATION", value_enum, default_value_t)]
    pub location: Location,

    /// Addresses of proxies whose Forwarded and X-Forwarded headers are trusted, separated by commas
    #[arg(long, env = "ASSIZE_REFERENCE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,

    /// PEM file with the certificate chain of the registry, its own certificate first
    #[arg(long, env = "ASSIZE_REFERENCE_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// PEM file with the key of the certificate
    #[arg(long, env = "ASSIZE_REFERENCE_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// File of accounts as written by htpasswd -B, with the rights of each after its password (default: everyone
    /// may do everything)
    #[arg(long, env = "ASSIZE_REFERENCE_ACCOUNTS")]
    pub accounts: Option<PathBuf>,

    /// How accounts authenticate
    #[arg(long, env = "ASSIZE_REFERENCE_AUTHENTICATION", value_enum, default_value_t)]
    pub authentication: Authentication,

    /// Name under which servers that issue tokens know this registry; tokens for another one are refused
    #[arg(long, env = "ASSIZE_REFERENCE_TOKEN_SERVICE", value_name = "NAME", default_value_t = Config::default().token_service)]
    pub token_service: TokenName,

    /// Name of whoever issues tokens, which the registry writes into its own and asks of those of another server
    /// (default: that of the service)
    #[arg(long, env = "ASSIZE_REFERENCE_TOKEN_ISSUER", value_name = "NAME")]
    pub token_issuer: Option<TokenName>,

    /// PEM file with the key for P-256 that signs the registry's own tokens, and its certificate (default: made at the
    /// first start, and kept in token-key.pem in the store)
    ///
    /// Other registries trust it by the certificate, which is at /token/certificate (docker-registry and distribution:
    /// rootcertbundle), or by the JSON Web Key Set at /token/keys.
    #[arg(long, env = "ASSIZE_REFERENCE_TOKEN_SIGNING_KEY", value_name = "FILE")]
    pub token_signing_key: Option<PathBuf>,

    /// URL at which another server gives tokens, to which clients are sent; who may do what is then said by its tokens
    #[arg(long, env = "ASSIZE_REFERENCE_TOKEN_REALM", value_name = "URL")]
    pub token_realm: Option<TokenRealm>,

    /// File or URL with the keys that check the tokens of the other server: certificates or public keys in PEM, or a JSON
    /// Web Key Set; clocks may differ by a minute
    ///
    /// A URL (http:// or https://) is asked at the start, every quarter of an hour, and when a token names a key that is not
    /// known, for that at most every ten seconds; its certificate is checked against those that the system trusts, or those in
    /// SSL_CERT_FILE.
    #[arg(long, env = "ASSIZE_REFERENCE_TOKEN_TRUSTED_KEYS", value_name = "FILE|URL")]
    pub token_trusted_keys: Option<TrustedKeysSource>,

    /// Address on which to serve metrics for Prometheus (default: none)
    #[arg(long, env = "ASSIZE_REFERENCE_METRICS", value_parser = address::parse)]
    #[serde(deserialize_with = "address::deserialize_some")]
    pub metrics: Option<SocketAddr>,

    /// Endpoint for notifications about pulls, pushes, mounts and deletions; repeatable
    ///
    /// In the configuration file each endpoint is a table `[[notify]]` with name and url, and optionally headers,
    /// timeout (seconds; default 1), threshold (failures in a row before backing off; default 10), backoff (seconds;
    /// default 1), queue-size (bytes of pending events; default 16777216), ignore.media-types, ignore.actions (pull,
    /// push, mount, delete), disabled.
    #[arg(
        long,
        env = "ASSIZE_REFERENCE_NOTIFY",
        value_name = "[NAME=]URL",
        value_delimiter = ' '
    )]
    pub notify: Vec<NotificationEndpoint>,

    /// Include the descriptors that a manifest references in its events
    #[arg(long, env = "ASSIZE_REFERENCE_NOTIFY_REFERENCES")]
    pub notify_references: bool,

    /// Format of the log
    #[arg(long, env = "ASSIZE_REFERENCE_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// Do not log requests
    #[arg(long, env = "ASSIZE_REFERENCE_NO_ACCESS_LOG")]
    pub no_access_log: bool,

    /// What the registry offers
    #[command(flatten)]
    pub offer: Offer,

    /// Limits
    #[command(flatten)]
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5000)),
            store: None,
            durability: Durability::default(),
            scrub_rate: 8 * 1024 * 1024,
            base_url: None,
            location: Location::default(),
            trusted_proxies: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            accounts: None,
            authentication: Authentication::default(),
            token_service: TokenName::of_this_registry(),
            token_issuer: None,
            token_signing_key: None,
            token_realm: None,
            token_trusted_keys: None,
            metrics: None,
            notify: Vec::new(),
            notify_references: false,
            log_format: LogFormat::default(),
            no_access_log: false,
            offer: Offer::default(),
            limits: Limits::default(),
        }
    }
}

/// When a change is acknowledged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// When it is on disk and survives a power loss
    #[default]
    Strict,
    /// When the operating system has it: a crash of the machine may lose acknowledged changes
    Relaxed,
}

/// How accounts authenticate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// With the password on every request (Basic)
    #[default]
    Password,
    /// With a token (Bearer), which the registry issues at /token for the password, or another server at --token-realm
    Token,
}

/// The form of the URLs that the registry prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// A path, which works behind any proxy that does not change paths
    #[default]
    Relative,
    /// A URL with scheme and host
    Absolute,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Human-readable lines
    #[default]
    Text,
    /// A JSON object on each line
    Json,
}

//! The configuration: one definition for the command line, the environment, files and programs.
//!
//! A key of a file is the long form of a flag, and a variable of the environment is the same in capitals,
//! after `ASSIZE_REFERENCE_`.

mod address;
mod base_url;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod limits;
mod notify;
mod offer;
mod profiles;
mod settle;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

pub use base_url::{BaseUrl, BlobRedirect};
pub use limits::Limits;
pub use notify::{Action, Ignore, NotificationEndpoint};
pub use offer::{MissingContent, Offer};
pub use profiles::{PROFILES, Profile, profile};
pub use settle::{ConfigError, refuse_unknown_variables};

/// Everything that can be chosen about a registry.
#[derive(Debug, Clone, PartialEq, Args, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Address to listen on: 5000 on this machine only, :5000 on every address of it; port 0 takes a free one
    #[arg(
        long,
        env = "ASSIZE_REFERENCE_LISTEN",
        default_value_t = Config::default().listen,
        value_parser = address::parse
    )]
    #[serde(deserialize_with = "address::deserialize")]
    pub listen: SocketAddr,

    /// Directory that holds the content; without one, content is kept in memory
    #[arg(long, env = "ASSIZE_REFERENCE_STORE")]
    pub store: Option<PathBuf>,

    /// When an upload is acknowledged
    #[arg(long, env = "ASSIZE_REFERENCE_DURABILITY", value_enum, default_value_t)]
    pub durability: Durability,

    /// Bytes of content read in a second to find what has been damaged on the disk; 0 to look only at what
    /// somebody has met damage in
    #[arg(long, env = "ASSIZE_REFERENCE_SCRUB_RATE", default_value_t = Config::default().scrub_rate)]
    pub scrub_rate: u64,

    /// URL under which clients reach the registry; otherwise taken from each request
    #[arg(long, env = "ASSIZE_REFERENCE_BASE_URL")]
    pub base_url: Option<BaseUrl>,

    /// Form of the Location and Link headers
    #[arg(long, env = "ASSIZE_REFERENCE_LOCATION", value_enum, default_value_t)]
    pub location: Location,

    /// Addresses of proxies whose Forwarded and X-Forwarded headers are believed
    #[arg(long, env = "ASSIZE_REFERENCE_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,

    /// File with the certificate of the registry, in PEM; those of authorities follow it
    #[arg(long, env = "ASSIZE_REFERENCE_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// File with the key of the certificate, in PEM
    #[arg(long, env = "ASSIZE_REFERENCE_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// File of the accounts, as htpasswd -B makes it, with rights behind each password; without one,
    /// everyone may do everything
    #[arg(long, env = "ASSIZE_REFERENCE_ACCOUNTS")]
    pub accounts: Option<PathBuf>,

    /// How an account shows who it is
    #[arg(long, env = "ASSIZE_REFERENCE_AUTHENTICATION", value_enum, default_value_t)]
    pub authentication: Authentication,

    /// Address for metrics, as Prometheus reads them
    #[arg(long, env = "ASSIZE_REFERENCE_METRICS", value_parser = address::parse)]
    #[serde(deserialize_with = "address::deserialize_some")]
    pub metrics: Option<SocketAddr>,

    /// Where events are sent of what is pulled, pushed, mounted and deleted; repeatable
    ///
    /// In the configuration file each endpoint is a table `[[notify]]` with its name and url, and, where they
    /// are to be other than usual: headers, timeout (1, in seconds), threshold (10 failures, after which
    /// there are pauses), backoff (1, the seconds of a pause), queue-size (16777216, the bytes of events
    /// that may wait), ignore.media-types, ignore.actions (pull, push, mount, delete), disabled.
    #[arg(
        long,
        env = "ASSIZE_REFERENCE_NOTIFY",
        value_name = "[NAME=]URL",
        value_delimiter = ' '
    )]
    pub notify: Vec<NotificationEndpoint>,

    /// List in the events of manifests what each of them names
    #[arg(long, env = "ASSIZE_REFERENCE_NOTIFY_REFERENCES")]
    pub notify_references: bool,

    /// Form of the log
    #[arg(long, env = "ASSIZE_REFERENCE_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,

    /// Log no requests
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
    /// When it is on the disk and survives a loss of power
    #[default]
    Strict,
    /// When the operating system has it: a crash of the machine may lose what was acknowledged
    Relaxed,
}

/// How an account shows who it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// With its password, on every request
    #[default]
    Password,
    /// With a token, which the registry gives at /token for the password
    Token,
}

/// The form of the URLs that the registry prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// A path, which is right behind any proxy that keeps paths
    #[default]
    Relative,
    /// A URL with scheme and host
    Absolute,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Text,
    /// A JSON object on each line
    Json,
}

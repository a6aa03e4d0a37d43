//! How the registry is reached, and where a run may write.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use super::LoginArguments;
use crate::cli::value;
use assize::wire::{Address, Proxy};

/// The versions of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HttpVersion {
    /// HTTP/1.1
    #[value(name = "1.1")]
    V1_1,
    /// HTTP/2
    #[value(name = "2")]
    V2,
}

/// How the registry is reached, and where a run may write.
#[derive(Args, Debug)]
#[command(next_help_heading = "Registry")]
pub(crate) struct RegistryArguments {
    #[command(flatten)]
    pub(crate) login: LoginArguments,

    /// PEM file of certificates to trust in addition to the system's: a CA's, or the registry's own; repeatable
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ca: Vec<PathBuf>,

    /// Accept any TLS certificate
    #[arg(long, conflicts_with = "ca")]
    pub(crate) insecure: bool,

    /// PEM file with the client certificate
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cert: Option<PathBuf>,

    /// PEM file with the key of the client certificate (default: the file of --cert)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "cert")]
    pub(crate) key: Option<PathBuf>,

    /// Newest version of HTTP to speak. HTTP/2 is spoken where the registry chooses it in the TLS handshake, and what only
    /// HTTP/1.1 can say, such as chunks, is said over HTTP/1.1
    #[arg(long, value_name = "VERSION", default_value = "2")]
    pub(crate) http: HttpVersion,

    /// Proxy for all requests. It overrides http_proxy, HTTPS_PROXY, ALL_PROXY and NO_PROXY, which are never used
    /// for this machine
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Url, value_parser = Proxy::parse)]
    pub(crate) proxy: Option<Proxy>,

    /// Address to connect to for a host and port, instead of what DNS says; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDRESS", value_parser = value::address)]
    pub(crate) resolve: Vec<Address>,

    /// Header for every request to the registry, such as 'X-Tenant: me'; reports show its value, unless it is
    /// Authorization or Cookie; repeatable
    #[arg(long, value_name = "LINE", value_parser = value::header_line)]
    pub(crate) header: Vec<(String, String)>,

    /// Value of the User-Agent header (default: assize/VERSION)
    #[arg(long, value_name = "TEXT", value_parser = value::header_value)]
    pub(crate) user_agent: Option<String>,

    /// Never contact another host, even where the registry redirects to one; checks that would need it are not reached
    #[arg(long)]
    pub(crate) same_host: bool,

    /// Time within which the registry must begin its response
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,

    /// Use only this repository, for writes and for reads. Repeat it to give a second and a third one for scenarios
    /// that need several, such as mounts. Scenarios that share a repository do not run at the same time
    #[arg(long, value_name = "NAME")]
    pub(crate) repository: Vec<String>,

    /// Make all repositories below this name, such as team/qa, and use none beside it
    #[arg(long, value_name = "NAME", value_parser = value::repository, conflicts_with = "repository")]
    pub(crate) repository_prefix: Option<String>,
}

//! What a client is made of: the target, who asks, how servers are trusted, and the limits on everything.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::grant::Grant;
use super::{Account, Headers, Keeping, Proxies, Url, number};

/// What a client has to know.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The registry under test: credentials are for it, and for the token server that it names.
    pub target: Url,
    /// Who asks.
    pub credentials: Credentials,
    /// Which servers are trusted.
    pub tls: Tls,
    /// The certificate that the client shows where a server wants one.
    pub identity: Option<Identity>,
    /// Which proxy is asked for which server.
    pub proxies: Proxies,
    /// Where hosts are found, in place of what their names resolve to.
    pub addresses: Vec<Address>,
    /// Which servers may be asked.
    pub reach: Reach,
    /// Header lines of every request to the target that does not bring its own of that name.
    pub lines: Headers,
    /// What the client calls itself, if not by its own name.
    pub user_agent: Option<String>,
    /// How long each phase may take.
    pub timeouts: Timeouts,
    /// The longest body that is read, in bytes.
    pub body_limit: u64,
    /// Which bodies are kept whole; of the others the length, the digest and the beginning are known.
    pub keeping: Keeping,
    /// How many redirects are followed.
    pub redirect_limit: u32,
}

impl ClientSettings {
    /// The usual limits for a registry that is asked by nobody in particular and has a certificate that is trusted.
    pub fn new(target: Url) -> ClientSettings {
        ClientSettings {
            target,
            credentials: Credentials::default(),
            tls: Tls::Verified {
                extra_roots: Vec::new(),
            },
            identity: None,
            proxies: Proxies::default(),
            addresses: Vec::new(),
            reach: Reach::Anywhere,
            lines: Headers::new(),
            user_agent: None,
            timeouts: Timeouts::default(),
            body_limit: 256 * 1024 * 1024,
            keeping: Keeping::ForJudging,
            redirect_limit: 10,
        }
    }
}

impl ClientSettings {
    /// What a reader has to know of how servers are reached, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let unchecked = (self.tls == Tls::Insecure)
            .then(|| "certificates went unchecked (--insecure), so anybody may have answered".to_owned());
        let proxy = self
            .proxies
            .of(&self.target.origin())
            .ok()
            .flatten()
            .map(|proxy| format!("{} was asked through the proxy {}", self.target, proxy.server));
        let reach = (self.reach == Reach::SameHost)
            .then(|| "what is on another host was not asked (--same-host)".to_owned());
        [unchecked, proxy, reach].into_iter().flatten().collect()
    }
}

/// Which servers may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All that the registry names: in a `Location`, a redirect, a challenge.
    Anywhere,
    /// Those on the host of the registry, at whatever port.
    SameHost,
}

/// The certificate of a client, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The file of the certificate, in PEM, with those of who signed it.
    pub certificate: PathBuf,
    /// The file of its key, in PEM.
    pub key: PathBuf,
}

/// Where a host is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host, in small letters.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Its address.
    pub address: IpAddr,
}

impl Address {
    /// Reads `HOST:PORT:ADDRESS`.
    pub fn parse(text: &str) -> Option<Address> {
        let (host, rest) = text.split_once(':')?;
        let (port, address) = rest.split_once(':')?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        Some(Address {
            host: host.to_ascii_lowercase(),
            port: u16::try_from(number(port, u64::from(u16::MAX)).ok()?).ok()?,
            address: address.parse().ok()?,
        })
    }
}

/// The accounts that requests can be sent by.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    default: Option<Login>,
    named: BTreeMap<String, Login>,
}

impl Credentials {
    /// No account at all, so that everything is asked anonymously.
    pub fn none() -> Credentials {
        Credentials::default()
    }

    /// With this default account.
    #[must_use]
    pub fn with_default(mut self, login: Login) -> Credentials {
        self.default = Some(login);
        self
    }

    /// With this account besides.
    #[must_use]
    pub fn with_named(mut self, name: &str, login: Login) -> Credentials {
        self.named.insert(name.to_owned(), login);
        self
    }

    /// Whether requests can be sent by this account.
    pub fn knows(&self, account: &Account) -> bool {
        match account {
            Account::Default | Account::Nobody => true,
            Account::Named(name) => self.named.contains_key(name),
        }
    }

    /// Whether this account was given something to show.
    pub fn has(&self, account: &Account) -> bool {
        self.login(account).is_some()
    }

    /// What all the accounts show by themselves.
    pub(super) fn grants(&self) -> impl Iterator<Item = Grant> {
        self.logins().map(Grant::of)
    }

    /// What all the accounts have to show.
    pub(super) fn logins(&self) -> impl Iterator<Item = &Login> {
        self.default.iter().chain(self.named.values())
    }

    /// What the account shows, if it has anything to show.
    pub(super) fn login(&self, account: &Account) -> Option<&Login> {
        match account {
            Account::Default => self.default.as_ref(),
            Account::Nobody => None,
            Account::Named(name) => self.named.get(name),
        }
    }
}

/// What an account shows to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// A user and a password: for Basic, or for a token server.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token made elsewhere.
    Token(Secret),
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// The text itself, to be written to a connection.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Secret {
        Secret(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Which servers are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Those with a certificate that leads to a root of this machine, or to one of these.
    Verified {
        /// Files of certificates in PEM.
        extra_roots: Vec<PathBuf>,
    },
    /// All of them: certificates go unchecked.
    Insecure,
}

/// How long each phase of an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Finding the host, connecting and the TLS handshake.
    pub connect: Duration,
    /// From the last byte of the request to the end of the answer's head.
    pub answer: Duration,
    /// From one read or write of a body to the next.
    pub idle: Duration,
    /// The whole exchange, redirects and token servers included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
        }
    }
}

/// Why no client can be made.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A file of roots cannot be read.
    #[error("cannot read certificates from {}: {reason}", .path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate of the client cannot be used.
    #[error("cannot use the certificate {} with the key {}: {reason}", .certificate.display(), .key.display())]
    Identity {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
    /// There is nothing to check certificates against.
    #[error(
        "this machine has no root certificates to check {target} against; name a file of them with --ca{hint}"
    )]
    NoRoots {
        /// The target.
        target: Url,
        /// What was wrong with those of the machine, if anything was.
        hint: String,
    },
    /// The TLS library does not start.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

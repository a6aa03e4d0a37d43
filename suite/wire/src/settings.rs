//! The settings of a client: the target, the accounts, which servers are trusted, and the limits.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::grant::Grant;
use super::{Account, Headers, Keeping, Proxies, Url, Versions, number};

/// The settings of a client; [`ClientSettings::new`] has the defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The registry under test. Credentials are sent to it and to the token server that it names, and nowhere else.
    pub target: Url,
    /// The accounts (default: none).
    pub credentials: Credentials,
    /// Which TLS certificates are accepted (default: those that the system trusts).
    pub tls: Tls,
    /// Client certificate (default: none).
    pub identity: Option<Identity>,
    /// Versions of HTTP that are spoken (default: HTTP/2 where the server chooses it, and HTTP/1.1).
    pub versions: Versions,
    /// Proxies (default: none).
    pub proxies: Proxies,
    /// Addresses of hosts that override DNS (default: none).
    pub addresses: Vec<Address>,
    /// Which servers may be contacted (default: all that the registry names).
    pub reach: Reach,
    /// Headers for every request to the target that does not set them itself (default: none).
    pub lines: Headers,
    /// Value of the `User-Agent` header (default: `assize/VERSION`).
    pub user_agent: Option<String>,
    /// Limits on the duration of each phase.
    pub timeouts: Timeouts,
    /// Maximum length of a body that is read, in bytes (default: 256 MiB).
    pub body_limit: u64,
    /// Which bodies are kept whole; of the others the length, the digest and the beginning are kept.
    pub keeping: Keeping,
    /// Maximum number of redirects to follow (default: 10).
    pub redirect_limit: u32,
}

impl ClientSettings {
    /// Default settings: no account, and the certificates that the system trusts.
    pub fn new(target: Url) -> ClientSettings {
        ClientSettings {
            target: target.mounted(),
            credentials: Credentials::default(),
            tls: Tls::Verified {
                extra_roots: Vec::new(),
            },
            identity: None,
            versions: Versions::UpTo2,
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
        let disregarded = self.proxies.disregards_one_for(&self.target.origin()).then(|| {
            "HTTP_PROXY is not obeyed, as by curl: http_proxy in small letters is, and --proxy".to_owned()
        });
        let mount = Some(self.target.mount()).filter(|mount| !mount.is_empty());
        let mounted = mount.map(|mount| {
            format!(
                "the API was asked below {mount}: the specification has /v2/ at the root of a host, and clients take {mount} for a part of a repository's name"
            )
        });
        let reach = (self.reach == Reach::SameHost)
            .then(|| "what is on another host was not asked (--same-host)".to_owned());
        let login = match self.credentials.source() {
            LoginSource::Found(place) => Some(place.clone()),
            LoginSource::Unsaid | LoginSource::LookedFor(_) => None,
        };
        [login, unchecked, mounted, proxy, disregarded, reach]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Which servers a client may contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All that the registry names in a `Location`, a redirect or a challenge.
    Anywhere,
    /// Only those on the host of the registry, on any port.
    SameHost,
}

/// A client certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// PEM file with the certificate chain.
    pub certificate: PathBuf,
    /// PEM file with the key.
    pub key: PathBuf,
}

/// The address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host, in lower case.
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

/// The accounts that a client can log in with.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    default: Option<Login>,
    named: BTreeMap<String, Login>,
    source: LoginSource,
}

impl Credentials {
    /// No account: all requests are anonymous.
    pub fn none() -> Credentials {
        Credentials::default()
    }

    /// Sets the default account.
    #[must_use]
    pub fn with_default(mut self, login: Login) -> Credentials {
        self.default = Some(login);
        self
    }

    /// Says where the default account comes from.
    #[must_use]
    pub fn with_source(mut self, source: LoginSource) -> Credentials {
        self.source = source;
        self
    }

    /// Where the default account comes from.
    pub fn source(&self) -> &LoginSource {
        &self.source
    }

    /// Adds an account with a name.
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
        self.logins().filter_map(Grant::by_itself)
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

/// The credentials of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// User and password, for Basic authentication or for a token server.
    Password {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A bearer token that was issued elsewhere.
    Token(Secret),
    /// A refresh token of OAuth2, which Docker calls an identity token: it is for the token server alone.
    RefreshToken(Secret),
}

/// Where the default account comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LoginSource {
    /// Nobody said.
    #[default]
    Unsaid,
    /// From here, as a sentence without its end: "the login was that of `me`, with the password from …".
    Found(String),
    /// From nowhere, although these were looked at.
    LookedFor(Vec<String>),
}

/// A secret text, which is never printed.
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

/// Which TLS certificates a client accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Those signed by a root certificate of the system or by one of these, and these themselves.
    Verified {
        /// Files of certificates in PEM.
        extra_roots: Vec<PathBuf>,
    },
    /// All: certificates are not verified.
    Insecure,
}

/// Limits on the duration of each phase of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// DNS lookup, connecting and the TLS handshake (default: 10 s).
    pub connect: Duration,
    /// From the last byte of the request to the end of the response's headers (default: 30 s).
    pub answer: Duration,
    /// Between two reads or writes of a body (default: 30 s).
    pub idle: Duration,
    /// The whole exchange, including redirects and token requests (default: 300 s).
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            // A packet that is lost is sent again after one, three and seven seconds.
            connect: Duration::from_secs(10),
            // Half of the minute after which the common front ends give up with a 504, and so of what a client meets.
            answer: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            // As long as a scenario may take.
            total: Duration::from_secs(300),
        }
    }
}

/// Why a client cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
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
    /// There are no root certificates.
    #[error(
        "this machine has no root certificates to check {target} against; name a file of them with --ca{hint}"
    )]
    NoRoots {
        /// The target.
        target: Url,
        /// What was wrong with those of the machine, if anything was.
        hint: String,
    },
    /// The TLS library cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

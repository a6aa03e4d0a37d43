//! What a client is made of: the target, who asks, how servers are trusted, and the limits on everything.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::grant::Grant;
use super::{Account, Url};

/// The shortest text that is looked for in what a registry says, in bytes: shorter ones stand in every text.
const SHORTEST_SECRET: usize = 8;

/// What a client has to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The registry under test: credentials are for it, and for the token server that it names.
    pub target: Url,
    /// Who asks.
    pub credentials: Credentials,
    /// Which servers are trusted.
    pub tls: Tls,
    /// How long each phase may take.
    pub timeouts: Timeouts,
    /// The longest body that is read, in bytes.
    pub body_limit: u64,
    /// How many redirects are followed.
    pub redirect_limit: u32,
}

impl Settings {
    /// The usual limits for a registry that is asked by nobody in particular and has a certificate that is trusted.
    pub fn new(target: Url) -> Settings {
        Settings {
            target,
            credentials: Credentials::default(),
            tls: Tls::Verified {
                extra_roots: Vec::new(),
            },
            timeouts: Timeouts::default(),
            body_limit: 256 * 1024 * 1024,
            redirect_limit: 10,
        }
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
        self.default.iter().chain(self.named.values()).map(Grant::of)
    }

    /// The texts that let somebody in: passwords, tokens, and pairs of user and password as `Basic` writes them.
    pub(super) fn secrets(&self) -> Vec<String> {
        let shown = self.grants().flat_map(|grant| {
            let value = grant.value();
            let pair = value.split(' ').next_back().unwrap_or_default().to_owned();
            [pair, grant.secret().reveal().to_owned()]
        });
        shown.filter(|text| text.len() >= SHORTEST_SECRET).collect()
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
    /// There is nothing to check certificates against.
    #[error("this machine has no root certificates to check {target} against; name a file of them{hint}")]
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

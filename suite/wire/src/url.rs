//! Addresses, kept byte for byte as they are written.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use thiserror::Error;

use super::number;

/// An absolute `http` or `https` address whose path and query are never tidied.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    origin: Origin,
    /// `host[:port]`, as written.
    authority: String,
    /// Path and query, as written; empty if the address ends with its authority.
    target: String,
    /// The path below which the registry of this server has its API, as `/prefix`; empty at the root.
    mount: Arc<str>,
}

/// The server that an address belongs to: what credentials and connections are bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: Scheme,
    /// In lower case, an IPv6 address without its brackets.
    host: String,
    port: u16,
}

/// How a server is talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// In the open.
    Http,
    /// Through TLS.
    Https,
}

/// Why a text is not an address that a request can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// It has no scheme, or nothing that could be a server.
    #[error("it is not an absolute address: it has to begin with http:// or https://")]
    NotAbsolute,
    /// Its scheme is another one.
    #[error("the scheme `{0}` is neither http nor https")]
    Scheme(String),
    /// It carries a user name or a password.
    #[error("it carries credentials before an `@`; give them apart from the address")]
    Credentials,
    /// Its host is empty or none.
    #[error("`{0}` is not the name or the address of a host")]
    Host(String),
    /// Its port is none.
    #[error("`{0}` is not a port")]
    Port(String),
    /// It holds a blank or a control character.
    #[error("it holds the character {0:?}, which has to be percent-encoded")]
    Character(char),
}

impl Url {
    /// Reads an absolute address; a fragment is left out, since it is never sent.
    pub fn parse(text: &str) -> Result<Url, UrlError> {
        let text = presentable(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::NotAbsolute)?;
        let scheme = Scheme::parse(scheme)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        Ok(Url {
            origin: Origin::parse(scheme, authority)?,
            authority: authority.to_owned(),
            target: target.to_owned(),
            mount: Arc::default(),
        })
    }

    /// The same address as that of a registry: its path is the mount below which the API is found, and every address
    /// that comes of it on this server knows of it.
    pub fn mounted(self) -> Url {
        let mount = self.path().trim_end_matches('/');
        Url {
            target: mount.to_owned(),
            mount: mount.into(),
            ..self
        }
    }

    /// The address that `reference` means on a page of this address (RFC 3986, section 5.2).
    ///
    /// Dot segments are removed from relative paths only; a path that begins with `/` is taken as it is written.
    pub fn resolve(&self, reference: &str) -> Result<Url, UrlError> {
        let reference = presentable(reference)?;
        if let Some(scheme) = scheme_of(reference) {
            Scheme::parse(scheme)?;
            return Url::parse(reference).map(|url| self.lend_mount(url));
        }
        if reference.starts_with("//") {
            let url = Url::parse(&format!("{}:{reference}", self.origin.scheme));
            return url.map(|url| self.lend_mount(url));
        }
        if reference.starts_with('/') {
            return Ok(self.with_target(reference));
        }
        if reference.is_empty() {
            return Ok(self.clone());
        }
        if reference.starts_with('?') {
            return Ok(self.with_target(&format!("{}{reference}", self.path())));
        }
        let (path, query) = split_query(reference);
        let folder = self.path().rfind('/').map_or("", |slash| &self.path()[..slash]);
        let merged = without_dot_segments(&format!("{folder}/{path}"));
        Ok(self.with_target(&format!("{merged}{query}")))
    }

    /// The same server with this path and query, byte for byte.
    pub fn with_target(&self, path_and_query: &str) -> Url {
        let slash = if path_and_query.is_empty() || path_and_query.starts_with(['/', '?']) {
            ""
        } else {
            "/"
        };
        Url {
            target: format!("{slash}{path_and_query}"),
            ..self.clone()
        }
    }

    /// The address at which the registry has this path of its API: `/v2/…`, below its mount.
    pub fn below_mount(&self, path_and_query: &str) -> Url {
        self.with_target(&format!("{}{path_and_query}", self.mount))
    }

    /// Another address, which knows of the mount if it is one of the same server.
    pub fn lend_mount(&self, other: Url) -> Url {
        if other.origin != self.origin {
            return other;
        }
        Url {
            mount: self.mount.clone(),
            ..other
        }
    }

    /// The same address with `query` behind the query that it has, or as its query.
    pub fn join_query(&self, query: &str) -> Url {
        let joint = match self.query() {
            None => "?",
            Some("") => "",
            Some(present) if present.ends_with('&') => "",
            Some(_) => "&",
        };
        Url {
            target: format!("{}{joint}{query}", self.target),
            ..self.clone()
        }
    }

    /// The server that the address belongs to.
    pub fn origin(&self) -> Origin {
        self.origin.clone()
    }

    /// The path as written; empty if the address ends with its authority.
    pub fn path(&self) -> &str {
        split_query(&self.target).0
    }

    /// The path as the registry has it, behind its mount; `None` if the address lies beside it.
    pub fn path_below_mount(&self) -> Option<&str> {
        let below = self.path().strip_prefix(&*self.mount)?;
        (self.mount.is_empty() || below.is_empty() || below.starts_with('/')).then_some(below)
    }

    /// The path below which the registry has its API, as `/prefix`; empty at the root.
    pub fn mount(&self) -> &str {
        &self.mount
    }

    /// What stands behind the first `?`, if there is one.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Host and port as written: the value of a `Host` line.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What stands in the request line: path and query, with at least a `/`.
    pub fn request_target(&self) -> Cow<'_, str> {
        if self.target.starts_with('/') {
            Cow::Borrowed(&self.target)
        } else {
            Cow::Owned(format!("/{}", self.target))
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.origin.scheme, self.authority, self.target)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

impl Origin {
    fn parse(scheme: Scheme, authority: &str) -> Result<Origin, UrlError> {
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (authority, ""),
        };
        Ok(Origin {
            scheme,
            host: parse_host(host)?,
            port: if port.is_empty() {
                scheme.default_port()
            } else {
                parse_port(port)?
            },
        })
    }

    /// How the server is talked to.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host's name or address, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, given or implied.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the server runs on the machine of the suite, so that no network sees what is sent to it.
    pub fn is_loopback(&self) -> bool {
        let address: Result<IpAddr, _> = self.host.parse();
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || address.is_ok_and(|address| is_of_this_machine(address.to_canonical()))
    }
}

/// Loopback, and the address that stands for no address: who connects there reaches this machine.
fn is_of_this_machine(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified()
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host: Cow<'_, str> = if self.host.contains(':') {
            Cow::Owned(format!("[{}]", self.host))
        } else {
            Cow::Borrowed(&self.host)
        };
        write!(f, "{}://{host}", self.scheme)?;
        if self.port == self.scheme.default_port() {
            return Ok(());
        }
        write!(f, ":{}", self.port)
    }
}

impl Scheme {
    fn parse(text: &str) -> Result<Scheme, UrlError> {
        [Scheme::Http, Scheme::Https]
            .into_iter()
            .find(|scheme| scheme.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| UrlError::Scheme(text.to_owned()))
    }

    fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text without its fragment, if no character of it would break a request line.
fn presentable(text: &str) -> Result<&str, UrlError> {
    let text = text.split('#').next().unwrap_or_default();
    match text.chars().find(|&c| c == ' ' || c.is_control()) {
        Some(character) => Err(UrlError::Character(character)),
        None => Ok(text),
    }
}

/// The path, and the query with its `?`.
fn split_query(target: &str) -> (&str, &str) {
    target.split_at(target.find('?').unwrap_or(target.len()))
}

/// The scheme that a reference begins with, if it is an absolute one.
fn scheme_of(reference: &str) -> Option<&str> {
    let (scheme, _) = reference.split_once(':')?;
    let mut letters = scheme.bytes();
    let starts = letters.next()?.is_ascii_alphabetic();
    let goes_on = letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    (starts && goes_on).then_some(scheme)
}

/// RFC 3986, section 5.2.4, for a path that begins with `/`.
fn without_dot_segments(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut kept: Vec<&str> = Vec::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        let last = index + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

fn parse_host(text: &str) -> Result<String, UrlError> {
    let fault = || UrlError::Host(text.to_owned());
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').ok_or_else(fault)?;
        let address: Ipv6Addr = address.parse().map_err(|_| fault())?;
        return Ok(address.to_string());
    }
    let named = text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    if text.is_empty() || !named {
        return Err(fault());
    }
    Ok(text.to_ascii_lowercase())
}

fn parse_port(text: &str) -> Result<u16, UrlError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let port = number(text, u64::from(u16::MAX)).ok().filter(|_| digits);
    match port.and_then(|port| u16::try_from(port).ok()) {
        Some(port) if port != 0 => Ok(port),
        _ => Err(UrlError::Port(text.to_owned())),
    }
}

#[cfg(test)]
mod tests;

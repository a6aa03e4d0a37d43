//! Proxies, as the environment names them and as curl obeys them.
//!
//! `HTTP_PROXY` in capital letters is not obeyed: where a web server starts a program, whoever asks it sets that variable
//! with a header line `Proxy`.
//!
//! A proxy is asked for a tunnel (`CONNECT`, RFC 9110, section 9.3.6) for `http` too: one that passes requests on
//! changes them, and it is the registry that is judged.

use std::net::IpAddr;

use super::url::{Origin, Scheme};
use super::{Fault, Secret, Url};

/// A proxy, and what it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Where it listens.
    pub server: Origin,
    /// The user and the password that it asks for.
    pub login: Option<(String, Secret)>,
}

/// Which proxy is asked for which server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The one that the user names, for every server.
    named: Option<Proxy>,
    /// For `http`, unless what the environment says of it cannot be obeyed.
    http: Option<Result<Proxy, String>>,
    /// The same for `https`.
    https: Option<Result<Proxy, String>>,
    /// Who is asked directly all the same.
    direct: Vec<Exempt>,
    /// Whether there is an `HTTP_PROXY` that is not obeyed.
    disregards: bool,
}

/// A server that is asked directly, as `NO_PROXY` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exempt {
    All,
    /// A name, with all names below it.
    Name(String),
    /// Addresses that have the first so many bits in common with this one.
    Network(IpAddr, u8),
}

impl Proxy {
    /// Reads the address of a proxy; a host and a port alone mean `http`.
    pub fn parse(text: &str) -> Result<Proxy, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if !["http", "https"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(scheme))
        {
            return Err(format!(
                "the scheme `{scheme}` of a proxy is neither http nor https"
            ));
        }
        let rest = rest.trim_end_matches('/');
        let (login, host) = match rest.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, rest),
        };
        let url = Url::parse(&format!("{scheme}://{host}"))
            .map_err(|error| format!("`{host}` is not the address of a proxy: {error}"))?;
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        Ok(Proxy {
            server: url.origin(),
            login: login.map(|login| {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                (decoded(user), decoded(password).into())
            }),
        })
    }
}

impl Proxies {
    /// The proxies that the environment names: `https_proxy`, `all_proxy` and `no_proxy`, in small letters or in capital
    /// ones, and `http_proxy`.
    pub fn from_environment(environment: &dyn Fn(&str) -> Option<String>) -> Proxies {
        let said = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let held = |name: &str| match name {
            "http_proxy" => said(name),
            _ => said(name).or_else(|| said(&name.to_uppercase())),
        };
        let proxy = |name: &str| {
            let text = held(name).or_else(|| held("all_proxy"));
            let read = text.map(|text| Proxy::parse(text.trim()));
            read.map(|read| read.map_err(|why| format!("{name} or all_proxy in the environment: {why}")))
        };
        let direct = held("no_proxy").unwrap_or_default();
        Proxies {
            named: None,
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            direct: direct
                .split([',', ' '])
                .filter(|item| !item.is_empty())
                .map(Exempt::parse)
                .collect(),
            disregards: held("http_proxy").is_none() && said("HTTP_PROXY").is_some(),
        }
    }

    /// Whether a proxy that the user may mean for this server is not obeyed.
    pub(super) fn disregards_one_for(&self, server: &Origin) -> bool {
        self.disregards && server.scheme() == Scheme::Http && !self.is_asked_directly(server)
    }

    /// This proxy for every server, those on this machine among them.
    pub fn named(proxy: Proxy) -> Proxies {
        Proxies {
            named: Some(proxy),
            ..Proxies::default()
        }
    }

    /// The proxy to ask for a server, if it is not asked directly.
    pub(super) fn of(&self, server: &Origin) -> Result<Option<&Proxy>, Fault> {
        if self.named.is_some() {
            return Ok(self.named.as_ref());
        }
        let proxy = match server.scheme() {
            Scheme::Http => self.http.as_ref(),
            Scheme::Https => self.https.as_ref(),
        };
        match proxy.filter(|_| !self.is_asked_directly(server)) {
            None => Ok(None),
            Some(proxy) => proxy
                .as_ref()
                .map(Some)
                .map_err(|why| Fault::Connect(why.clone())),
        }
    }

    fn is_asked_directly(&self, server: &Origin) -> bool {
        server.is_loopback() || self.direct.iter().any(|exempt| exempt.covers(server.host()))
    }

    /// Every proxy that may be asked.
    pub(super) fn all(&self) -> impl Iterator<Item = &Proxy> {
        let environment = [&self.http, &self.https].into_iter().flatten();
        self.named.iter().chain(environment.flatten())
    }
}

impl Exempt {
    fn parse(item: &str) -> Exempt {
        if item == "*" {
            return Exempt::All;
        }
        let (address, bits) = match item.split_once('/') {
            Some((address, bits)) => (address, bits.parse().ok()),
            None => (item, Some(u8::MAX)),
        };
        let address = address.trim_start_matches('[').trim_end_matches(']').parse();
        if let (Ok(address), Some(bits)) = (address, bits) {
            return Exempt::Network(address, bits);
        }
        let name = match item.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => item,
        };
        Exempt::Name(
            name.trim_start_matches("*.")
                .trim_start_matches('.')
                .to_ascii_lowercase(),
        )
    }

    fn covers(&self, host: &str) -> bool {
        match self {
            Exempt::All => true,
            Exempt::Name(name) => {
                let below = host.strip_suffix(name.as_str());
                below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            Exempt::Network(network, bits) => match (network, host.parse()) {
                (IpAddr::V4(network), Ok(IpAddr::V4(address))) => {
                    same_bits(&network.octets(), &address.octets(), *bits)
                }
                (IpAddr::V6(network), Ok(IpAddr::V6(address))) => {
                    same_bits(&network.octets(), &address.octets(), *bits)
                }
                _ => false,
            },
        }
    }
}

/// Whether two addresses have their first so many bits in common, or all that there are.
fn same_bits(one: &[u8], other: &[u8], bits: u8) -> bool {
    let bit = |bytes: &[u8], at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    (0..usize::from(bits).min(one.len() * 8)).all(|at| bit(one, at) == bit(other, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let held = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Proxies::from_environment(&held)
    }

    fn of(proxies: &Proxies, url: &str) -> Option<String> {
        let server = Url::parse(url).unwrap().origin();
        let proxy = proxies.of(&server).unwrap();
        proxy.map(|proxy| proxy.server.to_string())
    }

    #[test]
    fn each_scheme_has_a_proxy_of_its_own() {
        let both = proxies(&[
            ("HTTPS_PROXY", "p.example:3128"),
            ("http_proxy", "http://q.example:1/"),
        ]);
        assert_eq!(
            of(&both, "https://r.example").as_deref(),
            Some("http://p.example:3128")
        );
        assert_eq!(
            of(&both, "http://r.example").as_deref(),
            Some("http://q.example:1")
        );
        let all = proxies(&[("ALL_PROXY", "https://p.example")]);
        assert_eq!(of(&all, "http://r.example").as_deref(), Some("https://p.example"));
        assert_eq!(of(&proxies(&[("https_proxy", "")]), "https://r.example"), None);
    }

    #[test]
    fn http_proxy_counts_in_small_letters_alone() {
        let disregards = |proxies: &Proxies, url: &str| {
            let server = Url::parse(url).unwrap().origin();
            proxies.disregards_one_for(&server)
        };
        let capital = proxies(&[("HTTP_PROXY", "p.example:1"), ("NO_PROXY", "direct.example")]);
        assert_eq!(of(&capital, "http://r.example"), None);
        assert!(disregards(&capital, "http://r.example"));
        for other in ["https://r.example", "http://direct.example", "http://localhost"] {
            assert!(!disregards(&capital, other), "{other}");
        }
        let both = proxies(&[("HTTP_PROXY", "p.example:1"), ("http_proxy", "q.example:1")]);
        assert_eq!(
            of(&both, "http://r.example").as_deref(),
            Some("http://q.example:1")
        );
        assert!(!disregards(&both, "http://r.example"));
        let small_first = proxies(&[("HTTPS_PROXY", "p.example:1"), ("https_proxy", "q.example:1")]);
        assert_eq!(
            of(&small_first, "https://r.example").as_deref(),
            Some("http://q.example:1")
        );
    }

    #[test]
    fn this_machine_is_asked_directly_unless_the_user_says_otherwise() {
        let environment = proxies(&[("all_proxy", "p.example:1")]);
        let named = Proxies::named(Proxy::parse("p.example:1").unwrap());
        for url in [
            "http://localhost:5000",
            "http://127.0.0.1",
            "https://[::1]:5000",
            "http://0.0.0.0:5000",
        ] {
            assert_eq!(of(&environment, url), None, "{url}");
            assert_eq!(of(&named, url).as_deref(), Some("http://p.example:1"), "{url}");
        }
    }

    #[test]
    fn who_is_named_is_asked_directly() {
        let some = proxies(&[
            ("all_proxy", "p.example:1"),
            (
                "no_proxy",
                "corp.example, .dev.example,10.0.0.0/8,192.168.1.7 ,*.x.example:5000,fd00::/8",
            ),
        ]);
        for direct in [
            "corp.example",
            "r.corp.example",
            "r.dev.example",
            "10.9.8.7",
            "192.168.1.7",
            "a.x.example",
            "[fd12::1]",
        ] {
            assert_eq!(of(&some, &format!("https://{direct}")), None, "{direct}");
        }
        for other in [
            "notcorp.example",
            "11.0.0.1",
            "192.168.1.8",
            "[fe80::1]",
            "corp.example.net",
        ] {
            assert!(of(&some, &format!("https://{other}")).is_some(), "{other}");
        }
        assert_eq!(
            of(
                &proxies(&[("all_proxy", "p:1"), ("NO_PROXY", "*")]),
                "https://r.example"
            ),
            None
        );
    }

    #[test]
    fn a_proxy_may_ask_who_is_there() {
        let proxy = Proxy::parse("http://al%40ice:p%3Aw@p.example:3128/").unwrap();
        assert_eq!(proxy.server.to_string(), "http://p.example:3128");
        assert_eq!(proxy.login, Some(("al@ice".to_owned(), "p:w".into())));
        assert!(!format!("{proxy:?}").contains("p:w"));
        assert!(
            Proxy::parse("socks5://p.example:1")
                .unwrap_err()
                .contains("neither http nor https")
        );
        assert!(Proxy::parse("http://p example").is_err());
    }

    #[test]
    fn a_proxy_that_cannot_be_obeyed_is_told_where_it_is_needed() {
        let unknown = proxies(&[("all_proxy", "socks5://p.example:1")]);
        assert_eq!(of(&unknown, "http://localhost:5000"), None);
        let fault = unknown
            .of(&Url::parse("http://r.example").unwrap().origin())
            .unwrap_err();
        assert_eq!(
            fault.to_string(),
            "cannot connect: http_proxy or all_proxy in the environment: the scheme `socks5` of a proxy is neither http nor https"
        );
    }
}

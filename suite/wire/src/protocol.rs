//! Which version of HTTP a request is written in.

use std::fmt;

use http::header::{HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, Method, Uri};

use super::headers::is_secret;
use super::{Body, Fault, Letters, Request, Source};

/// The version of HTTP in which a request was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, as whoever asks there gets it.
    #[default]
    Http1,
    /// HTTP/1.1 and nothing else, of a server that may speak HTTP/2 as well.
    Http1Alone,
    /// HTTP/2, as the server chose.
    Http2,
}

impl Protocol {
    /// Its name, as it stands in reports.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http1 | Protocol::Http1Alone => "HTTP/1.1",
            Protocol::Http2 => "HTTP/2",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which versions of HTTP a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// HTTP/2 where a server chooses it in the TLS handshake, and HTTP/1.1.
    UpTo2,
    /// HTTP/1.1 alone.
    Http1,
}

/// Why a request is asked over HTTP/1.1 and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Http1Only {
    /// There is no TLS, in whose handshake HTTP/2 could be chosen.
    InTheOpen,
    /// The user wants it so.
    Wanted,
    /// The server wants it so.
    Required,
    /// It is written by hand, byte by byte.
    ByHand,
    /// Its body is cut into chunks.
    Chunks,
    /// It insists on the letters of the names of its header lines.
    Letters,
    /// It has a line about the connection, or about how the message is framed.
    ConnectionLine,
    /// Its `Host` is none, another, or several.
    Host,
    /// Its `Content-Length` is not that of its body.
    Length,
    /// Its method is not one of a plain request.
    Method,
    /// Its address would not be sent as it is written.
    Address,
    /// A value of its lines would not be sent as it is written.
    Value,
    /// It is long, and servers that do not want a long head end the connection, with all that it carries.
    LongHead,
}

/// What only HTTP/1.1 can say, and how that is seen in a request.
type Row = (Http1Only, fn(&Request) -> bool);

const TABLE: [Row; 9] = [
    (Http1Only::Chunks, |request| {
        matches!(request.body, Body::Chunked(_))
    }),
    (Http1Only::Letters, |request| {
        request.letters != Letters::AsWritten
    }),
    (Http1Only::ConnectionLine, |request| {
        let has = |name: &&str| request.headers.contains(name);
        ABOUT_CONNECTION.iter().any(has)
    }),
    (Http1Only::Host, |request| {
        let hosts = request.headers.all("Host");
        !hosts.eq([request.url.authority()])
    }),
    (Http1Only::Length, |request| {
        let length = request.body.len().to_string();
        let lines: Vec<&str> = request.headers.all("Content-Length").collect();
        !matches!(lines.as_slice(), [] | [_]) || lines.iter().any(|line| *line != length)
    }),
    (Http1Only::Method, |request| {
        !Method::from_bytes(request.method.as_bytes()).is_ok_and(|method| method != Method::CONNECT)
    }),
    (Http1Only::Address, |request| address(request).is_none()),
    (Http1Only::Value, |request| {
        let is_sent =
            |value: &str| value.trim_matches([' ', '\t']) == value && HeaderValue::from_str(value).is_ok();
        !request.headers.iter().all(|(_, value)| is_sent(value))
    }),
    (Http1Only::LongHead, |request| {
        let target = request.url.request_target().len();
        let lines = request.headers.iter();
        lines
            .map(|(name, value)| name.len() + value.len())
            .chain([target])
            .any(|length| length > LONG)
    }),
];

/// The lines that HTTP/2 has no place for, and `Expect`, whose answer is a matter of the connection.
const ABOUT_CONNECTION: [&str; 9] = [
    "Connection",
    "Expect",
    "HTTP2-Settings",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
];

/// The longest line of a head that is sent over HTTP/2, in bytes: as much as nginx takes, which ends the connection over
/// more.
const LONG: usize = 4 * 1024;

/// The signs of which addresses are made (RFC 3986, section 3.3 and 3.4): what else there is, libraries encode or refuse.
const SIGNS: &[u8] = b"-._~!$&'()*+,;=:@/?%";

impl Http1Only {
    /// Why a request, complete as it is, can be asked over HTTP/1.1 alone, if it can.
    pub(super) fn of(request: &Request) -> Option<Http1Only> {
        TABLE
            .iter()
            .find_map(|(why, applies)| applies(request).then_some(*why))
    }
}

impl fmt::Display for Http1Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Http1Only::InTheOpen => "without TLS HTTP/1.1 is spoken",
            Http1Only::Required => "it wants HTTP/1.1 for this",
            Http1Only::Wanted => "HTTP/1.1 alone is to be spoken",
            Http1Only::ByHand => "what is written by hand is written in HTTP/1.1",
            Http1Only::Chunks => "chunks are a framing of HTTP/1.1",
            Http1Only::Letters => "names of header lines have letters of choice in HTTP/1.1 alone",
            Http1Only::ConnectionLine => "lines about the connection are part of HTTP/1.1",
            Http1Only::Host => "a Host like this can be sent over HTTP/1.1 alone",
            Http1Only::Length => "a Content-Length like this can be sent over HTTP/1.1 alone",
            Http1Only::Method => "a method like this is sent over HTTP/1.1",
            Http1Only::Address => "an address like this is sent over HTTP/1.1",
            Http1Only::Value => "a header line like this is sent over HTTP/1.1",
            Http1Only::LongHead => "a head as long as this is sent over HTTP/1.1",
        })
    }
}

/// The address of a request, if it is sent as it is written.
fn address(request: &Request) -> Option<Uri> {
    let (authority, target) = (request.url.authority(), request.url.request_target());
    let place: PathAndQuery = target.parse().ok()?;
    let server: Authority = authority.parse().ok()?;
    let is_usual = target
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || SIGNS.contains(&b));
    let is_kept = is_usual && place.as_str() == target && server.as_str() == authority;
    let address = Uri::builder()
        .scheme("https")
        .authority(server)
        .path_and_query(place);
    address.build().ok().filter(|_| is_kept)
}

/// The head of a request as HTTP/2 has it.
pub(super) fn head(request: &Request) -> Result<http::Request<()>, Fault> {
    let mut lines = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in request.headers.iter() {
        // The authority says it.
        if name.eq_ignore_ascii_case("Host") {
            continue;
        }
        let line = HeaderName::from_bytes(name.as_bytes())
            .ok()
            .zip(HeaderValue::from_str(value).ok());
        let (key, mut value) = line.ok_or_else(|| unsendable(&format!("the line `{name}`")))?;
        value.set_sensitive(is_secret(name));
        lines.append(key, value);
    }
    let mut head = http::Request::new(());
    *head.method_mut() =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| unsendable("its method"))?;
    *head.uri_mut() = address(request).ok_or_else(|| unsendable("its address"))?;
    *head.headers_mut() = lines;
    Ok(head)
}

/// What the table does not let come so far.
fn unsendable(what: &str) -> Fault {
    Fault::CannotSend {
        reason: format!("{what} cannot be sent over HTTP/2"),
        from: Source::Scenario,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Url;
    use super::super::head::complete;
    use super::*;

    fn request(change: impl FnOnce(&mut Request)) -> Request {
        let url = Url::parse("https://R.example:5000/v2/a/%41?n=1&last=a%2Fb").unwrap();
        let mut request = Request::new("PUT", url);
        change(&mut request);
        complete(request)
    }

    fn with(line: (&str, &str)) -> Request {
        request(|request| request.headers.append(line.0, line.1))
    }

    fn to(target: &str) -> Request {
        request(|request| request.url = request.url.with_target(target))
    }

    #[test]
    fn a_plain_request_is_sent_as_it_is_written() {
        let plain = request(|request| {
            request.headers = [("Accept", "b"), ("accept", "a"), ("Authorization", "Bearer x")]
                .into_iter()
                .collect();
            request.body = Body::Sized("abc".into());
        });
        assert_eq!(Http1Only::of(&plain), None);
        let head = head(&plain).unwrap();
        assert_eq!(
            head.uri().to_string(),
            "https://R.example:5000/v2/a/%41?n=1&last=a%2Fb"
        );
        let lines: Vec<(&str, &str)> = head
            .headers()
            .iter()
            .filter(|(name, _)| *name != "user-agent")
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            lines,
            [
                ("accept", "b"),
                ("accept", "a"),
                ("authorization", "Bearer x"),
                ("content-length", "3")
            ]
        );
        assert!(head.headers()["authorization"].is_sensitive() && !head.headers()["accept"].is_sensitive());
    }

    #[test]
    fn what_only_one_version_can_say_is_said_in_it() {
        let table = [
            (
                request(|request| request.body = Body::Chunked("a".into())),
                Http1Only::Chunks,
            ),
            (
                request(|request| request.letters = Letters::Usual),
                Http1Only::Letters,
            ),
            (with(("Connection", "close")), Http1Only::ConnectionLine),
            (with(("expect", "100-continue")), Http1Only::ConnectionLine),
            (with(("Host", "elsewhere.example")), Http1Only::Host),
            (with(("host", "r.example:5000")), Http1Only::Host),
            (with(("Content-Length", "1")), Http1Only::Length),
            (with(("Content-Length", "+0")), Http1Only::Length),
            (
                request(|request| request.method = "CONNECT".to_owned()),
                Http1Only::Method,
            ),
            (to("/v2/a\\b"), Http1Only::Address),
            (to("/v2/ä"), Http1Only::Address),
            (with(("X", " a")), Http1Only::Value),
            (with(("X", "a\u{1}")), Http1Only::Value),
            (with(("X", &"a".repeat(LONG))), Http1Only::LongHead),
            (to(&format!("/{}", "a".repeat(LONG))), Http1Only::LongHead),
        ];
        for (request, why) in table {
            let found = Http1Only::of(&request);
            assert_eq!(found, Some(why), "{request:?}");
        }
    }

    #[test]
    fn what_the_table_lets_through_can_be_written() {
        for target in [
            "",
            "?n=1",
            "/",
            "/v2/a//b",
            "/v2/../%2e",
            "/v2/a?x=[1]",
            "/v2/a?x={1}\"",
            "/*",
            "*",
            "/a|b",
            "/a^b",
        ] {
            let request = to(target);
            if Http1Only::of(&request).is_none() {
                let head = head(&request).unwrap();
                let sent = head.uri().path_and_query().unwrap().as_str();
                assert_eq!(sent, request.url.request_target(), "{target}");
            }
        }
    }
}

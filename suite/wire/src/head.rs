//! The head of a message: a request's written as it is meant, an answer's read as it came.

use httparse::{EMPTY_HEADER, Status};

use super::{Body, Fault, Headers, Request, Source, number};

/// The longest head of an answer that is read, in bytes.
pub(super) const HEAD_LIMIT: usize = 64 * 1024;
/// The most lines in the head of an answer that are read.
pub(super) const LINE_LIMIT: usize = 256;
/// How much of what came is quoted to the reader.
const QUOTE_LIMIT: usize = 60;

/// What this client calls itself where a request does not say otherwise.
pub(super) const USER_AGENT: &str = concat!("assize/", env!("CARGO_PKG_VERSION"));

/// The request with the lines that HTTP/1.1 needs and that nobody wrote.
pub(super) fn complete(mut request: Request) -> Request {
    let mut headers = Headers::new();
    if !request.headers.contains("Host") {
        headers.append("Host", request.url.authority());
    }
    if !request.headers.contains("User-Agent") {
        headers.append("User-Agent", USER_AGENT);
    }
    for (name, value) in request.headers.iter() {
        headers.append(name, value);
    }
    match &request.body {
        Body::Sized(bytes) if !headers.contains("Content-Length") => {
            headers.append("Content-Length", &bytes.len().to_string());
        }
        Body::Chunked(_) if !headers.contains("Transfer-Encoding") => {
            headers.append("Transfer-Encoding", "chunked");
        }
        _ => {}
    }
    let letters = request.letters;
    request.headers = headers
        .iter()
        .map(|(name, value)| (letters.spell(name), value))
        .collect();
    request
}

/// The request line and the header lines, down to the empty one.
pub(super) fn write(request: &Request) -> Result<Vec<u8>, Fault> {
    if let Body::Cut(part, _) = &request.body {
        return cannot_send(
            Source::Scenario,
            format!("only the beginning of its {part:?} is kept"),
        );
    }
    if !is_token(&request.method) {
        return cannot_send(Source::Scenario, format!("{:?} is not a method", request.method));
    }
    let target = request.url.request_target();
    if let Some(character) = target.chars().find(|&c| c == ' ' || c.is_control()) {
        let reason = format!("the target {target:?} holds the character {character:?}");
        return cannot_send(Source::Answer, reason);
    }
    let mut head = format!("{} {target} HTTP/1.1\r\n", request.method).into_bytes();
    for (name, value) in request.headers.iter() {
        if !is_token(name) {
            return cannot_send(Source::Scenario, format!("{name:?} is not a header name"));
        }
        if value.contains(['\r', '\n', '\0']) {
            let reason = format!("the value of `{name}` holds a line break or a NUL");
            return cannot_send(Source::Answer, reason);
        }
        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

fn cannot_send<T>(from: Source, reason: String) -> Result<T, Fault> {
    Err(Fault::CannotSend { reason, from })
}

fn is_token(text: &str) -> bool {
    let sign = |b: u8| b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || sign(b))
}

/// The head of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The status code.
    pub(super) status: u16,
    /// The minor version of HTTP/1.
    pub(super) minor: u8,
    /// The lines as written.
    pub(super) headers: Headers,
}

impl Head {
    /// Reads a head and tells its length, or `None` if its end has not come yet.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Head, usize)>, Fault> {
        let mut lines = [EMPTY_HEADER; LINE_LIMIT];
        let mut answer = httparse::Response::new(&mut lines);
        let length = match answer.parse(bytes) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if bytes.len() < HEAD_LIMIT => return Ok(None),
            Ok(Status::Partial) => {
                return Err(malformed(format!("its head is longer than {HEAD_LIMIT} bytes")));
            }
            Err(error) => return Err(not_http(error, bytes)),
        };
        let line = |header: &httparse::Header<'_>| {
            let value = String::from_utf8_lossy(header.value).into_owned();
            (header.name.to_owned(), value)
        };
        let head = Head {
            status: answer.code.unwrap_or_default(),
            minor: answer.version.unwrap_or_default(),
            headers: answer.headers.iter().map(line).collect(),
        };
        Ok(Some((head, length)))
    }

    /// How the end of the body is told, for an answer to this method (RFC 9112, section 6.3).
    pub(super) fn framing(&self, method: &str) -> Result<Framing, Fault> {
        if method == "HEAD" || self.status < 200 || matches!(self.status, 204 | 304) {
            return Ok(Framing::Empty);
        }
        if let Some(last) = last_item(&self.headers, "Transfer-Encoding") {
            let chunked = last.eq_ignore_ascii_case("chunked");
            return Ok(if chunked {
                Framing::Chunked
            } else {
                Framing::UntilClose
            });
        }
        let mut lengths = self
            .headers
            .all("Content-Length")
            .flat_map(|line| line.split(','));
        let Some(first) = lengths.next().map(str::trim) else {
            return Ok(Framing::UntilClose);
        };
        if let Some(other) = lengths.map(str::trim).find(|other| *other != first) {
            return Err(malformed(format!(
                "its Content-Length is both {first:?} and {other:?}"
            )));
        }
        number(first, u64::MAX)
            .map(Framing::Length)
            .map_err(|_| malformed(format!("its Content-Length is {first:?}")))
    }

    /// Whether the server will answer another request on the same connection.
    pub(super) fn keeps_alive(&self) -> bool {
        let says = |word: &str| {
            self.headers
                .all("Connection")
                .flat_map(|line| line.split(','))
                .any(|item| item.trim().eq_ignore_ascii_case(word))
        };
        let ambiguous = self.headers.contains("Transfer-Encoding") && self.headers.contains("Content-Length");
        let by_version = self.minor == 1 || says("keep-alive");
        by_version && !says("close") && !ambiguous
    }
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body.
    Empty,
    /// So many bytes.
    Length(u64),
    /// In chunks, up to the one of no bytes.
    Chunked,
    /// Up to the end of the connection.
    UntilClose,
}

/// The last item of a header that is a list.
fn last_item<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers
        .all(name)
        .last()
        .and_then(|line| line.rsplit(',').next())
        .map(str::trim)
}

fn not_http(error: httparse::Error, bytes: &[u8]) -> Fault {
    if bytes.starts_with(&[0x15, 0x03]) {
        return malformed("it is TLS; the address may have to begin with https://".to_owned());
    }
    let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let quote = &first[..first.len().min(QUOTE_LIMIT)];
    malformed(format!("{error} (it begins with \"{}\")", quote.escape_ascii()))
}

pub(super) fn malformed(reason: String) -> Fault {
    Fault::Malformed(reason)
}

#[cfg(test)]
mod tests {
    use super::super::{Letters, Url};
    use super::*;

    fn request(lines: &[(&str, &str)], body: Body) -> Request {
        let mut request = Request::new("PUT", Url::parse("http://h:1/a").unwrap());
        request.headers = lines.iter().copied().collect();
        request.body = body;
        request
    }

    fn text(request: Request) -> String {
        String::from_utf8(write(&complete(request)).unwrap()).unwrap()
    }

    #[test]
    fn only_what_is_missing_is_added() {
        let agent = format!("User-Agent: {USER_AGENT}\r\n");
        let sized = Body::Sized("abc".into());
        assert_eq!(
            text(request(&[("x-A", "b")], sized.clone())),
            format!("PUT /a HTTP/1.1\r\nHost: h:1\r\n{agent}x-A: b\r\nContent-Length: 3\r\n\r\n")
        );
        assert_eq!(
            text(request(
                &[("user-agent", "x"), ("content-length", "9"), ("HOST", "y")],
                sized
            )),
            "PUT /a HTTP/1.1\r\nuser-agent: x\r\ncontent-length: 9\r\nHOST: y\r\n\r\n"
        );
        let once = complete(request(&[], Body::Chunked("abc".into())));
        assert_eq!(complete(once.clone()), once);
    }

    #[test]
    fn names_are_written_in_the_letters_that_are_asked_for() {
        let written = |letters| {
            let mut request = request(
                &[("User-Agent", "Y"), ("Range", "Bytes")],
                Body::Sized("a".into()),
            );
            request.letters = letters;
            text(complete(request))
        };
        assert_eq!(
            written(Letters::Small),
            "PUT /a HTTP/1.1\r\nhost: h:1\r\nuser-agent: Y\r\nrange: Bytes\r\ncontent-length: 1\r\n\r\n"
        );
        assert_eq!(
            written(Letters::Mixed),
            "PUT /a HTTP/1.1\r\nhOsT: h:1\r\nuSeR-AgEnT: Y\r\nrAnGe: Bytes\r\ncOnTeNt-lEnGtH: 1\r\n\r\n"
        );
    }

    #[test]
    fn what_would_be_another_message_is_refused() {
        let fault = |name: &str, value: &str| {
            write(&request(&[(name, value)], Body::None))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            fault("a b", ""),
            "the suite cannot send this request: \"a b\" is not a header name"
        );
        assert_eq!(
            fault("", ""),
            "the suite cannot send this request: \"\" is not a header name"
        );
        assert_eq!(
            fault("A", "b\nC: d"),
            "what the registry answered makes no request that can be sent: the value of `A` holds a line break or a NUL"
        );
        let mut odd = request(&[], Body::None);
        odd.method = "GET /".to_owned();
        let fault = write(&odd).unwrap_err().to_string();
        assert_eq!(
            fault,
            "the suite cannot send this request: \"GET /\" is not a method"
        );
        let answered = Request::new("GET", Url::parse("http://h").unwrap().with_target("/v2/a b"));
        let fault = write(&answered).unwrap_err().to_string();
        assert_eq!(
            fault,
            "what the registry answered makes no request that can be sent: the target \"/v2/a b\" holds the character ' '"
        );
    }

    #[test]
    fn the_last_coding_tells_the_end() {
        let framing = |lines: &[(&str, &str)], method: &str| {
            let head = Head {
                status: 200,
                minor: 1,
                headers: lines.iter().copied().collect(),
            };
            head.framing(method).unwrap()
        };
        assert_eq!(
            framing(&[("Transfer-Encoding", "gzip, Chunked")], "GET"),
            Framing::Chunked
        );
        assert_eq!(
            framing(&[("Transfer-Encoding", "chunked, gzip")], "GET"),
            Framing::UntilClose
        );
        assert_eq!(
            framing(
                &[("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
                "GET"
            ),
            Framing::Chunked
        );
        assert_eq!(
            framing(&[("Content-Length", "3"), ("Content-Length", " 3")], "GET"),
            Framing::Length(3)
        );
        assert_eq!(framing(&[("Content-Length", "3")], "HEAD"), Framing::Empty);
        assert_eq!(framing(&[], "GET"), Framing::UntilClose);
    }
}

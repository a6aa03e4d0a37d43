//! Answers and addresses that no server would send: they are read or refused, and what follows from them can be sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};

use super::head::{Head, complete, write};
use super::incoming::{BodyLimits, Incoming};
use super::keyring::{TokenKey, TokenServer};
use super::received::{Books, Keeping};
use super::secrets::SHORTEST;
use super::token_request::{self, Showing};
use super::{
    Account, Answer, Exchange, Fault, Limit, Protocol, Proxies, Proxy, REDACTED, Redirects, Request, Secrets,
    Shows, Url, challenges, curl, number, quoted, redirect, token,
};

/// Longer ones meet limits that depend on how much comes at once.
const LONGEST: usize = 4096;

const LIMITS: BodyLimits = BodyLimits {
    idle: Duration::from_secs(10),
    size: 1000,
    keeping: Keeping::ForJudging,
};

/// An answer, behind a byte that says how many of its bytes come at once: that makes no difference. What is made of it
/// is an exchange.
pub fn answer(input: &[u8]) -> Option<Exchange> {
    let (piece, bytes) = input.split_first().filter(|_| input.len() <= LONGEST)?;
    let in_pieces = read(bytes, usize::from(*piece).max(1));
    let at_once = read(bytes, bytes.len().max(1));
    match (&in_pieces, &at_once) {
        (Ok(one), Ok(other)) => assert_eq!(one, other),
        (one, other) => assert_eq!(one.is_err(), other.is_err(), "{one:?} {other:?}"),
    }
    let mut request = Request::new("GET", here()?);
    request.redirects = Redirects::Follow;
    if let Ok(answer) = &in_pieces {
        follow(&request, answer);
    }
    let exchange = Exchange {
        number: 1,
        request,
        protocol: Protocol::Http1,
        outcome: in_pieces,
        hops: Vec::new(),
        elapsed: Duration::ZERO,
        limit: Duration::ZERO,
        pass: None,
        insecure: false,
    };
    curl(&exchange, Shows::Answer, "token");
    Some(exchange)
}

fn here() -> Option<Url> {
    Url::parse("http://registry.example/v2/").ok()
}

/// What an answer asks the client to do.
fn follow(request: &Request, answer: &Answer) {
    Limit::of(answer.status, &answer.headers);
    if let Ok(Some(next)) = redirect::next(request, answer) {
        assert_sendable(next);
    }
    let secrets = Secrets::default();
    if let Ok(token) = token::read(answer, &secrets) {
        let token = token.token.reveal();
        assert!(token.len() < SHORTEST || secrets.redact(token) == REDACTED);
    }
    for challenge in challenges(&answer.headers).into_iter().flatten() {
        let Some(server) = TokenServer::of(&challenge) else {
            continue;
        };
        let scopes = challenge.parameter("scope").unwrap_or_default();
        let key = TokenKey::new(&Account::Default, server, scopes);
        if let Ok(request) = token_request::request(&key, Showing::Nothing, &request.url) {
            assert_sendable(request);
        }
    }
}

/// Whatever stands in a request, it is written as one head, or not at all.
fn assert_sendable(request: Request) {
    let Ok(head) = write(&complete(request)) else {
        return;
    };
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    assert_eq!(
        line.iter().filter(|byte| **byte == b' ').count(),
        2,
        "{}",
        line.escape_ascii()
    );
    let ends = head.windows(4).filter(|window| window == b"\r\n\r\n");
    assert_eq!(ends.count(), 1, "{}", head.escape_ascii());
}

/// What is read of an answer that comes in pieces of this size.
fn read(bytes: &[u8], piece: usize) -> Result<Answer, Fault> {
    let mut pieces = Pieces { left: bytes, piece };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Fault::Closed(error.to_string()))?;
    let books = Books::default();
    let (head, body, cut) = runtime.block_on(async {
        let mut incoming = Incoming::new(&mut pieces);
        let head: Head = incoming.head().await?;
        let (body, cut) = incoming.body(head.framing("GET")?, LIMITS, &books).await;
        Ok::<_, Fault>((head, body, cut))
    })?;
    Ok(Answer {
        url: Url::parse("http://registry.example/v2/").map_err(|error| Fault::Closed(error.to_string()))?,
        status: head.status,
        headers: head.headers,
        body: body.finish(),
        cut,
    })
}

/// A reader that gives so many bytes at a time.
struct Pieces<'a> {
    left: &'a [u8],
    piece: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.piece.min(self.left.len()).min(buffer.remaining());
        let (now, later) = self.left.split_at(size);
        buffer.put_slice(now);
        self.left = later;
        Poll::Ready(Ok(()))
    }
}

/// An address, and a reference in the line behind it: both are kept as they are written, and can be asked.
pub fn address(text: &str) {
    let (text, reference) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(url) = Url::parse(text) else { return };
    let resolved = url.resolve(reference);
    for url in [Ok(url), resolved].into_iter().flatten() {
        assert_eq!(Url::parse(&url.to_string()).as_ref(), Ok(&url));
        assert_sendable(Request::new("GET", url));
    }
}

/// What stands in the environment and in fields.
pub fn words(text: &str) {
    if let Ok(number) = number(text, 1000) {
        assert!(number <= 1000);
    }
    quoted(text);
    drop(Proxy::parse(text));
    let proxies = Proxies::from_environment(&|_| Some(text.to_owned()));
    if let Some(here) = here() {
        drop(proxies.of(&here.origin()));
    }
}

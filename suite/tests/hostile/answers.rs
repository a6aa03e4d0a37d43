//! What is no answer of HTTP, or none that a registry gives: the preflight says so, and nothing is claimed.

use std::time::Duration;

use super::server::{Act, script};
use super::trial::{Behaviour, Case, Expect};

const SECOND: Duration = Duration::from_secs(1);

/// One answer to everything.
pub(crate) fn says(name: &'static str, answer: impl Into<Vec<u8>>, words: &'static str) -> Case {
    acts(name, vec![Act::Say(answer.into())], words)
}

/// The same things done at every request.
fn acts(name: &'static str, acts: Vec<Act>, words: &'static str) -> Case {
    Case::unusable(name, script(move |_| acts.clone()), words)
}

/// A head that is good, and a body that is not.
fn body(name: &'static str, framing: &str, body: Vec<Act>, words: &'static str) -> Case {
    let head = Act::Say(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").into_bytes());
    acts(name, [vec![head], body].concat(), words)
}

/// A body in chunks that is none.
fn chunked(name: &'static str, coded: &str, words: &'static str) -> Case {
    let said = vec![Act::Say(coded.as_bytes().to_vec()), Act::Hang];
    body(name, "Transfer-Encoding: chunked", said, words)
}

const LATE: &str = "timed out after 1 s, waiting for the answer";
const LATE_BODY: &str = "timed out after 1 s, reading the body";
pub(crate) const MALFORMED: &str = "the answer is malformed";

pub(crate) fn cases() -> Vec<Case> {
    let tables = [
        long_heads(),
        first_lines(),
        malformed_heads(),
        lengths(),
        chunks(),
        silences(),
        cuts(),
    ];
    tables.into_iter().flatten().collect()
}

/// Heads that are too long, or too many.
fn long_heads() -> Vec<Case> {
    let endless = |line: &[u8]| {
        vec![
            Act::Say(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Act::Repeat(line.to_vec(), 1_000_000),
        ]
    };
    let of_lines = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(count));
    vec![
        acts(
            "a status line without end",
            vec![Act::Repeat(b"HTTP/1.1 200 OKOKOK".to_vec(), 100_000)],
            "head is longer than",
        ),
        acts(
            "header lines without end",
            endless(b"X-A: b\r\n"),
            "too many headers",
        ),
        acts(
            "a header line without end",
            endless(b"X-A-long-value"),
            "head is longer than",
        ),
        says(
            "a head of ten thousand lines",
            of_lines(10_000),
            "too many headers",
        ),
        says("a head of three hundred lines", of_lines(300), "too many headers"),
        says(
            "a head of a megabyte",
            format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)),
            "head is longer than",
        ),
        acts(
            "100 Continue without end",
            vec![Act::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 100_000)],
            "more than 100 interim answers",
        ),
        acts(
            "102 again and again",
            vec![Act::Drip(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec(), SECOND / 4)],
            LATE,
        ),
    ]
}

/// First lines that say what no answer says.
fn first_lines() -> Vec<Case> {
    vec![
        says(
            "101 that nobody asked for",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "switches protocols",
        ),
        says("HTTP/0.9", "<html>hello</html>\r\n\r\n", MALFORMED),
        says(
            "HTTP/3.0",
            "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            "invalid HTTP version",
        ),
        says("no version at all", "HTTP/ 200 OK\r\n\r\n", MALFORMED),
        says(
            "a status of 999",
            "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
            "is no registry",
        ),
        says(
            "a status of 000",
            "HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n",
            "is no registry",
        ),
        says("a status of 1000", "HTTP/1.1 1000 X\r\n\r\n", MALFORMED),
        says("a status of -20", "HTTP/1.1 -20 X\r\n\r\n", MALFORMED),
    ]
}

/// Heads that no grammar allows.
fn malformed_heads() -> Vec<Case> {
    let heads = [
        ("a NUL in the head", "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
        ("an ESC in the head", "HTTP/1.1 200 OK\r\nX: a\x1b[31mb\r\n\r\n"),
        ("an ESC in the reason", "HTTP/1.1 200 \x1b[31mOK\r\n\r\n"),
        ("a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
        ("a blank in a name", "HTTP/1.1 200 OK\r\nX Y: a\r\n\r\n"),
        ("a blank before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n"),
        ("a line without a colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n"),
        ("a name that is empty", "HTTP/1.1 200 OK\r\n: a\r\n\r\n"),
        ("a bare CR in the head", "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n"),
    ];
    let malformed = |(name, head): (_, &str)| says(name, head, MALFORMED);
    heads.into_iter().map(malformed).collect()
}

/// Bodies whose length is told.
fn lengths() -> Vec<Case> {
    let length =
        |name, length: &str, words| body(name, &format!("Content-Length: {length}"), vec![Act::Hang], words);
    vec![
        length(
            "a length of 2^63-1",
            "9223372036854775807",
            "the body is longer than",
        ),
        length(
            "a length of 2^64",
            "18446744073709551616",
            "its Content-Length is",
        ),
        length(
            "a length of 10^23",
            "100000000000000000000000",
            "its Content-Length is",
        ),
        length("a length of -5", "-5", "its Content-Length is"),
        length("a length of +5", "+5", "its Content-Length is"),
        length("a length of 0x5", "0x5", "its Content-Length is"),
        length("a length of 1e3", "1e3", "its Content-Length is"),
        length("a length that is empty", "", "its Content-Length is"),
        length("two lengths in a line", "3, 4", "is both"),
        length("two lines of lengths", "3\r\nContent-Length: 4", "is both"),
        length("200 MB announced, then silence", "200000000", LATE_BODY),
    ]
}

/// Bodies in chunks, or said to be coded.
fn chunks() -> Vec<Case> {
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
    vec![
        body(
            "an unknown transfer coding, then silence",
            "Transfer-Encoding: gzip",
            vec![Act::Hang],
            LATE_BODY,
        ),
        chunked(
            "a chunk of 17 Fs",
            "fffffffffffffffff\r\n",
            "a chunk says its size is",
        ),
        chunked(
            "a chunk of 16 Fs",
            "ffffffffffffffff\r\n",
            "the body is longer than",
        ),
        chunked("a chunk of -1", "-1\r\nx\r\n", "a chunk says its size is"),
        chunked("a chunk of 0x3", "0x3\r\nabc\r\n", "a chunk says its size is"),
        chunked("a chunk of +3", "+3\r\nabc\r\n", "a chunk says its size is"),
        chunked(
            "a chunk with a blank before it",
            " 3\r\nabc\r\n",
            "a chunk says its size is",
        ),
        chunked(
            "a chunk without a size",
            ";x\r\nabc\r\n",
            "a chunk says its size is",
        ),
        chunked(
            "a chunk with a wrong end",
            "3\r\nabcdef\r\n",
            "a chunk is longer than",
        ),
        chunked("chunks that end with LF alone", "3\nabc\n0\n\n", LATE_BODY),
        chunked(
            "bytes that are no UTF-8 for a size",
            "\u{fffd}\r\n",
            "a chunk says its size is",
        ),
        body(
            "an extension without end",
            "Transfer-Encoding: chunked",
            vec![say("3;x="), Act::Repeat(b"yyyyyyyy".to_vec(), 100_000)],
            "a chunk begins with more than",
        ),
        body(
            "a trailer without end",
            "Transfer-Encoding: chunked",
            vec![say("0\r\n"), Act::Repeat(b"X-A: b\r\n".to_vec(), 1_000_000)],
            "its trailer is longer than",
        ),
    ]
}

/// Silence, whole or nearly.
fn silences() -> Vec<Case> {
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
    vec![
        Case::new(
            "silence from the beginning",
            Behaviour::Greet(vec![Act::Hang]),
            Expect::Unusable(LATE),
        ),
        acts("silence after the request", vec![Act::Hang], LATE),
        acts(
            "silence in the status line",
            vec![say("HTTP/1.1 2"), Act::Hang],
            LATE,
        ),
        acts(
            "silence in the head",
            vec![say("HTTP/1.1 200 OK\r\nX-A"), Act::Hang],
            LATE,
        ),
        acts(
            "a byte now and then in the head",
            vec![
                say("HTTP/1.1 200 OK\r\nX: "),
                Act::Drip(b"x".to_vec(), SECOND / 4),
            ],
            LATE,
        ),
        acts(
            "a byte now and then in the body",
            vec![
                say("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
                Act::Drip(b"x".to_vec(), SECOND / 4),
            ],
            "timed out after 4 s, over the whole exchange",
        ),
        acts(
            "a chunk now and then",
            vec![
                say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Act::Drip(b"1\r\nx\r\n".to_vec(), SECOND / 4),
            ],
            "timed out after 4 s, over the whole exchange",
        ),
    ]
}

/// Connections that end too early.
fn cuts() -> Vec<Case> {
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
    let cut = |name, said: &str, words| acts(name, vec![say(said), Act::Close], words);
    vec![
        Case::new(
            "closed at once",
            Behaviour::Greet(vec![Act::Close]),
            Expect::Unusable("the connection was"),
        ),
        acts(
            "closed after the request",
            vec![Act::Close],
            "closed before any answer",
        ),
        acts(
            "reset after the request",
            vec![Act::Reset],
            "the connection was reset",
        ),
        cut(
            "closed in the status line",
            "HTTP/1.1 2",
            "in the head of the answer, after 10 bytes",
        ),
        cut(
            "closed in the head",
            "HTTP/1.1 200 OK\r\nX",
            "in the head of the answer, after 18 bytes",
        ),
        cut(
            "closed in the body",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "after 3 of 9 bytes of the body",
        ),
        cut(
            "closed in a chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
            "after 3 bytes of the body, before its last chunk",
        ),
        cut(
            "closed before the last chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "before its last chunk",
        ),
        acts(
            "reset in the body",
            vec![say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), Act::Reset],
            "the connection was reset after 3 of 9 bytes",
        ),
    ]
}

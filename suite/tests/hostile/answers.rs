//! What is no answer of HTTP, or none that a registry gives: the preflight says so, and nothing is claimed.

use std::time::Duration;

use super::server::{Act, script};
use super::trial::{Behaviour, Case, Expect};

const SECOND: Duration = Duration::from_secs(1);

/// One answer to everything.
fn says(name: &'static str, answer: impl Into<Vec<u8>>, words: &'static str) -> Case {
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

/// What is said before anything is asked.
fn greets(name: &'static str, said: &[u8], words: &'static str) -> Case {
    let acts = vec![Act::Say(said.to_vec()), Act::Hang];
    Case::new(name, Behaviour::Greet(acts), Expect::Unusable(words))
}

fn tls(name: &'static str, acts: Vec<Act>, words: &'static str) -> Case {
    Case::new(name, Behaviour::Tls(acts), Expect::Unusable(words))
}

const LATE: &str = "timed out after 1 s, waiting for the answer";
const LATE_BODY: &str = "timed out after 1 s, reading the body";
const MALFORMED: &str = "the answer is malformed";

pub(crate) fn cases() -> Vec<Case> {
    let mut all = heads();
    all.extend(bodies());
    all.extend(ends());
    all.extend(strangers());
    all
}

/// Heads.
fn heads() -> Vec<Case> {
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
        says(
            "a NUL in the head",
            "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
            MALFORMED,
        ),
        says(
            "an ESC in the head",
            "HTTP/1.1 200 OK\r\nX: a\x1b[31mb\r\n\r\n",
            MALFORMED,
        ),
        says(
            "an ESC in the reason",
            "HTTP/1.1 200 \x1b[31mOK\r\n\r\n",
            MALFORMED,
        ),
        says(
            "a folded line",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
            MALFORMED,
        ),
        says(
            "a blank in a name",
            "HTTP/1.1 200 OK\r\nX Y: a\r\n\r\n",
            MALFORMED,
        ),
        says(
            "a blank before the colon",
            "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
            MALFORMED,
        ),
        says(
            "a line without a colon",
            "HTTP/1.1 200 OK\r\nX\r\n\r\n",
            MALFORMED,
        ),
        says(
            "a name that is empty",
            "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
            MALFORMED,
        ),
        says(
            "a bare CR in the head",
            "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
            MALFORMED,
        ),
    ]
}

/// Bodies and how their ends are told.
fn bodies() -> Vec<Case> {
    let length =
        |name, length: &str, words| body(name, &format!("Content-Length: {length}"), vec![Act::Hang], words);
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
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

/// Silence, and connections that end too early.
fn ends() -> Vec<Case> {
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
    let cut = |name, said: &str, words| acts(name, vec![say(said), Act::Close], words);
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

/// What is no registry, or not even HTTP.
fn strangers() -> Vec<Case> {
    let status = |name, status: &str, words| {
        says(
            name,
            format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"),
            words,
        )
    };
    let say = |bytes: &[u8]| Act::Say(bytes.to_vec());
    vec![
        greets("an SSH server", b"SSH-2.0-OpenSSH_9.9\r\n", MALFORMED),
        greets("an SMTP server", b"220 mail.example ESMTP\r\n", MALFORMED),
        greets(
            "HTTP/2 alone",
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64",
            MALFORMED,
        ),
        greets(
            "TLS where http is asked for",
            b"\x15\x03\x01\0\x02\x02\x46",
            "may have to begin with https://",
        ),
        greets("bytes of no kind", &[0xff; 4096], MALFORMED),
        status("201 to everything", "201 Created", "is no registry"),
        status("204 to everything", "204 No Content", "is no registry"),
        status("403 to everything", "403 Forbidden", "is no registry"),
        status("404 to everything", "404 Not Found", "is no registry"),
        status("500 to everything", "500 Internal Server Error", "is no registry"),
        status("418 to everything", "418 I'm a teapot", "is no registry"),
        status(
            "401 with nothing to say",
            "401 Unauthorized",
            "asks for credentials",
        ),
        status(
            "401 that wants Negotiate",
            "401 Unauthorized\r\nWWW-Authenticate: Negotiate",
            "asks for credentials",
        ),
        status(
            "401 to Basic, whoever comes",
            "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"",
            "refuses the credentials",
        ),
        tls(
            "plain HTTP where https is asked for",
            vec![say(b"HTTP/1.1 400 Bad Request\r\n\r\n")],
            "does not speak TLS",
        ),
        tls("garbage for TLS", vec![say(&[0; 4096])], "TLS failed"),
        tls(
            "an alert for TLS",
            vec![say(b"\x15\x03\x03\0\x02\x02\x28"), Act::Hang],
            "the server refuses the handshake",
        ),
        tls(
            "a TLS handshake that stalls",
            vec![Act::Hang],
            "in the TLS handshake",
        ),
        tls(
            "a TLS handshake that is cut",
            vec![Act::Close],
            "in the handshake",
        ),
        tls(
            "a TLS record without end",
            vec![say(b"\x16\x03\x03\x40\0"), Act::Repeat(vec![0; 4096], 10_000)],
            "TLS failed",
        ),
    ]
}

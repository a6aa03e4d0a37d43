//! What is no registry, or not even HTTP: the preflight says so.

use super::answers::{MALFORMED, says};
use super::server::Act;
use super::trial::{Behaviour, Case, Expect};

/// What is said before anything is asked.
fn greets(name: &'static str, said: &[u8], words: &'static str) -> Case {
    let acts = vec![Act::Say(said.to_vec()), Act::Hang];
    Case::new(name, Behaviour::Greet(acts), Expect::Unusable(words))
}

fn tls(name: &'static str, acts: Vec<Act>, words: &'static str) -> Case {
    Case::new(name, Behaviour::Tls(acts), Expect::Unusable(words))
}

pub(crate) fn cases() -> Vec<Case> {
    let tables = [not_even_http(), refusals(), handshakes()];
    tables.into_iter().flatten().collect()
}

/// What is not even HTTP.
fn not_even_http() -> Vec<Case> {
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
    ]
}

/// What is HTTP and no registry, or lets nobody in.
fn refusals() -> Vec<Case> {
    let status = |name, status: &str, words| {
        says(
            name,
            format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"),
            words,
        )
    };
    vec![
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
    ]
}

/// What comes of a handshake of TLS.
fn handshakes() -> Vec<Case> {
    let say = |bytes: &[u8]| Act::Say(bytes.to_vec());
    vec![
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

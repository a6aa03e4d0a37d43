//! Variations of HTTP itself: how a message is written, and how its end is found.

use super::tools::gives_content;
use crate::saboteur::{Framing, Sentence, Then, Variation, Wire};

const FIELD_NAMES: Sentence = Sentence::rfc("rfc9110", "5.1", "Field names are case-insensitive");
const WHITE_SPACE: Sentence = Sentence::rfc(
    "rfc9112",
    "5.1",
    "A field line value might be preceded and/or followed by optional whitespace (OWS)",
);
const REASON: Sentence = Sentence::rfc("rfc9112", "4", "A client SHOULD ignore the reason-phrase content");
const CHUNKED: Sentence = Sentence::rfc(
    "rfc9112",
    "7.1",
    "A recipient MUST be able to parse and decode the chunked transfer coding.",
);
const LENGTH: Sentence = Sentence::rfc("rfc9110", "8.6", "Content-Length = 1*DIGIT");
const INTERIM: Sentence = Sentence::rfc(
    "rfc9110",
    "15.2",
    "A client MUST be able to parse one or more 1xx responses received prior to a final response",
);
const CLOSE: Sentence = Sentence::rfc(
    "rfc9112",
    "9.3",
    "A server that does not support persistent connections MUST send the",
);
const VERSION: Sentence = Sentence::rfc(
    "rfc9110",
    "6.2",
    "A server SHOULD send a response version equal to the highest version to which the server is conformant",
);
const UNTIL_CLOSED: Sentence = Sentence::rfc(
    "rfc9112",
    "6.3",
    "the message body length is determined by the number of octets received prior to the server closing",
);
const BODY: Sentence = Sentence::rfc(
    "rfc9112",
    "6.3",
    "its decimal value defines the expected message body length in octets.",
);

/// Why nothing tells of blanks and tabs.
const LENGTH_WITH_TABS: &str = "No server is known that writes a tab beside a length, which is what Node refuses, and with it every client on it.";

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::wire(
        "header-names-small",
        "The names of header lines are in small letters.",
        FIELD_NAMES,
        answering(|_, bytes| rewrite(bytes, |line| renamed(line, str::to_ascii_lowercase))),
    ),
    Variation::wire(
        "header-names-capital",
        "The names of header lines are in capitals.",
        FIELD_NAMES,
        answering(|_, bytes| rewrite(bytes, |line| renamed(line, str::to_ascii_uppercase))),
    ),
    Variation::wire(
        "header-lines-without-blanks",
        "No blank stands behind the colon of a header line.",
        WHITE_SPACE,
        answering(|_, bytes| rewrite(bytes, |line| line.replacen(": ", ":", 1))),
    ),
    Variation::wire(
        "header-lines-with-blanks",
        "Blanks and tabs stand around the values of header lines.",
        WHITE_SPACE,
        answering(|_, bytes| rewrite(bytes, |line| format!("{}\t ", line.replacen(": ", ": \t", 1)))),
    )
    .untold(LENGTH_WITH_TABS),
    Variation::wire(
        "length-with-zeros",
        "Content-Length is written with zeros before it.",
        LENGTH,
        answering(|_, bytes| {
            rewrite(bytes, |line| match is(line, "content-length") {
                true => line.replacen(": ", ": 000", 1),
                false => line.to_owned(),
            })
        }),
    ),
    Variation::wire(
        "no-reason",
        "The status line ends behind the status.",
        REASON,
        answering(|_, bytes| {
            edit_head(bytes, |status, lines| {
                (format!("{} ", first_words(&status)), lines)
            });
            Then::GoOn
        }),
    ),
    Variation::wire(
        "other-reason",
        "The status line ends in a text that says something else.",
        REASON,
        answering(|_, bytes| {
            edit_head(bytes, |status, lines| {
                (
                    format!("{} 404 Not Found, or is it?", first_words(&status)),
                    lines,
                )
            });
            Then::GoOn
        }),
    ),
    Variation::wire(
        "early-hints",
        "Every answer comes behind an interim one (103).",
        INTERIM,
        answering(|_, bytes| {
            if is_final(bytes) {
                let hints = b"HTTP/1.1 103 Early Hints\r\nLink: </docs>; rel=preload\r\n\r\n";
                bytes.splice(..0, hints.iter().copied());
            }
            Then::GoOn
        }),
    ),
    Variation::wire(
        "processing-twice",
        "Every answer comes behind two interim ones (102).",
        INTERIM,
        answering(|_, bytes| {
            if is_final(bytes) {
                let two = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
                bytes.splice(..0, two.iter().copied());
            }
            Then::GoOn
        }),
    ),
    Variation::reply(
        "connection-closed",
        "Every answer is the last on its connection.",
        CLOSE,
        |_, reply| reply.set("connection", "close"),
    ),
    Variation::wire(
        "http-1.0",
        "Every answer is one of HTTP/1.0, and the last on its connection.",
        VERSION,
        Wire {
            replied: |_, reply| reply.set("connection", "close"),
            answered: |_, bytes| {
                if is_final(bytes) {
                    bytes.splice(..8, *b"HTTP/1.0");
                }
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Variation::wire(
        "content-until-closed",
        "Content has no length, and ends with its connection.",
        UNTIL_CLOSED,
        Wire {
            replied: |call, reply| {
                if call.method == http::Method::GET && gives_content(call, reply) {
                    reply.set("connection", "close");
                    reply.set(MARK, "yes");
                }
            },
            answered: |_, bytes| {
                edit_head(bytes, |status, mut lines| {
                    if lines.iter().any(|line| is(line, MARK)) {
                        lines.retain(|line| !is(line, MARK) && !is(line, "content-length"));
                    }
                    (status, lines)
                });
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Variation::reply(
        "content-in-chunks",
        "Blobs and manifests come in chunks, so that nobody knows their length before.",
        CHUNKED,
        |call, reply| {
            if call.method == http::Method::GET && gives_content(call, reply) {
                reply.framing = Framing::Chunks;
            }
        },
    ),
    Variation::reply(
        "everything-in-chunks",
        "Every body comes in chunks.",
        CHUNKED,
        |call, reply| {
            if call.method != http::Method::HEAD && !reply.body.is_empty() {
                reply.framing = Framing::Chunks;
            }
        },
    ),
    Variation::reply(
        "everything-in-pieces",
        "Every body comes in pieces, one after the other.",
        BODY,
        |call, reply| {
            if call.method != http::Method::HEAD && !reply.body.is_empty() {
                reply.framing = Framing::Pieces;
            }
        },
    ),
];

/// A header line that the connection takes away again.
const MARK: &str = "x-until-closed";

/// A connection on which answers are written in another way.
const fn answering(answered: fn(&[u8], &mut Vec<u8>) -> Then) -> Wire {
    Wire {
        answered,
        ..Wire::HONEST
    }
}

/// Writes every header line in another way.
fn rewrite(bytes: &mut Vec<u8>, line: impl Fn(&str) -> String) -> Then {
    edit_head(bytes, |status, lines| {
        (status, lines.iter().map(|text| line(text)).collect())
    });
    Then::GoOn
}

/// Whether an answer begins here that is no interim one.
fn is_final(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.1 ") && !bytes.starts_with(b"HTTP/1.1 1")
}

/// Changes the status line and the header lines of an answer that begins here.
fn edit_head(bytes: &mut Vec<u8>, edit: impl FnOnce(String, Vec<String>) -> (String, Vec<String>)) {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return;
    };
    if !is_final(bytes) {
        return;
    }
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let status = lines.next().unwrap_or_default();
    let (status, mut lines) = edit(status, lines.collect());
    lines.insert(0, status);
    bytes.splice(..end, lines.join("\r\n").into_bytes());
}

/// The version and the status.
fn first_words(status: &str) -> String {
    status.split(' ').take(2).collect::<Vec<&str>>().join(" ")
}

fn is(line: &str, name: &str) -> bool {
    line.split(':')
        .next()
        .is_some_and(|other| other.eq_ignore_ascii_case(name))
}

fn renamed(line: &str, spell: fn(&str) -> String) -> String {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    format!("{}:{value}", spell(name))
}

//! Deviations on the connection: where messages end, who is waited for, what comes behind an answer.

use http::Method;

use super::tricks::{adds, brings, closes};
use crate::saboteur::{Deviation, Kind, Then, Wire};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::wire(
        "body-behind-head",
        &["head.no-content"],
        Wire {
            answered: |asked, bytes| {
                if asked.starts_with(b"HEAD ") && bytes.starts_with(b"HTTP/1.1 4") {
                    bytes.extend_from_slice(b"{}");
                }
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "body-behind-204",
        &["http.204-no-length"],
        Wire {
            answered: |_, bytes| {
                if bytes.starts_with(b"HTTP/1.1 204") {
                    bytes.extend_from_slice(b"gone");
                }
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "body-behind-304",
        &["cond.304-no-content"],
        Wire {
            answered: |_, bytes| {
                if bytes.starts_with(b"HTTP/1.1 304") {
                    bytes.extend_from_slice(b"{}");
                }
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "expect-not-heard",
        &["http.expect-continue"],
        Wire {
            asked: |bytes| {
                replace(bytes, "Expect: 100-continue\r\n", "");
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "length-before-chunks",
        &["http.cl-te-conflict"],
        Wire {
            asked: |bytes| {
                if find(bytes, "Content-Length: ").is_some() {
                    replace(bytes, "Transfer-Encoding: chunked\r\n", "");
                }
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "length-with-plus-taken",
        &["http.bad-content-length"],
        Wire {
            asked: |bytes| {
                replace(bytes, "Content-Length: +100\r\n", "Content-Length: 100\r\n");
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "first-of-two-lengths-taken",
        &["http.bad-content-length"],
        Wire {
            asked: |bytes| {
                replace(
                    bytes,
                    "Content-Length: 100\r\nContent-Length: 99\r\n",
                    "Content-Length: 100\r\n",
                );
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "content-type-in-small-letters-unknown",
        &["http.header-names-case-insensitive"],
        Wire {
            asked: |bytes| {
                forget_lines(bytes, |name| name == "content-type");
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "range-known-in-usual-letters-only",
        &["http.header-names-case-insensitive"],
        Wire {
            asked: |bytes| {
                forget_lines(bytes, |name| {
                    name.eq_ignore_ascii_case("range") && name != "Range" && name != "range"
                });
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "names-in-capitals-unknown",
        &["http.header-names-case-insensitive"],
        Wire {
            asked: |bytes| {
                forget_lines(bytes, |name| !name.bytes().any(|byte| byte.is_ascii_lowercase()));
                Then::GoOn
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "closed-after-error-unannounced",
        &["http.keep-alive-after-error"],
        Wire {
            answered: |_, bytes| {
                if bytes.starts_with(b"HTTP/1.1 404") {
                    Then::Close
                } else {
                    Then::GoOn
                }
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "large-upload-cut-off",
        &["http.early-error-large-body"],
        Wire {
            asked: |bytes| {
                // Sixteen MiB, as they are announced.
                if bytes.starts_with(b"PUT ") && find(bytes, ": 16777216\r\n").is_some() {
                    Then::Close
                } else {
                    Then::GoOn
                }
            },
            ..Wire::HONEST
        },
    ),
    Deviation::wire(
        "forty-requests-at-once",
        &["security.slow-client"],
        Wire {
            at_most: 40,
            ..Wire::HONEST
        },
    ),
    Deviation::cut(
        "cut-put-committed",
        &["push.put.length-mismatch-not-committed"],
        |call| {
            if !closes(call) {
                call.method = Method::OPTIONS;
            }
        },
    ),
    Deviation::cut("cut-post-committed", &["push.single.length-mismatch"], |call| {
        if !brings(call) {
            call.method = Method::OPTIONS;
        }
    }),
    Deviation::cut("cut-chunk-filled-up", &["push.session.aborted-patch"], |call| {
        let announced: usize = call.header("content-length").parse().unwrap_or_default();
        if adds(call) && call.kind() == Kind::Session {
            let mut body = call.body.to_vec();
            body.resize(announced, 0);
            call.body = body.into();
        }
    }),
];

/// Where a text begins among bytes.
fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
}

/// Takes the lines of these names out of the head of a request that begins here.
fn forget_lines(bytes: &mut Vec<u8>, is_unknown: fn(&str) -> bool) {
    let Some(end) = find(bytes, " HTTP/1.1\r\n").and_then(|_| find(bytes, "\r\n\r\n")) else {
        return;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let known = head
        .split("\r\n")
        .enumerate()
        .filter(|(at, line)| *at == 0 || !is_unknown(line.split(':').next().unwrap_or_default()))
        .map(|(_, line)| line);
    let kept = known.collect::<Vec<&str>>().join("\r\n");
    bytes.splice(..end, kept.bytes());
}

/// Puts another text in the place of the first that is found.
fn replace(bytes: &mut Vec<u8>, text: &str, other: &str) {
    if let Some(at) = find(bytes, text) {
        bytes.splice(at..at + text.len(), other.bytes());
    }
}

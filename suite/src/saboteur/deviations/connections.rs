//! Deviations on the connection: where messages end, who is waited for, what comes behind an answer.

use http::Method;

use super::tricks::{adds, brings, closes};
use crate::saboteur::{Deviation, Kind, Then, Wire};

/// The longest content for a registry that hangs up on longer ones.
const LIMIT: u64 = 8 * 1024 * 1024;

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
                edit_lines(bytes, |lines| lines.retain(|line| !is(line, "Expect")));
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
                edit_lines(bytes, |lines| {
                    if lines.iter().any(|line| is(line, "Content-Length")) {
                        lines.retain(|line| !is(line, "Transfer-Encoding"));
                    }
                });
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
                edit_lines(bytes, |lines| {
                    let lengths = lines.iter_mut().filter(|line| is(line, "Content-Length"));
                    lengths.for_each(|line| *line = line.replacen('+', "", 1));
                });
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
                edit_lines(bytes, |lines| {
                    let mut lengths = 0;
                    lines.retain(|line| {
                        lengths += usize::from(is(line, "Content-Length"));
                        !is(line, "Content-Length") || lengths == 1
                    });
                });
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
                edit_lines(bytes, |lines| lines.retain(|line| name(line) != "content-type"));
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
                edit_lines(bytes, |lines| {
                    lines.retain(|line| !is(line, "Range") || ["Range", "range"].contains(&name(line)));
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
                edit_lines(bytes, |lines| {
                    lines.retain(|line| name(line).bytes().any(|byte| byte.is_ascii_lowercase()));
                });
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
                let mut then = Then::GoOn;
                edit_lines(bytes, |lines| {
                    if lines.iter().any(|line| length_in(line) > Some(LIMIT)) {
                        then = Then::Close;
                    }
                });
                then
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

/// Changes the header lines of a request whose head begins here.
fn edit_lines(bytes: &mut Vec<u8>, edit: impl FnOnce(&mut Vec<String>)) {
    let Some(end) = find(bytes, "\r\n\r\n") else {
        return;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let Some(first) = lines.next().filter(|line| line.ends_with(" HTTP/1.1")) else {
        return;
    };
    let mut lines: Vec<String> = lines.collect();
    edit(&mut lines);
    lines.insert(0, first);
    bytes.splice(..end, lines.join("\r\n").into_bytes());
}

/// The name of a header line.
fn name(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

/// Whether a header line has this name.
fn is(line: &str, other: &str) -> bool {
    name(line).eq_ignore_ascii_case(other)
}

/// The length that a line announces, if it does.
fn length_in(line: &str) -> Option<u64> {
    let (_, length) = line.split_once(':').filter(|_| is(line, "Content-Length"))?;
    length.trim().parse().ok()
}

/// Where a text begins among bytes.
fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
}

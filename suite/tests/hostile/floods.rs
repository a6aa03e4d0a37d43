//! More than anybody can take: each alone, with an eye on memory.

use std::sync::LazyLock;
use std::time::Duration;

use super::honest::{Honest, Reply};
use super::server::{Act, Call, script};
use super::trial::{Behaviour, Case, Weight};

/// The most memory of the suite, in MiB; the server that floods it and the registry behind that are another process.
const MOST_MIB: u64 = 64;
/// A piece of what is said.
const PIECE: usize = 64 * 1024;

/// A flood from below the first address.
fn flood(name: &'static str, change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Case {
    let change = move |call: &Call, reply: &mut Reply| {
        if call.target != "/v2/" {
            change(call, reply);
        }
    };
    Case {
        weight: Weight::Heavy { most_mib: MOST_MIB },
        within: Duration::from_secs(240),
        only: &["pull/blob", "discovery/tags-n", "discovery/referrers"],
        ..Case::judged(name, Behaviour::Over(Honest::but(change)))
    }
}

/// A head as it was, with another framing.
fn head(reply: &Reply, framing: &str) -> Act {
    let lines = reply
        .lines
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
    let lines: String = lines
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    Act::Say(format!("HTTP/1.1 {} X\r\n{lines}{framing}\r\n\r\n", reply.status).into_bytes())
}

/// So many MiB in place of a body.
fn of_mib(reply: &mut Reply, mib: usize) {
    let length = mib * 1024 * 1024;
    let framing = format!("Content-Length: {length}");
    let body = Act::Repeat(vec![b' '; PIECE], length / PIECE);
    reply.instead = Some(vec![head(reply, &framing), body]);
}

fn is_read(call: &Call) -> bool {
    call.method == "GET"
}

pub(crate) fn cases() -> Vec<Case> {
    let least_chunk = |number: &'static str| Case {
        only: &[
            "push/chunks",
            "push/chunk-gap",
            "push/upload-status",
            "push/chunk-min-length",
        ],
        ..flood(
            format!("a least chunk of {number}, followed as far as it can be").leak(),
            move |_, reply| {
                if reply.status == 202 {
                    reply.set("OCI-Chunk-Min-Length", number);
                }
            },
        )
    };
    let mut all = bodies();
    all.extend(lists());
    all.extend(["8388608", "8388609", "67108864", "18446744073709551615"].map(least_chunk));
    all.push(Case {
        only: &["*/*"],
        ..flood("no flood, but every scenario", |_, _| {})
    });
    all.push(Case {
        only: &["pull/*"],
        ..flood("a head of 60 KB on every answer", |_, reply| {
            (0..8).for_each(|at| reply.lines.push((format!("X-{at}"), "x".repeat(7_500))));
        })
    });
    all.push(Case {
        only: &[
            "push/chunk-gap",
            "pull/not-found",
            "discovery/tags-none",
            "errors/*",
        ],
        ..flood("codes of a megabyte", |_, reply| {
            if reply.status >= 400 {
                reply.error(reply.status, &"X".repeat(1 << 20));
            }
        })
    });
    all
}

fn bodies() -> Vec<Case> {
    let endless = script(|_| {
        vec![
            Act::Say(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
            Act::Repeat(vec![b'x'; PIECE], 8_000),
        ]
    });
    let chunk = [
        format!("{PIECE:x}\r\n").into_bytes(),
        vec![b'x'; PIECE],
        b"\r\n".to_vec(),
    ]
    .concat();
    let mut all = vec![
        flood("240 MB for every blob and list", |call, reply| {
            if is_read(call) {
                of_mib(reply, 240);
            }
        }),
        flood("a GB in chunks for every blob and list", move |call, reply| {
            if is_read(call) {
                let body = Act::Repeat(chunk.clone(), 16_000);
                reply.instead = Some(vec![head(reply, "Transfer-Encoding: chunked"), body]);
            }
        }),
        flood("blobs without end", |call, reply| {
            if is_read(call) {
                reply.instead = Some(vec![
                    head(reply, "X-End: none"),
                    Act::Repeat(vec![b'x'; PIECE], 8_000),
                ]);
            }
        }),
        Case {
            only: &["pull/*"],
            ..flood("a MB on every answer", |call, reply| {
                if call.method != "HEAD" {
                    of_mib(reply, 1);
                }
            })
        },
        flood("a MB that says it is gzip on every answer", |call, reply| {
            if call.method != "HEAD" {
                reply.set("Content-Encoding", "gzip");
                of_mib(reply, 1);
            }
        }),
        flood("200 KB in chunks of a byte", |call, reply| {
            if is_read(call) {
                let body = Act::Repeat(b"1\r\nx\r\n".repeat(1_000), 200);
                let end = Act::Say(b"0\r\n\r\n".to_vec());
                reply.instead = Some(vec![head(reply, "Transfer-Encoding: chunked"), body, end]);
            }
        }),
    ];
    all.push(Case {
        weight: Weight::Heavy { most_mib: MOST_MIB },
        ..Case::unusable("every answer without end", endless, "cannot be reached")
    });
    all
}

fn lists() -> Vec<Case> {
    // Made by the server alone: they are not to count as memory of the suite.
    let tags = |name, tags: fn() -> String| {
        let list = LazyLock::new(move || format!("{{\"name\":\"x\",\"tags\":[{}]}}", tags()));
        flood(name, move |call, reply| {
            if call.target.contains("/tags/list") {
                reply.body("application/json", list.clone());
            }
        })
    };
    vec![
        tags("a million tags", || {
            let names: Vec<String> = (0..1_000_000).map(|at| format!("\"t{at:07}\"")).collect();
            names.join(",")
        }),
        tags("a million numbers for tags", || vec!["1"; 1_000_000].join(",")),
        tags("lists for tags", || vec!["[]"; 600_000].join(",")),
        flood("tags of 240 MB", |call, reply| {
            if call.target.contains("/tags/list") {
                of_mib(reply, 240);
            }
        }),
        flood("referrers of 20 MB", |call, reply| {
            if call.target.contains("/referrers/") {
                let note = "x".repeat(20 << 20);
                reply.body(
                    "application/vnd.oci.image.index.v1+json",
                    format!("{{\"manifests\":[],\"x\":\"{note}\"}}"),
                );
            }
        }),
    ]
}

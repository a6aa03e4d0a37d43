//! A well-behaved registry whose answers are framed oddly, cut off or damaged on their way.

use std::sync::Mutex;

use super::honest::Reply;
use super::laid_over::{below, over};
use super::server::Act;
use super::trial::{Case, Expect};

pub(crate) fn cases() -> Vec<Case> {
    let tables = [codings(), habits(), halves(), flips(), mixed_up()];
    tables.into_iter().flatten().collect()
}

/// An answer with other lines for its framing.
fn framed(reply: &Reply, lines: &str, body: &[u8]) -> Act {
    let kept = reply
        .lines
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
    let kept: String = kept.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {} X\r\n{kept}{lines}\r\n", reply.status);
    Act::Say([head.as_bytes(), body].concat())
}

/// A body as one chunk, whose size begins with these zeros.
fn in_a_chunk(body: &[u8], zeros: &str) -> Vec<u8> {
    let size = format!("{zeros}{:x}\r\n", body.len());
    let chunk = if body.is_empty() {
        Vec::new()
    } else {
        [size.as_bytes(), body, b"\r\n"].concat()
    };
    [&chunk[..], format!("{zeros}0\r\n\r\n").as_bytes()].concat()
}

/// Answers that are framed oddly.
fn codings() -> Vec<Case> {
    vec![
        below("chunks with leading zeros", move |call, reply| {
            if call.method != "HEAD" && reply.status != 204 {
                let body = in_a_chunk(&reply.body, "0000000000000000000");
                reply.instead = Some(vec![framed(reply, "Transfer-Encoding: chunked\r\n", &body)]);
            }
        }),
        below("a length and chunks", move |call, reply| {
            if call.method != "HEAD" && reply.status != 204 {
                let body = in_a_chunk(&reply.body, "");
                let lines = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
                reply.instead = Some(vec![framed(reply, lines, &body)]);
            }
        }),
        below("a second answer behind each", move |call, reply| {
            if call.method != "HEAD" && reply.status != 204 {
                let length = format!("Content-Length: {}\r\n", reply.body.len());
                let second = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                reply.instead = Some(vec![framed(reply, &length, &[&reply.body[..], second].concat())]);
            }
        }),
        below("a body behind each HEAD", |call, reply| {
            if call.method == "HEAD" {
                reply.instead = Some(vec![Act::Say(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody".to_vec(),
                )]);
            }
        }),
        over("the end of the connection for a length", move |call, reply| {
            if call.method != "HEAD" {
                let body = reply.body.clone();
                reply.instead = Some(vec![framed(reply, "", &body), Act::Close]);
            }
        }),
    ]
}

/// Habits that are old, or nobody else's.
fn habits() -> Vec<Case> {
    vec![
        over("HTTP/1.0", |_, reply| {
            let length = reply.body.len();
            let head = format!("HTTP/1.0 {} X\r\nContent-Length: {length}\r\n\r\n", reply.status);
            reply.instead = Some(vec![
                Act::Say([head.as_bytes(), &reply.body].concat()),
                Act::Close,
            ]);
        }),
        over("gzip that is none", |_, reply| {
            reply.set("Content-Encoding", "gzip");
        }),
        over("zstd that is none", |_, reply| {
            reply.set("Content-Encoding", "zstd, br, x");
        }),
        over("two hundred lines more", |_, reply| {
            (0..200).for_each(|at| reply.lines.push((format!("X-{at}"), "x".to_owned())));
        }),
        over("Connection: close to everything", |_, reply| {
            reply.set("Connection", "close");
        }),
    ]
}

/// Answers that do not come to their end.
fn halves() -> Vec<Case> {
    vec![
        below("blobs that stall", |call, reply| {
            if call.method == "GET" && call.target.contains("/blobs/sha256:") {
                reply.instead = Some(vec![
                    Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()),
                    Act::Hang,
                ]);
            }
        }),
        below("blobs that are cut", |call, reply| {
            if call.method == "GET" && call.target.contains("/blobs/sha256:") {
                reply.instead = Some(vec![
                    Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_vec()),
                    Act::Reset,
                ]);
            }
        }),
        below("manifests that never come", |call, reply| {
            if call.method == "GET" && call.target.contains("/manifests/") {
                reply.instead = Some(vec![Act::Hang]);
            }
        }),
    ]
}

/// Answers of which so many in a hundred are damaged on the way.
fn flipped(name: &'static str, seed: u64, often: u64, in_heads: bool) -> Case {
    let state = Mutex::new(seed);
    below(name, move |call, reply| {
        let mut state = state.lock().unwrap();
        if roll(&mut state, 100) >= often {
            return;
        }
        if !in_heads {
            flip(&mut reply.body, &mut state);
            return;
        }
        let lines = reply.lines.iter();
        let lines: String = lines
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut head = format!("HTTP/1.1 {} X\r\n{lines}\r\n", reply.status).into_bytes();
        flip(&mut head, &mut state);
        let body = if call.method == "HEAD" {
            &[][..]
        } else {
            &reply.body
        };
        reply.instead = Some(vec![Act::Say([&head, body].concat())]);
    })
}

/// Flips one bit, if there is one.
fn flip(bytes: &mut [u8], state: &mut u64) {
    if bytes.is_empty() {
        return;
    }
    let at = usize::try_from(roll(state, bytes.len() as u64)).unwrap_or(0);
    bytes[at] ^= 1 << roll(state, 8);
}

/// The generator of Numerical Recipes; that it is the same each time is all that matters.
fn roll(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below.max(1)
}

/// Answers that were damaged on the way.
fn flips() -> Vec<Case> {
    let in_heads = |case: Case| Case {
        expect: Expect::Either,
        ..case
    };
    vec![
        flipped("bits flipped in some bodies", 1, 20, false),
        flipped("bits flipped in most bodies", 2, 60, false),
        in_heads(flipped("bits flipped in some heads", 3, 20, true)),
        in_heads(flipped("bits flipped in most heads", 4, 60, true)),
    ]
}

/// Answers that are those to other requests, or say what they do not mean.
fn mixed_up() -> Vec<Case> {
    let before = Mutex::new(Vec::new());
    vec![
        below("the body of the answer before", move |_, reply| {
            let mut before = before.lock().unwrap();
            let now = std::mem::replace(&mut reply.body, std::mem::take(&mut *before));
            *before = now;
        }),
        below("201 for every 200", |_, reply| {
            if reply.status == 200 {
                reply.status = 201;
            }
        }),
        below("statuses of 299 and 599", |_, reply| {
            reply.status = if reply.status < 300 { 299 } else { 599 }
        }),
        below("no header lines at all", |_, reply| reply.lines.clear()),
    ]
}

//! A well-behaved registry with one odd habit: it is judged, whatever the habit is, and nothing worse happens.

use assize::wire::Reach;

use super::honest::{Honest, Reply};
use super::server::{Act, Call};
use super::trial::{Behaviour, Case, Expect};

/// A change of every answer.
pub(crate) fn over(name: &'static str, change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Case {
    Case::judged(name, Behaviour::Over(Honest::but(change)))
}

/// The same for everything but the first address, which stays as it is.
fn below(name: &'static str, change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Case {
    over(name, move |call, reply| {
        if call.target != "/v2/" {
            change(call, reply);
        }
    })
}

/// Lines of a name are spelled otherwise, where there are some.
fn respelled(
    name: &'static str,
    line: &'static str,
    change: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Case {
    over(name, move |_, reply| reply.respell(line, &change))
}

pub(crate) fn cases() -> Vec<Case> {
    let mut all = texts();
    all.extend(numbers());
    all.extend(json());
    all.extend(places());
    all.extend(framing());
    all.extend(damage());
    all
}

/// Texts that upset terminals, readers, browsers and shells, in every place where a registry can put a text.
fn texts() -> Vec<Case> {
    let texts = [
        ("ESC", "a\u{1b}[31m\u{1b}]8;;http://x\u{7}b"),
        ("C1", "a\u{9b}31mb\u{85}c"),
        ("bidi", "a\u{202e}b\u{2066}c\u{200f}d\u{61c}e"),
        ("NUL", "a\0b"),
        ("HTML", "</code><script>alert(1)</script>&lt;"),
        ("Markdown", "```\n# x | [a](http://x) <b> ~~~"),
        ("shell", "a'; touch /tmp/x; $(id) `id` \"\\"),
        ("a line break", "a\nb\r\nc"),
        ("a blank", "a b"),
        ("80 KB", LONG.as_str()),
    ];
    let mut all = Vec::new();
    for (what, text) in texts {
        let named = |place: &str| -> &'static str { format!("{what} in {place}").leak() };
        all.push(below(named("codes"), move |_, reply| {
            if reply.status >= 400 {
                reply.error(reply.status, text);
            }
        }));
        all.push(below(named("tags"), move |call, reply| {
            if call.target.contains("/tags/list") {
                let list = serde_json::json!({ "name": text, "tags": [text] });
                reply.body("application/json", list.to_string());
            }
        }));
        let line = text.replace(['\r', '\n'], " ");
        let line: &'static str = line
            .get(..text.len().min(8_000))
            .unwrap_or_default()
            .to_owned()
            .leak();
        for (place, header) in [
            ("Locations", "Location"),
            ("digests", "Docker-Content-Digest"),
            ("types", "Content-Type"),
            ("Ranges", "Range"),
        ] {
            // Some of these make a head that is none.
            all.push(Case {
                expect: Expect::Either,
                ..respelled(named(place), header, move |value| format!("{value}{line}"))
            });
        }
    }
    all
}

static LONG: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "long ".repeat(16_000));

/// Numbers that are none, or too large.
fn numbers() -> Vec<Case> {
    let mut all = Vec::new();
    for number in [
        "18446744073709551615",
        "9223372036854775807",
        "10000000000",
        "100000000",
        "0",
        "-1",
        "1e9",
        "x",
    ] {
        all.push(over(
            format!("a least chunk of {number}").leak(),
            move |_, reply| {
                if reply.status == 202 {
                    reply.set("OCI-Chunk-Min-Length", number);
                }
            },
        ));
    }
    for range in [
        "0-18446744073709551615",
        "18446744073709551615-0",
        "5--1",
        "10-5",
        "bytes=0-1",
        "0-99999999999999999999",
        "-",
    ] {
        all.push(respelled(
            format!("a Range of {range}").leak(),
            "Range",
            move |_| range.to_owned(),
        ));
    }
    for range in [
        "bytes 0-18446744073709551615/18446744073709551616",
        "bytes 5-1/3",
        "bytes */x",
        "x",
    ] {
        all.push(respelled(
            format!("a Content-Range of {range}").leak(),
            "Content-Range",
            move |_| range.to_owned(),
        ));
    }
    for wait in [
        "0",
        "-1",
        "x",
        "99999999999999999999",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ] {
        let turns = std::sync::atomic::AtomicU32::new(0);
        all.push(Case {
            // A connection by hand is limited as any other.
            never: &["http.keep-alive-after-error"],
            ..below(
                format!("429 now and then, and a wait of {wait}").leak(),
                move |_, reply| {
                    if turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 7 == 6 {
                        reply.error(429, "TOOMANYREQUESTS");
                        reply.set("Retry-After", wait);
                    }
                },
            )
        });
    }
    all.push(over("a HEAD of 2^64-1 bytes", |call, reply| {
        if call.method == "HEAD" {
            reply.set("Content-Length", "18446744073709551615");
        }
    }));
    all
}

/// JSON that is none, or none that is expected.
fn json() -> Vec<Case> {
    let bodies: [(&'static str, String); 14] = [
        ("a hundred thousand lists in lists", "[".repeat(100_000)),
        (
            "objects 120 deep",
            format!("{}1{}", "{\"tags\":".repeat(120), "}".repeat(120)),
        ),
        (
            "keys twice",
            r#"{"tags":["a"],"tags":["b"],"manifests":[],"manifests":{}}"#.to_owned(),
        ),
        (
            "a number for a list",
            r#"{"tags":1,"manifests":2,"errors":3,"name":4}"#.to_owned(),
        ),
        (
            "null for a list",
            r#"{"tags":null,"manifests":null,"errors":null}"#.to_owned(),
        ),
        (
            "numbers in a list",
            r#"{"tags":[1,null,{}],"manifests":[1,[]],"errors":[1,"x"]}"#.to_owned(),
        ),
        (
            "a number of a thousand digits",
            format!("{{\"tags\":[{}]}}", "9".repeat(1_000)),
        ),
        ("a number of 1e999", r#"{"tags":[1e999],"size":1e999}"#.to_owned()),
        ("half a surrogate", r#"{"tags":["\ud800"]}"#.to_owned()),
        ("a byte order mark", "\u{feff}{\"tags\":[]}".to_owned()),
        ("something behind the end", r#"{"tags":[]}{"tags":[]}"#.to_owned()),
        ("nothing", String::new()),
        ("a text", "\"tags\"".to_owned()),
        (
            "a page of HTML",
            "<!DOCTYPE html><html><body>x</body></html>".to_owned(),
        ),
    ];
    let of = |(what, body): (&'static str, String)| {
        below(format!("{what} in every JSON").leak(), move |_, reply| {
            let is_json = |(name, value): &(String, String)| {
                name.eq_ignore_ascii_case("Content-Type") && value.contains("json")
            };
            if reply.lines.iter().any(is_json) {
                reply.body("application/json", body.clone());
            }
        })
    };
    bodies.into_iter().map(of).collect()
}

/// Where uploads, lists and blobs are said to go on.
fn places() -> Vec<Case> {
    let mut all = Vec::new();
    for (what, place) in [
        ("another host", "http://127.0.0.2:1/v2/x"),
        ("a host that is not there", "http://no-such-host.invalid/v2/x"),
        ("a file", "file:///etc/passwd"),
        ("a host with a password", "http://alice:pw@127.0.0.1/"),
        ("nothing", ""),
        ("a fragment", "#x"),
        ("a port that is none", "http://127.0.0.1:99999/"),
        ("a path with blanks", "/v2/a b/c"),
        ("a path of dots", "../../../../../etc/passwd"),
    ] {
        all.push(respelled(
            format!("uploads that go on at {what}").leak(),
            "Location",
            move |_| place.to_owned(),
        ));
        all.push(below(
            format!("blobs that are at {what}").leak(),
            move |call, reply| {
                if call.method == "GET" && call.target.contains("/blobs/sha256:") && reply.status == 200 {
                    reply.status = 307;
                    reply.set("Location", place);
                }
            },
        ));
        all.push(below(
            format!("lists that go on at {what}").leak(),
            move |call, reply| {
                if call.target.contains("/tags/list") {
                    reply.set("Link", &format!("<{place}>; rel=\"next\""));
                }
            },
        ));
    }
    for (name, link) in [
        ("a Link in a circle", "</v2/x/tags/list?n=1&last=a>; rel=\"next\""),
        ("a Link without an end", "</v2/x/tags/list; rel=\"next\""),
        ("a Link of a thousand parts", "<a>; rel=\"prev\","),
    ] {
        all.push(below(name, move |call, reply| {
            if call.target.contains("/tags/list") {
                reply.set("Link", &link.repeat(if link.ends_with(',') { 1_000 } else { 1 }));
            }
        }));
    }
    all.push(below("a Link that is new each time", |call, reply| {
        if call.target.contains("/tags/list") {
            let link = format!(
                "<{}{}x=1>; rel=\"next\"",
                call.target,
                if call.target.contains('?') { "&" } else { "?" }
            );
            reply.set("Link", &link);
        }
    }));
    let elsewhere = respelled(
        "uploads on another host, which may not be asked",
        "Location",
        |_| "http://127.0.0.2:1/v2/x".to_owned(),
    );
    all.push(Case {
        reach: Reach::SameHost,
        ..elsewhere
    });
    all
}

/// Answers that are framed oddly.
fn framing() -> Vec<Case> {
    let whole = |reply: &Reply, lines: &str, body: &[u8]| {
        let kept = reply
            .lines
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
        let kept: String = kept.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("HTTP/1.1 {} X\r\n{kept}{lines}\r\n", reply.status);
        Act::Say([head.as_bytes(), body].concat())
    };
    let coded = |body: &[u8], zeros: &str| {
        let size = format!("{zeros}{:x}\r\n", body.len());
        let chunk = if body.is_empty() {
            Vec::new()
        } else {
            [size.as_bytes(), body, b"\r\n"].concat()
        };
        [&chunk[..], format!("{zeros}0\r\n\r\n").as_bytes()].concat()
    };
    vec![
        below("chunks with leading zeros", move |call, reply| {
            if call.method != "HEAD" && reply.status != 204 {
                let body = coded(&reply.body, "0000000000000000000");
                reply.instead = Some(vec![whole(reply, "Transfer-Encoding: chunked\r\n", &body)]);
            }
        }),
        below("a length and chunks", move |call, reply| {
            if call.method != "HEAD" && reply.status != 204 {
                let body = coded(&reply.body, "");
                let lines = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n";
                reply.instead = Some(vec![whole(reply, lines, &body)]);
            }
        }),
        below("a second answer behind each", move |call, reply| {
            if call.method != "HEAD" && reply.status != 204 {
                let length = format!("Content-Length: {}\r\n", reply.body.len());
                let second = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                reply.instead = Some(vec![whole(reply, &length, &[&reply.body[..], second].concat())]);
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
                reply.instead = Some(vec![whole(reply, "", &body), Act::Close]);
            }
        }),
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

/// Answers that were damaged on the way, or are those to other requests.
fn damage() -> Vec<Case> {
    let flips = |name: &'static str, seed: u64, often: u64, in_heads: bool| {
        let state = std::sync::Mutex::new(seed);
        below(name, move |call, reply| {
            let mut state = state.lock().unwrap();
            let mut random = |below: u64| {
                // The generator of Numerical Recipes; that it is the same each time is all that matters.
                *state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) % below.max(1)
            };
            if random(100) >= often {
                return;
            }
            if in_heads {
                let lines = reply
                    .lines
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"));
                let mut head =
                    format!("HTTP/1.1 {} X\r\n{}\r\n", reply.status, lines.collect::<String>()).into_bytes();
                let at = usize::try_from(random(head.len() as u64)).unwrap_or(0);
                head[at] ^= 1 << random(8);
                let body = if call.method == "HEAD" {
                    Vec::new()
                } else {
                    reply.body.clone()
                };
                reply.instead = Some(vec![Act::Say([head, body].concat())]);
            } else if !reply.body.is_empty() {
                let at = usize::try_from(random(reply.body.len() as u64)).unwrap_or(0);
                reply.body[at] ^= 1 << random(8);
            }
        })
    };
    let before = std::sync::Mutex::new(Vec::new());
    vec![
        flips("bits flipped in some bodies", 1, 20, false),
        flips("bits flipped in most bodies", 2, 60, false),
        Case {
            expect: Expect::Either,
            ..flips("bits flipped in some heads", 3, 20, true)
        },
        Case {
            expect: Expect::Either,
            ..flips("bits flipped in most heads", 4, 60, true)
        },
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

//! A well-behaved registry with one odd habit: it is judged, whatever the habit is, and nothing worse happens.

use std::sync::atomic::{AtomicU32, Ordering};

use assize::wire::Reach;

use super::honest::{Honest, Reply};
use super::server::Call;
use super::trial::{Behaviour, Case, Expect};

/// A change of every answer.
pub(crate) fn over(name: &'static str, change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Case {
    Case::judged(name, Behaviour::Over(Honest::but(change)))
}

/// The same for everything but the first address, which stays as it is.
pub(crate) fn below(name: &'static str, change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Case {
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
    let tables = [
        texts(),
        least_chunks(),
        ranges(),
        waits(),
        json(),
        places(),
        links(),
    ];
    tables.into_iter().flatten().collect()
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
    texts
        .into_iter()
        .flat_map(|(what, text)| everywhere(what, text))
        .collect()
}

/// A text in each of these places.
fn everywhere(what: &'static str, text: &'static str) -> Vec<Case> {
    let named = |place: &str| -> &'static str { format!("{what} in {place}").leak() };
    let codes = below(named("codes"), move |_, reply| {
        if reply.status >= 400 {
            reply.error(reply.status, text);
        }
    });
    let tags = below(named("tags"), move |call, reply| {
        if call.target.contains("/tags/list") {
            let list = serde_json::json!({ "name": text, "tags": [text] });
            reply.body("application/json", list.to_string());
        }
    });
    let line = text.replace(['\r', '\n'], " ");
    let line: &'static str = line
        .get(..text.len().min(8_000))
        .unwrap_or_default()
        .to_owned()
        .leak();
    let lines = [
        ("Locations", "Location"),
        ("digests", "Docker-Content-Digest"),
        ("types", "Content-Type"),
        ("Ranges", "Range"),
    ];
    let in_a_line = |(place, header): (&str, &'static str)| Case {
        // Some of these make a head that is none.
        expect: Expect::Either,
        ..respelled(named(place), header, move |value| format!("{value}{line}"))
    };
    let lines = lines.into_iter().map(in_a_line);
    [codes, tags].into_iter().chain(lines).collect()
}

static LONG: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| "long ".repeat(16_000));

/// Sizes of a least chunk that are none, or too large.
fn least_chunks() -> Vec<Case> {
    let numbers = [
        "18446744073709551615",
        "9223372036854775807",
        "10000000000",
        "100000000",
        "0",
        "-1",
        "1e9",
        "x",
    ];
    let asked = |number: &'static str| {
        over(format!("a least chunk of {number}").leak(), move |_, reply| {
            if reply.status == 202 {
                reply.set("OCI-Chunk-Min-Length", number);
            }
        })
    };
    numbers.into_iter().map(asked).collect()
}

/// Ranges and lengths that are none, or too large.
fn ranges() -> Vec<Case> {
    let values = [
        ("Range", "0-18446744073709551615"),
        ("Range", "18446744073709551615-0"),
        ("Range", "5--1"),
        ("Range", "10-5"),
        ("Range", "bytes=0-1"),
        ("Range", "0-99999999999999999999"),
        ("Range", "-"),
        (
            "Content-Range",
            "bytes 0-18446744073709551615/18446744073709551616",
        ),
        ("Content-Range", "bytes 5-1/3"),
        ("Content-Range", "bytes */x"),
        ("Content-Range", "x"),
    ];
    let said = |(line, value): (&'static str, &'static str)| {
        respelled(format!("a {line} of {value}").leak(), line, move |_| {
            value.to_owned()
        })
    };
    let mut all: Vec<Case> = values.into_iter().map(said).collect();
    all.push(over("a HEAD of 2^64-1 bytes", |call, reply| {
        if call.method == "HEAD" {
            reply.set("Content-Length", "18446744073709551615");
        }
    }));
    all
}

/// Times to wait that are none, or too long.
fn waits() -> Vec<Case> {
    let waits = [
        "0",
        "-1",
        "x",
        "99999999999999999999",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ];
    let asked = |wait: &'static str| {
        let turns = AtomicU32::new(0);
        let name = format!("429 now and then, and a wait of {wait}").leak();
        Case {
            // A connection by hand is limited as any other.
            never: &["http.keep-alive-after-error"],
            ..below(name, move |_, reply| {
                if turns.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
                    reply.error(429, "TOOMANYREQUESTS");
                    reply.set("Retry-After", wait);
                }
            })
        }
    };
    waits.into_iter().map(asked).collect()
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

/// Lists that go on in odd ways.
fn links() -> Vec<Case> {
    let mut all = Vec::new();
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
    all
}

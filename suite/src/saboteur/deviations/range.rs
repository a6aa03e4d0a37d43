//! Deviations where a part of a blob is asked for.

use bytes::Bytes;
use http::header::{IF_RANGE, RANGE};
use http::{HeaderValue, Method};

use super::parts::become_multipart;
use super::tools::sha256;
use super::tricks::whole;
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The blocks in which a registry reads, which can not begin elsewhere.
const BLOCK: usize = 4096;
/// The size from which it reads in blocks.
const IN_BLOCKS: usize = 64 * 1024;

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::call("range-ignored", &["range.supported"], |call| {
        call.headers.remove(RANGE);
    }),
    Deviation::call("range-last-exclusive", &["range.206-body"], |call| {
        change(call, |first, last| {
            let (from, to) = (first.parse::<u128>().ok()?, last.parse::<u128>().ok()?);
            (from < to).then(|| format!("bytes={from}-{}", to - 1))
        });
    }),
    Deviation::stateful("range-from-the-start", &["range.206-body"], |context| {
        Box::pin(async move {
            let mut reply = context.honestly().await;
            if is_part(&context.call, &reply) {
                reply.set_body(whole(&context).await.slice(..reply.body.len()));
            }
            reply
        })
    }),
    Deviation::reply("open-range-as-200", &["range.200-is-whole"], |call, reply| {
        if is_part(call, reply) && call.header("range").ends_with('-') {
            reply.become_status(200);
        }
    }),
    Deviation::reply(
        "part-without-content-range",
        &["range.206-content-range"],
        |call, reply| {
            if is_part(call, reply) {
                reply.remove("content-range");
            }
        },
    ),
    Deviation::reply(
        "part-says-it-is-first",
        &["range.206-content-range"],
        |call, reply| {
            if is_part(call, reply) {
                let said = format!("bytes 0-{}/{}", reply.body.len() - 1, size(reply));
                reply.set("content-range", &said);
            }
        },
    ),
    Deviation::reply(
        "part-of-unknown-size",
        &["range.206-complete-length"],
        |call, reply| {
            if is_part(call, reply) {
                let said = reply
                    .header("content-range")
                    .replace(&format!("/{}", size(reply)), "/*");
                reply.set("content-range", &said);
            }
        },
    ),
    // The length can only be false if the content is, too.
    Deviation::stateful(
        "part-is-the-whole",
        &["range.206-content-length", "range.206-body"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if is_part(&context.call, &reply) {
                    reply.set_body(whole(&context).await);
                }
                reply
            })
        },
    )
    .because("the length of the whole is not that of the part"),
    Deviation::reply("part-without-etag", &["range.206-same-headers"], |call, reply| {
        if is_part(call, reply) {
            reply.remove("etag");
        }
    }),
    Deviation::reply(
        "part-digest-of-part",
        &["range.206-digest-header"],
        |call, reply| {
            if is_part(call, reply) {
                reply.set("docker-content-digest", &sha256(&reply.body));
            }
        },
    ),
    Deviation::reply("open-range-416", &["range.open-ended"], |call, reply| {
        if is_part(call, reply) && call.header("range").ends_with('-') {
            *reply = unsatisfiable(size(reply));
        }
    }),
    Deviation::call("suffix-from-the-start", &["range.suffix"], |call| {
        change(call, |first, last| {
            let length: u128 = last.parse().ok()?;
            (first.is_empty() && length > 0).then(|| format!("bytes=0-{}", length - 1))
        });
    }),
    Deviation::reply(
        "long-suffix-416",
        &["range.suffix-longer-than-blob"],
        |call, reply| {
            let length = ends(call).and_then(|(first, last)| first.is_empty().then(|| last.parse().ok())?);
            if is_part(call, reply) && length > Some(size(reply)) {
                *reply = unsatisfiable(size(reply));
            }
        },
    ),
    Deviation::call("suffix-of-nothing-is-all", &["range.suffix-zero"], |call| {
        change(call, |first, last| {
            (first.is_empty() && last == "0").then(|| "bytes=0-".to_owned())
        });
    }),
    Deviation::reply(
        "range-past-the-end-416",
        &["range.last-clamped"],
        |call, reply| {
            let last = ends(call).and_then(|(first, last)| (!first.is_empty()).then(|| last.parse().ok())?);
            if is_part(call, reply) && last >= Some(size(reply)) {
                *reply = unsatisfiable(size(reply));
            }
        },
    ),
    Deviation::stateful(
        "unsatisfiable-range-gives-all",
        &["range.unsatisfiable-416"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if context.call.is(&Method::GET, Kind::Blob) && reply.status == 416 {
                    return context.ask(&context.call.get(&context.call.path)).await;
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "unsatisfiable-range-says-no-size",
        &["range.416-content-range"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && reply.status == 416 {
                reply.remove("content-range");
            }
        },
    ),
    Deviation::reply(
        "unsatisfiable-range-ends-too-soon",
        &["range.416-whole"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && reply.status == 416 {
                let length = reply.body.len() + 1500;
                reply.set("content-length", &length.to_string());
            }
        },
    ),
    Deviation::call("range-turned-round", &["range.invalid-not-206"], |call| {
        change(call, |first, last| {
            let (from, to) = (first.parse::<u128>().ok()?, last.parse::<u128>().ok()?);
            (to < from).then(|| format!("bytes={to}-{from}"))
        });
    }),
    Deviation::call("range-of-any-unit", &["range.unknown-unit-ignored"], |call| {
        let numbers = call
            .header("range")
            .split_once('=')
            .map(|(_, numbers)| numbers.to_owned());
        if let Some(numbers) = numbers {
            ask_for(call, &format!("bytes={numbers}"));
        }
    }),
    Deviation::instead(
        "range-unit-in-capitals-400",
        &["range.unit-case-insensitive"],
        |call| {
            let unit = call.header("range").split('=').next().unwrap_or_default();
            let is_odd = unit != "bytes" && unit.eq_ignore_ascii_case("bytes");
            is_odd.then(|| Reply::error(400, "UNSUPPORTED"))
        },
    ),
    Deviation::call("range-wraps-at-64-bits", &["range.huge-numbers"], |call| {
        change(call, |first, last| {
            let from: u128 = first.parse().ok()?;
            let wrapped = from % (1 << 64);
            (last.is_empty() && from != wrapped).then(|| format!("bytes={}-", wrapped % 100))
        });
    }),
    Deviation::instead("range-beyond-64-bits-500", &["range.huge-numbers"], |call| {
        let (first, last) = ends(call)?;
        let overflows = |digits: &str| !digits.is_empty() && digits.parse::<u64>().is_err();
        let are_numbers = [first, last].concat().bytes().all(|byte| byte.is_ascii_digit());
        (are_numbers && (overflows(first) || overflows(last))).then(|| Reply::empty(500))
    }),
    Deviation::reply(
        "single-range-as-multipart",
        &["range.single-not-multipart"],
        |call, reply| {
            if is_part(call, reply) {
                let said = reply.header("content-range").to_owned();
                become_multipart(reply, &[(said, reply.body.clone())]);
            }
        },
    ),
    Deviation::reply(
        "one-bad-range-spoils-all",
        &["range.one-of-two-satisfiable"],
        |call, reply| {
            if is_part(call, reply) && call.header("range").contains(',') {
                *reply = unsatisfiable(size(reply));
            }
        },
    ),
    Deviation::stateful("head-heeds-range", &["range.ignored-on-head"], |context| {
        Box::pin(async move {
            if !context.call.is(&Method::HEAD, Kind::Blob) || context.call.header("range").is_empty() {
                return context.honestly().await;
            }
            let mut reply = context.ask(&context.call.with_method(Method::GET)).await;
            reply.body = Bytes::new();
            reply
        })
    }),
    Deviation::instead("put-heeds-range", &["range.ignored-on-upload"], |call| {
        let is_ranged = call.is_of_manifest(&Method::PUT) && !call.header("range").is_empty();
        is_ranged.then(|| unsatisfiable(0))
    }),
    Deviation::reply("range-of-empty-blob-500", &["range.empty-blob"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.header("content-range") == "bytes */0" {
            *reply = Reply::empty(500);
        }
    }),
    Deviation::stateful(
        "range-from-block-boundary",
        &["range.resume-assembles-blob"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let blob = whole(&context).await;
                let first = ends(&context.call).and_then(|(first, _)| first.parse::<usize>().ok());
                if let Some(first) = first
                    && is_part(&context.call, &reply)
                    && blob.len() > IN_BLOCKS
                {
                    reply.set_body(blob.slice(first - first % BLOCK..));
                }
                reply
            })
        },
    ),
    Deviation::call("if-range-ignored", &["range.if-range-mismatch"], |call| {
        call.headers.remove(IF_RANGE);
    }),
    Deviation::call("if-range-never-matches", &["range.if-range-match"], |call| {
        if call.headers.contains_key(IF_RANGE) {
            call.headers.remove(RANGE);
        }
    }),
    Deviation::call("if-range-compares-weakly", &["range.if-range-weak"], |call| {
        if let Some(strong) = call.header("if-range").strip_prefix("W/")
            && let Ok(strong) = HeaderValue::try_from(strong)
        {
            call.headers.insert(IF_RANGE, strong);
        }
    }),
    Deviation::instead("if-range-alone-412", &["range.if-range-without-range"], |call| {
        let is_alone = call.header("range").is_empty() && !call.header("if-range").is_empty();
        is_alone.then(|| Reply::error(412, "DENIED"))
    }),
    Deviation::call("if-range-takes-any-date", &["range.if-range-date"], |call| {
        if call.header("if-range").ends_with("GMT") {
            call.headers.remove(IF_RANGE);
        }
    }),
];

/// Whether an answer is a part of a blob.
fn is_part(call: &Call, reply: &Reply) -> bool {
    call.is(&Method::GET, Kind::Blob) && reply.status == 206 && !reply.body.is_empty()
}

/// The size of the blob, as the answer says it.
fn size(reply: &Reply) -> u128 {
    let said = reply.header("content-range").rsplit('/').next();
    said.and_then(|size| size.parse().ok()).unwrap_or_default()
}

/// The two ends of a range of bytes, as written.
fn ends(call: &Call) -> Option<(&str, &str)> {
    if !call.is(&Method::GET, Kind::Blob) {
        return None;
    }
    call.header("range").strip_prefix("bytes=")?.split_once('-')
}

/// Asks for another range, where one is asked for that shall be misunderstood.
fn change(call: &mut Call, misread: impl FnOnce(&str, &str) -> Option<String>) {
    if let Some(range) = ends(call).and_then(|(first, last)| misread(first, last)) {
        ask_for(call, &range);
    }
}

/// Asks for a range.
fn ask_for(call: &mut Call, range: &str) {
    if let Ok(range) = HeaderValue::try_from(range) {
        call.headers.insert(RANGE, range);
    }
}

/// The answer to a range that lies beyond a blob.
fn unsatisfiable(size: u128) -> Reply {
    let mut reply = Reply::error(416, "SIZE_INVALID");
    reply.set("content-range", &format!("bytes */{size}"));
    reply
}

//! Deviations from HTTP: redirects, methods, headers that every answer has, warnings.

use http::Method;
use serde_json::{Value as Json, json};

use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "redirect-to-nowhere",
        &["http.redirect-has-location"],
        |call, reply| {
            if call.is(&Method::GET, Kind::Blob) && reply.is_success() {
                *reply = Reply::empty(307);
            }
        },
    ),
    Deviation::reply("redirect-to-itself", &["http.redirect-no-loop"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && reply.is_success() {
            *reply = Reply::empty(307);
            reply.set("location", &call.path);
        }
    }),
    Deviation::instead("write-redirected-302", &["http.redirect-keeps-method"], |call| {
        let is_first = call.is(&Method::PUT, Kind::Tag) && call.query.is_empty();
        is_first.then(|| {
            let mut reply = Reply::empty(302);
            reply.set("location", &format!("{}?moved=1", call.path));
            reply
        })
    }),
    Deviation::reply(
        "location-twice",
        &["http.location-uri-reference"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && reply.is_success() {
                reply.add("location", &call.path);
            }
        },
    ),
    Deviation::reply(
        "location-with-blank",
        &["http.location-uri-reference"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && reply.is_success() {
                reply.set("location", &format!("{}?note=just pushed", call.path));
            }
        },
    ),
    Deviation::reply("405-without-allow", &["http.405-allow"], |_, reply| {
        if reply.status == 405 {
            reply.remove("allow");
        }
    }),
    Deviation::call("post-of-manifest-reads", &["http.unsupported-method"], |call| {
        if call.is(&Method::POST, Kind::Tag) {
            call.method = Method::GET;
        }
    }),
    Deviation::reply("date-of-iso-8601", &["http.date"], |_, reply| {
        reply.set("date", "2024-05-01T12:00:00Z");
    }),
    Deviation::instead(
        "media-type-in-capitals-415",
        &["http.media-type-case-insensitive"],
        |call| {
            let kind = call.header("content-type");
            (call.is_of_manifest(&Method::PUT) && kind != kind.to_lowercase())
                .then(|| Reply::error(415, "MANIFEST_INVALID"))
        },
    ),
    Deviation::instead(
        "encoded-letter-not-found",
        &["http.percent-encoded-path"],
        |call| {
            (call.kind() == Kind::Tag && call.path.contains('%'))
                .then(|| Reply::error(404, "MANIFEST_UNKNOWN"))
        },
    ),
    Deviation::reply(
        "encoded-colon-500",
        &["http.percent-encoded-path"],
        |call, reply| {
            if call.kind() == Kind::Blob && call.path.to_uppercase().contains("%3A") {
                *reply = Reply::empty(500);
            }
        },
    ),
    Deviation::stateful(
        "tag-pushed-again-listed-again",
        &["http.idempotent-put"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if context.call.is(&Method::PUT, Kind::Tag) {
                    context.memory.count(&context.call.path);
                }
                if context.call.is(&Method::GET, Kind::Tags) {
                    let base = context.call.path.trim_end_matches("tags/list").to_owned();
                    let pushes = |tag: &Json| {
                        let path = format!("{base}manifests/{}", tag.as_str().unwrap_or_default());
                        usize::try_from(context.memory.counted(&path)).unwrap_or(1).max(1)
                    };
                    reply.edit_json(|list| {
                        let tags = list["tags"].as_array().cloned().unwrap_or_default();
                        let each = tags
                            .iter()
                            .flat_map(|tag| std::iter::repeat_n(tag.clone(), pushes(tag)));
                        list["tags"] = each.collect();
                    });
                }
                reply
            })
        },
    ),
    Deviation::stateful("listing-makes-repository", &["http.safe-methods"], |context| {
        Box::pin(async move {
            let reply = context.honestly().await;
            let is_missing = context.call.is(&Method::GET, Kind::Tags) && reply.status == 404;
            if is_missing && context.memory.count(&context.call.path) > 0 {
                return Reply::json(200, &json!({ "name": context.call.repository(), "tags": [] }));
            }
            reply
        })
    }),
    Deviation::reply("warning-199-with-date", &["warnings.format"], |_, reply| {
        let warning = r#"199 registry.example "old" "Wed, 21 Oct 2015 07:28:00 GMT""#;
        reply.set("warning", warning);
    }),
    Deviation::reply("warning-without-quotes", &["warnings.text-quoted"], |_, reply| {
        reply.set("warning", "299 - deprecated");
    }),
    Deviation::reply(
        "warnings-too-long",
        &["warnings.at-most-4096-bytes"],
        |_, reply| {
            for number in 0..50 {
                let text =
                    "this registry will be switched off before the end of the year, so move what you need";
                reply.add("warning", &format!("299 - \"{number}: {text}\""));
            }
        },
    ),
];

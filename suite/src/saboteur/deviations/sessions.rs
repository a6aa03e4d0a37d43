//! Deviations of uploads as such: how they are opened, named, found, closed and cancelled.

use http::Method;

use super::tricks::{adds, asks_status, cancels, closes, opens, span, upload_of};
use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("upload-opened-200", &["push.session.post-202"], |call, reply| {
        if opens(call) && reply.status == 202 {
            reply.become_status(200);
        }
    }),
    Deviation::reply("upload-opened-201", &["push.session.post-202"], |call, reply| {
        if opens(call) && reply.status == 202 {
            reply.become_status(201);
        }
    }),
    Deviation::reply(
        "upload-without-location",
        &["push.session.location-present"],
        |call, reply| {
            if opens(call) {
                reply.remove("location");
            }
        },
    ),
    Deviation::stateful(
        "upload-named-by-token",
        &["push.session.location-has-uuid"],
        |mut context| {
            Box::pin(async move {
                if context.call.kind() == Kind::Session {
                    context.call.path = respelled(&context.call.path, plain);
                }
                let mut reply = context.honestly().await;
                if reply.header("location").contains("/blobs/uploads/") {
                    let token = respelled(reply.header("location"), secret);
                    reply.set("location", &token);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "one-upload-for-all",
        &["push.session.location-unique"],
        |context| {
            Box::pin(async move {
                let repository = context.call.repository();
                if opens(&context.call)
                    && let Some(opened) = context.memory.recall(repository)
                {
                    return opened;
                }
                let reply = context.honestly().await;
                if opens(&context.call) {
                    context.memory.keep(repository, reply.clone());
                } else if closes(&context.call) && reply.is_success() {
                    context.memory.forget(repository);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "digest-only-as-first-parameter",
        &["push.session.location-usable-as-given"],
        |context| {
            Box::pin(async move {
                if closes(&context.call) && !context.call.query.starts_with("digest=") {
                    return Reply::error(400, "DIGEST_INVALID");
                }
                let mut reply = context.honestly().await;
                if reply.header("location").contains("/blobs/uploads/") {
                    let stateful = format!("{}?_state=ready", reply.header("location"));
                    reply.set("location", &stateful);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "unknown-upload-taken",
        &["push.session.unknown-404-put", "push.session.closed-after-commit"],
        |mut context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if !closes(&context.call) || reply.status != 404 {
                    return reply;
                }
                let uploads = format!("/v2/{}/blobs/uploads/", context.call.repository());
                context.call.method = Method::POST;
                context.call.path = uploads;
                context.honestly().await
            })
        },
    )
    .because("who takes an upload that nobody opened takes one that was closed"),
    Deviation::reply(
        "unknown-upload-500",
        &["push.session.unknown-404-put", "errors.client-fault-not-5xx"],
        |call, reply| {
            if closes(call) && reply.status == 404 {
                reply.become_error(500, "UNSUPPORTED");
            }
        },
    )
    .because("it is the client who is wrong about the upload"),
    Deviation::reply(
        "chunk-of-unknown-upload-416",
        &["push.session.unknown-404-patch"],
        |call, reply| {
            if adds(call) && reply.status == 404 {
                reply.become_error(416, "BLOB_UPLOAD_INVALID");
            }
        },
    ),
    Deviation::reply(
        "unknown-upload-has-status",
        &["push.session.unknown-404-get", "push.session.closed-after-commit"],
        |call, reply| {
            if asks_status(call) && reply.status == 404 {
                *reply = Reply::empty(204);
                reply.set("range", "0-0");
                reply.set("location", &call.path);
            }
        },
    )
    .because("who knows an upload that nobody opened knows one that was closed"),
    Deviation::stateful(
        "closed-upload-goes-on",
        &["push.session.closed-after-commit"],
        |context| {
            Box::pin(async move {
                let upload = context.call.reference();
                let reply = context.honestly().await;
                if closes(&context.call) && reply.is_success() {
                    context.memory.count(upload);
                } else if adds(&context.call) && context.memory.counted(upload) > 0 {
                    let mut taken = Reply::empty(202);
                    taken.set("location", &context.call.path);
                    taken.set("range", context.call.header("content-range"));
                    return taken;
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "failed-upload-stuck",
        &["push.session.closed-after-failed-digest"],
        |context| {
            Box::pin(async move {
                let upload = context.call.reference();
                if closes(&context.call) && context.memory.counted(upload) > 0 {
                    return Reply::error(400, "BLOB_UPLOAD_INVALID");
                }
                let reply = context.honestly().await;
                if closes(&context.call) && reply.status == 400 {
                    context.memory.count(upload);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "failed-body-kept",
        &["push.session.closed-after-failed-digest"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if closes(&context.call) && reply.status == 400 {
                    let mut kept = context.call.with_method(Method::PATCH);
                    kept.query.clear();
                    context.ask(&kept).await;
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "upload-ends-with-connection",
        &["push.session.survives-new-connection"],
        |context| {
            Box::pin(async move {
                let here = |upload: &str| format!("{upload} on {}", context.call.connection);
                if context.call.kind() == Kind::Session
                    && context.memory.counted(&here(context.call.reference())) == 0
                {
                    return Reply::error(404, "BLOB_UPLOAD_UNKNOWN");
                }
                let reply = context.honestly().await;
                if opens(&context.call) {
                    context.memory.count(&here(upload_of(&reply)));
                }
                reply
            })
        },
    ),
    Deviation::reply("status-200", &["push.chunk.status-204"], |call, reply| {
        if asks_status(call) && reply.status == 204 {
            reply.become_status(200);
            reply.set_body("{}");
        }
    }),
    Deviation::instead("status-404", &["push.chunk.status-204"], |call| {
        asks_status(call).then(|| Reply::error(404, "BLOB_UPLOAD_UNKNOWN"))
    }),
    Deviation::reply(
        "status-without-location",
        &["push.chunk.status-location"],
        |call, reply| {
            if asks_status(call) {
                reply.remove("location");
            }
        },
    ),
    Deviation::reply(
        "status-range-exclusive",
        &["push.chunk.status-range"],
        |call, reply| {
            if asks_status(call)
                && let Some((first, last)) = span(reply.header("range"))
            {
                reply.set("range", &format!("{first}-{}", last + 1));
            }
        },
    ),
    Deviation::reply(
        "no-status-before-first-chunk",
        &["push.chunk.status-before-data"],
        |call, reply| {
            if asks_status(call) && reply.header("range") == "0-0" {
                reply.become_error(404, "BLOB_UPLOAD_UNKNOWN");
            }
        },
    ),
    Deviation::reply("cancelled-202", &["push.cancel.204"], |call, reply| {
        if cancels(call) && reply.status == 204 {
            reply.become_status(202);
        }
    }),
    Deviation::stateful(
        "cancelled-upload-goes-on",
        &["push.cancel.session-gone"],
        |context| {
            Box::pin(async move {
                if !cancels(&context.call) {
                    return context.honestly().await;
                }
                match context.memory.count(context.call.reference()) {
                    0 => Reply::empty(204),
                    _ => Reply::error(404, "BLOB_UPLOAD_UNKNOWN"),
                }
            })
        },
    ),
    Deviation::reply(
        "unknown-upload-cancelled",
        &["push.cancel.unknown"],
        |call, reply| {
            if cancels(call) && reply.status == 404 {
                *reply = Reply::empty(204);
            }
        },
    ),
    Deviation::stateful(
        "cancelling-one-cancels-all",
        &["push.cancel.not-finished-blob"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if opens(&context.call) {
                    let opened = context.call.get(reply.header("location"));
                    let cancel = opened.with_method(Method::DELETE);
                    context.memory.note(context.call.repository(), &cancel);
                } else if cancels(&context.call) {
                    for other in context.memory.noted(context.call.repository()) {
                        context.ask(&other).await;
                    }
                    return Reply::empty(204);
                }
                reply
            })
        },
    ),
];

/// A path whose last segment is spelled in other letters.
fn respelled(path: &str, letter: fn(char) -> char) -> String {
    let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
    let token: String = last.chars().map(letter).collect();
    format!("{before}/{token}")
}

/// A letter of a token, for one of a UUID.
fn secret(letter: char) -> char {
    match letter {
        '-' => 'z',
        _ => letter
            .to_digit(16)
            .and_then(|digit| char::from_digit(digit + 16, 36))
            .unwrap_or(letter),
    }
}

/// A letter of a UUID, for one of a token.
fn plain(letter: char) -> char {
    match letter {
        'z' => '-',
        _ => letter
            .to_digit(36)
            .and_then(|digit| char::from_digit(digit.checked_sub(16)?, 16))
            .unwrap_or(letter),
    }
}

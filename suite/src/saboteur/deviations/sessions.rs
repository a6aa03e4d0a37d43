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
    Deviation::story(
        "upload-named-by-token",
        &["push.session.location-has-uuid"],
        |mut story| {
            Box::pin(async move {
                if story.call.kind() == Kind::Session {
                    story.call.path = respelled(&story.call.path, plain);
                }
                let mut reply = story.honestly().await;
                if reply.header("location").contains("/blobs/uploads/") {
                    let token = respelled(reply.header("location"), secret);
                    reply.set("location", &token);
                }
                reply
            })
        },
    ),
    Deviation::story("one-upload-for-all", &["push.session.location-unique"], |story| {
        Box::pin(async move {
            let repository = story.call.repository();
            if opens(&story.call)
                && let Some(opened) = story.memory.recall(repository)
            {
                return opened;
            }
            let reply = story.honestly().await;
            if opens(&story.call) {
                story.memory.keep(repository, reply.clone());
            } else if closes(&story.call) && reply.is_success() {
                story.memory.forget(repository);
            }
            reply
        })
    }),
    Deviation::story(
        "digest-only-as-first-parameter",
        &["push.session.location-usable-as-given"],
        |story| {
            Box::pin(async move {
                if closes(&story.call) && !story.call.query.starts_with("digest=") {
                    return Reply::error(400, "DIGEST_INVALID");
                }
                let mut reply = story.honestly().await;
                if reply.header("location").contains("/blobs/uploads/") {
                    let stateful = format!("{}?_state=ready", reply.header("location"));
                    reply.set("location", &stateful);
                }
                reply
            })
        },
    ),
    Deviation::story(
        "unknown-upload-taken",
        &["push.session.unknown-404-put", "push.session.closed-after-commit"],
        |mut story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if !closes(&story.call) || reply.status != 404 {
                    return reply;
                }
                let uploads = format!("/v2/{}/blobs/uploads/", story.call.repository());
                story.call.method = Method::POST;
                story.call.path = uploads;
                story.honestly().await
            })
        },
    )
    .because("who takes an upload that nobody opened takes one that was closed"),
    Deviation::reply(
        "unknown-upload-500",
        &["push.session.unknown-404-put"],
        |call, reply| {
            if closes(call) && reply.status == 404 {
                reply.become_error(500, "UNSUPPORTED");
            }
        },
    ),
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
    Deviation::story(
        "closed-upload-goes-on",
        &["push.session.closed-after-commit"],
        |story| {
            Box::pin(async move {
                let upload = story.call.reference();
                let reply = story.honestly().await;
                if closes(&story.call) && reply.is_success() {
                    story.memory.count(upload);
                } else if adds(&story.call) && story.memory.counted(upload) > 0 {
                    let mut taken = Reply::empty(202);
                    taken.set("location", &story.call.path);
                    taken.set("range", story.call.header("content-range"));
                    return taken;
                }
                reply
            })
        },
    ),
    Deviation::story(
        "failed-upload-stuck",
        &["push.session.closed-after-failed-digest"],
        |story| {
            Box::pin(async move {
                let upload = story.call.reference();
                if closes(&story.call) && story.memory.counted(upload) > 0 {
                    return Reply::error(400, "BLOB_UPLOAD_INVALID");
                }
                let reply = story.honestly().await;
                if closes(&story.call) && reply.status == 400 {
                    story.memory.count(upload);
                }
                reply
            })
        },
    ),
    Deviation::story(
        "failed-body-kept",
        &["push.session.closed-after-failed-digest"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if closes(&story.call) && reply.status == 400 {
                    let mut kept = story.call.with_method(Method::PATCH);
                    kept.query.clear();
                    story.ask(&kept).await;
                }
                reply
            })
        },
    ),
    Deviation::story(
        "upload-ends-with-connection",
        &["push.session.survives-new-connection"],
        |story| {
            Box::pin(async move {
                let here = |upload: &str| format!("{upload} on {}", story.call.connection);
                if story.call.kind() == Kind::Session
                    && story.memory.counted(&here(story.call.reference())) == 0
                {
                    return Reply::error(404, "BLOB_UPLOAD_UNKNOWN");
                }
                let reply = story.honestly().await;
                if opens(&story.call) {
                    story.memory.count(&here(upload_of(&reply)));
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
    Deviation::story(
        "cancelled-upload-goes-on",
        &["push.cancel.session-gone"],
        |story| {
            Box::pin(async move {
                if !cancels(&story.call) {
                    return story.honestly().await;
                }
                match story.memory.count(story.call.reference()) {
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
    Deviation::story(
        "cancelling-one-cancels-all",
        &["push.cancel.not-finished-blob"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if opens(&story.call) {
                    let opened = story.call.get(reply.header("location"));
                    let cancel = opened.with_method(Method::DELETE);
                    story.memory.note(story.call.repository(), &cancel);
                } else if cancels(&story.call) {
                    for other in story.memory.noted(story.call.repository()) {
                        story.ask(&other).await;
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

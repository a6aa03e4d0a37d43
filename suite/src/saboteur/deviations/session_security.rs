//! Deviations in the security of upload sessions: reachable for others, with forgeable state, or repeating secrets.

use http::Method;

use super::tricks::{adds, asks_status, opens, upload_of};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::stateful(
        "upload-found-in-any-repository",
        &["push.session.bound-to-repository"],
        |mut context| {
            Box::pin(async move {
                if context.call.kind() == Kind::Session
                    && let Some(opened) = context.memory.recall(context.call.reference())
                {
                    let place = opened.header("location");
                    context.call.path = place.split('?').next().unwrap_or(place).to_owned();
                }
                let reply = context.honestly().await;
                if opens(&context.call) && reply.is_success() {
                    context.memory.keep(upload_of(&reply), reply.clone());
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "uploads-counted-up",
        &["push.session.id-unguessable"],
        |mut context| {
            Box::pin(async move {
                let told = context.call.reference().to_owned();
                let known = context
                    .memory
                    .recall(&told)
                    .filter(|_| context.call.kind() == Kind::Session);
                if let Some(opened) = &known {
                    context.call.path = context.call.path.replace(&told, upload_of(opened));
                }
                let mut reply = context.honestly().await;
                if opens(&context.call) && reply.is_success() {
                    let number = format!("{}", 1000 + context.memory.count("uploads"));
                    context.memory.keep(&number, reply.clone());
                    rename(&mut reply, &number);
                } else if known.is_some() && context.call.method != Method::PUT {
                    rename(&mut reply, &told);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "upload-lost-by-forged-state",
        &["security.forged-session-state"],
        |mut context| {
            Box::pin(async move {
                let path = context.call.path.clone();
                if context.call.kind() == Kind::Session {
                    let state = context.call.parameter("state").unwrap_or_default();
                    if state != state_of(&path, context.memory.counted(&path)) {
                        context.ask(&context.call.with_method(Method::DELETE)).await;
                        return Reply::error(404, "BLOB_UPLOAD_UNKNOWN");
                    }
                    context.call.drop_parameter("state");
                }
                let mut reply = context.honestly().await;
                let leads_on = opens(&context.call) || adds(&context.call) || asks_status(&context.call);
                if leads_on && reply.is_success() {
                    let place = reply.header("location").to_owned();
                    let begins = place.find("/v2/").unwrap_or_default();
                    let next = place[begins..].split('?').next().unwrap_or_default().to_owned();
                    if adds(&context.call) {
                        context.memory.count(&next);
                    }
                    let state = state_of(&next, context.memory.counted(&next));
                    reply.set("location", &format!("{next}?state={state}"));
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "credentials-in-a-header",
        &["security.no-credential-echo"],
        |call, reply| {
            let shown = call.header("authorization");
            if !shown.is_empty() {
                reply.set("x-asked-with", shown);
            }
        },
    ),
    Deviation::reply(
        "credentials-in-an-error",
        &["security.no-credential-echo"],
        |call, reply| {
            let shown = call.header("authorization");
            if reply.status >= 400 && !shown.is_empty() {
                reply.edit_json(|json| json["errors"][0]["detail"] = shown.into());
            }
        },
    ),
    Deviation::instead("nested-manifest-500", &["security.deep-json"], |call| {
        is_nested(call).then(|| Reply::empty(500))
    }),
    Deviation::stateful(
        "half-a-download-kept",
        &["security.partial-read-not-cached"],
        |context| {
            Box::pin(async move {
                // Those who asked first went away in the middle: counted when they come, since they may not stay.
                let reads = context.call.is(&Method::GET, Kind::Blob);
                let was_broken_off = reads && context.memory.count(&context.call.path) > 4;
                let mut reply = context.honestly().await;
                if was_broken_off && reply.body.len() > 4 * 1024 * 1024 {
                    reply.set_body(reply.body.slice(..reply.body.len() / 2));
                }
                reply
            })
        },
    ),
];

/// Gives the upload that an answer leads to another name.
fn rename(reply: &mut Reply, name: &str) {
    let place = reply.header("location");
    let base = place.split('?').next().unwrap_or_default();
    if let Some((uploads, _)) = base.rsplit_once('/') {
        reply.set("location", &format!("{uploads}/{name}"));
    }
    if !reply.header("docker-upload-uuid").is_empty() {
        reply.set("docker-upload-uuid", name);
    }
}

/// What stands in the address of an upload after so many chunks.
fn state_of(path: &str, chunks: u64) -> String {
    super::tools::sha256(format!("{path} {chunks}").as_bytes()).replace("sha256:", "")
}

/// Whether a manifest is brought that nests deeper than any parser likes.
fn is_nested(call: &Call) -> bool {
    call.is_of_manifest(&Method::PUT) && call.body.windows(64).any(|window| window == [b'['; 64])
}

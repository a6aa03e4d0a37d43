//! Deviations of blobs mounted from another repository.

use http::Method;

use super::tools::is_digest;
use super::tricks::{blob_path, created, delete, has, mounts};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The digest of a blob that is never the one that was asked for.
const ANOTHER: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("mounted-200", &["push.mount.201"], |call, reply| {
        if mounts(call) && reply.status == 201 {
            reply.become_status(200);
        }
    }),
    Deviation::instead("mount-404", &["push.mount.201"], |call| {
        mounts(call).then(|| Reply::error(404, "UNSUPPORTED"))
    }),
    Deviation::reply(
        "mount-without-location",
        &["push.mount.location"],
        |call, reply| {
            if mounts(call) && reply.status == 201 {
                reply.remove("location");
            }
        },
    ),
    Deviation::reply(
        "mount-location-of-uploads",
        &["push.mount.location"],
        |call, reply| {
            if mounts(call) && reply.status == 201 {
                reply.set("location", &call.path);
            }
        },
    ),
    Deviation::instead(
        "mount-links-nothing",
        &["push.mount.readable-in-target"],
        |call| {
            let source = call.parameter("from")?;
            mounts(call).then(|| created(&blob_path(&source, &mounted(call))))
        },
    ),
    Deviation::reply(
        "impossible-mount-404",
        &["push.mount.fallback-202"],
        |call, reply| {
            if mounts(call) && reply.status == 202 {
                reply.become_error(404, "BLOB_UNKNOWN");
            }
        },
    ),
    // Quay and zot did.
    Deviation::reply(
        "mount-from-nowhere-400",
        &["push.mount.fallback-202"],
        |call, reply| {
            if mounts(call) && call.parameter("from").is_none() && reply.status == 202 {
                reply.become_error(400, "BLOB_UPLOAD_INVALID");
            }
        },
    ),
    Deviation::stateful(
        "mount-from-unknown-repository-404",
        &["push.mount.unknown-source-repository"],
        |context| {
            Box::pin(async move {
                if mounts(&context.call)
                    && let Some(source) = context.call.parameter("from")
                    && !has(&context, &blob_path(&source, &mounted(&context.call))).await
                {
                    return Reply::error(404, "NAME_UNKNOWN");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::instead("mount-source-as-path", &["push.mount.invalid-from"], |call| {
        (mounts(call) && call.parameter("from").is_some_and(|source| source.contains("..")))
            .then(|| Reply::error(500, "NAME_INVALID"))
    }),
    Deviation::instead(
        "mount-of-malformed-digest-201",
        &["push.mount.invalid-digest"],
        |call| {
            (mounts(call) && !is_digest(&mounted(call)))
                .then(|| created(&blob_path(call.repository(), &mounted(call))))
        },
    ),
    Deviation::instead(
        "mount-of-malformed-digest-500",
        &["push.mount.invalid-digest"],
        |call| (mounts(call) && !is_digest(&mounted(call))).then(|| Reply::error(500, "DIGEST_INVALID")),
    ),
    Deviation::reply(
        "mount-digest-of-another",
        &["push.mount.digest-header"],
        |call, reply| {
            if mounts(call) && reply.status == 201 {
                reply.set("docker-content-digest", ANOTHER);
            }
        },
    ),
    Deviation::stateful(
        "mount-gone-with-source",
        &["push.mount.independent-of-source"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if mounts(&context.call) && reply.status == 201 {
                    let source = context.call.parameter("from").unwrap_or_default();
                    let target = context.call.get(reply.header("location"));
                    context
                        .memory
                        .note(&blob_path(&source, &mounted(&context.call)), &target);
                } else if context.call.is(&Method::DELETE, Kind::Blob) {
                    for target in context.memory.noted(&context.call.path) {
                        delete(&context, &target.path).await;
                    }
                }
                reply
            })
        },
    ),
];

/// The digest that a call asks to be mounted.
fn mounted(call: &Call) -> String {
    call.parameter("mount").unwrap_or_default()
}

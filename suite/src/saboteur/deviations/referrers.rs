//! Deviations of the list of referrers.

use http::Method;
use serde_json::{Value as Json, json};

use super::tools;
use super::tools::sha256;
use super::tricks::{
    INDEX, UnderWay, delete, descriptor, digest, edit_referrers, entries, has, is_of_index, lists_referrers,
    manifest_path, subject_of,
};
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("no-referrers-204", &["referrers.200"], |call, reply| {
        if lists_referrers(call) && entries(reply).is_empty() {
            *reply = Reply::empty(204);
        }
    }),
    Deviation::stateful(
        "referrers-of-unknown-subject-404",
        &["referrers.never-404"],
        |context| {
            Box::pin(async move {
                let subject = manifest_path(context.call.repository(), context.call.reference());
                if lists_referrers(&context.call) && !has(&context, &subject).await {
                    return Reply::error(404, "MANIFEST_UNKNOWN");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::stateful(
        "referrers-in-unknown-repository-404",
        &["referrers.never-404-unknown-repository"],
        |context| {
            Box::pin(async move {
                let tags = format!("/v2/{}/tags/list", context.call.repository());
                if lists_referrers(&context.call) && !has(&context, &tags).await {
                    return Reply::error(404, "NAME_UNKNOWN");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "referrers-of-malformed-digest-200",
        &["referrers.invalid-digest-400"],
        |call, reply| {
            if lists_referrers(call) && reply.status == 400 {
                *reply = Reply::json(
                    200,
                    &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }),
                );
                reply.set("content-type", INDEX);
            }
        },
    ),
    Deviation::reply("referrers-as-json", &["referrers.content-type"], |call, reply| {
        if lists_referrers(call) && reply.status == 200 {
            reply.set("content-type", "application/json");
        }
    }),
    Deviation::reply(
        "referrers-are-no-index",
        &["referrers.body-is-index"],
        |call, reply| {
            if lists_referrers(call) && reply.status == 200 {
                reply.edit_json(|json| *json = json!({ "manifests": json["manifests"] }));
            }
        },
    ),
    // Every unsigned image shows it, those that are there among them.
    Deviation::reply(
        "no-referrers-null",
        &["referrers.empty-list", "referrers.body-is-index"],
        |call, reply| {
            if lists_referrers(call) && reply.status == 200 && entries(reply).is_empty() {
                reply.edit_json(|json| json["manifests"] = Json::Null);
            }
        },
    )
    .because("null is no array, and no empty one"),
    Deviation::reply(
        "unsigned-refers-to-itself",
        &["referrers.empty-list"],
        |call, reply| {
            if lists_referrers(call) && reply.status == 200 && entries(reply).is_empty() {
                let itself = json!({ "mediaType": INDEX, "digest": call.reference(), "size": 2 });
                edit_referrers(reply, |list| list.push(itself));
            }
        },
    ),
    Deviation::reply(
        "newest-referrer-only",
        &["referrers.lists-image"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    let newest = list.iter().rposition(|entry| !is_of_index(entry));
                    let mut at = 0..;
                    list.retain(|entry| is_of_index(entry) | (at.next() == newest));
                });
            }
        },
    ),
    Deviation::stateful("tagged-referrers-only", &["referrers.lists-image"], |context| {
        Box::pin(async move {
            let mut reply = context.honestly().await;
            let repository = context.call.repository();
            if context.call.is(&Method::PUT, Kind::Manifest) && !is_of_index(&tools::json(&context.call.body))
            {
                context
                    .memory
                    .count(&format!("{repository} {}", context.call.reference()));
            } else if lists_referrers(&context.call) {
                let is_untagged =
                    |entry: &Json| context.memory.counted(&format!("{repository} {}", digest(entry))) > 0;
                edit_referrers(&mut reply, |list| list.retain(|entry| !is_untagged(entry)));
            }
            reply
        })
    }),
    Deviation::reply(
        "indexes-are-no-referrers",
        &["referrers.lists-index"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| list.retain(|entry| !is_of_index(entry)));
            }
        },
    ),
    Deviation::stateful(
        "without-subject-refers-to-all",
        &["referrers.only-this-subject"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let repository = context.call.repository();
                let is_push = context.call.is_of_manifest(&Method::PUT) && reply.is_success();
                if is_push && subject_of(&context.call).is_none() {
                    context.memory.note(repository, &context.call);
                } else if lists_referrers(&context.call) && reply.is_success() {
                    add(&mut reply, &context.memory.noted(repository));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrers-of-every-repository",
        &["referrers.only-this-repository"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let is_push = context.call.is_of_manifest(&Method::PUT) && reply.is_success();
                if let (true, Some(subject)) = (is_push, subject_of(&context.call)) {
                    context.memory.note(&subject, &context.call);
                } else if lists_referrers(&context.call) && reply.is_success() {
                    add(&mut reply, &context.memory.noted(context.call.reference()));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrers-of-referrers-listed",
        &["referrers.not-transitive"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call) {
                    for entry in entries(&reply) {
                        let mut below = context.call.get(
                            &context
                                .call
                                .path
                                .replace(context.call.reference(), digest(&entry)),
                        );
                        below.query.clone_from(&context.call.query);
                        let below = entries(&context.ask(&below).await);
                        edit_referrers(&mut reply, |list| list.extend(below));
                    }
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrer-listed-for-each-push",
        &["referrers.no-duplicates"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let repository = context.call.repository();
                if context.call.is_of_manifest(&Method::PUT) && reply.is_success() {
                    context
                        .memory
                        .count(&format!("{repository} {}", sha256(&context.call.body)));
                } else if lists_referrers(&context.call) {
                    edit_referrers(&mut reply, |list| {
                        for entry in list.clone() {
                            let pushes = context
                                .memory
                                .counted(&format!("{repository} {}", digest(&entry)));
                            list.extend((1..pushes).map(|_| entry.clone()));
                        }
                    });
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrers-of-missing-subject-hidden",
        &["referrers.missing-subject"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let subject = manifest_path(context.call.repository(), context.call.reference());
                if lists_referrers(&context.call) && !has(&context, &subject).await {
                    edit_referrers(&mut reply, Vec::clear);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "subject-begins-with-empty-list",
        &["referrers.subject-pushed-later"],
        |context| {
            Box::pin(async move {
                let (repository, pushed) = (context.call.repository(), sha256(&context.call.body));
                if context.call.is_of_manifest(&Method::PUT) {
                    let list = referrers_path(repository, &pushed);
                    for entry in entries(&context.ask(&context.call.get(&list)).await) {
                        context.memory.count(&format!("{list} {}", digest(&entry)));
                    }
                }
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call) {
                    let was_there = |entry: &Json| {
                        context
                            .memory
                            .counted(&format!("{} {}", context.call.path, digest(entry)))
                    };
                    edit_referrers(&mut reply, |list| list.retain(|entry| was_there(entry) == 0));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrers-behind-pushes",
        &["referrers.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if !lists_referrers(&context.call) || !reply.is_success() {
                    return reply;
                }
                match context.memory.keep(&context.call.path, reply.clone()) {
                    Some(before) if entries(&before).len() < entries(&reply).len() => before,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "deleted-referrers-stay",
        &["referrers.fresh-after-delete"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let is_push = context.call.is_of_manifest(&Method::PUT) && reply.is_success();
                if let (true, Some(subject)) = (is_push, subject_of(&context.call)) {
                    let list = referrers_path(context.call.repository(), &subject);
                    context.memory.note(&list, &context.call);
                } else if lists_referrers(&context.call) && reply.is_success() {
                    add(&mut reply, &context.memory.noted(&context.call.path));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "untagged-referrers-dropped",
        &["referrers.tag-delete-keeps"],
        |context| {
            Box::pin(async move {
                let repository = context.call.repository();
                if context.call.is(&Method::DELETE, Kind::Tag) {
                    let tagged = context.ask(&context.call.get(&context.call.path)).await;
                    context
                        .memory
                        .count(&format!("{repository} {}", sha256(&tagged.body)));
                }
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call) {
                    let was_tagged =
                        |entry: &Json| context.memory.counted(&format!("{repository} {}", digest(entry)));
                    edit_referrers(&mut reply, |list| list.retain(|entry| was_tagged(entry) == 0));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrers-gone-with-subject-but-listed",
        &["referrers.subject-deleted"],
        |context| {
            Box::pin(async move {
                let repository = context.call.repository();
                if context.call.is(&Method::DELETE, Kind::Manifest) {
                    let list = context
                        .call
                        .get(&referrers_path(repository, context.call.reference()));
                    let listed = context.ask(&list).await;
                    for entry in entries(&listed) {
                        delete(&context, &manifest_path(repository, digest(&entry))).await;
                    }
                    context.memory.keep(&list.path, listed);
                }
                match context.memory.recall(&context.call.path) {
                    Some(listed) => listed,
                    None => context.honestly().await,
                }
            })
        },
    ),
    Deviation::reply(
        "sha512-subject-400",
        &["referrers.sha512-subject"],
        |call, reply| {
            if lists_referrers(call) && call.reference().starts_with("sha512:") {
                reply.become_error(400, "DIGEST_INVALID");
            }
        },
    ),
    Deviation::stateful(
        "referrers-pushed-at-once-lost",
        &["referrers.concurrent-push"],
        |context| {
            Box::pin(async move {
                let is_push = context.call.is_of_manifest(&Method::PUT);
                if let (true, Some(subject)) = (is_push, subject_of(&context.call)) {
                    // The list is read, changed and written back, and nobody is kept from it meanwhile.
                    let list = referrers_path(context.call.repository(), &subject);
                    let mut before = context
                        .memory
                        .recall(&list)
                        .map_or(Vec::new(), |kept| entries(&kept));
                    let reply = context.honestly().await;
                    let _turn = UnderWay::begin(context.memory, &list).await;
                    before.push(descriptor(&context.call));
                    context
                        .memory
                        .keep(&list, Reply::json(200, &json!({ "manifests": before })));
                    return reply;
                }
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call)
                    && let Some(kept) = context.memory.recall(&context.call.path)
                {
                    let kept = entries(&kept);
                    let is_kept = |entry: &Json| kept.iter().any(|other| digest(other) == digest(entry));
                    edit_referrers(&mut reply, |list| list.retain(is_kept));
                }
                reply
            })
        },
    ),
    Deviation::instead(
        "fallback-tag-refused",
        &["referrers.tag-schema-not-needed"],
        |call| {
            (call.is(&Method::PUT, Kind::Tag) && call.reference().starts_with("sha256-"))
                .then(|| Reply::error(400, "MANIFEST_INVALID"))
        },
    ),
];

/// The path of a list of referrers.
fn referrers_path(repository: &str, subject: &str) -> String {
    format!("/v2/{repository}/referrers/{subject}")
}

/// Adds the descriptors of manifests that were pushed, unless they are listed.
fn add(reply: &mut Reply, pushes: &[Call]) {
    edit_referrers(reply, |list| {
        for entry in pushes.iter().map(descriptor) {
            if !list.iter().any(|other| digest(other) == digest(&entry)) {
                list.push(entry);
            }
        }
    });
}

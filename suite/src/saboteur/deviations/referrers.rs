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
    Deviation::story(
        "referrers-of-unknown-subject-404",
        &["referrers.never-404"],
        |story| {
            Box::pin(async move {
                let subject = manifest_path(story.call.repository(), story.call.reference());
                if lists_referrers(&story.call) && !has(&story, &subject).await {
                    return Reply::error(404, "MANIFEST_UNKNOWN");
                }
                story.honestly().await
            })
        },
    ),
    Deviation::story(
        "referrers-in-unknown-repository-404",
        &["referrers.never-404-unknown-repository"],
        |story| {
            Box::pin(async move {
                let tags = format!("/v2/{}/tags/list", story.call.repository());
                if lists_referrers(&story.call) && !has(&story, &tags).await {
                    return Reply::error(404, "NAME_UNKNOWN");
                }
                story.honestly().await
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
    Deviation::story("tagged-referrers-only", &["referrers.lists-image"], |story| {
        Box::pin(async move {
            let mut reply = story.honestly().await;
            let repository = story.call.repository();
            if story.call.is(&Method::PUT, Kind::Manifest) && !is_of_index(&tools::json(&story.call.body)) {
                story
                    .memory
                    .count(&format!("{repository} {}", story.call.reference()));
            } else if lists_referrers(&story.call) {
                let is_untagged =
                    |entry: &Json| story.memory.counted(&format!("{repository} {}", digest(entry))) > 0;
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
    Deviation::story(
        "without-subject-refers-to-all",
        &["referrers.only-this-subject"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                let repository = story.call.repository();
                let is_push = story.call.is_of_manifest(&Method::PUT) && reply.is_success();
                if is_push && subject_of(&story.call).is_none() {
                    story.memory.note(repository, &story.call);
                } else if lists_referrers(&story.call) && reply.is_success() {
                    add(&mut reply, &story.memory.noted(repository));
                }
                reply
            })
        },
    ),
    Deviation::story(
        "referrers-of-every-repository",
        &["referrers.only-this-repository"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                let is_push = story.call.is_of_manifest(&Method::PUT) && reply.is_success();
                if let (true, Some(subject)) = (is_push, subject_of(&story.call)) {
                    story.memory.note(&subject, &story.call);
                } else if lists_referrers(&story.call) && reply.is_success() {
                    add(&mut reply, &story.memory.noted(story.call.reference()));
                }
                reply
            })
        },
    ),
    Deviation::story(
        "referrers-of-referrers-listed",
        &["referrers.not-transitive"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                if lists_referrers(&story.call) {
                    for entry in entries(&reply) {
                        let mut below = story
                            .call
                            .get(&story.call.path.replace(story.call.reference(), digest(&entry)));
                        below.query.clone_from(&story.call.query);
                        let below = entries(&story.ask(&below).await);
                        edit_referrers(&mut reply, |list| list.extend(below));
                    }
                }
                reply
            })
        },
    ),
    Deviation::story(
        "referrer-listed-for-each-push",
        &["referrers.no-duplicates"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                let repository = story.call.repository();
                if story.call.is_of_manifest(&Method::PUT) && reply.is_success() {
                    story
                        .memory
                        .count(&format!("{repository} {}", sha256(&story.call.body)));
                } else if lists_referrers(&story.call) {
                    edit_referrers(&mut reply, |list| {
                        for entry in list.clone() {
                            let pushes = story.memory.counted(&format!("{repository} {}", digest(&entry)));
                            list.extend((1..pushes).map(|_| entry.clone()));
                        }
                    });
                }
                reply
            })
        },
    ),
    Deviation::story(
        "referrers-of-missing-subject-hidden",
        &["referrers.missing-subject"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                let subject = manifest_path(story.call.repository(), story.call.reference());
                if lists_referrers(&story.call) && !has(&story, &subject).await {
                    edit_referrers(&mut reply, Vec::clear);
                }
                reply
            })
        },
    ),
    Deviation::story(
        "subject-begins-with-empty-list",
        &["referrers.subject-pushed-later"],
        |story| {
            Box::pin(async move {
                let (repository, pushed) = (story.call.repository(), sha256(&story.call.body));
                if story.call.is_of_manifest(&Method::PUT) {
                    let list = referrers_path(repository, &pushed);
                    for entry in entries(&story.ask(&story.call.get(&list)).await) {
                        story.memory.count(&format!("{list} {}", digest(&entry)));
                    }
                }
                let mut reply = story.honestly().await;
                if lists_referrers(&story.call) {
                    let was_there = |entry: &Json| {
                        story
                            .memory
                            .counted(&format!("{} {}", story.call.path, digest(entry)))
                    };
                    edit_referrers(&mut reply, |list| list.retain(|entry| was_there(entry) == 0));
                }
                reply
            })
        },
    ),
    Deviation::story(
        "referrers-behind-pushes",
        &["referrers.fresh-after-push"],
        |story| {
            Box::pin(async move {
                let reply = story.honestly().await;
                if !lists_referrers(&story.call) || !reply.is_success() {
                    return reply;
                }
                match story.memory.keep(&story.call.path, reply.clone()) {
                    Some(before) if entries(&before).len() < entries(&reply).len() => before,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::story(
        "deleted-referrers-stay",
        &["referrers.fresh-after-delete"],
        |story| {
            Box::pin(async move {
                let mut reply = story.honestly().await;
                let is_push = story.call.is_of_manifest(&Method::PUT) && reply.is_success();
                if let (true, Some(subject)) = (is_push, subject_of(&story.call)) {
                    let list = referrers_path(story.call.repository(), &subject);
                    story.memory.note(&list, &story.call);
                } else if lists_referrers(&story.call) && reply.is_success() {
                    add(&mut reply, &story.memory.noted(&story.call.path));
                }
                reply
            })
        },
    ),
    Deviation::story(
        "untagged-referrers-dropped",
        &["referrers.tag-delete-keeps"],
        |story| {
            Box::pin(async move {
                let repository = story.call.repository();
                if story.call.is(&Method::DELETE, Kind::Tag) {
                    let tagged = story.ask(&story.call.get(&story.call.path)).await;
                    story
                        .memory
                        .count(&format!("{repository} {}", sha256(&tagged.body)));
                }
                let mut reply = story.honestly().await;
                if lists_referrers(&story.call) {
                    let was_tagged =
                        |entry: &Json| story.memory.counted(&format!("{repository} {}", digest(entry)));
                    edit_referrers(&mut reply, |list| list.retain(|entry| was_tagged(entry) == 0));
                }
                reply
            })
        },
    ),
    Deviation::story(
        "referrers-gone-with-subject-but-listed",
        &["referrers.subject-deleted"],
        |story| {
            Box::pin(async move {
                let repository = story.call.repository();
                if story.call.is(&Method::DELETE, Kind::Manifest) {
                    let list = story
                        .call
                        .get(&referrers_path(repository, story.call.reference()));
                    let listed = story.ask(&list).await;
                    for entry in entries(&listed) {
                        delete(&story, &manifest_path(repository, digest(&entry))).await;
                    }
                    story.memory.keep(&list.path, listed);
                }
                match story.memory.recall(&story.call.path) {
                    Some(listed) => listed,
                    None => story.honestly().await,
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
    Deviation::story(
        "referrers-pushed-at-once-lost",
        &["referrers.concurrent-push"],
        |story| {
            Box::pin(async move {
                let is_push = story.call.is_of_manifest(&Method::PUT);
                if let (true, Some(subject)) = (is_push, subject_of(&story.call)) {
                    // The list is read, changed and written back, and nobody is kept from it meanwhile.
                    let list = referrers_path(story.call.repository(), &subject);
                    let mut before = story
                        .memory
                        .recall(&list)
                        .map_or(Vec::new(), |kept| entries(&kept));
                    let reply = story.honestly().await;
                    let _turn = UnderWay::begin(story.memory, &list).await;
                    before.push(descriptor(&story.call));
                    story
                        .memory
                        .keep(&list, Reply::json(200, &json!({ "manifests": before })));
                    return reply;
                }
                let mut reply = story.honestly().await;
                if lists_referrers(&story.call)
                    && let Some(kept) = story.memory.recall(&story.call.path)
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

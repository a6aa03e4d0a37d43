//! Deviations of the list of tags.

use http::Method;
use serde_json::{Value as Json, json};

use super::tools::sha256;
use super::tricks::{edit_tags, entries, lists_tags};
use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("tags-206", &["discovery.tags.200"], |call, reply| {
        if lists_tags(call) && reply.status == 200 {
            reply.become_status(206);
        }
    }),
    Deviation::reply("tags-500", &["discovery.tags.200"], |call, reply| {
        if lists_tags(call) && reply.status == 200 {
            reply.become_error(500, "NAME_UNKNOWN");
        }
    }),
    Deviation::reply(
        "untagged-repository-404",
        &["discovery.tags.empty-repository-200"],
        |call, reply| {
            if lists_tags(call) && reply.status == 200 && call.query.is_empty() && entries(reply).is_empty() {
                reply.become_error(404, "NAME_UNKNOWN");
            }
        },
    ),
    Deviation::reply(
        "tags-without-name",
        &["discovery.tags.json-shape"],
        |call, reply| {
            if lists_tags(call) && reply.status == 200 {
                reply.edit_json(|json| *json = json!({ "tags": json["tags"] }));
            }
        },
    ),
    Deviation::reply(
        "tags-as-bare-array",
        &["discovery.tags.json-shape"],
        |call, reply| {
            if lists_tags(call) && reply.status == 200 {
                reply.edit_json(|json| *json = json["tags"].take());
            }
        },
    ),
    Deviation::reply(
        "tags-as-objects",
        &["discovery.tags.json-shape"],
        |call, reply| {
            if lists_tags(call) {
                edit_tags(reply, |tags| {
                    tags.iter_mut().for_each(|tag| *tag = json!({ "name": tag }));
                });
            }
        },
    ),
    Deviation::reply(
        "tags-name-without-path",
        &["discovery.tags.name"],
        |call, reply| {
            if lists_tags(call) && reply.status == 200 {
                let last = call.repository().rsplit('/').next().unwrap_or_default();
                reply.edit_json(|json| json["name"] = json!(last));
            }
        },
    ),
    Deviation::reply(
        "no-tags-null",
        &["discovery.tags.tags-array-not-null"],
        |call, reply| {
            if lists_tags(call) && reply.status == 200 && entries(reply).is_empty() {
                reply.edit_json(|json| json["tags"] = Json::Null);
            }
        },
    ),
    Deviation::reply(
        "no-tags-left-out",
        &["discovery.tags.tags-array-not-null"],
        |call, reply| {
            if lists_tags(call) && reply.status == 200 && entries(reply).is_empty() {
                reply.edit_json(|json| *json = json!({ "name": json["name"] }));
            }
        },
    ),
    Deviation::reply("tags-as-text", &["discovery.tags.content-type"], |call, reply| {
        if lists_tags(call) && reply.status == 200 {
            reply.set("content-type", "text/plain; charset=utf-8");
        }
    }),
    Deviation::reply("tags-cut-at-1000", &["discovery.tags.complete"], |call, reply| {
        if lists_tags(call) && entries(reply).len() >= 1000 {
            edit_tags(reply, |tags| tags.truncate(1000));
            reply.remove("link");
        }
    }),
    Deviation::reply("tags-cut-at-100", &["discovery.tags.complete"], |call, reply| {
        if lists_tags(call) && entries(reply).len() > 100 {
            edit_tags(reply, |tags| tags.truncate(100));
            reply.remove("link");
        }
    }),
    Deviation::stateful(
        "tags-of-siblings",
        &["discovery.tags.only-tags-of-repository"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let group = context
                    .call
                    .repository()
                    .rsplit_once('/')
                    .map_or("", |(group, _)| group);
                if context.call.is(&Method::PUT, Kind::Tag) && reply.is_success() {
                    context.memory.note(group, &context.call);
                } else if lists_tags(&context.call) {
                    let pushes = context.memory.noted(group);
                    edit_tags(&mut reply, |tags| {
                        for push in &pushes {
                            let tag = json!(push.reference());
                            if !tags.contains(&tag) {
                                tags.push(tag);
                            }
                        }
                    });
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "digests-among-tags",
        &["discovery.tags.only-tags-of-repository"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let repository = context.call.repository();
                if context.call.is(&Method::PUT, Kind::Manifest) && reply.is_success() {
                    context.memory.note(repository, &context.call);
                } else if lists_tags(&context.call) {
                    let pushes = context.memory.noted(repository);
                    edit_tags(&mut reply, |tags| {
                        tags.extend(pushes.iter().map(|push| json!(sha256(&push.body))));
                    });
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "tags-behind-pushes",
        &["discovery.tags.fresh-after-push"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if !lists_tags(&context.call) || !reply.is_success() {
                    return reply;
                }
                let key = format!("{}?{}", context.call.path, context.call.query);
                match context.memory.keep(&key, reply.clone()) {
                    Some(before) if entries(&before).len() < entries(&reply).len() => before,
                    _ => reply,
                }
            })
        },
    ),
    Deviation::stateful(
        "tags-behind-deletions",
        &["discovery.tags.fresh-after-delete"],
        |context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                if !lists_tags(&context.call) || !reply.is_success() {
                    return reply;
                }
                let key = format!("{}?{}", context.call.path, context.call.query);
                match context.memory.recall(&key) {
                    Some(before) if entries(&before).len() > entries(&reply).len() => before,
                    _ => {
                        context.memory.keep(&key, reply.clone());
                        reply
                    }
                }
            })
        },
    ),
    Deviation::stateful(
        "tag-listed-for-each-push",
        &["discovery.tags.unique"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let repository = context.call.repository();
                if context.call.is(&Method::PUT, Kind::Tag) && reply.is_success() {
                    context.memory.note(repository, &context.call);
                } else if lists_tags(&context.call) && context.call.query.is_empty() {
                    let pushes = context.memory.noted(repository);
                    edit_tags(&mut reply, |tags| {
                        *tags = pushes.iter().map(|push| json!(push.reference())).collect();
                    });
                }
                reply
            })
        },
    ),
    Deviation::reply("tags-backwards", &["discovery.tags.order"], |call, reply| {
        if lists_tags(call) {
            edit_tags(reply, |tags| tags.reverse());
        }
    }),
    Deviation::stateful("tags-in-order-of-pushes", &["discovery.tags.order"], |context| {
        Box::pin(async move {
            let mut reply = context.honestly().await;
            let repository = context.call.repository();
            if context.call.is(&Method::PUT, Kind::Tag) && reply.is_success() {
                context.memory.note(repository, &context.call);
            } else if lists_tags(&context.call) {
                let pushes = context.memory.noted(repository);
                let place = |tag: &Json| pushes.iter().position(|push| tag == push.reference());
                edit_tags(&mut reply, |tags| tags.sort_by_key(place));
            }
            reply
        })
    }),
    Deviation::reply(
        "tags-of-unknown-repository-200",
        &["discovery.tags.unknown-repository-404"],
        |call, reply| {
            if lists_tags(call) && reply.status == 404 {
                *reply = Reply::json(200, &json!({ "name": call.repository(), "tags": [] }));
            }
        },
    ),
];

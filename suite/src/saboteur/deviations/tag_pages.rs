//! Deviations of the pages of the list of tags: `n`, `last` and `Link`.

use serde_json::{Value as Json, json};

use super::tricks::{edit_tags, entries, has, lists_tags, manifest_path};
use crate::saboteur::{Call, Deviation, Reply, StatefulCall};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::call("n-ignored", &["discovery.tags.n-bounds"], |call| {
        if lists_tags(call) && call.parameter("last").is_none() {
            call.drop_parameter("n");
        }
    }),
    Deviation::call(
        "n-one-too-many",
        &["discovery.tags.n-bounds", "discovery.tags.n-limits"],
        |call| {
            if let (true, Some(n)) = (lists_tags(call), number_of_tags(call)) {
                call.set_parameter("n", &(n + 1).to_string());
            }
        },
    )
    .because("one tag too many is neither the first n nor n at most"),
    // distribution did before 3.0, and did not sort either.
    Deviation::stateful(
        "unsorted-and-unpaged",
        &[
            "discovery.tags.order",
            "discovery.tags.n-bounds",
            "discovery.tags.last-not-listed",
        ],
        |mut context| {
            Box::pin(async move {
                if lists_tags(&context.call) {
                    context.call.drop_parameter("n");
                    context.call.drop_parameter("last");
                }
                let mut reply = context.honestly().await;
                if lists_tags(&context.call) {
                    edit_tags(&mut reply, |tags| tags.reverse());
                }
                reply
            })
        },
    )
    .because(
        "it is one registry with several faults: neither parameter is looked at, nor is the list sorted",
    ),
    Deviation::call("n-one-too-few", &["discovery.tags.n-exact"], |call| {
        if let (true, Some(n)) = (lists_tags(call), number_of_tags(call)) {
            call.set_parameter("n", &n.saturating_sub(1).max(1).to_string());
        }
    }),
    Deviation::reply(
        "full-page-loses-its-last",
        &["discovery.tags.n-or-link"],
        |call, reply| {
            if lists_tags(call)
                && number_of_tags(call) == Some(entries(reply).len())
                && reply.header("link").is_empty()
            {
                edit_tags(reply, |tags| tags.truncate(tags.len().saturating_sub(1)));
            }
        },
    ),
    Deviation::reply(
        "n-above-total-400",
        &["discovery.tags.n-larger-than-total"],
        |call, reply| {
            if lists_tags(call)
                && reply.is_success()
                && number_of_tags(call).is_some_and(|n| n > entries(reply).len())
            {
                reply.become_error(400, "UNSUPPORTED");
            }
        },
    ),
    Deviation::call("n-zero-is-no-limit", &["discovery.tags.n-zero"], |call| {
        if lists_tags(call) && number_of_tags(call) == Some(0) {
            call.drop_parameter("n");
        }
    }),
    Deviation::reply("n-zero-400", &["discovery.tags.n-zero"], |call, reply| {
        if lists_tags(call) && number_of_tags(call) == Some(0) {
            reply.become_error(400, "UNSUPPORTED");
        }
    }),
    Deviation::reply(
        "n-zero-links-to-itself",
        &["discovery.tags.n-zero-no-link"],
        |call, reply| {
            if lists_tags(call) && number_of_tags(call) == Some(0) {
                reply.set("link", &format!("<{}?n=0>; rel=\"next\"", call.path));
            }
        },
    ),
    Deviation::reply("n-negative-500", &["discovery.tags.n-invalid"], |call, reply| {
        if lists_tags(call) && call.parameter("n").is_some_and(|n| n.starts_with('-')) {
            reply.become_error(500, "UNSUPPORTED");
        }
    }),
    Deviation::reply(
        "link-without-brackets",
        &["discovery.tags.link-format"],
        |call, reply| {
            if lists_tags(call) {
                edit_link(reply, str::to_owned);
            }
        },
    ),
    Deviation::reply(
        "link-without-relation",
        &["discovery.tags.link-format"],
        |call, reply| {
            if lists_tags(call) {
                edit_link(reply, |target| format!("<{target}>"));
            }
        },
    ),
    Deviation::reply(
        "next-page-repeats-last-tag",
        &["discovery.tags.link-walk-complete"],
        |call, reply| {
            if let [.., before, last] = entries(reply).as_slice()
                && lists_tags(call)
            {
                let (wrong, right) = (parameter_last(before), parameter_last(last));
                edit_link(reply, |target| next(&target.replace(&right, &wrong)));
            }
        },
    ),
    Deviation::reply(
        "last-page-links-to-first",
        &["discovery.tags.link-walk-complete"],
        |call, reply| {
            if let Some(n) = number_of_tags(call)
                && lists_tags(call)
                && reply.header("link").is_empty()
            {
                reply.set("link", &next(&format!("{}?n={n}", call.path)));
            }
        },
    ),
    // distribution does on S3, where a slash ends the tag in a key.
    Deviation::stateful(
        "pages-in-the-order-of-keys",
        &["discovery.tags.link-walk-complete"],
        |mut context| {
            Box::pin(async move {
                let (true, Some(n)) = (lists_tags(&context.call), number_of_tags(&context.call)) else {
                    return context.honestly().await;
                };
                let last = context.call.parameter("last").unwrap_or_default();
                context.call.drop_parameter("n");
                context.call.drop_parameter("last");
                let mut reply = context.honestly().await;
                reply.remove("link");
                let mut are_left = false;
                edit_tags(&mut reply, |tags| {
                    tags.sort_by_key(|tag| format!("{}/", tag.as_str().unwrap_or_default()));
                    tags.retain(|tag| tag.as_str().unwrap_or_default() > last.as_str());
                    are_left = tags.len() > n;
                    tags.truncate(n);
                });
                if let (true, Some(last)) = (are_left, entries(&reply).last()) {
                    let page = format!("{}?n={n}&{}", context.call.path, parameter_last(last));
                    reply.set("link", &next(&page));
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "link-forgets-n",
        &["discovery.tags.link-keeps-n"],
        |call, reply| {
            if lists_tags(call) {
                edit_link(reply, |target| {
                    next(target.split("&n=").next().unwrap_or_default())
                });
            }
        },
    ),
    Deviation::reply(
        "link-to-inner-host",
        &["discovery.tags.link-encodes"],
        |call, reply| {
            if lists_tags(call) {
                edit_link(reply, |target| {
                    next(&format!("http://registry.internal:5000{target}"))
                });
            }
        },
    ),
    Deviation::reply(
        "link-encoded-twice",
        &["discovery.tags.link-encodes"],
        |call, reply| {
            if lists_tags(call) {
                edit_link(reply, |target| {
                    next(&target.replace('/', "%252F").replacen("%252F", "/", 2))
                });
            }
        },
    ),
    Deviation::stateful(
        "last-inclusive",
        &["discovery.tags.last-not-listed", "discovery.tags.last-exclusive"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if let (true, Some(last)) = (lists_tags(&context.call), context.call.parameter("last"))
                    && is_tag(&context, &last).await
                {
                    let n = number_of_tags(&context.call).unwrap_or(usize::MAX);
                    edit_tags(&mut reply, |tags| {
                        tags.insert(0, json!(last));
                        tags.truncate(n);
                    });
                }
                reply
            })
        },
    )
    .because("a list that begins with the tag does not begin after it"),
    // zot did.
    Deviation::call(
        "last-only-with-n",
        &["discovery.tags.last-not-listed", "discovery.tags.last-without-n"],
        |call| {
            if lists_tags(call) && number_of_tags(call).is_none() {
                call.drop_parameter("last");
            }
        },
    )
    .because("a list that ignores last has the tag that it names"),
    Deviation::stateful(
        "n-counted-from-first-tag",
        &["discovery.tags.last-and-n"],
        |mut context| {
            Box::pin(async move {
                let last = context.call.parameter("last").map(Json::from);
                if let (true, Some(last), Some(_)) =
                    (lists_tags(&context.call), last, number_of_tags(&context.call))
                {
                    context.call.drop_parameter("last");
                    let mut reply = context.honestly().await;
                    edit_tags(&mut reply, |tags| {
                        let seen = tags.iter().position(|tag| *tag == last);
                        tags.drain(..seen.map_or(tags.len(), |at| at + 1));
                    });
                    if entries(&reply).is_empty() {
                        reply.remove("link");
                    }
                    return reply;
                }
                context.honestly().await
            })
        },
    ),
    Deviation::reply(
        "tags-after-last-backwards",
        &["discovery.tags.last-order"],
        |call, reply| {
            if lists_tags(call) && call.parameter("last").is_some() {
                edit_tags(reply, |tags| tags.reverse());
            }
        },
    ),
    Deviation::stateful(
        "list-begins-again-at-end",
        &["discovery.tags.last-at-end"],
        |mut context| {
            Box::pin(async move {
                let reply = context.honestly().await;
                let is_behind = lists_tags(&context.call) && context.call.parameter("last").is_some();
                if is_behind && reply.is_success() && entries(&reply).is_empty() {
                    context.call.drop_parameter("last");
                    return context.honestly().await;
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "unknown-last-404",
        &["discovery.tags.last-not-existing"],
        |context| {
            Box::pin(async move {
                if let (true, Some(last)) = (lists_tags(&context.call), context.call.parameter("last"))
                    && !is_tag(&context, &last).await
                {
                    return Reply::error(404, "MANIFEST_UNKNOWN");
                }
                context.honestly().await
            })
        },
    ),
    Deviation::stateful(
        "last-is-an-offset",
        &["discovery.tags.last-is-a-tag-value"],
        |mut context| {
            Box::pin(async move {
                let last = context
                    .call
                    .parameter("last")
                    .and_then(|last| last.parse::<usize>().ok());
                if let (true, Some(offset)) = (lists_tags(&context.call), last) {
                    context.call.drop_parameter("last");
                    let mut reply = context.honestly().await;
                    edit_tags(&mut reply, |tags| {
                        tags.drain(..offset.min(tags.len()));
                    });
                    return reply;
                }
                context.honestly().await
            })
        },
    ),
];

/// The number of tags that a call asks for.
fn number_of_tags(call: &Call) -> Option<usize> {
    call.parameter("n")?.parse().ok()
}

/// Whether a tag is there.
async fn is_tag(context: &StatefulCall<'_>, tag: &str) -> bool {
    has(context, &manifest_path(context.call.repository(), tag)).await
}

/// The parameter that says after which tag a page begins.
fn parameter_last(tag: &Json) -> String {
    format!("last={}", tag.as_str().unwrap_or_default())
}

/// Replaces a Link, by what is made of its target.
fn edit_link(reply: &mut Reply, edit: impl FnOnce(&str) -> String) {
    let link = reply.header("link").to_owned();
    if let Some((target, _)) = link.trim_start_matches('<').split_once('>') {
        reply.set("link", &edit(target));
    }
}

/// A Link to the next page.
fn next(target: &str) -> String {
    format!("<{target}>; rel=\"next\"")
}

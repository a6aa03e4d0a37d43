//! Deviations of the pages and the filters of the list of referrers.

use super::tricks::{edit_referrers, entries, has_type, is_of_index, lists_referrers, manifest_of};
use crate::saboteur::{Call, Deviation};

/// The number of referrers on a page.
const PAGE: &str = "50";

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "referrers-cut-at-100",
        &["referrers.pagination-link"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| list.truncate(100));
                reply.remove("link");
            }
        },
    ),
    Deviation::stateful(
        "pages-repeat-first-referrer",
        &["referrers.pagination-pages-are-indexes"],
        |mut context| {
            Box::pin(async move {
                in_pages(&mut context.call);
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call) && context.call.parameter("last").is_some() {
                    let first = entries(&context.ask(&context.call.get(&context.call.path)).await);
                    edit_referrers(&mut reply, |list| list.extend(first.into_iter().take(1)));
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "last-page-of-referrers-lost",
        &["referrers.pagination-pages-are-indexes"],
        |mut context| {
            Box::pin(async move {
                in_pages(&mut context.call);
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call) && context.call.parameter("last").is_some() {
                    reply.remove("link");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "referrers-link-without-relation",
        &["referrers.pagination-link-format"],
        |mut context| {
            Box::pin(async move {
                in_pages(&mut context.call);
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call)
                    && let Some((target, _)) = reply.header("link").to_owned().split_once(';')
                {
                    reply.set("link", target);
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "next-page-unfiltered",
        &["referrers.pagination-keeps-filter"],
        |mut context| {
            Box::pin(async move {
                in_pages(&mut context.call);
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call)
                    && let Some((target, _)) = reply.header("link").to_owned().split_once("&artifactType=")
                {
                    reply.set("link", &format!("{target}>; rel=\"next\""));
                }
                reply
            })
        },
    ),
    Deviation::call("filter-ignored", &["referrers.filter-supported"], |call| {
        if lists_referrers(call) {
            call.drop_parameter("artifactType");
        }
    }),
    Deviation::reply("filter-not-told", &["referrers.filter-header"], |call, reply| {
        if lists_referrers(call) {
            reply.remove("oci-filters-applied");
        }
    }),
    Deviation::reply(
        "filter-told-by-value",
        &["referrers.filter-header"],
        |call, reply| {
            if lists_referrers(call)
                && let Some(value) = call.parameter("artifactType")
            {
                reply.set("oci-filters-applied", &value);
            }
        },
    ),
    Deviation::stateful(
        "filter-told-and-not-applied",
        &["referrers.filter-correct"],
        |mut context| {
            Box::pin(async move {
                let filters =
                    lists_referrers(&context.call) && context.call.parameter("artifactType").is_some();
                if filters {
                    context.call.drop_parameter("artifactType");
                }
                let mut reply = context.honestly().await;
                if filters {
                    reply.set("oci-filters-applied", "artifactType");
                }
                reply
            })
        },
    ),
    Deviation::stateful(
        "filter-forgets-types-of-configs",
        &["referrers.filter-complete"],
        |context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                if lists_referrers(&context.call) && context.call.parameter("artifactType").is_some() {
                    let mut typed = Vec::new();
                    for entry in entries(&reply) {
                        if has_type(&manifest_of(&context, &entry).await) {
                            typed.push(entry);
                        }
                    }
                    edit_referrers(&mut reply, |list| *list = typed);
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "filter-forgets-indexes",
        &["referrers.filter-complete"],
        |call, reply| {
            if lists_referrers(call) && call.parameter("artifactType").is_some() {
                edit_referrers(reply, |list| list.retain(|entry| !is_of_index(entry)));
            }
        },
    ),
    Deviation::stateful(
        "no-match-gives-all",
        &["referrers.filter-no-match"],
        |mut context| {
            Box::pin(async move {
                let mut reply = context.honestly().await;
                let filters =
                    lists_referrers(&context.call) && context.call.parameter("artifactType").is_some();
                if filters && entries(&reply).is_empty() {
                    context.call.drop_parameter("artifactType");
                    reply = context.honestly().await;
                    reply.set("oci-filters-applied", "artifactType");
                }
                reply
            })
        },
    ),
    Deviation::reply(
        "filter-always-told",
        &["referrers.filter-header-only-if-applied"],
        |call, reply| {
            if lists_referrers(call) && reply.status == 200 {
                reply.set("oci-filters-applied", "artifactType");
            }
        },
    ),
];

/// Asks for referrers in pages.
fn in_pages(call: &mut Call) {
    if lists_referrers(call) && call.parameter("n").is_none() {
        call.set_parameter("n", PAGE);
    }
}

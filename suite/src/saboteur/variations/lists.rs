//! Variations of lists: how much of them comes at once, and in what order.

use http::Method;
use serde_json::{Value as Json, json};

use super::tools::at_host;
use crate::saboteur::deviations::tricks::{edit_tags, entries, lists_referrers, lists_tags};
use crate::saboteur::{Call, Kind, Reply, Sentence, StatefulCall, Variation};

const FEWER: Sentence = Sentence::oci(
    "Listing Tags",
    "but only when the total number of tags attached to the repository is less than",
);
const PAGES_OF_REFERRERS: Sentence = Sentence::oci(
    "Listing Referrers",
    "Each response is an image index with different descriptors in the manifests field.",
);
const FILTER: Sentence = Sentence::oci(
    "Listing Referrers",
    "The registry SHOULD support filtering on artifactType.",
);
const UNAVAILABLE: Sentence = Sentence::oci(
    "Unavailable Referrers API",
    "A client querying the referrers API and receiving a 404 Not Found MUST fallback",
);
const ORDER: Sentence = Sentence::oci("Listing Tags", "case-insensitive alphanumeric order");

/// The parameter that says where the next page of referrers begins.
const FROM: &str = "from-entry";

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::call(
        "tags-two-by-two",
        "No page has more than two tags, however many are asked for.",
        FEWER,
        |call| {
            let asked = call.parameter("n").map(|n| n.parse::<u64>());
            let is_less = matches!(asked, Some(Ok(0..2) | Err(_)));
            if lists_tags(call) && !is_less {
                call.set_parameter("n", "2");
            }
        },
    ),
    Variation::call(
        "tags-one-by-one",
        "No page has more than one tag, however many are asked for.",
        FEWER,
        |call| {
            let asked = call.parameter("n").map(|n| n.parse::<u64>());
            let is_less = matches!(asked, Some(Ok(0..1) | Err(_)));
            if lists_tags(call) && !is_less {
                call.set_parameter("n", "1");
            }
        },
    ),
    Variation::stateful(
        "tags-regardless-of-case",
        "Tags stand in the order of the alphabet, small and capital letters mixed.",
        ORDER,
        |context| {
            Box::pin(async move {
                let call = &context.call;
                let is_page = call.parameter("n").is_none_or(|n| n.parse::<usize>().is_ok());
                if !(lists_tags(call) && is_page) {
                    return context.honestly().await;
                }
                let (mut reply, mut tags) = whole_list(&context).await;
                let next = cut_page(call, &mut tags);
                edit_tags(&mut reply, |page| *page = tags);
                if let Some(next) = next {
                    reply.set("link", &format!("<{next}>; rel=\"next\""));
                }
                reply
            })
        },
    ),
    Variation::both(
        "referrers-one-by-one",
        "Every page of referrers has one entry, and Link is relative.",
        PAGES_OF_REFERRERS,
        |_| {},
        |call, reply| page_referrers(call, reply, |_, path| path),
    ),
    Variation::both(
        "referrers-one-by-one-absolute",
        "Every page of referrers has one entry, and Link is a whole URL.",
        PAGES_OF_REFERRERS,
        |_| {},
        |call, reply| page_referrers(call, reply, |call, path| at_host(call.header("host"), &path)),
    ),
    Variation::both(
        "referrers-unfiltered",
        "Referrers are listed whatever their artifactType, and no answer says that they were filtered.",
        FILTER,
        |call| {
            if lists_referrers(call) {
                call.drop_parameter("artifactType");
            }
        },
        |_, reply| reply.remove("oci-filters-applied"),
    )
    .forgoing(&["referrers.filter-supported"]),
    Variation::both(
        "referrers-not-offered",
        "There is no referrers API, and no push says that it has heard of a subject.",
        UNAVAILABLE,
        |_| {},
        |call, reply| {
            if call.kind() == Kind::Referrers {
                *reply = Reply::error(404, "UNSUPPORTED");
            } else if call.is_of_manifest(&Method::PUT) {
                reply.remove("oci-subject");
            }
        },
    )
    .forgoing(&["category.referrers"]),
];

/// Cuts a list of referrers into pages of one.
fn page_referrers(call: &Call, reply: &mut Reply, lead: fn(&Call, String) -> String) {
    if !(lists_referrers(call) && reply.status == 200) {
        return;
    }
    let from: usize = call
        .parameter(FROM)
        .and_then(|from| from.parse().ok())
        .unwrap_or_default();
    let mut next = false;
    reply.edit_json(|json| {
        let entries = json["manifests"].as_array().cloned().unwrap_or_default();
        next = entries.len() > from + 1;
        json["manifests"] = entries.get(from).map_or(json!([]), |entry| json!([entry]));
    });
    if next {
        let mut rest = call.clone();
        rest.set_parameter(FROM, &(from + 1).to_string());
        let link = lead(call, format!("{}?{}", rest.path, rest.query));
        reply.set("link", &format!("<{link}>; rel=\"next\""));
    }
}

/// The place of a tag where letters count and their case does not.
fn place(tag: &str) -> (String, String) {
    (tag.to_lowercase(), tag.to_owned())
}

/// The last page of a list of tags, without a Link, and the tags of all its pages.
async fn whole_list(context: &StatefulCall<'_>) -> (Reply, Vec<Json>) {
    let mut page = Call {
        query: String::new(),
        ..context.call.clone()
    };
    let mut tags = Vec::new();
    loop {
        let mut reply = context.ask(&page).await;
        tags.extend(entries(&reply));
        let is_last = reply.header("link").is_empty();
        match tags.last().and_then(Json::as_str) {
            Some(last) if !is_last => page.set_parameter("last", last),
            _ => {
                reply.remove("link");
                return (reply, tags);
            }
        }
    }
}

/// Leaves the page that was asked for of all tags, in another order; the address of the next one.
fn cut_page(call: &Call, tags: &mut Vec<Json>) -> Option<String> {
    tags.sort_by_key(|tag| place(tag.as_str().unwrap_or_default()));
    if let Some(last) = call.parameter("last") {
        tags.retain(|tag| place(tag.as_str().unwrap_or_default()) > place(&last));
    }
    let length: usize = call.parameter("n")?.parse().ok()?;
    let is_more = 0 < length && length < tags.len();
    tags.truncate(length);
    let last = tags.last()?.as_str()?;
    is_more.then(|| format!("{}?n={length}&last={last}", call.path))
}

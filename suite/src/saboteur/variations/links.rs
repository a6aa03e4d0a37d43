//! Variations of `Link`: the forms of an address, of its parameters, and of several links.

use super::tools::{at_host, host, other_host};
use crate::saboteur::{Kind, Reply, Sentence, Variation};

const TARGET: Sentence = Sentence::rfc(
    "rfc8288",
    "3.1",
    "If the URI-Reference is relative, parsers MUST resolve it",
);
const FIELD: Sentence = Sentence::rfc(
    "rfc8288",
    "3",
    "The Link header field provides a means for serialising one or more links into HTTP headers.",
);
const BOTH_FORMS: Sentence = Sentence::rfc("rfc8288", "3", "recipients MUST be able to parse both forms.");
const SEVERAL_TYPES: Sentence = Sentence::rfc(
    "rfc8288",
    "3.3",
    "The rel parameter can, however, contain multiple link relation types.",
);
const ATTRIBUTES: Sentence = Sentence::rfc(
    "rfc8288",
    "3.4",
    "The Link header field defines several target attributes",
);

/// The variations.
pub(super) const VARIATIONS: &[Variation] = &[
    Variation::reply("link-absolute", "Link is a whole URL.", TARGET, |call, reply| {
        edit_target(reply, |target| at_host(&host(call), target));
    }),
    Variation::reply(
        "link-other-host",
        "Link leads to another host name.",
        TARGET,
        |call, reply| edit_target(reply, |target| at_host(&other_host(call), target)),
    )
    .told_by(&["interop.link-host"]),
    Variation::reply(
        "link-query-only",
        "Link is a query alone, relative to the address that was asked.",
        TARGET,
        |_, reply| {
            edit_target(reply, |target| {
                target
                    .find('?')
                    .map_or(target, |query| &target[query..])
                    .to_owned()
            });
        },
    )
    .told_by(&["interop.link-path"]),
    Variation::reply(
        "link-last-segment",
        "Link is the last segment and the query, relative to the address that was asked.",
        TARGET,
        |_, reply| {
            edit_target(reply, |target| {
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                let last = path.rsplit('/').next().unwrap_or_default();
                // A digest has a colon, before which a scheme would stand.
                format!("./{last}?{query}")
            });
        },
    )
    .told_by(&["interop.link-path"]),
    Variation::reply(
        "link-without-scheme",
        "Link has a host and no scheme.",
        TARGET,
        |call, reply| {
            edit_target(reply, |target| {
                at_host(&host(call), target).replacen("http:", "", 1)
            });
        },
    ),
    Variation::reply(
        "link-unquoted",
        "The relation of Link stands without quotes.",
        BOTH_FORMS,
        |_, reply| edit_parameters(reply, |_| "; rel=next".to_owned()),
    ),
    Variation::reply(
        "link-with-attributes",
        "Other parameters stand before and behind the relation, with commas and semicolons in them.",
        ATTRIBUTES,
        |_, reply| {
            edit_parameters(reply, |_| {
                "; title=\"more, and; more\" ; rel=\"next\"; type=\"application/json\"".to_owned()
            });
        },
    ),
    Variation::reply(
        "link-parameter-in-capitals",
        "The name of the relation's parameter is in capitals, and no blank stands before it.",
        ATTRIBUTES,
        |_, reply| edit_parameters(reply, |_| ";REL=\"next\"".to_owned()),
    )
    .told_by(&["interop.link-relation"]),
    Variation::reply(
        "link-of-several-relations",
        "Link has several relations, next among them.",
        SEVERAL_TYPES,
        |_, reply| edit_parameters(reply, |_| "; rel=\"up next\"".to_owned()),
    )
    .told_by(&["interop.link-relation"]),
    Variation::reply(
        "links-in-one-field",
        "Another link stands before the next one, in the same field.",
        FIELD,
        |_, reply| {
            let link = reply.header("link").to_owned();
            if !link.is_empty() {
                reply.set(
                    "link",
                    &format!("</v2/?a=b,c>; rel=\"first\", {link}, </>; rel=\"start\""),
                );
            }
        },
    )
    .told_by(&["interop.next-link-first"]),
    Variation::reply(
        "links-in-several-fields",
        "Another link stands before the next one, in a field of its own.",
        FIELD,
        |_, reply| {
            let link = reply.header("link").to_owned();
            if !link.is_empty() {
                reply.set("link", "</v2/?a=b>; rel=\"first\"");
                reply.add("link", &link);
            }
        },
    )
    .told_by(&["interop.next-link-first"]),
    Variation::reply(
        "links-to-documents",
        "Every answer but a list links to a description.",
        FIELD,
        |call, reply| {
            if !matches!(call.kind(), Kind::Tags | Kind::Referrers | Kind::Catalog) {
                reply.add("link", "</docs>; rel=\"service-doc\"");
            }
        },
    ),
];

/// Changes where the link leads.
fn edit_target(reply: &mut Reply, edit: impl FnOnce(&str) -> String) {
    let link = reply.header("link").to_owned();
    let parts = link.strip_prefix('<').and_then(|link| link.split_once('>'));
    if let Some((target, parameters)) = parts {
        reply.set("link", &format!("<{}>{parameters}", edit(target)));
    }
}

/// Changes what is said about the link.
fn edit_parameters(reply: &mut Reply, edit: impl FnOnce(&str) -> String) {
    let link = reply.header("link").to_owned();
    if let Some((target, parameters)) = link.split_once('>') {
        reply.set("link", &format!("{target}>{}", edit(parameters)));
    }
}

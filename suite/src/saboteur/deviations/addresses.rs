//! Deviations of the addresses that answers name: other servers, other schemes, other spellings.

use super::tricks::{adds, lists_tags, opens};
use crate::saboteur::{Call, Deviation, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("upload-at-https", &["interop.location-scheme"], |call, reply| {
        if opens(call) {
            move_upload(reply, &format!("https://{}", call.header("host")));
        }
    }),
    Deviation::reply(
        "next-chunk-at-https",
        &["interop.location-scheme"],
        |call, reply| {
            if adds(call) {
                move_upload(reply, &format!("https://{}", call.header("host")));
            }
        },
    ),
    Deviation::reply(
        "upload-on-other-port",
        &["interop.location-host"],
        |call, reply| {
            if opens(call) {
                move_upload(reply, "http://127.0.0.1:9");
            }
        },
    ),
    Deviation::reply(
        "next-chunk-on-other-host",
        &["interop.location-host"],
        |call, reply| {
            if adds(call) {
                let port = call.header("host").rsplit(':').next().unwrap_or_default();
                move_upload(reply, &format!("http://[::1]:{port}"));
            }
        },
    ),
    Deviation::reply(
        "upload-without-scheme",
        &["interop.location-network-path"],
        |call, reply| {
            if opens(call) {
                move_upload(reply, &format!("//{}", call.header("host")));
            }
        },
    ),
    Deviation::reply(
        "upload-by-last-segment",
        &["interop.location-path"],
        |call, reply| {
            let place = reply.header("location").to_owned();
            if let Some((_, id)) = place.rsplit_once('/').filter(|_| opens(call)) {
                reply.set("location", id);
            }
        },
    ),
    Deviation::reply("upload-escaped", &["interop.location-escapes"], |call, reply| {
        let place = reply.header("location").to_owned();
        if let Some((uploads, id)) = place.rsplit_once('/').filter(|_| opens(call)) {
            let id = id.replacen('-', "%2D", 1);
            reply.set("location", &format!("{uploads}/{id}"));
        }
    }),
    Deviation::reply(
        "location-slashes-encoded",
        &["interop.location-slashes"],
        |call, reply| encode_slashes(call, reply, "location"),
    ),
    Deviation::reply(
        "link-slashes-encoded",
        &["interop.location-slashes"],
        |call, reply| {
            if lists_tags(call) {
                encode_slashes(call, reply, "link");
            }
        },
    ),
    Deviation::reply("next-page-by-query", &["interop.link-path"], |call, reply| {
        edit_link(call, reply, |_, link| {
            let query = link.find('?').unwrap_or_default();
            format!("<{}", &link[query..])
        });
    }),
    Deviation::reply(
        "next-page-on-other-host",
        &["interop.link-host"],
        |call, reply| {
            edit_link(call, reply, |call, link| {
                let port = call.header("host").rsplit(':').next().unwrap_or_default();
                link.replacen('<', &format!("<http://localhost:{port}"), 1)
            });
        },
    ),
    Deviation::reply(
        "first-page-before-next",
        &["interop.next-link-first"],
        |call, reply| {
            edit_link(call, reply, |call, link| {
                format!("<{}?n=1>; rel=\"first\", {link}", call.path)
            });
        },
    ),
    Deviation::reply(
        "relation-in-capitals",
        &["interop.link-relation"],
        |call, reply| {
            edit_link(call, reply, |_, link| link.replace("next", "NEXT"));
        },
    ),
];

/// Changes the link of a list of tags, if there is one.
fn edit_link(call: &Call, reply: &mut Reply, edit: impl FnOnce(&Call, &str) -> String) {
    let link = reply.header("link").to_owned();
    if lists_tags(call) && !link.is_empty() {
        reply.set("link", &edit(call, &link));
    }
}

/// Says that an upload goes on at another server.
fn move_upload(reply: &mut Reply, server: &str) {
    let place = reply.header("location");
    if let Some(path) = place.find("/v2/") {
        let place = format!("{server}{}", &place[path..]);
        reply.set("location", &place);
    }
}

/// Encodes the slashes of the repository's name in a header.
fn encode_slashes(call: &Call, reply: &mut Reply, header: &str) {
    let name = call.repository();
    let value = reply.header(header).replace(name, &name.replace('/', "%2F"));
    if !value.is_empty() {
        reply.set(header, &value);
    }
}

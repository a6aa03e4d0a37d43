//! Deviations of how referrers are described in their list.

use serde_json::{Value as Json, json};

use super::tricks::{INDEX, edit_referrers, entries, has_type, is_of_index, lists_referrers, manifest_of};
use crate::saboteur::{Deviation, Reply, StatefulCall};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply(
        "referrers-of-size-zero",
        &["referrers.descriptor-digest-size-type"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    list.iter_mut().for_each(|entry| entry["size"] = json!(0));
                });
            }
        },
    ),
    Deviation::reply(
        "indexes-listed-as-images",
        &["referrers.descriptor-digest-size-type"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    for entry in list.iter_mut().filter(|entry| is_of_index(entry)) {
                        entry["mediaType"] = json!("application/vnd.oci.image.manifest.v1+json");
                    }
                });
            }
        },
    ),
    Deviation::stateful(
        "artifact-type-left-out",
        &["referrers.artifacttype-from-manifest"],
        |context| {
            Box::pin(retyped(context, |manifest, entry| {
                has_type(manifest).then(|| remove(entry, "artifactType"))
            }))
        },
    ),
    Deviation::stateful(
        "type-of-config-left-out",
        &["referrers.artifacttype-from-config"],
        |context| {
            Box::pin(retyped(context, |manifest, entry| {
                (!has_type(manifest)).then(|| remove(entry, "artifactType"))
            }))
        },
    ),
    Deviation::stateful(
        "empty-type-kept",
        &["referrers.artifacttype-from-config"],
        |context| {
            Box::pin(retyped(context, |manifest, entry| {
                (manifest["artifactType"] == json!("")).then(|| entry["artifactType"] = json!(""))
            }))
        },
    ),
    Deviation::reply(
        "index-typed-as-index",
        &["referrers.artifacttype-index-omitted"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    let untyped =
                        |entry: &&mut Json| is_of_index(entry) && entry.get("artifactType").is_none();
                    for entry in list.iter_mut().filter(untyped) {
                        entry["artifactType"] = json!(INDEX);
                    }
                });
            }
        },
    ),
    Deviation::reply(
        "annotations-left-out",
        &["referrers.annotations"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    list.iter_mut().for_each(|entry| remove(entry, "annotations"));
                });
            }
        },
    ),
    Deviation::reply(
        "annotations-of-indexes-left-out",
        &["referrers.annotations"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    let indexes = list.iter_mut().filter(|entry| is_of_index(entry));
                    indexes.for_each(|entry| remove(entry, "annotations"));
                });
            }
        },
    ),
    Deviation::reply(
        "annotations-made-up",
        &["referrers.annotations-exact"],
        |call, reply| {
            if lists_referrers(call) {
                edit_referrers(reply, |list| {
                    for entry in list {
                        entry["annotations"]["org.example.stored"] = json!("yes");
                    }
                });
            }
        },
    ),
];

/// Takes a member out of an object.
fn remove(entry: &mut Json, member: &str) {
    if let Some(members) = entry.as_object_mut() {
        members.shift_remove(member);
    }
}

/// The honest list, each entry changed with a view to the manifest it stands for.
async fn retyped(context: StatefulCall<'_>, change: fn(&Json, &mut Json) -> Option<()>) -> Reply {
    let mut reply = context.honestly().await;
    if lists_referrers(&context.call) {
        let mut changed = entries(&reply);
        for entry in &mut changed {
            let manifest = manifest_of(&context, entry).await;
            change(&manifest, entry);
        }
        edit_referrers(&mut reply, |list| *list = changed);
    }
    reply
}

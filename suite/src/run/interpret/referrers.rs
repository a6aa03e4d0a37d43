//! Referrers of one subject that a stage is set with at once.
//!
//! A registry may lose some of those that come at once, which is asked where it is judged. Everywhere else a stage has to
//! hold all of them, as if they had come one after another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::requests;
use crate::run::world::World;
use crate::values::Content;

/// The digest of what a manifest refers to as its subject.
pub(super) fn subject_of(manifest: &Content) -> Option<String> {
    let json: Json = serde_json::from_slice(&manifest.bytes()).ok()?;
    json["subject"]["digest"].as_str().map(str::to_owned)
}

/// Whether some of these manifests refer to one subject.
pub(super) fn share_a_subject<'a>(mut manifests: impl Iterator<Item = &'a Content>) -> bool {
    let mut subjects = BTreeSet::new();
    manifests.any(|manifest| subject_of(manifest).is_some_and(|subject| !subjects.insert(subject)))
}

/// Those of some manifests that were pushed at once which the list of their subject lacks.
pub(super) async fn lost<'a>(world: &World, repository: &str, pushed: &[&'a Content]) -> Vec<&'a Content> {
    if pushed.len() < 2 {
        return Vec::new();
    }
    let mut by_subject: BTreeMap<String, Vec<&'a Content>> = BTreeMap::new();
    for manifest in pushed {
        if let Some(subject) = subject_of(manifest) {
            by_subject.entry(subject).or_default().push(manifest);
        }
    }
    let mut lost = Vec::new();
    for (subject, referrers) in by_subject.iter().filter(|(_, referrers)| referrers.len() > 1) {
        let Some(listed) = listed(world, repository, subject).await else {
            continue;
        };
        lost.extend(
            referrers
                .iter()
                .copied()
                .filter(|referrer| !listed.contains(&referrer.digest())),
        );
    }
    lost
}

/// The digests in the list of a subject's referrers; `None` where the registry gives no list.
async fn listed(world: &World, repository: &str, subject: &str) -> Option<BTreeSet<String>> {
    let path = format!("/v2/{repository}/referrers/{subject}");
    let place = world.session.client.target().below_mount(&path);
    let list = requests::read_list(world, place).await.ok()?;
    let entries = list.json()?["manifests"].as_array()?;
    let digests = entries.iter().filter_map(|entry| entry["digest"].as_str());
    Some(digests.map(str::to_owned).collect())
}

//! The rows that follow from others: some tables say the same as others from another side.

use std::collections::BTreeSet;

use redb::ReadableTable as _;

use super::Damage;
use crate::store::StoreError;
use crate::store::manifests::{parse_stored, stored_digest};
use crate::store::tables::{Tables, View};

/// The rows that follow from others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Derived {
    holders: BTreeSet<[String; 2]>,
    tagged: BTreeSet<[String; 3]>,
    references: BTreeSet<[String; 3]>,
    referrers: BTreeSet<[String; 4]>,
    referrer_types: BTreeSet<[String; 4]>,
}

/// The rows that follow from those that are not damaged.
pub(super) fn derive(view: &View, damage: &Damage) -> Result<Derived, StoreError> {
    let mut derived = Derived::default();
    for row in view.links()?.iter()? {
        let (key, _) = row?;
        let (name, digest) = key.value();
        if !damage.links.contains(&(name.to_owned(), digest.to_owned())) {
            derived.holders.insert([digest, name].map(str::to_owned));
        }
    }
    for row in view.tags()?.iter()? {
        let (key, digest) = row?;
        let (name, tag) = key.value();
        if !damage.tags.contains(&(name.to_owned(), tag.to_owned())) {
            derived
                .tagged
                .insert([name, digest.value(), tag].map(str::to_owned));
        }
    }
    for row in view.manifests()?.iter()? {
        let (key, row) = row?;
        let (name, digest) = key.value();
        if damage.manifests.contains(&(name.to_owned(), digest.to_owned())) {
            continue;
        }
        let (_, media_type, bytes) = row.value();
        let manifest = parse_stored(digest, media_type, bytes)?;
        for target in manifest.targets() {
            derived
                .references
                .insert([name, target.digest().as_str(), digest].map(str::to_owned));
        }
        if let Some(subject) = &manifest.subject {
            let subject = subject.as_str();
            let descriptor = manifest.referrer_descriptor(&stored_digest(digest)?, bytes.len());
            let artifact_type = manifest.artifact_type.as_deref().unwrap_or_default();
            derived
                .referrers
                .insert([name, subject, digest, &descriptor].map(str::to_owned));
            derived
                .referrer_types
                .insert([name, subject, artifact_type, digest].map(str::to_owned));
        }
    }
    Ok(derived)
}

/// The rows as they are.
pub(super) fn read_derived(view: &View) -> Result<Derived, StoreError> {
    let mut derived = Derived::default();
    for row in view.holders()?.iter()? {
        let (key, _) = row?;
        let (a, b) = key.value();
        derived.holders.insert([a, b].map(str::to_owned));
    }
    for row in view.tagged()?.iter()? {
        let (key, _) = row?;
        let (a, b, c) = key.value();
        derived.tagged.insert([a, b, c].map(str::to_owned));
    }
    for row in view.references()?.iter()? {
        let (key, _) = row?;
        let (a, b, c) = key.value();
        derived.references.insert([a, b, c].map(str::to_owned));
    }
    for row in view.referrers()?.iter()? {
        let (key, descriptor) = row?;
        let (a, b, c) = key.value();
        derived
            .referrers
            .insert([a, b, c, descriptor.value()].map(str::to_owned));
    }
    for row in view.referrer_types()?.iter()? {
        let (key, _) = row?;
        let (a, b, c, d) = key.value();
        derived.referrer_types.insert([a, b, c, d].map(str::to_owned));
    }
    Ok(derived)
}

/// Writes anew the rows that follow from others.
pub(super) fn write_derived(tables: &mut Tables<'_>, derived: &Derived) -> Result<(), StoreError> {
    tables.holders.retain(|_, ()| false)?;
    tables.tagged.retain(|_, ()| false)?;
    tables.references.retain(|_, ()| false)?;
    tables.referrers.retain(|_, _| false)?;
    tables.referrer_types.retain(|_, ()| false)?;
    for [a, b] in &derived.holders {
        tables.holders.insert((a.as_str(), b.as_str()), ())?;
    }
    for [a, b, c] in &derived.tagged {
        tables.tagged.insert((a.as_str(), b.as_str(), c.as_str()), ())?;
    }
    for [a, b, c] in &derived.references {
        tables
            .references
            .insert((a.as_str(), b.as_str(), c.as_str()), ())?;
    }
    for [a, b, c, descriptor] in &derived.referrers {
        tables
            .referrers
            .insert((a.as_str(), b.as_str(), c.as_str()), descriptor.as_str())?;
    }
    for [a, b, c, d] in &derived.referrer_types {
        tables
            .referrer_types
            .insert((a.as_str(), b.as_str(), c.as_str(), d.as_str()), ())?;
    }
    Ok(())
}

//! The rows that follow from others: some tables say the same as others from another side.
//!
//! They are told one by one, since of a large store they would not fit into memory together.

use std::collections::BTreeSet;

use redb::{ReadableTable, ReadableTableMetadata as _};

use super::watch::AuditWatch;
use crate::store::StoreError;
use crate::store::manifests::{parse_stored, stored_digest};
use crate::store::tables::{Tables, View};

/// A row that follows from others.
enum DerivedRow<'a> {
    /// Digest of a blob, repository.
    Holder([&'a str; 2]),
    /// Repository, digest of a manifest, tag.
    Tagged([&'a str; 3]),
    /// Repository, digest of content, digest of a manifest that names it.
    Reference([&'a str; 3]),
    /// Repository, digest of a subject, digest of a referrer; its descriptor.
    Referrer([&'a str; 3], &'a str),
    /// Repository, digest of a subject, artifactType, digest of a referrer.
    ReferrerType([&'a str; 4]),
}

/// Tells every row that follows from these tables, each once.
fn follow(
    links: &impl ReadableTable<(&'static str, &'static str), u64>,
    tags: &impl ReadableTable<(&'static str, &'static str), &'static str>,
    manifests: &impl ReadableTable<(&'static str, &'static str), (u64, &'static str, &'static [u8])>,
    tell: &mut dyn FnMut(DerivedRow<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for row in links.iter()? {
        let (key, _) = row?;
        let (name, digest) = key.value();
        tell(DerivedRow::Holder([digest, name]))?;
    }
    for row in tags.iter()? {
        let (key, digest) = row?;
        let (name, tag) = key.value();
        tell(DerivedRow::Tagged([name, digest.value(), tag]))?;
    }
    for row in manifests.iter()? {
        let (key, row) = row?;
        let (name, digest) = key.value();
        let (_, media_type, bytes) = row.value();
        let manifest = parse_stored(digest, media_type, bytes)?;
        // What a manifest names twice it refers to once.
        let targets: BTreeSet<&str> = manifest
            .targets()
            .map(|target| target.digest().as_str())
            .collect();
        for target in targets {
            tell(DerivedRow::Reference([name, target, digest]))?;
        }
        if let Some(subject) = &manifest.subject {
            let subject = subject.as_str();
            let descriptor = manifest.referrer_descriptor(&stored_digest(digest)?, bytes.len());
            let artifact_type = manifest.artifact_type.as_deref().unwrap_or_default();
            tell(DerivedRow::Referrer([name, subject, digest], &descriptor))?;
            tell(DerivedRow::ReferrerType([name, subject, artifact_type, digest]))?;
        }
    }
    Ok(())
}

/// Whether the rows that follow from others are there, and no other ones.
pub(super) fn is_as_it_follows(view: &View, watch: &AuditWatch) -> Result<bool, StoreError> {
    let (holders, tagged, references) = (view.holders()?, view.tagged()?, view.references()?);
    let (referrers, referrer_types) = (view.referrers()?, view.referrer_types()?);
    let (mut all_there, mut following) = (true, [0_u64; 5]);
    follow(&view.links()?, &view.tags()?, &view.manifests()?, &mut |row| {
        watch.step()?;
        let (table, is_there) = match row {
            DerivedRow::Holder([a, b]) => (0, holders.get((a, b))?.is_some()),
            DerivedRow::Tagged([a, b, c]) => (1, tagged.get((a, b, c))?.is_some()),
            DerivedRow::Reference([a, b, c]) => (2, references.get((a, b, c))?.is_some()),
            DerivedRow::Referrer([a, b, c], descriptor) => {
                let found = referrers.get((a, b, c))?;
                (3, found.is_some_and(|found| found.value() == descriptor))
            }
            DerivedRow::ReferrerType([a, b, c, d]) => (4, referrer_types.get((a, b, c, d))?.is_some()),
        };
        following[table] += 1;
        all_there &= is_there;
        Ok(())
    })?;
    let there = [
        holders.len()?,
        tagged.len()?,
        references.len()?,
        referrers.len()?,
        referrer_types.len()?,
    ];
    Ok(all_there && there == following)
}

/// Writes anew the rows that follow from others.
pub(super) fn write(tables: &mut Tables<'_>) -> Result<(), StoreError> {
    let Tables {
        links,
        tags,
        manifests,
        holders,
        tagged,
        references,
        referrers,
        referrer_types,
        ..
    } = tables;
    holders.retain(|_, ()| false)?;
    tagged.retain(|_, ()| false)?;
    references.retain(|_, ()| false)?;
    referrers.retain(|_, _| false)?;
    referrer_types.retain(|_, ()| false)?;
    follow(links, tags, manifests, &mut |row| {
        match row {
            DerivedRow::Holder([a, b]) => drop(holders.insert((a, b), ())?),
            DerivedRow::Tagged([a, b, c]) => drop(tagged.insert((a, b, c), ())?),
            DerivedRow::Reference([a, b, c]) => drop(references.insert((a, b, c), ())?),
            DerivedRow::Referrer([a, b, c], descriptor) => drop(referrers.insert((a, b, c), descriptor)?),
            DerivedRow::ReferrerType([a, b, c, d]) => drop(referrer_types.insert((a, b, c, d), ())?),
        }
        Ok(())
    })
}

//! The audit of a store: every digest, every reference, both sides of every table.
//!
//! Some tables say the same as others from another side. Repair removes what is damaged from the first
//! and makes the second anew.

use std::collections::BTreeSet;
use std::path::Path;

use redb::ReadableTable as _;
use uuid::Uuid;

use super::committer::Metadata;
use super::files::{DiskFiles, Files};
use super::manifests::{parse_stored, stored_digest};
use super::tables::{Tables, View};
use super::uploads::hash_file;
use super::{Store, StoreError};
use crate::config::Durability;
use crate::protocol::{Algorithm, Digest, Hasher};

/// What is damaged and has to go.
#[derive(Debug, Default)]
struct Damage {
    findings: Vec<String>,
    blobs: BTreeSet<String>,
    links: BTreeSet<(String, String)>,
    manifests: BTreeSet<(String, String)>,
    tags: BTreeSet<(String, String)>,
    uploads: BTreeSet<Uuid>,
    files: Vec<Uuid>,
}

/// The rows that follow from others.
#[derive(Debug, Default, PartialEq, Eq)]
struct Derived {
    holders: BTreeSet<[String; 2]>,
    tagged: BTreeSet<[String; 3]>,
    references: BTreeSet<[String; 3]>,
    referrers: BTreeSet<[String; 4]>,
    referrer_types: BTreeSet<[String; 4]>,
}

/// Audits the store in a folder, which no registry is using; with `repair`, mends what can be mended.
///
/// # Errors
/// Fails if the store cannot be read.
pub(crate) async fn audit(folder: &Path, repair: bool) -> Result<Vec<String>, StoreError> {
    let metadata = Metadata::open(&folder.join("metadata.redb"), Durability::Strict)?;
    let files = DiskFiles::open(folder.join("content"), Durability::Strict)?;
    let view = metadata.view()?;
    let mut damage = Damage::default();
    audit_blobs(&view, &files, &mut damage)?;
    audit_manifests(&view, &mut damage)?;
    let expected = derive(&view, &damage)?;
    if read_derived(&view)? != expected && damage.is_none() {
        damage
            .findings
            .push("tables that say the same from two sides differ".to_owned());
    }
    audit_uploads(&view, &files, &mut damage)?;
    audit_files(&view, &files, &mut damage)?;
    drop(view);
    let findings = std::mem::take(&mut damage.findings);
    if repair && !findings.is_empty() {
        for file in &damage.files {
            files.remove(*file)?;
        }
        metadata
            .change(move |tables| mend(tables, &damage, &expected))
            .await?;
    }
    Ok(findings)
}

impl Damage {
    /// Whether nothing has to go from the tables that the others follow from.
    fn is_none(&self) -> bool {
        self.blobs.is_empty() && self.links.is_empty() && self.manifests.is_empty() && self.tags.is_empty()
    }
}

/// Every blob has a file with its digest, and every link a blob.
fn audit_blobs(view: &View, files: &DiskFiles, damage: &mut Damage) -> Result<(), StoreError> {
    for row in view.blobs()?.iter()? {
        let (digest, row) = row?;
        let (file, size) = row.value();
        let is_whole = stored_digest(digest.value()).is_ok_and(|digest| {
            let whole = files.open(Uuid::from_u128(file)).and_then(|file| {
                Ok(file.length()? == size && hash_file(file.as_ref(), size, digest.algorithm())? == digest)
            });
            whole.unwrap_or(false)
        });
        if !is_whole {
            damage
                .findings
                .push(format!("blob {} is not whole", digest.value()));
            damage.blobs.insert(digest.value().to_owned());
            damage.files.push(Uuid::from_u128(file));
        }
    }
    let blobs = view.blobs()?;
    for row in view.links()?.iter()? {
        let (key, _) = row?;
        let (name, digest) = key.value();
        if blobs.get(digest)?.is_none() {
            damage
                .findings
                .push(format!("{name} has blob {digest}, which does not exist"));
            damage.links.insert((name.to_owned(), digest.to_owned()));
        } else if damage.blobs.contains(digest) {
            damage.links.insert((name.to_owned(), digest.to_owned()));
        }
    }
    Ok(())
}

/// Every manifest has its digest and can be read, and every tag points to one.
fn audit_manifests(view: &View, damage: &mut Damage) -> Result<(), StoreError> {
    let manifests = view.manifests()?;
    for row in manifests.iter()? {
        let (key, row) = row?;
        let (name, digest) = key.value();
        let (_, media_type, bytes) = row.value();
        let is_whole = stored_digest(digest)
            .is_ok_and(|digest| Digest::of(digest.algorithm(), bytes) == digest)
            && parse_stored(digest, media_type, bytes).is_ok();
        if !is_whole {
            damage
                .findings
                .push(format!("manifest {digest} of {name} is not whole"));
            damage.manifests.insert((name.to_owned(), digest.to_owned()));
        }
    }
    for row in view.tags()?.iter()? {
        let (key, digest) = row?;
        let (name, tag) = key.value();
        let target = (name.to_owned(), digest.value().to_owned());
        if manifests.get((name, digest.value()))?.is_none() || damage.manifests.contains(&target) {
            damage
                .findings
                .push(format!("tag {tag} of {name} points to no manifest"));
            damage.tags.insert((name.to_owned(), tag.to_owned()));
        }
    }
    Ok(())
}

/// Every upload has what was acknowledged of it.
fn audit_uploads(view: &View, files: &DiskFiles, damage: &mut Damage) -> Result<(), StoreError> {
    let uploads = view.uploads()?;
    for row in view.checkpoints()?.iter()? {
        let (id, checkpoint) = row?;
        let (length, state) = checkpoint.value();
        let upload = uploads.get(id.value())?;
        let algorithm = upload.and_then(|upload| Algorithm::parse(upload.value().1));
        let id = Uuid::from_u128(id.value());
        let is_whole = algorithm.is_some_and(|algorithm| {
            let kept = Hasher::restore(algorithm, state).map(Hasher::finish);
            let found = files
                .open(id)
                .and_then(|file| hash_file(file.as_ref(), length, algorithm));
            // A state of another kind says nothing of the content.
            found.is_ok_and(|found| kept.is_none_or(|kept| kept == found))
        });
        // Before the first byte there is no file.
        if length > 0 && !is_whole {
            damage
                .findings
                .push(format!("upload {id} is not what was acknowledged"));
            damage.uploads.insert(id);
            damage.files.push(id);
        }
    }
    Ok(())
}

/// Every file belongs to a blob or an upload.
fn audit_files(view: &View, files: &DiskFiles, damage: &mut Damage) -> Result<(), StoreError> {
    let known = Store::files_known_to(view)?;
    for file in files.list()?.into_iter().filter(|file| !known.contains(file)) {
        damage.findings.push(format!("file {file} belongs to nothing"));
        damage.files.push(file);
    }
    Ok(())
}

/// The rows that follow from those that are not damaged.
fn derive(view: &View, damage: &Damage) -> Result<Derived, StoreError> {
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
fn read_derived(view: &View) -> Result<Derived, StoreError> {
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

/// Removes what is damaged, and writes anew what follows from the rest.
fn mend(tables: &mut Tables<'_>, damage: &Damage, derived: &Derived) -> Result<(), StoreError> {
    for digest in &damage.blobs {
        tables.blobs.remove(digest.as_str())?;
    }
    for (name, digest) in &damage.links {
        tables.links.remove((name.as_str(), digest.as_str()))?;
    }
    for (name, digest) in &damage.manifests {
        tables.manifests.remove((name.as_str(), digest.as_str()))?;
    }
    for (name, tag) in &damage.tags {
        tables.tags.remove((name.as_str(), tag.as_str()))?;
    }
    for id in &damage.uploads {
        tables.uploads.remove(id.as_u128())?;
        tables.checkpoints.remove(id.as_u128())?;
    }
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

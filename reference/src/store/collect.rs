//! Garbage collection, while everything goes on.
//!
//! What is collected has lain unreferenced for a grace period, and nobody has been told in that time that
//! it exists. Both are decided in the change that removes it, where no push can come between.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use redb::ReadableTable as _;
use uuid::Uuid;

use super::manifests::{parse_stored, stored_digest};
use super::tables::{Tables, View, has_third};
use super::{Store, StoreError, now};
use crate::protocol::{Digest, Name};

/// How many candidates are removed in one change at most.
const GROUP: usize = 256;

/// How many rows are looked at before somebody else has a turn: they take a few milliseconds. Tests, whose stores are
/// small, look more than once as well.
const LOOK: usize = if cfg!(test) { 2 } else { 4096 };

/// A candidate: a repository and a digest in it.
type Candidate = (Name, Digest);

/// A place in a table, behind a row of this repository and this digest.
type Position = (String, String);

/// Looks behind a position for candidates older than a time.
type Find = fn(&View, Option<&Position>, u64) -> Result<Candidates, StoreError>;

/// Removes a candidate if it is garbage; returns the files that are garbage with it.
type Collect = fn(&mut Tables<'_>, &Candidate, u64) -> Result<Garbage, StoreError>;

/// The files of what was removed; `None` if it was not.
type Garbage = Option<Vec<Uuid>>;

/// What was found in some rows of a table.
#[derive(Debug, Default)]
struct Candidates {
    found: Vec<Candidate>,
    rows: usize,
    /// Where the next look begins; `None` at the end of the table.
    goes_on: Option<Position>,
}

/// How long content is kept that nothing refers to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grace {
    /// Blobs that no manifest names; `None` keeps them for ever.
    pub(crate) blobs: Option<Duration>,
    /// Manifests that no tag, index or present subject holds; `None` keeps them for ever.
    pub(crate) manifests: Option<Duration>,
}

/// What a collection removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    /// Manifests.
    pub(crate) manifests: usize,
    /// Blobs, each counted for each repository.
    pub(crate) blobs: usize,
}

impl Store {
    /// Removes what has been unreferenced for longer than its grace period.
    pub(crate) async fn collect(&self, grace: Grace) -> Result<Collected, StoreError> {
        let mut collected = Collected::default();
        // A restart forgets who was told what, so no grace period begins before it.
        let limit = |age: Duration| {
            now()
                .checked_sub(age.as_secs())
                .filter(|limit| *limit > self.started)
        };
        if let Some(limit) = grace.manifests.and_then(limit) {
            let collect: Collect = |tables, candidate, limit| tables.collect_manifest(candidate, limit);
            collected.manifests = self.collect_older(limit, manifests_after, collect).await?;
        }
        if let Some(limit) = grace.blobs.and_then(limit) {
            let collect: Collect = |tables, candidate, limit| tables.collect_blob(candidate, limit);
            collected.blobs = self.collect_older(limit, blobs_after, collect).await?;
        }
        let longest = grace.blobs.max(grace.manifests).unwrap_or_default();
        self.leases.forget_before(now().saturating_sub(longest.as_secs()));
        Ok(collected)
    }

    /// Removes what is garbage of one kind; each look is at a moment of its own, where waiting does no harm.
    async fn collect_older(&self, limit: u64, find: Find, collect: Collect) -> Result<usize, StoreError> {
        let (mut collected, mut after) = (0, None);
        loop {
            let view = self.metadata.view()?;
            let looking = tokio::task::spawn_blocking(move || find(&view, after.as_ref(), limit));
            let look = looking.await.map_err(io::Error::other)??;
            if !look.found.is_empty() {
                collected += self.collect_group(look.found, limit, collect).await?;
            }
            match look.goes_on {
                Some(position) => after = Some(position),
                None => return Ok(collected),
            }
        }
    }

    /// Removes those of a group that are still unreferenced and unseen.
    async fn collect_group(
        &self,
        group: Vec<Candidate>,
        limit: u64,
        collect: Collect,
    ) -> Result<usize, StoreError> {
        let nobody_looks = self.leases.collecting().await;
        let leases = Arc::clone(&self.leases);
        let removal = self.metadata.change(move |tables| {
            let mut removed = Vec::new();
            for candidate in group {
                if !leases.is_taken_since(&candidate.0, &candidate.1, limit) {
                    removed.extend(collect(tables, &candidate, limit)?);
                }
            }
            Ok(removed)
        });
        let removed = removal.await?;
        drop(nobody_looks);
        let count = removed.len();
        self.remove_files(removed.into_iter().flatten().collect()).await;
        Ok(count)
    }
}

/// Blobs of an age, in the order of their keys, that no manifest names.
fn blobs_after(view: &View, after: Option<&Position>, limit: u64) -> Result<Candidates, StoreError> {
    let (links, references) = (view.links()?, view.references()?);
    let mut look = Candidates::default();
    for row in links.range::<(&str, &str)>((behind(after), Bound::Unbounded))? {
        let (key, since) = row?;
        let (name, digest) = key.value();
        let is_candidate = since.value() < limit && !has_third(&references, name, digest)?;
        if look.is_full_with(name, digest, is_candidate)? {
            break;
        }
    }
    Ok(look)
}

/// Manifests of an age, in the order of their keys, that neither a tag nor an index names.
fn manifests_after(view: &View, after: Option<&Position>, limit: u64) -> Result<Candidates, StoreError> {
    let (manifests, references, tagged) = (view.manifests()?, view.references()?, view.tagged()?);
    let mut look = Candidates::default();
    for row in manifests.range::<(&str, &str)>((behind(after), Bound::Unbounded))? {
        let (key, row) = row?;
        let (name, digest) = key.value();
        let is_candidate = row.value().0 < limit
            && !has_third(&tagged, name, digest)?
            && !has_third(&references, name, digest)?;
        if look.is_full_with(name, digest, is_candidate)? {
            break;
        }
    }
    Ok(look)
}

fn behind(after: Option<&Position>) -> Bound<(&str, &str)> {
    after.map_or(Bound::Unbounded, |(name, digest)| {
        Bound::Excluded((name.as_str(), digest.as_str()))
    })
}

impl Candidates {
    /// Takes note of a row; whether it was enough for one look.
    fn is_full_with(&mut self, name: &str, digest: &str, is_candidate: bool) -> Result<bool, StoreError> {
        if is_candidate {
            let damaged = || StoreError::Damaged(format!("{name:?} is not a repository name"));
            self.found
                .push((Name::parse(name).ok_or_else(damaged)?, stored_digest(digest)?));
        }
        self.rows += 1;
        let is_full = self.found.len() == GROUP || self.rows == LOOK;
        if is_full {
            self.goes_on = Some((name.to_owned(), digest.to_owned()));
        }
        Ok(is_full)
    }
}

impl Tables<'_> {
    /// Removes a blob from a repository if it is garbage; returns the files that are garbage with it.
    fn collect_blob(&mut self, (name, digest): &Candidate, limit: u64) -> Result<Garbage, StoreError> {
        let key = (name.as_str(), digest.as_str());
        let is_old = self.links.get(key)?.is_some_and(|since| since.value() < limit);
        if !is_old || has_third(&self.references, key.0, key.1)? {
            return Ok(None);
        }
        Ok(Some(self.unlink_blob(name, digest)?.into_iter().collect()))
    }

    /// Removes a manifest if it is garbage. A referrer is held by its subject, while that is there.
    fn collect_manifest(&mut self, (name, digest): &Candidate, limit: u64) -> Result<Garbage, StoreError> {
        let key = (name.as_str(), digest.as_str());
        let subject = match self.manifests.get(key)? {
            Some(row) if row.value().0 < limit => parse_stored(key.1, row.value().1, row.value().2)?.subject,
            _ => return Ok(None),
        };
        let has_subject = match &subject {
            Some(subject) => self.manifests.get((key.0, subject.as_str()))?.is_some(),
            None => false,
        };
        if has_subject || has_third(&self.tagged, key.0, key.1)? || has_third(&self.references, key.0, key.1)?
        {
            return Ok(None);
        }
        self.remove_manifest(name, digest)?;
        Ok(Some(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;

    use bytes::Bytes;

    use redb::ReadableTableMetadata as _;

    use super::{Grace, Store};
    use crate::config::MissingContent;
    use crate::protocol::{Algorithm, Condition, Digest, Manifest, Name, Reference, Tag};
    use crate::store::NewManifest;

    const AT_ONCE: Grace = Grace {
        blobs: Some(Duration::ZERO),
        manifests: Some(Duration::ZERO),
    };

    /// How many blobs are garbage.
    const GARBAGE: usize = 7;

    fn name() -> Name {
        Name::parse("a").unwrap()
    }

    async fn push(store: &Store, content: String) -> Digest {
        let digest = Digest::of(Algorithm::Sha256, content.as_bytes());
        let mut upload = store.receive(&name(), Algorithm::Sha256).unwrap();
        upload.add(Bytes::from(content)).await.unwrap();
        store.finish_upload(upload, &digest).await.unwrap();
        digest
    }

    /// A store with a blob that a manifest with a tag names, and some that are garbage.
    async fn filled() -> (Store, Digest) {
        let mut store = Store::in_memory().unwrap();
        for number in 0..GARBAGE {
            push(&store, format!("garbage {number}")).await;
        }
        let kept = push(&store, "kept".to_owned()).await;
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let config = format!(r#"{{"mediaType":"a/b","digest":"{kept}","size":4}}"#);
        let written = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[]}}"#);
        let bytes = Bytes::from(written);
        let tag = Tag::parse("t").unwrap();
        let new = NewManifest {
            digest: Digest::of(Algorithm::Sha256, &bytes),
            manifest: Manifest::parse(&bytes, Some(media_type)).unwrap(),
            bytes,
            tags: vec![tag.clone()],
        };
        let (condition, missing) = (Condition::default(), MissingContent::Refuse);
        let (repository, reference) = (name(), Reference::Tag(tag));
        let put = store.put_manifest(&repository, &reference, new, condition, missing);
        put.await.unwrap();
        // As if it had been running for long.
        store.started = 0;
        (store, kept)
    }

    #[tokio::test]
    async fn a_collection_that_is_broken_off_anywhere_is_gone_on_with_by_the_next() {
        let mut stores = Vec::new();
        for steps in 0..40 {
            stores.push((steps, filled().await));
        }
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let mut is_broken_off_amidst = false;
        for (steps, (store, kept)) in stores {
            {
                let mut collecting = pin!(store.collect(AT_ONCE));
                for _ in 0..steps {
                    let poll = poll_fn(|context| Poll::Ready(collecting.as_mut().poll(context)));
                    if poll.await.is_ready() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            let left = store.collect(AT_ONCE).await.unwrap();
            assert_eq!(left.manifests, 0);
            assert!(left.blobs <= GARBAGE);
            is_broken_off_amidst |= (1..GARBAGE).contains(&left.blobs);
            let links = store.metadata.view().unwrap().links().unwrap();
            assert_eq!(links.len().unwrap(), 1);
            assert_eq!(store.blob_size(&name(), &kept).await.unwrap(), 4);
        }
        assert!(is_broken_off_amidst);
    }
}

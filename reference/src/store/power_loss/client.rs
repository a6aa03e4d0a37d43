//! A client of a store, which knows what was acknowledged, and what may or may not have been done.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use super::disk::{Disk, Random};
use crate::config::MissingContent;
use crate::protocol::{Algorithm, Condition, Digest, Manifest, Name, Reference, Tag};
use crate::store::{NewManifest, Store, StoreError};

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Blob(u64, String),
    Manifest(u64, String),
    Tag(u64, String),
    Upload(u64, Uuid),
}

/// What one step changes, all of it or nothing: the content of each key, none if it is gone.
type Step = Vec<(Key, Option<Bytes>)>;

/// How many steps went how.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    /// They were acknowledged.
    pub(super) acknowledged: u64,
    /// They were under way when the power was cut.
    pub(super) under_way: u64,
    /// They were under way, and were found done.
    pub(super) done_unheard: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.under_way += other.under_way;
        self.done_unheard += other.done_unheard;
    }
}

/// A client.
pub(super) struct Client {
    pub(super) tally: Tally,
    random: Random,
    known: BTreeMap<Key, Bytes>,
    /// The uploads that were acknowledged to be over.
    over: Vec<(u64, Uuid)>,
    /// The steps that were under way when the power was cut.
    doubtful: Vec<Step>,
    pushes: u64,
}

fn repository(number: u64) -> Name {
    Name::parse(&format!("r/{number}")).unwrap()
}

fn digest(content: &[u8]) -> Digest {
    Digest::of(Algorithm::Sha256, content)
}

fn parsed(text: &str) -> Digest {
    Digest::parse(text).unwrap()
}

impl Client {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            tally: Tally::default(),
            random: Random::new(seed),
            known: BTreeMap::new(),
            over: Vec::new(),
            doubtful: Vec::new(),
            pushes: 0,
        }
    }

    /// Changes the store in every way until the power is cut.
    pub(super) async fn use_until_cut(&mut self, store: &Store, disk: &Disk) {
        while !disk.is_off() {
            let steps = match self.random.roll(9) {
                0 | 1 => self.push_several(store).await,
                2 => self.open_upload(store),
                3 => self.add_to_upload(store).await,
                4 => self.finish_upload(store).await,
                5 => self.mount(store).await,
                6 | 7 => self.put_manifest(store).await,
                _ => self.delete(store).await,
            };
            for (step, done) in steps {
                match done {
                    Ok(()) => {
                        self.tally.acknowledged += 1;
                        self.acknowledge(step);
                    }
                    Err(fault) if fault.is_of_the_store() => self.doubtful.push(step),
                    Err(_) => {}
                }
            }
        }
    }

    fn acknowledge(&mut self, step: Step) {
        for (key, content) in step {
            if let (Key::Upload(number, id), None) = (&key, &content) {
                self.over.push((*number, *id));
            }
            match content {
                Some(content) => self.known.insert(key, content),
                None => self.known.remove(&key),
            };
        }
    }

    fn new_content(&mut self) -> Bytes {
        self.pushes += 1;
        let repeats = match self.random.roll(4) {
            0 => 3000,
            _ => self.random.roll(100),
        };
        Bytes::from(format!("{} {}", self.pushes, "content ".repeat(repeats as usize)))
    }

    /// A key that is known and fits.
    fn pick(&mut self, fits: fn(&Key) -> bool) -> Option<(Key, Bytes)> {
        let fitting = self.known.iter().filter(|(key, _)| fits(key)).collect::<Vec<_>>();
        let number = self.random.roll(fitting.len().max(1) as u64) as usize;
        fitting
            .get(number)
            .map(|(key, content)| ((*key).clone(), (*content).clone()))
    }

    /// Pushes up to three blobs at once, so that one commit serves several; some are there already.
    async fn push_several(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let mut pushes = Vec::new();
        for _ in 0..=self.random.roll(3) {
            let content = match self.pick(|key| matches!(key, Key::Blob(..))) {
                Some((_, content)) if self.random.roll(4) == 0 => content,
                _ => self.new_content(),
            };
            pushes.push((self.random.roll(2), content));
        }
        pushes.dedup_by_key(|(_, content)| content.clone());
        let done = futures(
            pushes
                .iter()
                .map(|(number, content)| push(store, *number, content)),
        )
        .await;
        pushes
            .into_iter()
            .zip(done)
            .map(|((number, content), done)| {
                let key = Key::Blob(number, digest(&content).as_str().to_owned());
                (vec![(key, Some(content))], done)
            })
            .collect()
    }

    fn open_upload(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let number = self.random.roll(2);
        let session = store.open_upload(&repository(number), Algorithm::Sha256);
        let key = Key::Upload(number, session.id());
        vec![(vec![(key, Some(Bytes::new()))], Ok(()))]
    }

    async fn add_to_upload(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let Some((key @ Key::Upload(number, id), before)) = self.pick(|key| matches!(key, Key::Upload(..)))
        else {
            return Vec::new();
        };
        let part = self.new_content();
        let after = Bytes::from([before.as_ref(), &part].concat());
        let adding = async {
            let session = store.upload(&repository(number), id).await?;
            let mut upload = store.append(&session, Some(before.len() as u64))?;
            upload.add(part).await?;
            store.keep_upload(upload).await.map(drop)
        };
        let done = adding.await;
        vec![(vec![(key, Some(after))], done)]
    }

    async fn finish_upload(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let Some((key @ Key::Upload(number, id), content)) = self.pick(|key| matches!(key, Key::Upload(..)))
        else {
            return Vec::new();
        };
        let digest = digest(&content);
        let finishing = async {
            let session = store.upload(&repository(number), id).await?;
            let upload = store.append(&session, None)?;
            store.finish_upload(upload, &digest).await
        };
        let done = finishing.await;
        let blob = Key::Blob(number, digest.as_str().to_owned());
        vec![(vec![(key, None), (blob, Some(content))], done)]
    }

    async fn mount(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let Some((Key::Blob(from, text), content)) = self.pick(|key| matches!(key, Key::Blob(..))) else {
            return Vec::new();
        };
        let to = 1 - from;
        let done = store
            .mount_blob(&repository(to), &parsed(&text), Some(&repository(from)))
            .await;
        vec![(vec![(Key::Blob(to, text), Some(content))], done.map(drop))]
    }

    async fn put_manifest(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let Some((Key::Blob(number, config), _)) = self.pick(|key| matches!(key, Key::Blob(..))) else {
            return Vec::new();
        };
        let tag = format!("t{}", self.random.roll(3));
        let written = json!({
            "schemaVersion": 2,
            "config": {"mediaType": "a/b", "digest": config, "size": 1},
            "layers": [],
            "annotations": {"ballast": "b".repeat(self.random.roll(600) as usize)},
        });
        let bytes = Bytes::from(written.to_string());
        let image = "application/vnd.oci.image.manifest.v1+json";
        let reference = Reference::Tag(Tag::parse(&tag).unwrap());
        let new = NewManifest {
            digest: digest(&bytes),
            bytes: bytes.clone(),
            manifest: Manifest::parse(&bytes, Some(image)).unwrap(),
            tags: vec![Tag::parse(&tag).unwrap()],
        };
        let name = digest(&bytes).as_str().to_owned();
        let (condition, missing) = (Condition::default(), MissingContent::Refuse);
        let done = store
            .put_manifest(&repository(number), &reference, new, condition, missing)
            .await;
        let step = vec![
            (Key::Manifest(number, name), Some(bytes.clone())),
            (Key::Tag(number, tag), Some(bytes)),
        ];
        vec![(step, done)]
    }

    async fn delete(&mut self, store: &Store) -> Vec<(Step, Result<(), StoreError>)> {
        let Some((key, content)) = self.pick(|_| true) else {
            return Vec::new();
        };
        let condition = Condition::default();
        let mut step = vec![(key.clone(), None)];
        let done = match &key {
            Key::Blob(number, text) => store.delete_blob(&repository(*number), &parsed(text)).await,
            Key::Tag(number, tag) => {
                let reference = Reference::Tag(Tag::parse(tag).unwrap());
                store
                    .delete_manifest(&repository(*number), &reference, condition)
                    .await
            }
            Key::Manifest(number, text) => {
                let tags = self.known.iter().filter(|(key, tagged)| {
                    matches!(key, Key::Tag(other, _) if other == number) && **tagged == content
                });
                step.extend(tags.map(|(key, _)| (key.clone(), None)));
                let reference = Reference::Digest(parsed(text));
                store
                    .delete_manifest(&repository(*number), &reference, condition)
                    .await
            }
            Key::Upload(number, id) => match store.upload(&repository(*number), *id).await {
                Ok(session) => store.cancel_upload(&session).await,
                Err(fault) => Err(fault),
            },
        };
        vec![(step, done)]
    }

    /// Says what is not as it was acknowledged; what was under way may be done, but not by halves.
    pub(super) async fn look(&mut self, store: &Store) -> Result<(), String> {
        for step in std::mem::take(&mut self.doubtful) {
            let mut found = Vec::new();
            for (key, _) in &step {
                found.push((key.clone(), read(store, key).await?));
            }
            let before = step
                .iter()
                .map(|(key, _)| (key.clone(), self.known.get(key).cloned()));
            let is_undone = before.eq(found.iter().cloned());
            if !is_undone && found != step {
                return Err(format!("{step:?} is done by halves: {found:?}"));
            }
            self.tally.under_way += 1;
            if !is_undone {
                self.tally.done_unheard += 1;
                self.acknowledge(step);
            }
        }
        for (key, content) in &self.known {
            let found = read(store, key).await?;
            if found.as_ref() != Some(content) {
                return Err(format!(
                    "{key:?} is not what was acknowledged: {:?}",
                    found.map(|found| found.len())
                ));
            }
        }
        for (number, id) in &self.over {
            if read(store, &Key::Upload(*number, *id)).await?.is_some() {
                return Err(format!("upload {id} was over and is open"));
            }
        }
        self.look_for_what_was_deleted(store)
    }

    fn look_for_what_was_deleted(&self, store: &Store) -> Result<(), String> {
        for number in 0..2 {
            let Ok(page) = store.tags(&repository(number), "", 100) else {
                continue;
            };
            for tag in page.entries {
                if !self.known.contains_key(&Key::Tag(number, tag.clone())) {
                    return Err(format!("tag {tag} was deleted and is there"));
                }
            }
        }
        Ok(())
    }
}

/// Does all at once.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all = all.map(Box::pin).collect::<Vec<_>>();
    let mut done = all.iter().map(|_| None).collect::<Vec<_>>();
    std::future::poll_fn(|context| {
        for (future, done) in all.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(output) = future.as_mut().poll(context)
            {
                *done = Some(output);
            }
        }
        match done.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

async fn push(store: &Store, number: u64, content: &Bytes) -> Result<(), StoreError> {
    let mut upload = store.receive(&repository(number), Algorithm::Sha256)?;
    upload.add(content.clone()).await?;
    store.finish_upload(upload, &digest(content)).await
}

/// What a store has for a key.
async fn read(store: &Store, key: &Key) -> Result<Option<Bytes>, String> {
    let found = match key {
        Key::Blob(number, text) => read_blob(store, &repository(*number), &parsed(text)).await,
        Key::Manifest(number, text) => {
            let reference = Reference::Digest(parsed(text));
            let found = store.manifest(&repository(*number), &reference).await;
            found.map(|manifest| manifest.bytes)
        }
        Key::Tag(number, tag) => {
            let reference = Reference::Tag(Tag::parse(tag).unwrap());
            let found = store.manifest(&repository(*number), &reference).await;
            found.map(|manifest| manifest.bytes)
        }
        Key::Upload(number, id) => read_upload(store, &repository(*number), *id).await,
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.is_of_the_store() => Err(format!("{key:?}: {fault}")),
        Err(_) => Ok(None),
    }
}

async fn read_blob(store: &Store, name: &Name, digest: &Digest) -> Result<Bytes, StoreError> {
    let size = store.blob_size(name, digest).await?;
    let reader = store.open_blob(name, digest).await?;
    reader.reading(0, size as usize).await
}

/// What an upload holds, as far as it was acknowledged.
async fn read_upload(store: &Store, name: &Name, id: Uuid) -> Result<Bytes, StoreError> {
    let session = store.upload(name, id).await?;
    let mut content = vec![0; session.offset() as usize];
    if !content.is_empty() {
        let count = store.files.open(id)?.read_at(&mut content, 0)?;
        content.truncate(count);
    }
    Ok(Bytes::from(content))
}

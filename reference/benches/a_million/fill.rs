//! A store of a certain size, filled over HTTP.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::client::Client;
use crate::content::{Blob, IMAGE, Random, descriptor, manifest};
use crate::registry::Registry;

/// The repository with a tag for each manifest of the store.
pub(crate) const TAGS: &str = "bench/tags";
/// The repository with the subject.
pub(crate) const SUBJECT: &str = "bench/subject";
/// How many manifests a repository has, and how many a subject has referrers less than the store has manifests.
const TENTH: u64 = 10;
/// How many clients fill at once.
const FILLERS: u64 = 16;
/// How many tags a push by digest may ask for.
const TAGS_AT_ONCE: u64 = 100;

/// How much a store has.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) manifests: u64,
    /// For each manifest.
    pub(crate) blobs: u64,
}

/// The image of this number, of whose blobs no other one has any.
pub(crate) struct Image {
    pub(crate) blobs: Vec<Blob>,
    pub(crate) manifest: Blob,
}

impl Image {
    pub(crate) fn new(number: u64, blobs: u64) -> Self {
        let mut random = Random(number);
        let mut blobs = (0..blobs)
            .map(|_| Blob::new(random.bytes(64)))
            .collect::<Vec<_>>();
        let layers = blobs.split_off(1);
        let manifest = manifest(&blobs[0], &layers);
        blobs.extend(layers);
        Self { blobs, manifest }
    }

    /// Pushes the image, under a tag.
    pub(crate) fn push(&self, client: &mut Client, repository: &str, tag: &str) {
        self.blobs
            .iter()
            .for_each(|blob| post_blob(client, repository, blob));
        client.push_manifest(repository, tag, &self.manifest);
    }
}

impl Shape {
    /// How many repositories there are, and how many referrers.
    pub(crate) const fn tenth(self) -> u64 {
        self.manifests / TENTH
    }

    /// A tag in the middle of the list.
    pub(crate) fn middle_tag(self) -> String {
        tag(self.manifests / 2)
    }

    /// An image in the middle of the store, and its repository.
    pub(crate) fn middle(self) -> (String, Image) {
        let number = self.manifests / 2;
        (repository(number / TENTH), Image::new(number, self.blobs))
    }
}

/// The repository of this number.
pub(crate) fn repository(number: u64) -> String {
    format!("bench/r-{number:07}")
}

/// The tag of this number.
pub(crate) fn tag(number: u64) -> String {
    format!("v{number:07}")
}

/// The manifest that has the referrers.
pub(crate) fn subject() -> Image {
    Image::new(u64::MAX, 1)
}

/// Fills the store in a folder; that it takes little time matters more than a power cut.
pub(crate) fn fill(folder: &Path, shape: Shape) {
    let registry = Registry::start(folder, &["--durability", "relaxed"]);
    let mut client = Client::new(registry.address);
    let subject = subject();
    subject.push(&mut client, TAGS, "latest");
    subject.push(&mut client, SUBJECT, "latest");
    let numbers = (0..shape.manifests).collect::<Vec<_>>();
    for tags in numbers.chunks(usize::try_from(TAGS_AT_ONCE).unwrap()) {
        let tags = tags.iter().map(|number| tag(*number)).collect::<Vec<_>>();
        let reference = format!("{}?tag={}", subject.manifest.digest, tags.join("&tag="));
        client.push_manifest(TAGS, &reference, &subject.manifest);
    }
    at_once(&registry, shape.tenth(), |client, number| {
        let referrer = referrer(&subject, number);
        client.push_manifest(SUBJECT, &referrer.digest, &referrer);
    });
    at_once(&registry, shape.tenth(), |client, number| {
        for number in number * TENTH..(number + 1) * TENTH {
            Image::new(number, shape.blobs).push(client, &repository(number / TENTH), &tag(number));
        }
    });
    registry.stop();
    // What the system has still to write is not the registry's doing.
    rustix::fs::sync();
    eprintln!("{} manifests are there", shape.manifests);
}

/// Does something for each number, by several clients.
fn at_once(registry: &Registry, numbers: u64, work: impl Fn(&mut Client, u64) + Sync) {
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..FILLERS {
            scope.spawn(|| {
                let mut client = Client::new(registry.address);
                loop {
                    match next.fetch_add(1, Ordering::Relaxed) {
                        number if number < numbers => work(&mut client, number),
                        _ => break,
                    }
                }
            });
        }
    });
}

/// Pushes a blob by one request.
pub(crate) fn post_blob(client: &mut Client, repository: &str, blob: &Blob) {
    let line = format!("POST /v2/{repository}/blobs/uploads/?digest={}", blob.digest);
    let pushed = client.send(&line, "", &blob.bytes);
    assert_eq!(pushed.status, 201, "{}", pushed.head);
}

/// The referrer of this number.
fn referrer(subject: &Image, number: u64) -> Blob {
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "artifactType": "application/vnd.example.bench",
        "config": descriptor("application/vnd.oci.empty.v1+json", &subject.blobs[0]),
        "layers": [],
        "subject": descriptor(IMAGE, &subject.manifest),
        "annotations": {"org.example.number": number.to_string()},
    });
    Blob::new(manifest.to_string().into_bytes())
}

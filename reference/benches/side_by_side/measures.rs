//! What is measured: each measure is a name, a unit in which more is better, and how it is taken.

use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::client::{Client, repeat};
use crate::content::{Blob, Content, Random, manifest};
use crate::secure;
use crate::server::{Kind, Server};

/// The repository that everything but the small images is in.
const REPOSITORY: &str = "bench/side";
/// How many clients push small images at once.
const PUSHERS: usize = 16;
/// How many small images each of them pushes.
const IMAGES: usize = 6;
/// How many connections ask for a manifest at once.
const READERS: usize = 32;
/// How many tags a push by digest may ask for.
const TAGS_AT_ONCE: usize = 100;

/// One thing that is measured.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// The servers that it is taken of.
    pub(crate) kinds: &'static [Kind],
    pub(crate) take: fn(&Server, &Content) -> f64,
}

const BOTH: &[Kind] = &[Kind::Strict, Kind::Docker];
const ALL: &[Kind] = &[Kind::Strict, Kind::Relaxed, Kind::Docker];
const SECURE: &[Kind] = &[Kind::StrictTls, Kind::DockerTls];
const REFERENCE: &[Kind] = &[Kind::Strict];

/// Everything that is measured.
pub(crate) const MEASURES: &[Measure] = &[
    measure("get-large", "GB/s", BOTH, get_large),
    measure("get-large-range", "GB/s", BOTH, get_large_range),
    measure("get-large-tls", "GB/s", SECURE, get_large),
    measure("get-large-tls-range", "GB/s", SECURE, get_large_range),
    measure("get-large-http2", "GB/s", SECURE, get_large_over_http2),
    measure("put-large", "GB/s", ALL, put_large),
    measure("get-small", "blobs/s", BOTH, get_small),
    measure("put-small", "blobs/s", ALL, put_small),
    measure("push-images", "images/s", ALL, push_images),
    measure("manifest-get", "/s", BOTH, get_manifest),
    measure("blob-head", "/s", BOTH, head_blob),
    measure("tag-page-of-100", "/s", BOTH, |server, _| tag_page(server, 100)),
    measure("tag-page-of-10000", "/s", REFERENCE, |server, _| {
        tag_page(server, 10_000)
    }),
    measure("tag-page-of-100000", "/s", REFERENCE, |server, _| {
        tag_page(server, 100_000)
    }),
];

const fn measure(
    name: &'static str,
    unit: &'static str,
    kinds: &'static [Kind],
    take: fn(&Server, &Content) -> f64,
) -> Measure {
    Measure {
        name,
        unit,
        kinds,
        take,
    }
}

/// Gives a server what it is asked for later, and sees that it gives it back as it was.
pub(crate) fn prepare(server: &Server, content: &Content, measures: &[&Measure]) {
    let mut client = Client::new(server);
    for blob in [&content.config, &content.small, &content.large] {
        client.push_blob(REPOSITORY, blob);
    }
    client.push_manifest(REPOSITORY, "latest", &content.manifest);
    let (mut at, source) = (0, &content.large);
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", source.digest);
    client.send_with(&line, "", b"", |part| {
        assert!(
            part == &source.bytes[at..at + part.len()],
            "it is not what was pushed"
        );
        at += part.len();
    });
    assert_eq!(at, source.bytes.len());
    for count in [100, 10_000, 100_000] {
        let name = format!("tag-page-of-{count}");
        if measures
            .iter()
            .any(|measure| measure.name == name && measure.kinds.contains(&server.kind))
        {
            push_tags(&mut client, server.kind, content, count);
        }
    }
}

/// Makes a repository with so many tags.
fn push_tags(client: &mut Client, kind: Kind, content: &Content, count: usize) {
    let repository = format!("bench/tags-{count}");
    client.push_blob(&repository, &content.config);
    client.push_blob(&repository, &content.small);
    let tags = (0..count).map(|tag| format!("v{tag:06}")).collect::<Vec<_>>();
    for tags in tags.chunks(TAGS_AT_ONCE) {
        if kind == Kind::Docker {
            for tag in tags {
                client.push_manifest(&repository, tag, &content.manifest);
            }
        } else {
            let reference = format!("{}?tag={}", content.manifest.digest, tags.join("&tag="));
            client.push_manifest(&repository, &reference, &content.manifest);
        }
    }
}

/// How many times `work` is done in a second, if it is done `count` times.
fn rate(count: f64, work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    count / began.elapsed().as_secs_f64()
}

fn gigabytes(blob: &Blob) -> f64 {
    blob.bytes.len() as f64 / 1e9
}

fn get_large(server: &Server, content: &Content) -> f64 {
    let mut client = Client::new(server);
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", content.large.digest);
    rate(gigabytes(&content.large), || {
        let answer = client.send(&line, "", b"");
        assert_eq!((answer.status, answer.length), (200, content.large.bytes.len()));
    })
}

fn get_large_range(server: &Server, content: &Content) -> f64 {
    let mut client = Client::new(server);
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", content.large.digest);
    rate(gigabytes(&content.large), || {
        let answer = client.send(&line, "Range: bytes=1-\r\n", b"");
        assert_eq!(
            (answer.status, answer.length),
            (206, content.large.bytes.len() - 1)
        );
    })
}

fn get_large_over_http2(server: &Server, content: &Content) -> f64 {
    let path = format!("/v2/{REPOSITORY}/blobs/{}", content.large.digest);
    rate(gigabytes(&content.large), || {
        assert_eq!(secure::get_over_http2(server, &path), content.large.bytes.len());
    })
}

fn put_large(server: &Server, content: &Content) -> f64 {
    let mut client = Client::new(server);
    let line = format!("DELETE /v2/{REPOSITORY}/blobs/{}", content.large.digest);
    assert_eq!(client.send(&line, "", b"").status, 202);
    assert!(Command::new("sync").status().unwrap().success());
    rate(gigabytes(&content.large), || {
        client.push_blob(REPOSITORY, &content.large);
    })
}

fn get_small(server: &Server, content: &Content) -> f64 {
    let mut client = Client::new(server);
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", content.small.digest);
    rate(500.0, || {
        for _ in 0..500 {
            let answer = client.send(&line, "", b"");
            assert_eq!((answer.status, answer.length), (200, content.small.bytes.len()));
        }
    })
}

fn put_small(server: &Server, _: &Content) -> f64 {
    let mut client = Client::new(server);
    let mut random = Random::from_the_clock();
    let blobs = (0..30)
        .map(|_| Blob::new(random.bytes(64 * 1024)))
        .collect::<Vec<_>>();
    rate(blobs.len() as f64, || {
        blobs.iter().for_each(|blob| client.push_blob(REPOSITORY, blob));
    })
}

fn push_images(server: &Server, _: &Content) -> f64 {
    let mut random = Random::from_the_clock();
    let mut image = || {
        let (config, layer) = (
            Blob::new(random.bytes(4 * 1024)),
            Blob::new(random.bytes(64 * 1024)),
        );
        (manifest(&config, &layer), config, layer)
    };
    let images = (0..PUSHERS * IMAGES).map(|_| image()).collect::<Vec<_>>();
    rate(images.len() as f64, || {
        thread::scope(|scope| {
            for (pusher, images) in images.chunks(IMAGES).enumerate() {
                scope.spawn(move || {
                    let mut client = Client::new(server);
                    let repository = format!("bench/images-{pusher}");
                    for (manifest, config, layer) in images {
                        client.push_blob(&repository, config);
                        client.push_blob(&repository, layer);
                        client.push_manifest(&repository, &manifest.digest, manifest);
                    }
                });
            }
        });
    })
}

/// How many requests measure a rate: as many as take a noticeable time.
const fn requests(kind: Kind) -> usize {
    match kind {
        Kind::Strict | Kind::Relaxed | Kind::StrictTls => 64_000,
        Kind::Docker | Kind::DockerTls => 3_200,
    }
}

fn get_manifest(server: &Server, content: &Content) -> f64 {
    let line = format!("GET /v2/{REPOSITORY}/manifests/{}", content.manifest.digest);
    let count = requests(server.kind);
    rate(count as f64, || repeat(server, &line, READERS, count))
}

fn head_blob(server: &Server, content: &Content) -> f64 {
    let line = format!("HEAD /v2/{REPOSITORY}/blobs/{}", content.small.digest);
    let count = requests(server.kind);
    rate(count as f64, || repeat(server, &line, READERS, count))
}

/// A page from the middle of the list, one request after the other.
fn tag_page(server: &Server, tags: usize) -> f64 {
    // Of 100 tags, the whole list is the page.
    let last = if tags > 100 {
        format!("&last=v{:06}", tags / 2)
    } else {
        String::new()
    };
    let line = format!("GET /v2/bench/tags-{tags}/tags/list?n=100{last}");
    let count = requests(server.kind) / 32;
    rate(count as f64, || repeat(server, &line, 1, count))
}

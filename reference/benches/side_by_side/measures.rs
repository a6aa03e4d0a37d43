//! What is measured: each measure is a name, of what it takes a rate, and how that is taken.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::content::{Blob, manifest};
use crate::held::{Held, random_from_the_clock};
use crate::peers::Transport;
use crate::repeat::repeat;
use crate::secure;
use crate::server::{Kind, Make, Server};

/// The repository that everything but the small images is in.
const REPOSITORY: &str = "bench/side";
/// How many small blobs one client puts: so many that the first of them, to which a registry is new, do not decide.
const SMALL: usize = 300;
/// How many clients push small images at once.
const PUSHERS: usize = 16;
/// How many small images each of them pushes.
const IMAGES: usize = 6;
/// How many connections ask for a manifest at once.
const READERS: usize = 32;
/// How many tags a push by digest may ask for.
const TAGS_AT_ONCE: usize = 100;

/// For how long requests are repeated that take no noticeable time by themselves.
const WHILE: Duration = Duration::from_secs(1);

/// How much was done, and in what time.
pub(crate) struct Taken {
    pub(crate) units: f64,
    pub(crate) seconds: f64,
}

/// One thing that is measured.
pub(crate) struct Measure {
    /// What `--only` is held against.
    pub(crate) name: &'static str,
    /// What the table says; more of it is better.
    pub(crate) title: &'static str,
    pub(crate) transport: Transport,
    makes: Makes,
    pub(crate) take: fn(&Server, &Held) -> Taken,
}

/// The servers that something is taken of.
#[derive(Clone, Copy)]
enum Makes {
    /// The durable reference and its peers.
    Durable,
    /// These and the relaxed reference, where durability costs something.
    Written,
    /// The reference alone, for what is held against itself.
    Reference,
}

impl Measure {
    /// Whether it is taken of such a server.
    pub(crate) fn is_of(&self, kind: Kind) -> bool {
        let is_of_make = match self.makes {
            Makes::Durable => kind.make != Make::Relaxed,
            Makes::Written => true,
            Makes::Reference => kind.make == Make::Strict,
        };
        is_of_make && kind.transport == self.transport
    }
}

/// Everything that is measured.
pub(crate) const MEASURES: &[Measure] = &[
    plain(
        "get-large",
        "GET of a large blob, GB/s",
        Makes::Durable,
        get_large,
    ),
    plain(
        "get-large-range",
        "a range of it, GB/s",
        Makes::Durable,
        get_large_range,
    ),
    over_tls("get-large-tls", "GET of a large blob over TLS, GB/s", get_large),
    over_tls(
        "get-large-tls-range",
        "a range of it over TLS, GB/s",
        get_large_range,
    ),
    over_tls(
        "get-large-http2",
        "GET of a large blob over HTTP/2, GB/s",
        get_large_over_http2,
    ),
    plain(
        "put-large",
        "PUT of a large blob, GB/s",
        Makes::Written,
        put_large,
    ),
    plain(
        "get-small",
        "GET of 64 KiB, per second",
        Makes::Durable,
        get_small,
    ),
    plain(
        "put-small",
        "PUT of 64 KiB, per second",
        Makes::Written,
        put_small,
    ),
    plain(
        "push-images",
        "pushes of small images by 16 clients, per second",
        Makes::Written,
        push_images,
    ),
    plain(
        "manifest-get",
        "GET of a manifest, per second",
        Makes::Durable,
        get_manifest,
    ),
    plain(
        "blob-head",
        "HEAD of a blob, per second",
        Makes::Durable,
        head_blob,
    ),
    plain(
        "tag-page-of-100",
        "page of 100 tags out of 100, per second",
        Makes::Durable,
        page_of_100_tags,
    ),
    plain(
        "tag-page-of-10000",
        "page of 100 tags out of 10,000, per second",
        Makes::Reference,
        page_of_10_000_tags,
    ),
    plain(
        "tag-page-of-100000",
        "page of 100 tags out of 100,000, per second",
        Makes::Reference,
        page_of_100_000_tags,
    ),
];

const fn plain(
    name: &'static str,
    title: &'static str,
    makes: Makes,
    take: fn(&Server, &Held) -> Taken,
) -> Measure {
    Measure {
        name,
        title,
        transport: Transport::Plain,
        makes,
        take,
    }
}

const fn over_tls(name: &'static str, title: &'static str, take: fn(&Server, &Held) -> Taken) -> Measure {
    Measure {
        transport: Transport::Tls,
        ..plain(name, title, Makes::Durable, take)
    }
}

/// Gives a server what it is asked for later, and sees that it gives it back as it was.
pub(crate) fn prepare(server: &Server, content: &Held, measures: &[&Measure]) {
    let mut client = server.client();
    for blob in [&content.config, &content.small, &content.large] {
        push_blob(&mut client, REPOSITORY, blob);
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
            .any(|measure| measure.name == name && measure.is_of(server.kind))
        {
            push_tags(&mut client, server.kind.make, content, count);
        }
    }
}

/// Pushes a blob: POST, then PUT.
fn push_blob(client: &mut Client, repository: &str, blob: &Blob) {
    let opened = client.send(&format!("POST /v2/{repository}/blobs/uploads/"), "", b"");
    assert_eq!(opened.status, 202, "{}", opened.head);
    let location = opened.header("location").unwrap();
    let path = location.split_once("://").map_or(location, |(_, rest)| {
        rest.find('/').map_or(location, |slash| &rest[slash..])
    });
    let mark = if path.contains('?') { '&' } else { '?' };
    let line = format!("PUT {path}{mark}digest={}", blob.digest);
    let pushed = client.send(&line, "", &blob.bytes);
    assert_eq!(pushed.status, 201, "{}", pushed.head);
}

/// Makes a repository with so many tags.
fn push_tags(client: &mut Client, make: Make, content: &Held, count: usize) {
    let repository = format!("bench/tags-{count}");
    push_blob(client, &repository, &content.config);
    push_blob(client, &repository, &content.small);
    let tags = (0..count).map(|tag| format!("v{tag:06}")).collect::<Vec<_>>();
    for tags in tags.chunks(TAGS_AT_ONCE) {
        if make.is_reference() {
            let reference = format!("{}?tag={}", content.manifest.digest, tags.join("&tag="));
            client.push_manifest(&repository, &reference, &content.manifest);
        } else {
            for tag in tags {
                client.push_manifest(&repository, tag, &content.manifest);
            }
        }
    }
}

/// How long `work` takes, which does so much.
fn timed(units: f64, work: impl FnOnce()) -> Taken {
    let began = Instant::now();
    work();
    Taken {
        units,
        seconds: began.elapsed().as_secs_f64(),
    }
}

/// How often a request is answered in a while.
fn repeated(server: &Server, line: &str, connections: usize) -> Taken {
    let began = Instant::now();
    let answered = repeat(server, line, connections, WHILE);
    Taken {
        units: answered as f64,
        seconds: began.elapsed().as_secs_f64(),
    }
}

fn gigabytes(blob: &Blob) -> f64 {
    blob.bytes.len() as f64 / 1e9
}

fn get_large(server: &Server, content: &Held) -> Taken {
    let mut client = server.client();
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", content.large.digest);
    timed(gigabytes(&content.large), || {
        let answer = client.send(&line, "", b"");
        assert_eq!((answer.status, answer.length), (200, content.large.bytes.len()));
    })
}

fn get_large_range(server: &Server, content: &Held) -> Taken {
    let mut client = server.client();
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", content.large.digest);
    timed(gigabytes(&content.large), || {
        let answer = client.send(&line, "Range: bytes=1-\r\n", b"");
        assert_eq!(
            (answer.status, answer.length),
            (206, content.large.bytes.len() - 1)
        );
    })
}

fn get_large_over_http2(server: &Server, content: &Held) -> Taken {
    let path = format!("/v2/{REPOSITORY}/blobs/{}", content.large.digest);
    timed(gigabytes(&content.large), || {
        assert_eq!(secure::get_over_http2(server, &path), content.large.bytes.len());
    })
}

fn put_large(server: &Server, content: &Held) -> Taken {
    let mut client = server.client();
    let line = format!("DELETE /v2/{REPOSITORY}/blobs/{}", content.large.digest);
    assert_eq!(client.send(&line, "", b"").status, 202);
    assert!(Command::new("sync").status().unwrap().success());
    timed(gigabytes(&content.large), || {
        push_blob(&mut client, REPOSITORY, &content.large);
    })
}

fn get_small(server: &Server, content: &Held) -> Taken {
    let mut client = server.client();
    let line = format!("GET /v2/{REPOSITORY}/blobs/{}", content.small.digest);
    timed(500.0, || {
        for _ in 0..500 {
            let answer = client.send(&line, "", b"");
            assert_eq!((answer.status, answer.length), (200, content.small.bytes.len()));
        }
    })
}

fn put_small(server: &Server, _: &Held) -> Taken {
    let mut client = server.client();
    let mut random = random_from_the_clock();
    let blobs = (0..SMALL)
        .map(|_| Blob::new(random.bytes(64 * 1024)))
        .collect::<Vec<_>>();
    timed(blobs.len() as f64, || {
        blobs
            .iter()
            .for_each(|blob| push_blob(&mut client, REPOSITORY, blob));
    })
}

fn push_images(server: &Server, _: &Held) -> Taken {
    let mut random = random_from_the_clock();
    let mut image = || {
        let (config, layer) = (
            Blob::new(random.bytes(4 * 1024)),
            Blob::new(random.bytes(64 * 1024)),
        );
        (manifest(&config, std::slice::from_ref(&layer)), config, layer)
    };
    let images = (0..PUSHERS * IMAGES).map(|_| image()).collect::<Vec<_>>();
    timed(images.len() as f64, || {
        thread::scope(|scope| {
            for (pusher, images) in images.chunks(IMAGES).enumerate() {
                scope.spawn(move || {
                    let mut client = server.client();
                    let repository = format!("bench/images-{pusher}");
                    for (manifest, config, layer) in images {
                        push_blob(&mut client, &repository, config);
                        push_blob(&mut client, &repository, layer);
                        client.push_manifest(&repository, &manifest.digest, manifest);
                    }
                });
            }
        });
    })
}

fn get_manifest(server: &Server, content: &Held) -> Taken {
    let line = format!("GET /v2/{REPOSITORY}/manifests/{}", content.manifest.digest);
    repeated(server, &line, READERS)
}

fn head_blob(server: &Server, content: &Held) -> Taken {
    let line = format!("HEAD /v2/{REPOSITORY}/blobs/{}", content.small.digest);
    repeated(server, &line, READERS)
}

/// A page from the middle of the list, one request after the other.
fn tag_page(server: &Server, tags: usize) -> Taken {
    // Of 100 tags, the whole list is the page.
    let last = if tags > 100 {
        format!("&last=v{:06}", tags / 2)
    } else {
        String::new()
    };
    let line = format!("GET /v2/bench/tags-{tags}/tags/list?n=100{last}");
    repeated(server, &line, 1)
}

fn page_of_100_tags(server: &Server, _: &Held) -> Taken {
    tag_page(server, 100)
}

fn page_of_10_000_tags(server: &Server, _: &Held) -> Taken {
    tag_page(server, 10_000)
}

fn page_of_100_000_tags(server: &Server, _: &Held) -> Taken {
    tag_page(server, 100_000)
}

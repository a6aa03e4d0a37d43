//! Mutations at random, of what real answers have.

use http::header::CONTENT_LENGTH;
use http::{HeaderName, Method};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::stroke::KINDS;
use super::{AnswerChange, Mutation, Stroke, Twist};
use crate::saboteur::call::Kind;

/// Of so many mutations one has more than one stroke: most of what breaks, breaks alone.
const SEVERAL: u32 = 6;

/// The statuses that answers get.
const STATUSES: [u16; 17] = [
    200, 201, 202, 204, 206, 301, 307, 308, 400, 401, 403, 404, 405, 416, 429, 500, 503,
];

impl Mutation {
    /// Draws one.
    pub fn draw(random: &mut ChaCha8Rng) -> Mutation {
        let strokes = match random.random_ratio(1, SEVERAL) {
            true => random.random_range(2..=3),
            false => 1,
        };
        Mutation((0..strokes).map(|_| stroke(random)).collect())
    }
}

fn stroke(random: &mut ChaCha8Rng) -> Stroke {
    let (_, kind) = picked(&KINDS, random);
    let method = picked(methods(kind), random);
    let class = picked(&[Some(2), Some(2), Some(2), Some(4), None], random);
    Stroke {
        change: change(kind, &method, random),
        method: (!random.random_ratio(1, 5)).then_some(method),
        kind,
        class,
    }
}

fn change(kind: Kind, method: &Method, random: &mut ChaCha8Rng) -> AnswerChange {
    let header = HeaderName::from_static(picked(headers(kind), random));
    let pointer = picked(pointers(kind, method), random).to_owned();
    let twist = picked(Twist::ALL, random);
    match random.random_range(0..20) {
        0..3 => AnswerChange::Status(picked(&STATUSES, random)),
        3..6 => AnswerChange::Drop(header),
        // No server that this one is made with sends two lengths.
        10..12 if header != CONTENT_LENGTH => AnswerChange::Double(header, twist),
        6..12 => AnswerChange::Twist(header, twist),
        12 => AnswerChange::Remove(pointer),
        13 => AnswerChange::Retype(pointer),
        14 => AnswerChange::Halve(pointer),
        15 => AnswerChange::Code,
        16 => AnswerChange::Pause,
        17 => AnswerChange::Split,
        18 => AnswerChange::Chunk,
        _ => AnswerChange::Repeat,
    }
}

/// The methods that a kind of resource has.
fn methods(kind: Kind) -> &'static [Method] {
    match kind {
        Kind::Tag | Kind::Manifest => &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
        Kind::Blob => &[Method::GET, Method::HEAD, Method::DELETE],
        Kind::Uploads => &[Method::POST],
        Kind::Session => &[Method::PATCH, Method::PUT, Method::GET, Method::DELETE],
        Kind::Base | Kind::Tags | Kind::Referrers | Kind::Catalog | Kind::Other => &[Method::GET],
    }
}

/// The headers that answers about a kind of resource have.
fn headers(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Base | Kind::Other => &[
            "content-type",
            "content-length",
            "docker-distribution-api-version",
        ],
        Kind::Tag | Kind::Manifest => &[
            "content-type",
            "content-length",
            "docker-content-digest",
            "location",
            "etag",
            "oci-subject",
            "docker-distribution-api-version",
        ],
        Kind::Blob => &[
            "content-type",
            "content-length",
            "docker-content-digest",
            "accept-ranges",
            "content-range",
            "etag",
        ],
        Kind::Uploads | Kind::Session => &[
            "location",
            "location",
            "range",
            "content-length",
            "docker-upload-uuid",
            "docker-content-digest",
            "oci-chunk-min-length",
        ],
        Kind::Tags | Kind::Referrers | Kind::Catalog => &[
            "content-type",
            "content-length",
            "link",
            "link",
            "oci-filters-applied",
        ],
    }
}

/// What the JSON bodies about a kind of resource have.
fn pointers(kind: Kind, method: &Method) -> &'static [&'static str] {
    const ERRORS: &[&str] = &[
        "/errors",
        "/errors/0",
        "/errors/0/code",
        "/errors/0/message",
        "/errors/0/detail",
    ];
    match kind {
        Kind::Tags => &["/name", "/tags", "/tags/0"],
        Kind::Catalog => &["/repositories", "/repositories/0"],
        Kind::Referrers => &[
            "/schemaVersion",
            "/mediaType",
            "/manifests",
            "/manifests/0",
            "/manifests/0/mediaType",
            "/manifests/0/digest",
            "/manifests/0/size",
            "/manifests/0/artifactType",
            "/manifests/0/annotations",
        ],
        Kind::Tag | Kind::Manifest if *method == Method::GET => {
            &["/mediaType", "/config", "/layers", "/errors", "/errors/0/code"]
        }
        _ => ERRORS,
    }
}

/// One of a table, which is never empty.
fn picked<T: Clone>(from: &[T], random: &mut ChaCha8Rng) -> T {
    from[random.random_range(0..from.len())].clone()
}

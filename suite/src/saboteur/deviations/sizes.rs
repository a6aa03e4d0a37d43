//! Deviations in how large a manifest may be.

use http::Method;

use super::tools::sha256;
use super::tricks::{created, manifest_path};
use crate::saboteur::{Deviation, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::instead(
        "manifest-of-four-mebibytes-413",
        &["push.manifest.four-megabytes"],
        |call| {
            let is_large = call.is_of_manifest(&Method::PUT) && call.body.len() > 4_000_000;
            is_large.then(|| Reply::error(413, "SIZE_INVALID"))
        },
    ),
    Deviation::instead(
        "manifest-of-any-size",
        &["push.manifest.size-limit-exists"],
        |call| {
            let is_huge = call.is_of_manifest(&Method::PUT) && call.body.len() > 32 * 1024 * 1024;
            is_huge.then(|| created(&manifest_path(call.repository(), &sha256(&call.body))))
        },
    ),
    Deviation::reply(
        "large-manifest-400",
        &["push.manifest.size-limit-413"],
        |call, reply| {
            if call.is_of_manifest(&Method::PUT) && reply.status == 413 {
                reply.become_error(400, "MANIFEST_INVALID");
            }
        },
    ),
];

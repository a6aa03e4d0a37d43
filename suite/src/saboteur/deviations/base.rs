//! Deviations at the base endpoint, and registries that leave out more than they may.

use http::Method;

use super::tools::not_allowed;
use crate::saboteur::{Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::reply("base-404", &["base.get-200"], |call, reply| {
        if call.is(&Method::GET, Kind::Base) {
            reply.become_error(404, "UNSUPPORTED");
        }
    }),
    Deviation::instead("query-400", &["base.query-ignored"], |call| {
        let has_query = call.is_of_manifest(&Method::GET) && !call.query.is_empty();
        has_query.then(|| Reply::error(400, "UNSUPPORTED"))
    }),
    Deviation::reply("query-changes-type", &["base.query-ignored"], |call, reply| {
        if call.is(&Method::GET, Kind::Blob) && !call.query.is_empty() {
            reply.set("content-type", "text/plain");
        }
    }),
    Deviation::instead("head-of-blobs-405", &["category.pull"], |call| {
        call.is(&Method::HEAD, Kind::Blob).then(|| not_allowed("GET"))
    }),
    Deviation::instead("manifests-by-digest-501", &["category.pull"], |call| {
        call.is(&Method::GET, Kind::Manifest).then(|| Reply::empty(501))
    }),
    Deviation::instead("push-405", &["category.push"], |call| {
        call.is(&Method::POST, Kind::Uploads).then(|| not_allowed(""))
    }),
    Deviation::instead("tag-list-405", &["category.discovery"], |call| {
        call.is(&Method::GET, Kind::Tags).then(|| not_allowed(""))
    }),
    Deviation::instead("referrers-404", &["category.referrers"], |call| {
        call.reads(Kind::Referrers).then(|| Reply::empty(404))
    }),
    Deviation::instead("deletion-405", &["category.management"], |call| {
        let deletes = call.is_of_manifest(&Method::DELETE) || call.is(&Method::DELETE, Kind::Blob);
        deletes.then(|| not_allowed("GET, HEAD"))
    }),
];

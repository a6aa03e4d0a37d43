//! The table of all deviations, a file for each part of the protocol.

mod accounts;
mod addresses;
mod base;
mod chunks;
mod clients;
mod codings;
mod conditional;
mod connections;
mod deletion;
mod docker;
mod docker_logins;
mod errors;
mod extensions;
mod freshness;
mod head;
mod histories;
mod http;
mod isolation;
mod legacy;
mod manifests;
mod mounts;
mod names;
mod parts;
mod pull;
mod range;
mod referrer_descriptors;
mod referrer_pages;
mod referrers;
mod security;
mod session_security;
mod sessions;
mod sha512;
mod shapes;
mod sizes;
mod tag_pages;
mod tags;
mod tokens;
pub(super) mod tools;
pub(super) mod tricks;
mod uploads;
mod writers;

use super::deviation::Deviation;
pub(super) use tricks::gzipped;

/// Every deviation.
pub fn all() -> Vec<Deviation> {
    [
        base::DEVIATIONS,
        names::DEVIATIONS,
        pull::DEVIATIONS,
        head::DEVIATIONS,
        range::DEVIATIONS,
        parts::DEVIATIONS,
        sessions::DEVIATIONS,
        uploads::DEVIATIONS,
        chunks::DEVIATIONS,
        mounts::DEVIATIONS,
        manifests::DEVIATIONS,
        sizes::DEVIATIONS,
        tags::DEVIATIONS,
        tag_pages::DEVIATIONS,
        referrers::DEVIATIONS,
        referrer_descriptors::DEVIATIONS,
        referrer_pages::DEVIATIONS,
        deletion::DEVIATIONS,
        errors::DEVIATIONS,
        http::DEVIATIONS,
        conditional::DEVIATIONS,
        isolation::DEVIATIONS,
        security::DEVIATIONS,
        session_security::DEVIATIONS,
        histories::DEVIATIONS,
        connections::DEVIATIONS,
        extensions::DEVIATIONS,
        accounts::DEVIATIONS,
        tokens::DEVIATIONS,
        addresses::DEVIATIONS,
        writers::DEVIATIONS,
        shapes::DEVIATIONS,
        sha512::DEVIATIONS,
        freshness::DEVIATIONS,
        codings::DEVIATIONS,
        clients::DEVIATIONS,
        docker::DEVIATIONS,
        docker_logins::DEVIATIONS,
        legacy::DEVIATIONS,
    ]
    .concat()
}

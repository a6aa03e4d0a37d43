//! The table of all variations, a file for each part of the protocol.

mod bodies;
mod deletion;
mod downloads;
mod errors;
mod headers;
mod links;
mod lists;
mod locations;
mod tokens;
mod tools;
mod transport;
mod uploads;

use super::variation::Variation;

/// Every variation.
pub fn all() -> Vec<Variation> {
    [
        locations::VARIATIONS,
        uploads::VARIATIONS,
        downloads::VARIATIONS,
        headers::VARIATIONS,
        bodies::VARIATIONS,
        lists::VARIATIONS,
        links::VARIATIONS,
        errors::VARIATIONS,
        deletion::VARIATIONS,
        tokens::VARIATIONS,
        transport::VARIATIONS,
    ]
    .concat()
}

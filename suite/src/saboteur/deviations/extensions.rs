//! Deviations of extensions.

use http::Method;

use super::tricks::created;
use crate::saboteur::{Call, Deviation, Kind, Reply};

/// The deviations.
pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation::instead("underscore-names-taken", &["ext.reserved-names"], |call| {
        if !is_reserved(call) {
            return None;
        }
        match call.kind() {
            Kind::Uploads if call.method == Method::POST => {
                let mut opened = Reply::empty(202);
                opened.set(
                    "location",
                    &format!("{}0d5c3a7e-5a0f-4e4b-9d6a-2f8f1f0f6a11", call.path),
                );
                opened.set("content-length", "0");
                Some(opened)
            }
            Kind::Tag if call.method == Method::PUT => Some(created(&call.path)),
            _ => None,
        }
    }),
    Deviation::call("catalog-ignores-n", &["ext.pagination"], |call| {
        if call.is(&Method::GET, Kind::Catalog) {
            call.drop_parameter("n");
        }
    }),
];

/// Whether a component of the repository's name begins with an underscore.
fn is_reserved(call: &Call) -> bool {
    call.repository()
        .split('/')
        .any(|component| component.starts_with('_'))
}

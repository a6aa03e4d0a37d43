//! A text that names nothing of the protocol.

/// A text that is no path of the protocol, or no part of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}")]
pub struct NotARoute {
    wanted: &'static str,
    text: String,
}

impl NotARoute {
    /// What was wanted, with its article, and the text.
    pub(crate) fn new(wanted: &'static str, text: &str) -> Self {
        Self {
            wanted,
            text: text.to_owned(),
        }
    }
}

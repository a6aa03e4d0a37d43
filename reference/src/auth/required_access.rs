//! What a request requires: rights, in repositories.

use super::accounts::Right;
use crate::protocol::Name;

/// A right, and where it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequiredAccess {
    /// To be somebody: here clients ask whether they have to say who they are.
    ToBeKnown,
    /// A right in a repository.
    In(Right, Name),
    /// To read every repository.
    ToReadAll,
}

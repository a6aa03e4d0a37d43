//! What a request needs: rights, in repositories.

use http::Method;

use super::accounts::Right;
use crate::protocol::{Name, Query};
use crate::routes::Route;

/// A right, and where it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// To be somebody: here clients ask whether they have to say who they are.
    ToBeKnown,
    /// A right in a repository.
    In(Right, Name),
    /// To read every repository.
    ToReadAll,
}

impl Need {
    /// What a request needs, first of all for what it names in its path.
    pub(crate) fn of(method: &Method, route: &Route, query: &Query) -> Vec<Self> {
        let is_safe = method == Method::GET || method == Method::HEAD;
        let own = match route {
            Route::Token => return Vec::new(),
            Route::Base => Self::ToBeKnown,
            Route::Catalog => Self::ToReadAll,
            Route::Uploads(name) | Route::Upload(name, _) => Self::In(Right::Push, name.clone()),
            Route::Blob(name, _) | Route::Manifest(name, _) if method == Method::DELETE => {
                Self::In(Right::Delete, name.clone())
            }
            Route::Manifest(name, _) if !is_safe => Self::In(Right::Push, name.clone()),
            Route::Blob(name, _)
            | Route::Manifest(name, _)
            | Route::Tags(name)
            | Route::Referrers(name, _) => Self::In(Right::Pull, name.clone()),
        };
        // A mount reads what it copies.
        let source = match (route, query.first("mount"), query.first("from")) {
            (Route::Uploads(_), Some(_), Some(source)) => Name::parse(source),
            _ => None,
        };
        let source = source.map(|source| Self::In(Right::Pull, source));
        std::iter::once(own).chain(source).collect()
    }
}

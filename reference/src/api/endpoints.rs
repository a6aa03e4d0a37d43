//! The whole protocol on one screen: a row for each endpoint (spec: Endpoints).
//!
//! A row says method and path, what its client must have the right to do, whether this registry offers it, and
//! what answers it. A HEAD is answered as a GET, without its body.

use http::Method;

use super::answer::Answer;
use super::context::Context;
use super::{base, blobs, catalog, manifests, referrers, tags, token, uploads};
use crate::auth::{RequiredAccess, Right};
use crate::config::{Config, Gate};
use crate::http::error::{Failure, Fault};
use crate::http::request_body::RequestBody;
use crate::http::routes::Route;
use crate::protocol::{Name, Query, Reference};

/// Whether a registry has an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It is offered.
    Offered,
    /// Its path is there, but not its method.
    Refused,
    /// Even its path is not there.
    LeftOut,
}

/// Makes of the rows what finds an endpoint, what a request to it requires, and what methods a path has.
macro_rules! endpoints {
    (
        ($query:ident, $config:ident, $context:ident, $body:ident)
        $($method:ident $route:pat_param, $access:expr, $presence:expr => $answer:expr;)*
    ) => {
        /// Lets the endpoint answer that a request is for.
        ///
        /// # Errors
        /// Fails if there is no such endpoint here, or as the endpoint does.
        pub(super) async fn answer($context: &Context, $body: &mut RequestBody) -> Result<Answer, Failure> {
            let $config = $context.config();
            match (or_get($context.method()), $context.route()) {
                $((&Method::$method, $route) if is_offered($presence) => $answer,)*
                (_, route) => Err(refusal(route, $config)),
            }
        }

        /// What a request requires; with a method that its path does not have, what the first that it has does.
        #[expect(unused_variables, reason = "a row names parts of its path for its other columns too")]
        pub(super) fn required_access(method: &Method, route: &Route, $query: &Query) -> Vec<RequiredAccess> {
            let method = or_get(method);
            $(if let (&Method::$method, $route) = (method, route) { return $access; })*
            $(if let $route = route { return $access; })*
            Vec::new()
        }

        /// The methods that a path has here; none if the registry leaves the path out.
        #[expect(unused_variables, reason = "a row names parts of its path for its other columns too")]
        fn methods(route: &Route, $config: &Config) -> Option<Vec<Method>> {
            let mut methods = Vec::new();
            let mut is_there = false;
            $(if let $route = route {
                let presence = $presence;
                is_there |= presence != Presence::LeftOut;
                if is_offered(presence) {
                    methods.push(Method::$method);
                    methods.extend((Method::$method == Method::GET).then_some(Method::HEAD));
                }
            })*
            is_there.then_some(methods)
        }
    };
}

endpoints! {
    (query, config, context, body)
    GET    Route::Base,                      to_be_known(),           always()                                            => Ok(base::answer());
    GET    Route::Token,                     nothing(),               with_tokens(config)                                 => token::give(context);
    POST   Route::Token,                     nothing(),               with_tokens(config)                                 => token::grant(context, body).await;
    GET    Route::TokenKeys,                 nothing(),               with_tokens(config)                                 => token::keys(context);
    GET    Route::TokenCertificate,          nothing(),               with_tokens(config)                                 => token::certificate(context);
    GET    Route::Catalog,                   to_read_all(),           unless(config.offer.no_catalog)                     => catalog::list(context);
    GET    Route::Blob(name, digest),        to(Right::Pull, name),   always()                                            => blobs::get(context, name, digest).await;
    DELETE Route::Blob(name, digest),        to(Right::Delete, name), change_unless(config.offer.no_blob_deletion, config) => blobs::delete(context, name, digest).await;
    GET    Route::Manifest(name, reference), to(Right::Pull, name),   always()                                            => manifests::get(context, name, reference).await;
    PUT    Route::Manifest(name, reference), to(Right::Push, name),   change(config)                                      => manifests::put(context, name, reference, body).await;
    DELETE Route::Manifest(name, reference), to(Right::Delete, name), deletion(reference, config)                         => manifests::delete(context, name, reference).await;
    POST   Route::Uploads(name),             to_upload(name, query),  change(config)                                      => uploads::open(context, name, body).await;
    GET    Route::Upload(name, id),          to(Right::Push, name),   always()                                            => uploads::status(context, name, *id).await;
    PATCH  Route::Upload(name, id),          to(Right::Push, name),   change(config)                                      => uploads::append(context, name, *id, body).await;
    PUT    Route::Upload(name, id),          to(Right::Push, name),   change(config)                                      => uploads::close(context, name, *id, body).await;
    DELETE Route::Upload(name, id),          to(Right::Push, name),   change(config)                                      => uploads::cancel(context, name, *id).await;
    GET    Route::Tags(name),                to(Right::Pull, name),   always()                                            => tags::list(context, name);
    GET    Route::Referrers(name, digest),   to(Right::Pull, name),   unless(config.offer.no_referrers)                   => referrers::list(context, name, digest);
}

/// Refuses what is for everybody to anybody, before they are asked who they are: a method that the token endpoint
/// does not have.
pub(super) fn refuse_everybody(method: &Method, route: &Route, config: &Config) -> Option<Failure> {
    let methods = methods(route, config).filter(|_| *route == Route::Token)?;
    (!methods.contains(method)).then(|| Failure::method_not_allowed(&methods))
}

/// Why a path and a method that are no endpoint here are refused.
fn refusal(route: &Route, config: &Config) -> Failure {
    match methods(route, config) {
        Some(methods) => Failure::method_not_allowed(&methods),
        None => Fault::RouteUnknown.into(),
    }
}

fn or_get(method: &Method) -> &Method {
    if method == Method::HEAD {
        &Method::GET
    } else {
        method
    }
}

fn is_offered(presence: Presence) -> bool {
    presence == Presence::Offered
}

const fn always() -> Presence {
    Presence::Offered
}

const fn unless(is_left_out: bool) -> Presence {
    if is_left_out {
        Presence::LeftOut
    } else {
        Presence::Offered
    }
}

fn with_tokens(config: &Config) -> Presence {
    unless(!matches!(config.gate(), Ok(Gate::OwnTokens { .. })))
}

const fn change(config: &Config) -> Presence {
    change_unless(false, config)
}

const fn change_unless(is_refused: bool, config: &Config) -> Presence {
    if is_refused || config.offer.read_only {
        Presence::Refused
    } else {
        Presence::Offered
    }
}

const fn deletion(reference: &Reference, config: &Config) -> Presence {
    let is_refused = match reference {
        Reference::Tag(_) => config.offer.no_tag_deletion,
        Reference::Digest(_) => config.offer.no_manifest_deletion,
    };
    change_unless(is_refused, config)
}

const fn nothing() -> Vec<RequiredAccess> {
    Vec::new()
}

fn to_be_known() -> Vec<RequiredAccess> {
    vec![RequiredAccess::ToBeKnown]
}

fn to_read_all() -> Vec<RequiredAccess> {
    vec![RequiredAccess::ToReadAll]
}

fn to(right: Right, name: &Name) -> Vec<RequiredAccess> {
    vec![RequiredAccess::In(right, name.clone())]
}

/// A mount reads what it copies.
fn to_upload(name: &Name, query: &Query) -> Vec<RequiredAccess> {
    let source = match (query.first("mount"), query.first("from")) {
        (Some(_), Some(source)) => Name::parse(source),
        _ => None,
    };
    let mut access = to(Right::Push, name);
    access.extend(source.map(|source| RequiredAccess::In(Right::Pull, source)));
    access
}

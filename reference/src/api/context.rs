//! What one request is about: made when it is dispatched, handed to the endpoint.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use assize_legacy::signed::SigningKey;
use http::header::{AsHeaderName, CONTENT_LENGTH, IF_MATCH, IF_NONE_MATCH, USER_AGENT};
use http::{HeaderMap, Method, request};

use crate::app::App;
use crate::auth::{Authenticator, Issuer, Principal, RequiredAccess, Right};
use crate::config::{Config, Offer};
use crate::http::body::memory::ClientMemory;
use crate::http::error::{Failure, Fault};
use crate::http::forwarded::{url_builder, whole_urls};
use crate::http::peer::{Arrival, Note};
use crate::http::routes::{Route, UrlBuilder, parse_digest};
use crate::http::transport::Transport;
use crate::notifications::{Cause, Notifier};
use crate::protocol::{Algorithm, Condition, Digest, Name, Query, TagList};
use crate::store::Store;

/// One request, without its body.
#[derive(Debug)]
pub(crate) struct Context {
    app: Arc<App>,
    arrival: Arrival,
    method: Method,
    headers: HeaderMap,
    principal: Principal,
    route: Route,
    /// Whether the URL is one that the registry has signed.
    is_signed: bool,
    query: Query,
    urls: UrlBuilder,
    /// How the answer leaves.
    transport: Transport,
}

/// What a request is for.
#[derive(Debug)]
pub(super) struct RequestTarget {
    /// What its path names, or what is wrong with the path.
    pub(super) route: Result<Route, Failure>,
    /// Its query.
    pub(super) query: Query,
    /// What whoever makes it must have the right to do.
    pub(super) access: Vec<RequiredAccess>,
}

impl Context {
    /// Reads all that a request names, taking its URI and its headers, and finds out who makes it.
    ///
    /// # Errors
    /// Refuses the request to somebody who may not make it, and one whose path is none.
    pub(super) async fn of(
        app: &Arc<App>,
        head: &mut request::Parts,
        arrival: Arrival,
        transport: Transport,
        target: RequestTarget,
    ) -> Result<Self, Failure> {
        let RequestTarget { route, query, access } = target;
        let (principal, route, is_signed) = enter(app, &arrival, head, (route, &query, &access)).await?;
        let urls = url_builder(&app.config, &arrival, &head.headers);
        Ok(Self {
            app: Arc::clone(app),
            arrival,
            method: head.method.clone(),
            principal,
            route,
            is_signed,
            query,
            urls,
            transport,
            headers: mem::take(&mut head.headers),
        })
    }
}

/// Finds out who makes a request, what it is about, and whether its URL is a signed one; refuses it to
/// somebody who may not make it.
async fn enter(
    app: &App,
    arrival: &Arrival,
    head: &request::Parts,
    (route, query, access): (Result<Route, Failure>, &Query, &[RequiredAccess]),
) -> Result<(Principal, Route, bool), Failure> {
    let token_url = || whole_urls(&app.config, arrival, &head.headers).url(&Route::Token);
    let challenge = app
        .authenticator
        .challenge(route.as_ref().ok(), access, token_url);
    // What checks tokens is no secret.
    if let Ok(route @ (Route::TokenKeys | Route::TokenCertificate)) = &route {
        return Ok((Principal::unlimited(), route.clone(), false));
    }
    // Who asks for a token stands in the form.
    if let Ok(route @ Route::Token) = &route
        && head.method == Method::POST
        && app.authenticator.issuer().is_some()
    {
        return Ok((Principal::nobody(), route.clone(), false));
    }
    if let Ok(route @ Route::Blob(..)) = &route
        && (head.method == Method::GET || head.method == Method::HEAD)
        && app.signer.is_signed(route, query)
    {
        return Ok((Principal::unlimited(), route.clone(), true));
    }
    // Nothing else is told to somebody who may do nothing, not even that a path is none.
    let principal = app
        .authenticator
        .identify(&head.headers, arrival.client, &challenge)
        .await?;
    let route = route?;
    principal.authorize(access, &challenge)?;
    Ok((principal, route, false))
}

impl Context {
    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    /// What signs manifests for clients of 2014, if there may be any.
    pub(crate) fn manifest_key(&self) -> Option<&SigningKey> {
        self.app.manifest_key.as_ref()
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.app.config
    }

    /// What the registry offers.
    pub(crate) fn offer(&self) -> &Offer {
        &self.app.config.offer
    }

    /// What tells others about what happens, if there are any.
    pub(crate) fn notifier(&self) -> Option<&Notifier> {
        self.app.notifier.as_ref()
    }

    /// What others are told about the request, besides what it has done.
    pub(crate) fn cause(&self) -> Cause<'_> {
        Cause {
            arrival: &self.arrival,
            host: self.arrival.host.as_ref().map_or("", AsRef::as_ref),
            method: self.method.as_str(),
            user_agent: self.header(USER_AGENT).unwrap_or_default(),
            account: self.principal.name.as_deref(),
            urls: whole_urls(self.config(), &self.arrival, &self.headers),
        }
    }

    /// The method.
    pub(crate) const fn method(&self) -> &Method {
        &self.method
    }

    /// What the path names.
    pub(crate) const fn route(&self) -> &Route {
        &self.route
    }

    /// Whether the URL is one that the registry has signed.
    pub(crate) const fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// The URL of a route, signed: whoever has it needs nothing else.
    pub(crate) fn signed_url(&self, route: &Route) -> String {
        let [expires, signature] = self.app.signer.sign(route);
        let query = [
            (expires.0, expires.1.as_str()),
            (signature.0, signature.1.as_str()),
        ];
        self.urls.url_with_query(route, &query)
    }

    /// Whether whoever makes the request may read a repository; all of them for none.
    pub(crate) fn may_pull_from(&self, name: Option<&Name>) -> bool {
        self.principal.may(&match name {
            Some(name) => RequiredAccess::In(Right::Pull, name.clone()),
            None => RequiredAccess::ToReadAll,
        })
    }

    /// Who makes the request.
    pub(crate) const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What finds out who is there.
    pub(crate) fn authenticator(&self) -> &Authenticator {
        &self.app.authenticator
    }

    /// Where the request comes from.
    pub(crate) const fn client(&self) -> IpAddr {
        self.arrival.client
    }

    /// The issuer of tokens, if the registry is one.
    pub(crate) fn issuer(&self) -> Option<&Issuer> {
        self.app.authenticator.issuer()
    }

    /// What the access log is to say about the request.
    pub(crate) fn note(&self) -> Note {
        Note {
            route: Some(self.route.kind()),
            account: self.principal.name.clone(),
        }
    }

    /// The query.
    pub(crate) const fn query(&self) -> &Query {
        &self.query
    }

    /// The memory that answers to the client may hold.
    pub(crate) fn memory(&self) -> ClientMemory {
        self.app.memory.of(self.arrival.client)
    }

    /// How the answer leaves.
    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The URL of a route, as this client reaches the registry.
    pub(crate) const fn urls(&self) -> &UrlBuilder {
        &self.urls
    }

    /// The URL of a route, as this client reaches the registry.
    pub(crate) fn url(&self, route: &Route) -> String {
        self.urls.url(route)
    }

    /// A header, if it is there and is text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The length that the client says its body has.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH).and_then(|length| length.parse().ok())
    }

    /// The preconditions of the request.
    pub(crate) fn condition(&self) -> Condition {
        let list = |name| {
            TagList::parse(
                self.headers
                    .get_all(name)
                    .iter()
                    .filter_map(|value| value.to_str().ok()),
            )
        };
        Condition {
            if_match: list(IF_MATCH),
            if_none_match: list(IF_NONE_MATCH),
        }
    }

    /// Reads a digest that content is to be stored under.
    pub(crate) fn storable_digest(&self, text: &str) -> Result<Digest, Failure> {
        let digest = parse_digest(text)?;
        self.require_algorithm(digest.algorithm())?;
        Ok(digest)
    }

    /// Refuses an algorithm that is not offered.
    pub(crate) fn require_algorithm(&self, algorithm: Algorithm) -> Result<(), Failure> {
        let is_offered = match algorithm {
            Algorithm::Sha256 => true,
            Algorithm::Sha512 => !self.offer().no_sha512,
            Algorithm::TarSum(_) => self.offer().legacy,
        };
        if is_offered {
            Ok(())
        } else {
            Err(Failure::with_detail(Fault::DigestInvalid, algorithm.as_str()))
        }
    }
}

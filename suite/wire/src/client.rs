//! The client: one request in, one exchange out, whatever happens.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::connect::Connector;
use super::connection::Stream;
use super::grant::{Grant, redacted};
use super::keyring::Keyring;
use super::pool::Pool;
use super::protocol::Http1Only;
use super::received::Books;
use super::shared::SharedConnections;
use super::{
    Account, Answer, ClientSettings, Credentials, Exchange, Fault, Hop, LoginSource, Origin, Pass, Protocol,
    Reach, Request, Secrets, SettingsError, Tls, Url, head, redirect, token_request,
};

/// How many servers are remembered: a registry that names a new one each time is told by fewer.
const MOST_HOSTS: usize = 100;

/// Sends requests to the registry under test and records what comes back; clones share connections and tokens.
#[derive(Clone)]
pub struct Client(Arc<ClientInner>);

struct ClientInner {
    settings: ClientSettings,
    connector: Connector,
    pool: Pool,
    shared: SharedConnections,
    keyring: Keyring,
    books: Books,
    secrets: Secrets,
    exchanges: AtomicU64,
    requests: AtomicU64,
    /// How many of them went over HTTP/2.
    over_http2: AtomicU64,
    /// The servers that were asked, in order.
    hosts: Mutex<Vec<Origin>>,
}

/// What is known of an exchange while it goes on, so that it can be told even if time runs out.
pub(super) struct ExchangeLog {
    /// The request as it may be shown.
    request: Request,
    protocol: Protocol,
    pass: Option<Pass>,
    hops: Vec<Hop>,
    redirects: u32,
}

impl ExchangeLog {
    /// The beginning of an exchange.
    pub(super) fn of(request: Request) -> ExchangeLog {
        ExchangeLog {
            request,
            protocol: Protocol::Http1,
            pass: None,
            hops: Vec::new(),
            redirects: 0,
        }
    }

    /// How many answers have come on the way.
    pub(super) fn passed(&self) -> usize {
        self.hops.len()
    }

    /// Notes that this answer, which came after so many others, was not the last.
    pub(super) fn pass(&mut self, place: usize, answer: &Answer) {
        let hop = Hop {
            url: answer.url.clone(),
            status: answer.status,
            headers: answer.headers.clone(),
        };
        self.hops.insert(place, hop);
    }
}

impl Client {
    /// A client of these settings; it connects to nothing yet.
    pub fn new(settings: ClientSettings) -> Result<Client, SettingsError> {
        let connector = Connector::new(&settings)?;
        let secrets = Secrets::default();
        secrets.learn_all(&settings);
        Ok(Client(Arc::new(ClientInner {
            settings,
            connector,
            pool: Pool::default(),
            shared: SharedConnections::default(),
            keyring: Keyring::default(),
            books: Books::default(),
            secrets,
            exchanges: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            over_http2: AtomicU64::new(0),
            hosts: Mutex::default(),
        })))
    }

    /// Sends a request and tells what came of it, within the limits.
    ///
    /// It is boxed, so that its way is compiled here and not again in each crate that sends something.
    pub fn send(&self, request: Request) -> BoxFuture<'_, Exchange> {
        Box::pin(self.exchange(request))
    }

    async fn exchange(&self, request: Request) -> Exchange {
        let begin = Instant::now();
        let number = self.number();
        let request = self.complete(request);
        let mut log = ExchangeLog::of(redacted(&request, None, self.credentials()));
        let outcome = self.in_time(self.answer(&mut log, request)).await;
        Exchange {
            number,
            request: log.request,
            protocol: log.protocol,
            outcome,
            hops: log.hops,
            elapsed: begin.elapsed(),
            limit: self.0.settings.timeouts.total,
            pass: log.pass,
            insecure: self.0.settings.tls == Tls::Insecure,
        }
    }

    /// How many requests have been written, those that followed redirects or fetched tokens included.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// How many of them were written in HTTP/2.
    pub fn requests_over_http2(&self) -> u64 {
        self.0.over_http2.load(Ordering::Relaxed)
    }

    /// The servers that requests were sent to, the target first.
    pub fn hosts(&self) -> Vec<String> {
        let target = self.target().origin();
        let others = self
            .met()
            .iter()
            .filter(|other| **other != target)
            .cloned()
            .collect();
        [vec![target], others]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// What a reader has to know of how servers were reached, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let (all, over_http2) = (self.requests(), self.requests_over_http2());
        let told = format!("{over_http2} of {all} requests went over HTTP/2, as the server chose");
        let spoken = (over_http2 > 0).then_some(told);
        self.0.settings.notes().into_iter().chain(spoken).collect()
    }

    /// Remembers that this server was asked.
    fn meet(&self, origin: &Origin) {
        let mut hosts = self.met();
        if hosts.len() < MOST_HOSTS && !hosts.contains(origin) {
            hosts.push(origin.clone());
        }
    }

    fn met(&self) -> MutexGuard<'_, Vec<Origin>> {
        self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The registry under test.
    pub fn target(&self) -> &Url {
        &self.0.settings.target
    }

    /// What was sent or received that must stand in no report.
    pub fn secrets(&self) -> &Secrets {
        &self.0.secrets
    }

    /// Whether requests can be sent by this account.
    pub fn knows(&self, account: &Account) -> bool {
        self.credentials().knows(account)
    }

    /// Whether this account was given something to show.
    pub fn has(&self, account: &Account) -> bool {
        self.credentials().has(account)
    }

    /// Where the default account comes from.
    pub fn login_source(&self) -> &LoginSource {
        self.credentials().source()
    }

    /// A token for these scopes by this account, from the token server that the registry names.
    pub async fn token(&self, scope: &str, account: &Account) -> Result<String, Fault> {
        let token = self.in_time(self.fetch_token(scope, account)).await?;
        Ok(token.reveal().to_owned())
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let limit = self.0.settings.timeouts.total;
        let late = Fault::Timeout {
            after: limit,
            doing: "over the whole exchange",
        };
        timeout(limit, work).await.unwrap_or(Err(late))
    }

    /// The answer at the end of all redirects.
    async fn answer(&self, log: &mut ExchangeLog, mut request: Request) -> Result<Answer, Fault> {
        self.check_account(&request.account)?;
        loop {
            let answer = self.authorized(log, &request).await?;
            let Some(next) = redirect::next(&request, &answer)? else {
                return Ok(answer);
            };
            log.pass(log.passed(), &answer);
            if log.redirects == self.redirect_limit() {
                return Err(Fault::TooManyRedirects(log.redirects));
            }
            log.redirects += 1;
            request = self.complete(next);
        }
    }

    /// Sends a request with this grant and notes how it looked, if it is the one that the exchange is about.
    pub(super) async fn granted(
        &self,
        log: &mut ExchangeLog,
        request: &Request,
        grant: Option<&Grant>,
    ) -> Result<Answer, Fault> {
        if log.redirects == 0 {
            log.request = redacted(request, grant, self.credentials());
            log.pass = self.pass(request, grant);
        }
        let mut elsewhere = Protocol::Http1;
        let protocol = match log.redirects {
            0 => &mut log.protocol,
            _ => &mut elsewhere,
        };
        match grant {
            Some(grant) => self.sent(&grant.apply(request), protocol).await,
            None => self.sent(request, protocol).await,
        }
    }

    /// The token that a request shows, if it was fetched.
    fn pass(&self, request: &Request, grant: Option<&Grant>) -> Option<Pass> {
        match grant {
            Some(grant) => self.pass_of(&grant.value()),
            None => self.pass_of(request.headers.get("Authorization")?),
        }
    }

    /// The token in an `Authorization` line, if it was fetched.
    pub(super) fn pass_of(&self, authorization: &str) -> Option<Pass> {
        let (key, shown) = self.keyring().origin_of(authorization.strip_prefix("Bearer ")?)?;
        Some(token_request::pass(key, shown))
    }

    /// The request with what it lacks: what HTTP/1.1 needs, and the lines that the user gives for the target alone.
    pub(super) fn complete(&self, mut request: Request) -> Request {
        let settings = self.settings();
        let is_for_target = request.url.origin() == self.target().origin();
        for (name, value) in settings.lines.iter() {
            match request.headers.get(name) {
                None if is_for_target => request.headers.append(name, value),
                Some(present) if present == value && !is_for_target => request.headers.remove(name),
                _ => {}
            }
        }
        let own = request.headers.get("User-Agent");
        if let Some(name) = &settings.user_agent
            && own.is_none_or(|own| own == head::USER_AGENT)
        {
            request.headers.set("User-Agent", name);
        }
        head::complete(request)
    }

    /// Refuses a server that may not be asked.
    pub(super) fn check_reach(&self, server: &Origin) -> Result<(), Fault> {
        let registry = self.target().origin();
        if self.settings().reach == Reach::Anywhere || server.host() == registry.host() {
            return Ok(());
        }
        Err(Fault::Elsewhere {
            server: server.to_string(),
            registry: registry.host().to_owned(),
        })
    }

    /// Counts a request that is written to this server in this version of HTTP.
    pub(super) fn count(&self, origin: &Origin, protocol: Protocol) {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        if protocol == Protocol::Http2 {
            self.0.over_http2.fetch_add(1, Ordering::Relaxed);
        }
        self.meet(origin);
    }

    /// The number of the next exchange.
    pub(super) fn number(&self) -> u64 {
        self.0.exchanges.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A new connection to the target, for requests that are written by hand.
    pub(super) async fn connect_by_hand(&self) -> Result<Box<dyn Stream>, Fault> {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.connector()
            .connect_http1(&self.target().origin(), Http1Only::ByHand)
            .await
    }

    pub(super) fn settings(&self) -> &ClientSettings {
        &self.0.settings
    }

    pub(super) fn credentials(&self) -> &Credentials {
        &self.0.settings.credentials
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.0.connector
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    pub(super) fn shared(&self) -> &SharedConnections {
        &self.0.shared
    }

    pub(super) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    pub(super) fn books(&self) -> &Books {
        &self.0.books
    }

    pub(super) fn redirect_limit(&self) -> u32 {
        self.0.settings.redirect_limit
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.settings.target).finish()
    }
}

#[cfg(test)]
mod tests;

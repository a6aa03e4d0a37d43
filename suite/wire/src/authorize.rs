//! Getting in: a request is sent with what the registry wants to see, and again if it wants to see more.

use super::client::{Client, ExchangeLog};
use super::exchange::Shown;
use super::grant::Grant;
use super::keyring::{TokenKey, TokenServer};
use super::redirect;
use super::token::{self, Token};
use super::token_request::{self, NO_GET, Showing};
use super::{Account, Answer, Challenge, Fault, Limit, Login, Request, Secret, Url, challenges};

/// How often a request is sent: with what was right the last time, with a token that was kept, with a new one.
const MOST_ATTEMPTS: usize = 4;
/// How often a token server that limits how often it is asked is asked for one token: those that limit by the second are
/// got over within a few tries.
const MOST_TRIES: usize = 5;

/// A grant, and whether it was made just now, so that there is no better one.
struct OfferedGrant {
    grant: Grant,
    fresh: bool,
}

impl Client {
    /// Sends a request, and sends it again with credentials where a 401 asks for them and they are for this server.
    pub(super) async fn authorized(&self, log: &mut ExchangeLog, request: &Request) -> Result<Answer, Fault> {
        if self.asks_token_server(request) {
            return self.at_token_server(log, request).await;
        }
        if !self.may_authorize(request) {
            return self.granted(log, request, None).await;
        }
        let guess = self.keyring().guess(request, self.credentials());
        let mut offer = guess.map(|grant| OfferedGrant { grant, fresh: false });
        for _ in 1..MOST_ATTEMPTS {
            let sent = offer.as_ref().map(|offer| &offer.grant);
            let answer = self.granted(log, request, sent).await?;
            if answer.status != 401 || offer.as_ref().is_some_and(|offer| offer.fresh) {
                return Ok(answer);
            }
            let place = log.passed();
            let refused = offer.map(|offer| offer.grant);
            let next = self.offer(log, request, &answer, refused.as_ref()).await;
            if let Ok(None) = next {
                return Ok(answer);
            }
            log.pass(place, &answer);
            offer = next?;
        }
        self.granted(log, request, offer.as_ref().map(|offer| &offer.grant))
            .await
    }

    /// Credentials are for the target, unless the request says nobody's or brings its own.
    fn may_authorize(&self, request: &Request) -> bool {
        request.account != Account::Nobody
            && request.url.origin() == self.target().origin()
            && !request.headers.contains("Authorization")
    }

    /// Whether a request is for the token server that the registry names, on another origin than its own, where a
    /// password may be shown.
    fn asks_token_server(&self, request: &Request) -> bool {
        let target = self.target();
        let server = self.keyring().server();
        let realm = server.and_then(|server| Url::parse(&server.realm).ok());
        realm.is_some_and(|realm| {
            let is_there = realm.origin() == request.url.origin() && realm.path() == request.url.path();
            is_there && realm.origin() != target.origin() && token_request::may_show(&realm, target)
        })
    }

    /// Sends a request to the token server, and sends it again with the password where that is asked for.
    async fn at_token_server(&self, log: &mut ExchangeLog, request: &Request) -> Result<Answer, Fault> {
        let answer = self.granted(log, request, None).await?;
        let is_open = request.account != Account::Nobody && !request.headers.contains("Authorization");
        let mut challenges = challenges(&answer.headers).into_iter().flatten();
        let is_asked = answer.status == 401 && challenges.any(|challenge| challenge.is("Basic"));
        match self.credentials().login(&request.account) {
            Some(login @ Login::Password { .. }) if is_open && is_asked => {
                log.pass(log.passed(), &answer);
                self.granted(log, request, Grant::by_itself(login).as_ref()).await
            }
            _ => Ok(answer),
        }
    }

    /// What the challenges of a 401 can be answered with, if it is not what was just refused.
    async fn offer(
        &self,
        log: &mut ExchangeLog,
        request: &Request,
        answer: &Answer,
        refused: Option<&Grant>,
    ) -> Result<Option<OfferedGrant>, Fault> {
        let challenges: Vec<Challenge> = challenges(&answer.headers).into_iter().flatten().collect();
        let login = self.credentials().login(&request.account);
        let demand = |scheme: &str| challenges.iter().find(|challenge| challenge.is(scheme));
        let server = demand("Bearer").and_then(TokenServer::of);
        match (login, demand("Bearer"), server) {
            (Some(login @ Login::Token(_)), Some(_), _) => Ok(self.own(request, login, refused)),
            (_, Some(bearer), Some(server)) => {
                self.keyring().met(server.clone());
                let scopes = bearer.parameter("scope").unwrap_or_default();
                let key = TokenKey::new(&request.account, server, scopes);
                self.keyring().wants_token(request, key.clone());
                match self.bearer(log, key, refused).await {
                    Err(Fault::Credentials(_)) if login.is_none() => Ok(None),
                    other => other.map(Some),
                }
            }
            (Some(login @ Login::Password { .. }), ..) if demand("Basic").is_some() => {
                Ok(self.own(request, login, refused))
            }
            _ => Ok(None),
        }
    }

    /// What the account shows by itself.
    fn own(&self, request: &Request, login: &Login, refused: Option<&Grant>) -> Option<OfferedGrant> {
        let grant = Grant::by_itself(login)?;
        if refused == Some(&grant) {
            return None;
        }
        self.keyring().wants_login(&request.account);
        Some(OfferedGrant { grant, fresh: true })
    }

    /// A token, kept or new.
    async fn bearer(
        &self,
        log: &mut ExchangeLog,
        key: TokenKey,
        refused: Option<&Grant>,
    ) -> Result<OfferedGrant, Fault> {
        if let Some(refused) = refused {
            self.keyring().forget(refused);
        }
        if let Some(kept) = self.keyring().token(&key) {
            let grant = Grant::Bearer(kept);
            return Ok(OfferedGrant { grant, fresh: false });
        }
        let token = self.fetch(log, key).await?;
        let grant = Grant::Bearer(token);
        Ok(OfferedGrant { grant, fresh: true })
    }

    /// A new token from the token server, which is kept for the next time.
    async fn fetch(&self, log: &mut ExchangeLog, key: TokenKey) -> Result<Secret, Fault> {
        let (token, shown) = match self.credentials().login(&key.account) {
            Some(Login::RefreshToken(given)) => self.refresh(log, &key, given).await?,
            Some(Login::Password { user, password }) => {
                let first = Showing::Password { user, password };
                let answer = self.ask_for_token(log, &key, first).await?;
                if NO_GET.contains(&answer.status) {
                    let form = Showing::PasswordInForm { user, password };
                    (self.token_by(log, &key, form).await?, form.told())
                } else {
                    (token::read(&answer, self.secrets())?, first.told())
                }
            }
            Some(Login::Token(_)) | None => {
                let token = self.token_by(log, &key, Showing::Nothing).await?;
                (token, Showing::Nothing.told())
            }
        };
        let secret = token.token.clone();
        self.keyring().keep(key, token, shown);
        Ok(secret)
    }

    /// A token for a refresh token: for the newest one, if the server has given another meanwhile.
    async fn refresh(
        &self,
        log: &mut ExchangeLog,
        key: &TokenKey,
        given: &Secret,
    ) -> Result<(Token, Shown), Fault> {
        let current = || {
            self.keyring()
                .renewed(&key.account)
                .unwrap_or_else(|| given.clone())
        };
        let used = current();
        let shown = Showing::RefreshToken(&used).told();
        let first = self.token_by(log, key, Showing::RefreshToken(&used)).await;
        let newest = current();
        let token = match first {
            Err(_) if newest != used => self.token_by(log, key, Showing::RefreshToken(&newest)).await?,
            other => other?,
        };
        Ok((token, shown))
    }

    async fn token_by(
        &self,
        log: &mut ExchangeLog,
        key: &TokenKey,
        showing: Showing<'_>,
    ) -> Result<Token, Fault> {
        let answer = self.ask_for_token(log, key, showing).await?;
        token::read(&answer, self.secrets())
    }

    /// What the token server answers, at the end of all redirects.
    async fn ask_for_token(
        &self,
        log: &mut ExchangeLog,
        key: &TokenKey,
        showing: Showing<'_>,
    ) -> Result<Answer, Fault> {
        let mut request = token_request::request(key, showing, self.target())?;
        let server = request.url.origin();
        let failed = |fault: Fault| match fault {
            Fault::Credentials(_) | Fault::Elsewhere { .. } => fault,
            other => Fault::Credentials(format!("no token from the token server {server}: {other}")),
        };
        for _ in 0..=self.redirect_limit() {
            let asked = self.patiently(&self.complete(request.clone())).await;
            let answer = asked.map_err(failed)?;
            if let Some(fault) = answer.cut {
                return Err(failed(fault));
            }
            log.pass(log.passed(), &answer);
            match redirect::next(&request, &answer).map_err(failed)? {
                Some(next) => request = next,
                None => return Ok(answer),
            }
        }
        Err(failed(Fault::TooManyRedirects(self.redirect_limit())))
    }

    /// What comes of a request, sent again after a while where the server says that too many came.
    async fn patiently(&self, request: &Request) -> Result<Answer, Fault> {
        for _ in 1..MOST_TRIES {
            let answer = self.once(request).await?;
            match Limit::of(answer.status, &answer.headers) {
                Some(Limit::Wait(wait)) => tokio::time::sleep(wait).await,
                Some(Limit::TooLong) | None => return Ok(answer),
            }
        }
        self.once(request).await
    }

    /// What a request would be sent with that is written by hand; nothing as long as the registry has asked for nothing.
    pub(super) async fn grant(&self, request: &Request) -> Result<Option<Grant>, Fault> {
        self.check_account(&request.account)?;
        if !self.may_authorize(request) || !self.keyring().is_asked() {
            return Ok(None);
        }
        if let Some(guess) = self.keyring().guess(request, self.credentials()) {
            return Ok(Some(guess));
        }
        let answer = self.once(&self.complete(request.clone())).await?;
        if answer.status != 401 {
            return Ok(None);
        }
        let mut log = ExchangeLog::of(request.clone());
        let offer = self.offer(&mut log, request, &answer, None).await?;
        Ok(offer.map(|offer| offer.grant))
    }

    /// A token for these scopes by this account, from the token server that the registry names.
    pub(super) async fn fetch_token(&self, scopes: &str, account: &Account) -> Result<Secret, Fault> {
        self.check_account(account)?;
        if let Some(Login::Token(token)) = self.credentials().login(account) {
            return Ok(token.clone());
        }
        let server = match self.keyring().server() {
            Some(server) => server,
            None => self.discover().await?,
        };
        let key = TokenKey::new(account, server, scopes);
        match self.keyring().token(&key) {
            Some(token) => Ok(token),
            None => {
                let mut log = ExchangeLog::of(Request::new("GET", self.target().clone()));
                self.fetch(&mut log, key).await
            }
        }
    }

    /// Asks the registry, as nobody, where tokens come from.
    async fn discover(&self) -> Result<TokenServer, Fault> {
        let base = self.target().below_mount("/v2/");
        let answer = self.once(&self.complete(Request::new("GET", base))).await?;
        let server = challenges(&answer.headers)
            .into_iter()
            .flatten()
            .filter(|challenge| challenge.is("Bearer"))
            .find_map(|challenge| TokenServer::of(&challenge));
        let Answer { url, status, .. } = &answer;
        let server = server.ok_or_else(|| {
            Fault::Credentials(format!(
                "the registry names no token server: {url} answers {status} without a Bearer challenge"
            ))
        })?;
        self.keyring().met(server.clone());
        Ok(server)
    }

    /// Refuses an account that was never given.
    pub(super) fn check_account(&self, account: &Account) -> Result<(), Fault> {
        if self.credentials().knows(account) {
            return Ok(());
        }
        Err(Fault::Credentials(format!(
            "no credentials are given for {account}"
        )))
    }
}

#[cfg(test)]
mod tests;

//! What has been learned about getting in: tokens that are still good, and what was asked for where.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::exchange::Shown;
use super::grant::Grant;
use super::token::Token;
use super::{Account, Challenge, Credentials, Request, Secret};

/// What a token is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    /// On whose behalf.
    pub(super) account: Account,
    /// Where.
    pub(super) server: TokenServer,
    /// For what.
    pub(super) scopes: Vec<String>,
}

/// A token server, as a registry names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct TokenServer {
    /// Its address.
    pub(super) realm: String,
    /// The name by which it knows the registry.
    pub(super) service: Option<String>,
}

impl TokenServer {
    /// The token server that a challenge names.
    pub(super) fn of(challenge: &Challenge) -> Option<TokenServer> {
        Some(TokenServer {
            realm: challenge.parameter("realm")?.to_owned(),
            service: challenge.parameter("service").map(str::to_owned),
        })
    }
}

impl TokenKey {
    /// A token for these scopes, which blanks separate.
    pub(super) fn new(account: &Account, server: TokenServer, scopes: &str) -> TokenKey {
        TokenKey {
            account: account.clone(),
            server,
            scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// Tokens, and what was learned about where they are wanted, shared by all exchanges of a client.
#[derive(Default)]
pub(super) struct Keyring(Mutex<KeyringState>);

#[derive(Default)]
struct KeyringState {
    tokens: HashMap<TokenKey, Kept>,
    learned: HashMap<ProtectionSpace, LearnedAuthorization>,
    server: Option<TokenServer>,
    /// The refresh tokens that came in the place of those that were given.
    renewed: HashMap<Account, Secret>,
}

struct Kept {
    token: Secret,
    until: Instant,
    /// What it was asked for with.
    shown: Shown,
}

/// Where requests are likely to want the same grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ProtectionSpace {
    /// Everywhere on the registry.
    Registry(Account),
    /// The same method on addresses that differ in their last segment only.
    Folder(Account, String, String),
}

/// What was asked for the last time.
#[derive(Clone, Debug)]
enum LearnedAuthorization {
    /// What the account shows by itself.
    Own,
    /// A token.
    Token(TokenKey),
}

impl Keyring {
    /// A token that is still good.
    pub(super) fn token(&self, key: &TokenKey) -> Option<Secret> {
        let mut state = self.lock();
        if state.tokens.get(key)?.until <= Instant::now() {
            state.tokens.remove(key);
        }
        state.tokens.get(key).map(|kept| kept.token.clone())
    }

    /// What a token was asked for, and with what, if it is one that is kept.
    pub(super) fn origin_of(&self, token: &str) -> Option<(TokenKey, Shown)> {
        let state = self.lock();
        let mut tokens = state.tokens.iter();
        tokens
            .find(|(_, kept)| kept.token.reveal() == token)
            .map(|(key, kept)| (key.clone(), kept.shown.clone()))
    }

    /// Keeps a token for as long as it is good.
    pub(super) fn keep(&self, key: TokenKey, token: Token, shown: Shown) {
        let mut state = self.lock();
        if let Some(refresh) = token.refresh {
            state.renewed.insert(key.account.clone(), refresh);
        }
        let kept = Kept {
            token: token.token,
            until: Instant::now() + token.lifetime,
            shown,
        };
        state.tokens.insert(key, kept);
    }

    /// The refresh token that is good now, if it is not the one that was given.
    pub(super) fn renewed(&self, account: &Account) -> Option<Secret> {
        self.lock().renewed.get(account).cloned()
    }

    /// Forgets a token that was refused.
    pub(super) fn forget(&self, refused: &Grant) {
        if let Grant::Bearer(refused) = refused {
            self.lock().tokens.retain(|_, kept| kept.token != *refused);
        }
    }

    /// Remembers that requests like this one want a token.
    pub(super) fn wants_token(&self, request: &Request, key: TokenKey) {
        if let Some(space) = folder(request) {
            self.lock()
                .learned
                .insert(space, LearnedAuthorization::Token(key));
        }
    }

    /// Remembers that the registry wants what the account shows by itself.
    pub(super) fn wants_login(&self, account: &Account) {
        let space = ProtectionSpace::Registry(account.clone());
        self.lock().learned.insert(space, LearnedAuthorization::Own);
    }

    /// What a request like this one wanted the last time.
    pub(super) fn guess(&self, request: &Request, credentials: &Credentials) -> Option<Grant> {
        let learned = {
            let state = self.lock();
            let registry = ProtectionSpace::Registry(request.account.clone());
            let folder = folder(request).and_then(|space| state.learned.get(&space));
            // Where tokens are asked for, a password is for the token server alone.
            let registry = state.learned.get(&registry).filter(|_| state.server.is_none());
            folder.or(registry).cloned()?
        };
        match learned {
            LearnedAuthorization::Own => credentials.login(&request.account).and_then(Grant::by_itself),
            LearnedAuthorization::Token(key) => self.token(&key).map(Grant::Bearer),
        }
    }

    /// Whether the registry has ever asked for anything.
    pub(super) fn is_asked(&self) -> bool {
        let state = self.lock();
        state.server.is_some() || !state.learned.is_empty()
    }

    /// Remembers the token server that the registry names.
    pub(super) fn met(&self, server: TokenServer) {
        self.lock().server = Some(server);
    }

    /// The token server that the registry named last.
    pub(super) fn server(&self) -> Option<TokenServer> {
        self.lock().server.clone()
    }

    fn lock(&self) -> MutexGuard<'_, KeyringState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a request stands, unless its query may ask for more than its path does, as that of a mount.
fn folder(request: &Request) -> Option<ProtectionSpace> {
    if request.method == "POST" && request.url.query().is_some() {
        return None;
    }
    let (folder, _) = request.url.path().rsplit_once('/')?;
    let method = request.method.clone();
    Some(ProtectionSpace::Folder(
        request.account.clone(),
        method,
        folder.to_owned(),
    ))
}

//! Tokens: given for a password, and shown in its place for a while (Docker: Token Authentication).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::accounts::Right;
use super::required_access::RequiredAccess;
use super::signature::{now, secret};

/// For how many seconds a token is good.
pub(crate) const LIFETIME: u64 = 300;

/// Actions on a resource, as clients write them: `repository:team/app:pull,push`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    resource: String,
    actions: Vec<String>,
}

impl Scope {
    /// Reads a scope; one that is none is good for nothing, and spoils no other.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (resource, actions) = text.rsplit_once(':')?;
        Some(Self {
            resource: resource.to_owned(),
            actions: actions.split(',').map(str::to_owned).collect(),
        })
    }

    /// The scope that a client has to ask for; whoever adds to a repository reads it as well.
    pub(crate) fn wanted(need: &RequiredAccess) -> Option<Self> {
        let actions = match need {
            RequiredAccess::In(Right::Push, _) => "pull,push",
            _ => action(need),
        };
        Self::parse(&format!("{}:{actions}", resource(need)?))
    }

    /// Whether it is good for something.
    pub(crate) fn covers(&self, need: &RequiredAccess) -> bool {
        let is_named = |named: &String| named == action(need) || named == "*";
        resource(need).is_none_or(|resource| resource == self.resource && self.actions.iter().any(is_named))
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.resource, self.actions.join(","))
    }
}

fn resource(need: &RequiredAccess) -> Option<String> {
    match need {
        RequiredAccess::ToBeKnown => None,
        RequiredAccess::In(_, name) => Some(format!("repository:{name}")),
        RequiredAccess::ToReadAll => Some("registry:catalog".to_owned()),
    }
}

const fn action(need: &RequiredAccess) -> &'static str {
    match need {
        RequiredAccess::ToBeKnown | RequiredAccess::In(Right::Pull, _) => "pull",
        RequiredAccess::In(Right::Push, _) => "push",
        RequiredAccess::In(Right::Delete, _) => "delete",
        RequiredAccess::ToReadAll => "*",
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// Whose it is; nobody's in particular if there is none.
    pub(crate) account: Option<String>,
    /// What it was asked for. What the account may do is looked up when it is shown.
    pub(crate) scopes: Vec<Scope>,
    expires: u64,
}

impl Token {
    /// A token that is good from now on.
    pub(crate) fn new(account: Option<String>, scopes: Vec<Scope>) -> Self {
        Self {
            account,
            scopes,
            expires: now() + LIFETIME,
        }
    }
}

/// Gives tokens, and knows its own; those of one run of the registry are of no use to another.
pub(super) struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// A giver with a key of its own.
    pub(super) fn new() -> Self {
        Self { key: secret() }
    }

    /// A token as it is sent.
    pub(super) fn print(&self, token: &Token) -> Option<String> {
        let claims = serde_json::to_vec(token).ok()?;
        let signature = self.mac(&claims)?.finalize().into_bytes();
        let [claims, signature] = [claims.as_slice(), &signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        Some(format!("{claims}.{signature}"))
    }

    /// What a token says that was given here and is still good.
    pub(super) fn read(&self, text: &str) -> Option<Token> {
        let (claims, signature) = text.split_once('.')?;
        let [claims, signature] = [claims, signature].map(|part| URL_SAFE_NO_PAD.decode(part));
        let claims = claims.ok()?;
        self.mac(&claims)?.verify_slice(&signature.ok()?).ok()?;
        serde_json::from_slice::<Token>(&claims)
            .ok()
            .filter(|token| token.expires > now())
    }

    fn mac(&self, claims: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(claims);
        Some(mac)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, Token, Tokens};
    use crate::auth::{RequiredAccess, Right};
    use crate::protocol::Name;

    fn need(right: Right, name: &str) -> RequiredAccess {
        RequiredAccess::In(right, Name::parse(name).unwrap())
    }

    #[test]
    fn a_scope_is_good_for_what_it_names() {
        let scope = Scope::parse("repository:team/app:pull,push").unwrap();
        assert!(scope.covers(&need(Right::Push, "team/app")));
        assert!(!scope.covers(&need(Right::Delete, "team/app")));
        assert!(!scope.covers(&need(Right::Pull, "team/app/x")));
        assert!(!scope.covers(&RequiredAccess::ToReadAll));
        assert!(
            Scope::parse("repository:a:*")
                .unwrap()
                .covers(&need(Right::Delete, "a"))
        );
        assert_eq!(Scope::parse("nonsense"), None);
    }

    #[test]
    fn what_a_client_is_told_to_ask_for_is_enough() {
        for right in [Right::Pull, Right::Push, Right::Delete] {
            let need = need(right, "a/b");
            let told = Scope::wanted(&need).unwrap();
            assert!(Scope::parse(&told.to_string()).unwrap().covers(&need), "{told}");
        }
    }

    #[test]
    fn a_token_is_good_where_it_was_given_and_as_long_as_it_says() {
        let (tokens, others) = (Tokens::new(), Tokens::new());
        let mut token = Token::new(Some("alice".to_owned()), vec![]);
        let text = tokens.print(&token).unwrap();
        assert_eq!(tokens.read(&text), Some(token.clone()));
        assert_eq!(others.read(&text), None);
        assert_eq!(tokens.read(&text.replacen('e', "f", 1)), None);
        assert_eq!(tokens.read("a.b"), None);
        token.expires = 1;
        assert_eq!(tokens.read(&tokens.print(&token).unwrap()), None);
    }
}

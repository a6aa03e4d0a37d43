//! How a client without the right to do something is asked who it is (RFC 9110, section 11.6.1).

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;

use super::required_access::RequiredAccess;
use super::scopes::Scope;
use crate::config::TokenName;
use crate::http::error::{Failure, Fault};

/// What a client is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Challenge {
    /// A name and a password (RFC 7617).
    Password,
    /// A token of the server at `realm` (Docker: Token Authentication).
    Token {
        /// The address of the token server.
        realm: String,
        /// The name by which the token server knows the registry.
        service: TokenName,
        /// What the token has to be good for.
        scopes: Vec<Scope>,
    },
}

/// What is wrong with what a client has shown (RFC 6750, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// It has shown nothing that is asked for.
    Nothing,
    /// It is not good, or not any more.
    Invalid,
    /// It is good, but not for this.
    Insufficient,
}

impl Shown {
    /// The parameter of a challenge that says so to a client with a token.
    const fn as_parameter(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Invalid => ",error=\"invalid_token\"",
            Self::Insufficient => ",error=\"insufficient_scope\"",
        }
    }
}

impl Challenge {
    /// A token for what a request needs.
    pub(super) fn for_token(realm: String, service: TokenName, needs: &[RequiredAccess]) -> Self {
        Self::Token {
            realm,
            service,
            scopes: needs.iter().filter_map(Scope::wanted).collect(),
        }
    }

    /// The answer that asks for it.
    pub(super) fn ask(&self, shown: Shown) -> Failure {
        let failure = Failure::from(Fault::Unauthorized);
        match HeaderValue::try_from(self.line(shown)) {
            Ok(line) => failure.with_header(WWW_AUTHENTICATE, line),
            Err(error) => {
                tracing::error!(%error, "a challenge was left out");
                failure
            }
        }
    }

    fn line(&self, shown: Shown) -> String {
        match self {
            Self::Password => "Basic realm=\"Assize reference registry\", charset=\"UTF-8\"".to_owned(),
            Self::Token {
                realm,
                service,
                scopes,
            } => {
                let scopes = scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
                let scope = match scopes.as_slice() {
                    [] => String::new(),
                    scopes => format!(",scope=\"{}\"", scopes.join(" ")),
                };
                let error = shown.as_parameter();
                format!("Bearer realm=\"{realm}\",service=\"{service}\"{scope}{error}")
            }
        }
    }
}

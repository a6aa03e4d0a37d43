//! How a client without the right to do something is asked who it is (RFC 9110, section 11.6.1).

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;

use super::required_access::RequiredAccess;
use super::tokens::Scope;
use crate::http::error::{Failure, Fault};

/// The name by which the token server knows the registry.
const SERVICE: &str = "assize-reference";

/// What a client is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Challenge {
    /// A name and a password (RFC 7617).
    Password,
    /// A token of the server at `realm` (Docker: Token Authentication).
    Token {
        /// The address of the token server.
        realm: String,
        /// What the token has to be good for.
        scopes: Vec<Scope>,
    },
}

impl Challenge {
    /// A token for what a request needs.
    pub(crate) fn for_token(realm: String, needs: &[RequiredAccess]) -> Self {
        Self::Token {
            realm,
            scopes: needs.iter().filter_map(Scope::wanted).collect(),
        }
    }

    /// The answer that asks for it.
    pub(super) fn ask(&self) -> Failure {
        let failure = Failure::from(Fault::Unauthorized);
        match HeaderValue::try_from(self.line()) {
            Ok(line) => failure.with_header(WWW_AUTHENTICATE, line),
            Err(error) => {
                tracing::error!(%error, "a challenge was left out");
                failure
            }
        }
    }

    fn line(&self) -> String {
        match self {
            Self::Password => "Basic realm=\"Assize reference registry\", charset=\"UTF-8\"".to_owned(),
            Self::Token { realm, scopes } => {
                let scopes = scopes.iter().map(ToString::to_string).collect::<Vec<_>>();
                let scope = match scopes.as_slice() {
                    [] => String::new(),
                    scopes => format!(",scope=\"{}\"", scopes.join(" ")),
                };
                format!("Bearer realm=\"{realm}\",service=\"{SERVICE}\"{scope}")
            }
        }
    }
}

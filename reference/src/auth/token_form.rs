//! The form in which clients ask for tokens, and why they are given none (Docker: Token Authentication using OAuth2;
//! RFC 6749, sections 4.3, 5.2 and 6).

use super::scopes::Scope;
use crate::protocol::Query;

/// What a client asks for, and what it shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenForm {
    /// What it shows.
    pub(super) grant: Grant,
    /// For which service the token is to be.
    pub(super) service: String,
    /// What it is to be good for.
    pub(super) scopes: Vec<Scope>,
    /// How long the client wants to go on without the password.
    pub(super) access: Access,
}

/// What a client shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// The password of an account.
    Password { name: String, password: String },
    /// A token that it was given for such a password.
    RefreshToken(String),
}

/// For how long a client wants to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// As long as the token is good.
    Online,
    /// Until the password changes: it wants a refresh token.
    Offline,
}

/// Why a client is given no token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GrantRefusal {
    /// The form is none, or lacks something.
    InvalidRequest(String),
    /// What is shown is wrong, or not good for this any more.
    InvalidGrant,
    /// There are no tokens for this kind of grant.
    UnsupportedGrantType,
}

impl GrantRefusal {
    /// The code of RFC 6749, section 5.2, and what it means here.
    pub(crate) fn told(&self) -> (&'static str, &str) {
        match self {
            Self::InvalidRequest(why) => ("invalid_request", why),
            Self::InvalidGrant => (
                "invalid_grant",
                "the password is wrong, or the refresh token is not good for this service or not good any more",
            ),
            Self::UnsupportedGrantType => (
                "unsupported_grant_type",
                "tokens are given for the grant types password and refresh_token",
            ),
        }
    }
}

impl TokenForm {
    /// Reads a form.
    ///
    /// # Errors
    /// Says why no token can be given for it.
    pub(crate) fn parse(form: &str) -> Result<Self, GrantRefusal> {
        let fields = Fields(Query::of_form(form));
        let grant = match fields.needed("grant_type")? {
            "password" => Grant::Password {
                name: fields.needed("username")?.to_owned(),
                password: fields.needed("password")?.to_owned(),
            },
            "refresh_token" => Grant::RefreshToken(fields.needed("refresh_token")?.to_owned()),
            _ => return Err(GrantRefusal::UnsupportedGrantType),
        };
        // Who the client is does not matter here; that it says so is required.
        fields.needed("client_id")?;
        let scopes = fields.perhaps("scope")?.unwrap_or_default();
        Ok(Self {
            grant,
            service: fields.needed("service")?.to_owned(),
            scopes: scopes.split_ascii_whitespace().filter_map(Scope::parse).collect(),
            access: match fields.perhaps("access_type")? {
                Some("offline") => Access::Offline,
                Some(_) | None => Access::Online,
            },
        })
    }
}

/// The fields of a form. One without a value counts as left out, and none may be there twice (RFC 6749, section 3.2).
struct Fields(Query);

impl Fields {
    fn needed(&self, name: &str) -> Result<&str, GrantRefusal> {
        let missing = || GrantRefusal::InvalidRequest(format!("the field {name} is missing"));
        self.perhaps(name)?.ok_or_else(missing)
    }

    fn perhaps(&self, name: &str) -> Result<Option<&str>, GrantRefusal> {
        let mut values = self.0.all(name);
        let value = values.next().filter(|value| !value.is_empty());
        match values.next() {
            None => Ok(value),
            Some(_) => Err(GrantRefusal::InvalidRequest(format!(
                "the field {name} is there twice"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Grant, GrantRefusal, Scope, TokenForm};

    #[test]
    fn a_form_says_who_asks_for_what() {
        let form = "grant_type=password&username=a&password=b%26c+d&service=r&client_id=me&access_type=offline\
                    &scope=repository:a:pull,push+nonsense+repository:b:pull";
        let scopes = ["repository:a:pull,push", "repository:b:pull"];
        assert_eq!(
            TokenForm::parse(form),
            Ok(TokenForm {
                grant: Grant::Password {
                    name: "a".to_owned(),
                    password: "b&c d".to_owned()
                },
                service: "r".to_owned(),
                scopes: scopes.iter().filter_map(|scope| Scope::parse(scope)).collect(),
                access: Access::Offline,
            })
        );
        let form = TokenForm::parse("grant_type=refresh_token&refresh_token=t&service=r&client_id=me&scope=");
        let form = form.unwrap();
        assert_eq!(form.grant, Grant::RefreshToken("t".to_owned()));
        assert_eq!((form.scopes, form.access), (Vec::new(), Access::Online));
    }

    #[test]
    fn what_is_missing_or_there_twice_is_named() {
        let whole = "grant_type=password&username=a&password=b&service=r&client_id=me";
        for name in ["grant_type", "username", "password", "service", "client_id"] {
            let fields = whole.split('&').filter(|field| !field.starts_with(name));
            let without = fields.collect::<Vec<_>>().join("&");
            let missing = Err(GrantRefusal::InvalidRequest(format!(
                "the field {name} is missing"
            )));
            assert_eq!(TokenForm::parse(&without), missing);
            assert_eq!(TokenForm::parse(&format!("{without}&{name}=")), missing);
        }
        let twice = TokenForm::parse(&format!("{whole}&scope=a&scope=b"));
        assert_eq!(
            twice,
            Err(GrantRefusal::InvalidRequest(
                "the field scope is there twice".to_owned()
            ))
        );
        let code = TokenForm::parse("grant_type=authorization_code&code=x");
        assert_eq!(code, Err(GrantRefusal::UnsupportedGrantType));
    }
}

//! What is written into `Authorization`, and how it is shown.

use http_auth::basic::encode_credentials;

use super::headers::is_secret;
use super::{Credentials, Headers, Login, Request, Secret};

/// What stands in the place of a secret.
pub const REDACTED: &str = "<redacted>";

/// Leave to ask, as it is shown to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// A user and a password.
    Basic { user: String, password: Secret },
    /// A token.
    Bearer(Secret),
}

impl Grant {
    /// What an account shows to a registry by itself, if it has anything to show that is not for a token server alone.
    pub(super) fn by_itself(login: &Login) -> Option<Grant> {
        match login {
            Login::Password { user, password } => Some(Grant::Basic {
                user: user.clone(),
                password: password.clone(),
            }),
            Login::Token(token) => Some(Grant::Bearer(token.clone())),
            Login::RefreshToken(_) => None,
        }
    }

    /// The value of the `Authorization` line.
    pub(super) fn value(&self) -> String {
        match self {
            Grant::Basic { user, password } => encode_credentials(user, password.reveal()),
            Grant::Bearer(token) => format!("Bearer {}", token.reveal()),
        }
    }

    /// The same value, fit to be seen.
    pub(super) fn shown(&self) -> String {
        match self {
            Grant::Basic { user, .. } => format!("Basic {user}:{REDACTED}"),
            Grant::Bearer(_) => format!("Bearer {REDACTED}"),
        }
    }

    /// The request with this grant.
    pub(super) fn apply(&self, request: &Request) -> Request {
        let mut request = request.clone();
        request
            .headers
            .set(&request.letters.spell("Authorization"), &self.value());
        request
    }
}

/// The request as it may be shown, sent with this grant or with lines of its own.
///
/// A `Basic` line that a scenario wrote is shown if it is nobody's: wrong credentials are part of what is tested.
pub(super) fn redacted(request: &Request, grant: Option<&Grant>, credentials: &Credentials) -> Request {
    let mut shown = request.clone();
    shown.headers = request
        .headers
        .iter()
        .map(|(name, value)| (name, shown_line(name, value, credentials)))
        .collect::<Headers>();
    if let Some(grant) = grant {
        let name = request.letters.spell("Authorization");
        shown.headers.set(&name, &grant.shown());
    }
    shown
}

fn shown_line(name: &str, value: &str, credentials: &Credentials) -> String {
    if let Some(grant) = credentials.grants().find(|grant| grant.value() == value) {
        return grant.shown();
    }
    if !is_secret(name) {
        return value.to_owned();
    }
    match value.split_once(' ') {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("Basic") => value.to_owned(),
        Some((scheme, _)) => format!("{scheme} {REDACTED}"),
        None => REDACTED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Letters, Url};
    use super::*;

    fn shown(name: &str, value: &str) -> String {
        let alice = Login::Password {
            user: "alice".to_owned(),
            password: "hunter2".into(),
        };
        let credentials = Credentials::none().with_default(alice);
        let mut request = Request::new("GET", Url::parse("http://h/").unwrap());
        request.headers.append(name, value);
        let request = redacted(&request, None, &credentials);
        request.headers.get(name).unwrap().to_owned()
    }

    #[test]
    fn a_grant_is_written_in_the_letters_of_its_request() {
        let mut request = Request::new("GET", Url::parse("http://h/").unwrap());
        request.letters = Letters::Capital;
        let grant = Grant::Bearer("abc".into());
        let lines = |request: &Request| -> Vec<(String, String)> {
            let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            request.headers.iter().map(own).collect()
        };
        let line = |value: &str| vec![("AUTHORIZATION".to_owned(), value.to_owned())];
        assert_eq!(lines(&grant.apply(&request)), line("Bearer abc"));
        let shown = redacted(&request, Some(&grant), &Credentials::none());
        assert_eq!(lines(&shown), line("Bearer <redacted>"));
    }

    #[test]
    fn only_what_is_nobodys_is_shown() {
        assert_eq!(
            shown("authorization", "Basic YWxpY2U6aHVudGVyMg=="),
            "Basic alice:<redacted>"
        );
        assert_eq!(
            shown("X-Forwarded-Authorization", "Basic YWxpY2U6aHVudGVyMg=="),
            "Basic alice:<redacted>"
        );
        assert_eq!(
            shown("Authorization", "Basic bm9ib2R5Ondyb25n"),
            "Basic bm9ib2R5Ondyb25n"
        );
        assert_eq!(shown("Authorization", "Bearer abc"), "Bearer <redacted>");
        assert_eq!(shown("Authorization", "abc"), "<redacted>");
        assert_eq!(shown("Cookie", "session=1"), "<redacted>");
        assert_eq!(shown("Accept", "a b"), "a b");
    }
}

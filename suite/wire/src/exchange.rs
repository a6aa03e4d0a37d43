//! What was sent and what came back: the evidence of every finding.

use std::time::Duration;

use super::{Account, Fault, Headers, Protocol, Received, Request, Url, Withheld};

/// The answer that ended an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The address that answered, after redirects.
    pub url: Url,
    /// The status code.
    pub status: u16,
    /// The header lines, as written.
    pub headers: Headers,
    /// The body: its length and its digest, and the bytes as far as they are kept.
    pub body: Received,
    /// Why the body did not come to its end, if it did not: status and headers are known all the same.
    pub cut: Option<Fault>,
}

impl Answer {
    /// The address that its `Location` names, resolved against the one that answered.
    pub fn location(&self) -> Option<Url> {
        self.url.resolve(self.headers.get("Location")?).ok()
    }
}

/// An answer on the way to the one that counts: a redirect that was followed, or a demand for credentials that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The address that answered.
    pub url: Url,
    /// The status code.
    pub status: u16,
    /// The header lines, as written.
    pub headers: Headers,
}

/// A token that was fetched: what was asked for, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pass {
    /// The address of the token server.
    pub realm: String,
    /// The name by which it knows the registry.
    pub service: Option<String>,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// On whose behalf it was fetched.
    pub account: Account,
    /// What the token server was shown.
    pub shown: Shown,
}

/// What a token server was shown, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Nothing, by GET.
    Nothing,
    /// The name of a user and a password, by GET.
    Password {
        /// The user's name.
        user: String,
    },
    /// The same by the form of OAuth2.
    PasswordInForm {
        /// The user's name.
        user: String,
    },
    /// A refresh token, by the form of OAuth2.
    RefreshToken,
}

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Which exchange of its client this is, counted from one.
    pub number: u64,
    /// The request as it was last written to the address it is for, the secrets in it redacted.
    pub request: Request,
    /// The version of HTTP that it was written in.
    pub protocol: Protocol,
    /// The answer, or why there is none.
    pub outcome: Result<Answer, Fault>,
    /// The answers before it, in order.
    pub hops: Vec<Hop>,
    /// How long it took, hops and all.
    pub elapsed: Duration,
    /// How long it might have taken.
    pub limit: Duration,
    /// The token by which it was let in, if it was by one that was fetched.
    pub pass: Option<Pass>,
    /// Whether certificates went unchecked.
    pub insecure: bool,
}

impl Exchange {
    /// A request that was not sent.
    pub fn withheld(request: Request, why: Withheld) -> Exchange {
        Exchange {
            number: 0,
            request,
            protocol: Protocol::Http1,
            outcome: Err(Fault::Withheld(why)),
            hops: Vec::new(),
            elapsed: Duration::ZERO,
            limit: Duration::ZERO,
            pass: None,
            insecure: false,
        }
    }

    /// Whether it was not sent.
    pub fn is_withheld(&self) -> bool {
        matches!(self.outcome, Err(Fault::Withheld(_)))
    }

    /// The status of the answer, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.outcome.as_ref().ok().map(|answer| answer.status)
    }

    /// The answer with all of its body, or why there is none.
    ///
    /// # Errors
    /// Fails if there is no answer, or if its body was cut.
    pub fn whole(&self) -> Result<&Answer, &Fault> {
        let answer = self.outcome.as_ref()?;
        match &answer.cut {
            Some(fault) => Err(fault),
            None => Ok(answer),
        }
    }

    /// Why there is no answer, or no whole one.
    pub fn fault(&self) -> Option<&Fault> {
        match &self.outcome {
            Ok(answer) => answer.cut.as_ref(),
            Err(fault) => Some(fault),
        }
    }

    /// Where a 202 says that an upload goes on.
    pub fn upload_address(&self) -> Option<Url> {
        let answer = self.outcome.as_ref().ok()?;
        answer.location().filter(|_| answer.status == 202)
    }
}

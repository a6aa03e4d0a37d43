//! What was sent and what came back: the evidence of every finding.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::{Fault, Headers, Request, Url, Withheld};

/// The answer that ended an exchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The address that answered, after redirects.
    pub url: Url,
    /// The status code.
    pub status: u16,
    /// The header lines, as written.
    pub headers: Headers,
    /// The whole body.
    pub body: Bytes,
}

impl Answer {
    /// The address that its `Location` names, resolved against the one that answered.
    pub fn location(&self) -> Option<Url> {
        self.url.resolve(self.headers.get("Location")?).ok()
    }
}

impl fmt::Debug for Answer {
    /// Leaves the body out: it may be long, and the body of a token server is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("url", &self.url)
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
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

/// A request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Which exchange of its client this is, counted from one.
    pub number: u64,
    /// The request as it was last written to the address it is for, the secrets in it redacted.
    pub request: Request,
    /// The answer, or why there is none.
    pub outcome: Result<Answer, Fault>,
    /// The answers before it, in order.
    pub hops: Vec<Hop>,
    /// How long it took, hops and all.
    pub elapsed: Duration,
    /// Whether certificates went unchecked.
    pub insecure: bool,
}

impl Exchange {
    /// A request that was not sent.
    pub fn withheld(request: Request, why: Withheld) -> Exchange {
        Exchange {
            number: 0,
            request,
            outcome: Err(Fault::Withheld(why)),
            hops: Vec::new(),
            elapsed: Duration::ZERO,
            insecure: false,
        }
    }

    /// The status of the answer, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.outcome.as_ref().ok().map(|answer| answer.status)
    }

    /// Where a 202 says that an upload goes on.
    pub fn upload_address(&self) -> Option<Url> {
        let answer = self.outcome.as_ref().ok()?;
        answer.location().filter(|_| answer.status == 202)
    }
}

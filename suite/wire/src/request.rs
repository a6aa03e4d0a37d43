//! A request as somebody wants it sent.

use std::fmt;

use super::{Headers, Keeping, Payload, Received, Recipe, Url};

/// How much is shown of a body at most, in bytes.
const LONG: u64 = 64 * 1024;

/// A request: it is sent as it is written here, with a `Host` and a framing line where they are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, in any letters.
    pub method: String,
    /// Where to.
    pub url: Url,
    /// The header lines.
    pub headers: Headers,
    /// The body, and how its end is told.
    pub body: Body,
    /// What to do about a redirect.
    pub redirects: Redirects,
    /// On whose behalf it is sent.
    pub account: Account,
    /// The letters in which the names of its header lines are written.
    pub letters: Letters,
    /// What is kept of the body of the answer, where that is not what the client keeps.
    pub keeping: Option<Keeping>,
}

impl Request {
    /// A request without lines of its own and without body, by the default account, following redirects.
    pub fn new(method: &str, url: Url) -> Request {
        Request {
            method: method.to_owned(),
            url,
            headers: Headers::new(),
            body: Body::None,
            redirects: Redirects::Follow,
            account: Account::Default,
            letters: Letters::AsWritten,
            keeping: None,
        }
    }
}

/// The body of a request.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Nothing is sent, and no length is told unless a header line tells one.
    None,
    /// Sent with its `Content-Length`.
    Sized(Payload),
    /// Sent in chunks, without its length.
    Chunked(Payload),
    /// Sent in one of these ways and kept in part: it can be shown, and not be sent again but by who knows how it is made.
    Cut(Received, Option<Recipe>),
}

impl Body {
    /// How many bytes are sent.
    pub fn len(&self) -> u64 {
        match self {
            Body::None => 0,
            Body::Sized(payload) | Body::Chunked(payload) => payload.len(),
            Body::Cut(part, _) => part.len(),
        }
    }

    /// Whether no byte is sent.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How it is made, as far as that can be told in few words.
    pub fn recipe(&self) -> Option<Recipe> {
        match self {
            Body::None => None,
            Body::Sized(payload) | Body::Chunked(payload) => payload.recipe(),
            Body::Cut(_, recipe) => recipe.clone(),
        }
    }

    /// What who is asked receives, whichever way it is sent; of what is long, the beginning.
    pub fn received(&self) -> Received {
        match self {
            Body::None => Received::from(""),
            Body::Sized(payload) | Body::Chunked(payload) => payload.received(LONG),
            Body::Cut(part, _) => part.clone(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Body::None => f.write_str("None"),
            Body::Sized(payload) => write!(f, "Sized({payload:?})"),
            Body::Chunked(payload) => write!(f, "Chunked({payload:?})"),
            Body::Cut(part, _) => write!(f, "Cut({part:?})"),
        }
    }
}

/// What to do about a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// Go where it leads.
    Follow,
    /// Take it as the answer.
    Stop,
}

/// On whose behalf a request is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The account of the run, if it has one.
    Default,
    /// Nobody: no credentials are sent, and a 401 is the answer.
    Nobody,
    /// One of the named accounts.
    Named(String),
}

/// The letters in which the names of header lines are written, those that the client adds itself among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// As they stand in the request, or in small ones where HTTP/2 has no others.
    AsWritten,
    /// As they stand in the request, and in no others.
    Usual,
    /// In small letters.
    Small,
    /// In capital letters.
    Capital,
    /// In small letters and capital ones by turns.
    Mixed,
}

impl Letters {
    /// A name in these letters.
    pub(super) fn spell(self, name: &str) -> String {
        match self {
            Letters::AsWritten | Letters::Usual => name.to_owned(),
            Letters::Small => name.to_ascii_lowercase(),
            Letters::Capital => name.to_ascii_uppercase(),
            Letters::Mixed => {
                let by_turns = |(at, letter): (usize, char)| match at % 2 {
                    0 => letter.to_ascii_lowercase(),
                    _ => letter.to_ascii_uppercase(),
                };
                name.chars().enumerate().map(by_turns).collect()
            }
        }
    }
}

impl fmt::Display for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Letters::AsWritten | Letters::Usual => "the usual letters",
            Letters::Small => "small letters",
            Letters::Capital => "capital letters",
            Letters::Mixed => "mixed letters",
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Default => f.pad("the default account"),
            Account::Nobody => f.pad("nobody"),
            Account::Named(name) => write!(f, "the account `{name}`"),
        }
    }
}

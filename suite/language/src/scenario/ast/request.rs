//! What goes out.

use super::{Name, Slot, Spanned, Template};

/// The `>` lines of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is asked of what.
    pub line: Spanned<RequestLine>,
    /// Header lines, in order; the first of a name replaces what a correct client would send.
    pub headers: Vec<Spanned<HeaderLine>>,
    /// `@NAME`: the body.
    pub body: Option<Spanned<Name>>,
    /// `as nobody`, `as ACCOUNT`.
    pub account: Option<Spanned<Account>>,
    /// What happens at a redirect.
    pub redirects: Redirects,
    /// `every page, …`.
    pub paging: Option<Paging>,
}

/// The first line of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestLine {
    /// `METHOD TARGET ?QUERY`.
    Http {
        /// The method, as written.
        method: Slot<String>,
        /// A path, or an address that the registry gave.
        target: Template,
        /// A query that joins whatever query the target has.
        query: Option<Template>,
    },
    /// `upload NAME by WAY`: a whole blob upload, judged by its last answer.
    Upload {
        /// The content.
        what: Spanned<Name>,
        /// How it is uploaded.
        way: Slot<Way>,
        /// A query for the request that closes it, in place of `digest={digest NAME}`.
        query: Option<Template>,
    },
}

words! {
    /// The ways to upload a blob.
    Way {
        /// One POST with the body.
        SinglePost = "single post",
        /// POST, then PUT with the body.
        PostAndPut = "post and put",
        /// POST, one PATCH without Content-Range, PUT without a body.
        StreamedPatch = "streamed patch",
        /// POST, a PATCH for each chunk, PUT without a body.
        Chunks = "chunks",
        /// POST, a PATCH for each chunk but the last, PUT with the last.
        LastChunkInPut = "last chunk in put",
    }
}

/// One header of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine {
    /// The field's name, as written.
    pub name: String,
    /// Its value; `None` for `absent`: not sent, although a correct client would.
    pub value: Option<Template>,
}

/// On whose behalf a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// `nobody`: without credentials.
    Nobody,
    /// An account that the user gave by name.
    Named(String),
}

/// What happens at a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// They are followed, as the specification lets a registry expect.
    Followed,
    /// `stop at a redirect`: the redirect is the answer.
    Shown,
}

/// `every page, …`: all pages of a list are asked for, and judged as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paging {
    /// `by Link`.
    ByLink,
    /// `by last = JSONPATH`: the last node is the next `last` parameter.
    ByLast(String),
}

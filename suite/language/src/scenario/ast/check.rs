//! What must come back.

use std::fmt;

use super::{Name, Spanned, Template};

/// One check of the last answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Whether it is asked that it be so, or that it not be so (`not …`).
    pub polarity: Polarity,
    /// What is looked at.
    pub aspect: Spanned<Aspect>,
}

/// The two ways to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// It is asked that it be so.
    Is,
    /// `not`: it is asked that it not be so.
    IsNot,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Aspect {
    /// `202 or 4xx`.
    Status(Vec<StatusSet>),
    /// `Header-Name: pattern`.
    Header(String, Pattern),
    /// `$.path: pattern`.
    Json(Template, Pattern),
    /// `challenge SCHEME PARAMETER: pattern`.
    Challenge(String, String, Pattern),
    /// `error CODE or CODE`.
    Error(Vec<String>),
    /// `@NAME`: the body is these bytes.
    Content(Spanned<Name>),
    /// `no body`.
    NoBody,
    /// `signed manifest`: the body is a manifest of schema 1, signed as it says.
    SignedManifest,
    /// `HEADER, HEADER as in ANSWER`.
    SameAs(Vec<String>, Spanned<Name>),
}

/// One status, or a hundred of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusSet {
    /// `202`.
    Exactly(u16),
    /// `4xx`.
    Class(u8),
}

impl StatusSet {
    /// Whether `status` is among them.
    pub fn contains(self, status: u16) -> bool {
        match self {
            StatusSet::Exactly(exactly) => status == exactly,
            StatusSet::Class(class) => status / 100 == u16::from(class),
        }
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatusSet::Exactly(status) => write!(f, "{status}"),
            StatusSet::Class(class) => write!(f, "{class}xx"),
        }
    }
}

/// What a header or a JSON value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Any one of these will do.
    pub any_of: Vec<One>,
    /// Whether its absence is a fault.
    pub presence: Presence,
}

/// What the absence of a header or a JSON value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is compared like any value.
    Compared,
    /// `if present`: there was no occasion.
    IfPresent,
}

/// One alternative of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum One {
    /// It is this value.
    Is(Text),
    /// `not VALUE`.
    IsNot(Text),
    /// `has VALUE`: this value is among those listed.
    Has(Text),
    /// `VALUE, VALUE in any order`: these values and no others.
    List(Vec<Text>, Order),
    /// `present`.
    Present,
    /// `absent`.
    Absent,
    /// `a FORM`: it has this grammar.
    Form(Form),
    /// `once`, `3 times`: there are as many of it.
    Times(u32),
    /// `at most N`, `at most N a page`.
    AtMost(u32, CountScope),
}

/// A value, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Compared as its field is: media types without case, lists by their members.
    Plain(Template),
    /// `"…"`: exact text.
    Exact(Template),
}

/// The order in which a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As written.
    Given,
    /// `in any order`.
    Any,
    /// `in byte order`.
    Byte,
    /// `in lexical order`: without regard to case.
    Lexical,
}

/// What a count is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountScope {
    /// All pages together.
    Whole,
    /// `a page`: each page.
    Page,
}

/// A grammar that a value has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One of the grammars that need no argument.
    Plain(PlainForm),
    /// `a digest of NAME`: a digest, by any algorithm, of these bytes.
    DigestOf(Spanned<Name>),
}

words! {
    /// The grammars that a value may be asked to have; each is bound to vectors in `fixtures/`.
    PlainForm {
        /// A URI reference.
        Uri = "uri",
        /// Text in which a UUID stands.
        Uuid = "uuid",
        /// A non-negative whole number.
        Number = "number",
        /// A JSON string.
        String = "string",
        /// A JSON array.
        Array = "array",
        /// A JSON object.
        Object = "object",
        /// An entity tag of RFC 9110, 8.8.3.
        EntityTag = "entity-tag",
        /// A date of RFC 9110, 5.6.7.
        HttpDate = "http-date",
        /// A web link of RFC 8288 whose relation is `next`.
        NextLink = "next link",
        /// A warning as the distribution specification has it.
        Warning = "warning",
        /// A warning whose text is a quoted string, whatever else there is to say of it.
        QuotedWarning = "warning in quotes",
        /// An authentication challenge of RFC 9110, 11.6.1.
        Challenge = "challenge",
        /// A challenge of a scheme that every client of registries knows: Basic or Bearer.
        UsableChallenge = "usable challenge",
        /// A URI reference that says in its query that it is signed.
        SignedUri = "signed uri",
        /// The range of an upload: `0-N`.
        UploadRange = "upload range",
        /// An error code: upper-case letters and underscores.
        ErrorCode = "error code",
        /// An error code that the specification lists.
        KnownErrorCode = "listed error code",
        /// A digest of the image specification, of any algorithm.
        Digest = "digest",
        /// A media type without parameters.
        BareMediaType = "bare media type",
        /// A number of seconds or a date.
        RetryAfter = "delay",
        /// At most 4096 bytes in all its lines together.
        WithinWarningLimit = "warning of at most 4096 bytes",
    }
}

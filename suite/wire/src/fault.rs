//! Why there is no answer.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Why a request has no answer, in words that follow "no answer: ".
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// No connection could be made.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection could not be made secret.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// Something took longer than it may.
    #[error("timed out after {}, {doing}", in_seconds(*.after))]
    Timeout {
        /// The limit.
        after: Duration,
        /// What the time was spent on.
        doing: &'static str,
    },
    /// The connection ended before the answer did.
    #[error("{0}")]
    Closed(String),
    /// The body is longer than this client reads.
    #[error("the body is longer than {limit} bytes, the most that is read")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// One redirect led to another, too often.
    #[error("gave up after {0} redirects")]
    TooManyRedirects(u32),
    /// A redirect does not say where to.
    #[error("the redirect leads nowhere: {0}")]
    BadRedirect(String),
    /// What came is not HTTP/1.1.
    #[error("the answer is malformed: {0}")]
    Malformed(String),
    /// Credentials are wanted that are not there, or that must not be sent.
    #[error("{0}")]
    Credentials(String),
    /// The suite did not send the request, for a reason of its own.
    #[error("it was not sent: {0}")]
    Withheld(Withheld),
    /// The server is none that may be asked.
    #[error("{server} was not asked: --same-host keeps every request on {registry}")]
    Elsewhere {
        /// The server.
        server: String,
        /// The host that may be asked.
        registry: String,
    },
    /// The server speaks HTTP/2 and nothing else, and the request is one of HTTP/1.1.
    #[error("{server} was not asked: it speaks HTTP/2 alone, and {because}")]
    Http2Alone {
        /// The server.
        server: String,
        /// Why the request is one of HTTP/1.1.
        because: String,
    },
    /// The request cannot be written as a request.
    #[error("{from}: {reason}")]
    CannotSend {
        /// What is wrong with it.
        reason: String,
        /// Where the text comes from that is wrong.
        from: Source,
    },
}

/// Why a request is not sent, although it could be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Withheld {
    /// It names a repository that the run was not given.
    #[error("the run is confined to {}", .0.join(", "))]
    Confined(Vec<String>),
    /// It would change what stood in a shared repository before.
    #[error("{0} was there before")]
    Taken(String),
    /// It might change something, and the run only reads.
    #[error("the run only reads")]
    ReadOnly,
    /// The run has come to its end.
    #[error("the run has ended")]
    Ended,
}

/// Where the text of a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It stands in a scenario: a fault of the suite.
    Scenario,
    /// It was put in, and no scenario can hold it: what the registry answered before.
    Answer,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Source::Scenario => "the suite cannot send this request",
            Source::Answer => "what the registry answered makes no request that can be sent",
        })
    }
}

/// A limit as a reader would say it.
fn in_seconds(limit: Duration) -> String {
    if limit < Duration::from_secs(1) {
        return format!("{} ms", limit.as_millis());
    }
    format!("{} s", limit.as_secs_f64())
}

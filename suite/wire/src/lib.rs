//! The HTTP client of the suite: what goes out is what was written, what came back is shown as it came.
//!
//! A [`Request`] goes in, an [`Exchange`] comes out, always: every phase has its limit, and what goes wrong is a
//! [`Fault`] of the exchange. This crate knows nothing of scenarios.

mod authorize;
mod challenge;
mod client;
mod connect;
mod connection;
mod curl;
mod exchange;
mod fault;
#[cfg(any(test, fuzzing, feature = "fuzzing"))]
pub mod fuzzing;
mod grant;
mod handshake;
mod head;
mod headers;
pub mod hidden_characters;
mod http2;
mod incoming;
mod keyring;
mod number;
mod payload;
mod pool;
mod progress;
mod protocol;
mod proxies;
mod raw;
mod received;
mod recipe;
mod redirect;
mod request;
mod secrets;
mod sending;
mod settings;
mod shared;
#[cfg(test)]
mod testing;
mod tls;
mod token;
mod token_request;
mod transcript;
mod tunnel;
mod url;
mod wait;

pub use challenge::{Challenge, challenges};
pub use client::Client;
pub use curl::{Shows, curl, curl_with_body_of, password, quoted, refresh_token};
pub use exchange::{Answer, Exchange, Hop, Pass, Shown};
pub use fault::{Fault, Source, Withheld};
pub use grant::REDACTED;
pub use headers::Headers;
pub use number::{NumberError, number};
pub use payload::{Generator, Payload};
pub use protocol::{Protocol, Versions};
pub use proxies::{Proxies, Proxy};
pub use raw::{RawConnection, Rest};
pub use received::{Keeping, Received, WHOLE};
pub use recipe::{Counted, Part, Recipe};
pub use request::{Account, Body, Letters, Redirects, Request};
pub use secrets::Secrets;
pub use settings::{
    Address, ClientSettings, Credentials, Identity, Login, LoginSource, Reach, Secret, SettingsError,
    Timeouts, Tls,
};
pub use transcript::{Step, Transcript};
pub use url::{Origin, Scheme, Url, UrlError};
pub use wait::Limit;

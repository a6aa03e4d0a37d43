//! The delivery of events to one endpoint: one message after another, each until it is taken.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, Url};

use super::Endpoint;
use super::message::{ENVELOPE_TYPE, envelope, place};
use crate::config::NotificationEndpoint;
use crate::operation::outgoing::{self, causes};

/// The number of redirects that are followed.
const REDIRECTS: usize = 10;

/// How much of an answer is read, so that the connection can be used again.
const ANSWER: usize = 64 * 1024;

/// Takes events out of a queue and sends them.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    endpoint: Arc<Endpoint>,
    client: Client,
    url: Url,
    headers: HeaderMap,
    threshold: u32,
    backoff: Duration,
}

/// Why a message was not taken.
#[derive(Debug)]
enum DeliveryError {
    /// The endpoint answered with this.
    Status(StatusCode),
    /// The endpoint did not answer.
    NoAnswer(reqwest::Error),
}

impl Delivery {
    /// A delivery to an endpoint as it is configured.
    ///
    /// # Errors
    /// Says why messages cannot be sent.
    pub(super) fn new(told: &NotificationEndpoint, endpoint: Arc<Endpoint>) -> Result<Self, String> {
        let mut headers = told.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(ENVELOPE_TYPE));
        Ok(Self {
            endpoint,
            client: client(told).map_err(|error| format!("{}: {}", told.name, causes(&error)))?,
            url: told.url.clone(),
            headers,
            threshold: told.threshold,
            backoff: told.backoff,
        })
    }

    /// The endpoint.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Delivers until the queue is closed and empty.
    pub(super) async fn run(self) {
        let Endpoint {
            name, queue, tally, ..
        } = self.endpoint();
        tracing::info!(
            endpoint = name,
            at = place(&self.url),
            "events are sent to an endpoint"
        );
        loop {
            let events = queue.take().await;
            if events.is_empty() {
                return;
            }
            let count = events.len() as u64;
            self.deliver(envelope(&events)).await;
            tally.pending.dec_by(count.cast_signed());
            tally.delivered.inc_by(count);
        }
    }

    /// Sends a message until it is taken. From a number of failures on there is a pause after each.
    async fn deliver(&self, message: Bytes) {
        let Endpoint { name, tally, .. } = self.endpoint();
        let mut failures = 0_u32;
        while let Err(failure) = self.post(message.clone()).await {
            failures = failures.saturating_add(1);
            tally.failed(failure.status());
            // An endpoint that is away for long shall not fill the log.
            if failures == 1 {
                tracing::warn!(endpoint = name, %failure, "events were not taken; they are sent again");
            } else {
                tracing::debug!(endpoint = name, %failure, failures, "events were not taken");
            }
            if failures == self.threshold {
                let seconds = self.backoff.as_secs_f64();
                tracing::warn!(endpoint = name, %failure, failures, seconds, "too many failures: there is a pause before each further delivery");
            }
            if failures >= self.threshold {
                tokio::time::sleep(self.backoff).await;
            }
        }
        if failures > 0 {
            tracing::info!(endpoint = name, failures, "events are taken again");
        }
    }

    async fn post(&self, message: Bytes) -> Result<(), DeliveryError> {
        let request = self.client.post(self.url.clone());
        let sending = request.headers(self.headers.clone()).body(message).send();
        let answer = sending.await.map_err(DeliveryError::NoAnswer)?;
        let status = answer.status();
        if status.is_success() || status.is_redirection() {
            read(answer).await;
            Ok(())
        } else {
            Err(DeliveryError::Status(status))
        }
    }
}

/// What sends messages to an endpoint.
fn client(told: &NotificationEndpoint) -> Result<Client, reqwest::Error> {
    outgoing::client(told.url.scheme())
        .timeout(told.timeout)
        .redirect(redirects(!told.headers.is_empty()))
        .build()
}

/// Reads what the endpoint says, which does not matter any more.
async fn read(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(part)) = answer.chunk().await
        && read <= ANSWER
    {
        read += part.len();
    }
}

/// Redirects are followed; headers of the configuration are for one host, and go to no other.
fn redirects(has_headers: bool) -> Policy {
    Policy::custom(move |attempt: Attempt| {
        let first = attempt.previous().first();
        let leaves = first.is_some_and(|first| first.origin() != attempt.url().origin());
        if has_headers && leaves {
            attempt.error("it redirects to another host, which the configured headers are not for")
        } else if attempt.previous().len() > REDIRECTS {
            attempt.error("it redirects too often")
        } else {
            attempt.follow()
        }
    })
}

impl DeliveryError {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status) => Some(status.as_u16()),
            Self::NoAnswer(_) => None,
        }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "it answers {status}"),
            Self::NoAnswer(error) => f.write_str(&causes(error)),
        }
    }
}

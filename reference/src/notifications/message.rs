//! An event in the form in which it is sent (Docker: Notifications, Events and Envelope).

use bytes::Bytes;
use reqwest::Url;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::config::Action;
use crate::http::peer::Arrival;
use crate::http::routes::UrlBuilder;

/// The media type of an envelope.
pub(super) const ENVELOPE_TYPE: &str = "application/vnd.docker.distribution.events.v2+json";

/// The request that an event comes from.
#[derive(Debug)]
pub(crate) struct Cause<'a> {
    /// Where it comes from.
    pub(crate) arrival: &'a Arrival,
    /// The host that it was sent to.
    pub(crate) host: &'a str,
    /// Its method.
    pub(crate) method: &'a str,
    /// The program that made it.
    pub(crate) user_agent: &'a str,
    /// The account that made it.
    pub(crate) account: Option<&'a str>,
    /// Prints whole URLs, as its client reaches the registry.
    pub(crate) urls: UrlBuilder,
}

/// An event about one target.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    id: String,
    timestamp: String,
    action: Action,
    target: &'a EventTarget,
    request: EventRequest<'a>,
    actor: Actor<'a>,
    source: Origin<'a>,
}

/// What something was done to; of what is deleted, only the name is told.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventTarget {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// The size, under the name that it had before 2.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) length: Option<u64>,
    pub(super) repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from_repository: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) references: Vec<Value>,
}

/// The request that did it.
#[derive(Debug, Serialize)]
struct EventRequest<'a> {
    id: String,
    addr: String,
    host: &'a str,
    method: &'a str,
    useragent: &'a str,
}

/// Who did it.
#[derive(Debug, Serialize)]
struct Actor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

/// The registry that it was done in.
#[derive(Debug, Serialize)]
struct Origin<'a> {
    addr: &'a str,
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
}

/// What all events of one run of a registry say of it.
#[derive(Debug)]
pub(super) struct EventSource {
    /// The host and the port.
    address: String,
    instance: String,
}

impl EventSource {
    /// This machine, the port that is listened on, and this run of the registry.
    pub(super) fn new(port: u16, instance: Uuid) -> Self {
        let host = gethostname::gethostname();
        Self {
            address: format!("{}:{port}", host.to_string_lossy()),
            instance: instance.to_string(),
        }
    }
}

impl<'a> Message<'a> {
    /// What a request has just done.
    pub(super) fn new(
        cause: &'a Cause<'_>,
        action: Action,
        target: &'a EventTarget,
        source: &'a EventSource,
    ) -> Self {
        let arrival = cause.arrival;
        let is_direct = arrival.peer.address.ip() == arrival.client;
        Self {
            id: Uuid::new_v4().to_string(),
            // A year of four digits can always be written.
            timestamp: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            action,
            target,
            request: EventRequest {
                id: arrival.id.to_string(),
                addr: if is_direct {
                    arrival.peer.address.to_string()
                } else {
                    arrival.client.to_string()
                },
                host: cause.host,
                method: cause.method,
                useragent: cause.user_agent,
            },
            actor: Actor { name: cause.account },
            source: Origin {
                addr: &source.address,
                instance_id: &source.instance,
            },
        }
    }

    /// The message as JSON.
    pub(super) fn to_json(&self) -> Bytes {
        // Strings, numbers and JSON that was read: nothing here fails to serialize.
        Bytes::from(serde_json::to_vec(self).unwrap_or_default())
    }
}

/// Events in one message.
pub(super) fn envelope(events: &[Bytes]) -> Bytes {
    Bytes::from([b"{\"events\":[", events.join(&b","[..]).as_slice(), b"]}"].concat())
}

/// Where a URL leads, without what may be a secret in it.
pub(super) fn place(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::envelope;

    #[test]
    fn an_envelope_holds_events_in_their_order() {
        let envelope = envelope(&[Bytes::from("{\"id\":1}"), Bytes::from("{\"id\":2}")]);
        let read = serde_json::from_slice::<serde_json::Value>(&envelope).unwrap();
        assert_eq!(read, json!({"events": [{"id": 1}, {"id": 2}]}));
    }
}

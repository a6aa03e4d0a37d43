//! A connection that was written on by hand, as an entry: all that was written, and all that came, as they were.

use std::time::Duration;

use super::exchange::none;
use super::har::{HarEntry, HarPostData, HarRequest, HarResponse};
use super::{content, exchange};
use crate::wire::{Protocol, Step, Transcript, Url};

/// The kind of what is written and read by hand.
const KIND: &str = "message/http";

/// The entry of a connection that was made in a scenario.
pub(super) fn entry(connection: &Transcript, page: &str, ended: Duration, title: &str) -> HarEntry {
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    let mut steps = Vec::new();
    for step in &connection.steps {
        match step {
            Step::Sent(bytes) => {
                sent.extend_from_slice(&bytes.bytes());
                steps.push(format!("{} bytes written", bytes.len()));
            }
            Step::Authorized(value) => {
                sent.extend_from_slice(format!("Authorization: {value}\r\n").as_bytes());
                steps.push("credentials written".to_owned());
            }
            Step::Received(bytes) => {
                received.extend_from_slice(bytes);
                steps.push(format!("{} bytes read", bytes.len()));
            }
            Step::Finished => steps.push("no more to write".to_owned()),
            Step::Waited(time) => steps.push(format!("nothing came for {time:?}")),
            Step::Ended => steps.push("ended by the server".to_owned()),
        }
    }
    let messages = (request(connection, &sent), response(&received));
    let comment = format!(
        "{title}, connection {} by hand: {}",
        connection.number,
        steps.join(", ")
    );
    super::entry(page, ended, connection.elapsed, messages, comment)
}

fn request(connection: &Transcript, sent: &[u8]) -> HarRequest {
    let text = String::from_utf8_lossy(sent);
    let mut words = text.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
    let address = format!("{}{target}", connection.registry.origin());
    let query = Url::parse(&address).map_or_else(|_| Vec::new(), |url| exchange::query(&url));
    HarRequest {
        method: method.to_owned(),
        url: address,
        http_version: Protocol::Http1.name(),
        cookies: [],
        headers: Vec::new(),
        query_string: query,
        headers_size: -1,
        body_size: i64::try_from(sent.len()).unwrap_or(-1),
        post_data: Some(HarPostData {
            mime_type: KIND.to_owned(),
            params: [],
            text: text.into_owned(),
            comment: None,
        }),
    }
}

fn response(received: &[u8]) -> HarResponse {
    let text = String::from_utf8_lossy(received);
    let mut words = text.lines().next().unwrap_or_default().splitn(3, ' ').skip(1);
    let status = words.next().and_then(|word| word.parse().ok());
    match status {
        None => HarResponse {
            content: content(received, received.len() as u64, KIND),
            ..none("no answer came".to_owned(), Protocol::Http1.name())
        },
        Some(status) => HarResponse {
            status,
            status_text: words.next().unwrap_or_default().to_owned(),
            content: content(received, received.len() as u64, KIND),
            body_size: i64::try_from(received.len()).unwrap_or(-1),
            error: None,
            ..none(String::new(), Protocol::Http1.name())
        },
    }
}

//! The honest registry below a deviation.

use bytes::Bytes;
use http::{HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::call::{Call, Framing, Reply};
use super::upstream::Upstream;
use crate::wire::{self, Body, Redirects, Url};

/// The honest registry below a deviation.
#[derive(Debug)]
pub(super) struct Honest {
    url: Url,
    client: Client<HttpConnector, Full<Bytes>>,
    /// Asks by itself, as the user of the suite.
    owner: wire::Client,
}

impl Honest {
    pub(super) fn new(over: &Upstream) -> std::io::Result<Honest> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Honest {
            url: over.url.clone().mounted(),
            client: Client::builder(TokioExecutor::new()).build(connector),
            owner: over.messenger(over.url.clone()).map_err(std::io::Error::other)?,
        })
    }

    /// The path below which it has its API; empty at the root.
    pub(super) fn mount(&self) -> &str {
        self.url.mount()
    }

    /// What it answers; a 502 if it does not.
    pub(super) async fn answer(&self, call: &Call) -> Reply {
        self.ask(call)
            .await
            .unwrap_or_else(|_| Reply::empty(StatusCode::BAD_GATEWAY.as_u16()))
    }

    /// What it answers to the user of the suite; a 502 if it does not.
    pub(super) async fn answer_owner(&self, call: &Call) -> Reply {
        let mark = if call.query.is_empty() { "" } else { "?" };
        let target = format!("{}{mark}{}", call.path, call.query);
        let mut headers = call.headers.clone();
        drop_connection_headers(&mut headers);
        for name in [
            http::header::CONTENT_LENGTH,
            http::header::HOST,
            http::header::AUTHORIZATION,
        ] {
            headers.remove(name);
        }
        let lines = headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let asked = wire::Request {
            headers: lines.collect(),
            body: match call.method {
                Method::GET | Method::HEAD => Body::None,
                _ => Body::Sized(call.body.clone().into()),
            },
            redirects: Redirects::Stop,
            ..wire::Request::new(call.method.as_str(), self.url.below_mount(&target))
        };
        let Ok(answer) = self.owner.send(asked).await.outcome else {
            return Reply::empty(StatusCode::BAD_GATEWAY.as_u16());
        };
        let mut reply = Reply::empty(answer.status);
        for (name, value) in answer.headers.iter() {
            reply.add(name, value);
        }
        drop_connection_headers(&mut reply.headers);
        reply.body = answer.body.bytes();
        reply
    }

    async fn ask(&self, call: &Call) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        let mark = if call.query.is_empty() { "" } else { "?" };
        let target = format!("{}{mark}{}", call.path, call.query);
        let uri: Uri = self.url.below_mount(&target).to_string().parse()?;
        let mut request = Request::builder().method(call.method.clone()).uri(uri);
        if let Some(headers) = request.headers_mut() {
            *headers = call.headers.clone();
            drop_connection_headers(headers);
            headers.remove(http::header::CONTENT_LENGTH);
        }
        let response = self
            .client
            .request(request.body(Full::new(call.body.clone()))?)
            .await?;
        let (head, body) = response.into_parts();
        let mut headers = head.headers;
        drop_connection_headers(&mut headers);
        Ok(Reply {
            status: head.status.as_u16(),
            headers,
            body: body.collect().await?.to_bytes(),
            framing: Framing::Whole,
        })
    }
}

/// Headers that speak of one connection are not passed on.
fn drop_connection_headers(headers: &mut http::HeaderMap) {
    const NAMES: [HeaderName; 4] = [
        http::header::CONNECTION,
        http::header::TRANSFER_ENCODING,
        http::header::EXPECT,
        http::header::TE,
    ];
    for name in NAMES {
        headers.remove(name);
    }
}

//! The bundled registry with a change laid over its answers.

use std::sync::Arc;

use assize::bundled;
use assize::wire::{self, Body, Client, ClientSettings, Redirects, Url};

use super::server::{Act, Call, Script, serve};

/// A well-behaved registry, and what becomes of its answers.
#[derive(Clone)]
pub(crate) struct Honest {
    change: Change,
}

/// What becomes of the answer to a request.
type Change = Arc<dyn Fn(&Call, &mut Reply) + Send + Sync>;

/// An answer before it is said.
pub(crate) struct Reply {
    pub status: u16,
    pub lines: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What is done in place of saying it.
    pub instead: Option<Vec<Act>>,
}

impl Reply {
    /// Makes this the only line of its name.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.lines
            .retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        self.lines.push((name.to_owned(), value.to_owned()));
    }

    /// Changes the lines of a name, where there are some.
    pub(crate) fn respell(&mut self, name: &str, change: impl Fn(&str) -> String) {
        let named = self
            .lines
            .iter_mut()
            .filter(|(present, _)| present.eq_ignore_ascii_case(name));
        named.for_each(|(_, value)| *value = change(value));
    }

    /// Another body, of this type.
    pub(crate) fn body(&mut self, kind: &str, body: impl Into<Vec<u8>>) {
        self.body = body.into();
        self.set("Content-Type", kind);
    }

    /// An error with this code.
    pub(crate) fn error(&mut self, status: u16, code: &str) {
        self.status = status;
        let code = serde_json::Value::from(code);
        self.body(
            "application/json",
            format!("{{\"errors\":[{{\"code\":{code},\"message\":{code}}}]}}"),
        );
    }

    fn acts(mut self, method: &str) -> Vec<Act> {
        if let Some(acts) = self.instead {
            return acts;
        }
        let is_framed = |name: &str| name.eq_ignore_ascii_case("Transfer-Encoding");
        if method != "HEAD" && !self.lines.iter().any(|(name, _)| is_framed(name)) {
            let length = self.body.len().to_string();
            self.set("Content-Length", &length);
        }
        let lines = self
            .lines
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!("HTTP/1.1 {} X\r\n{}\r\n", self.status, lines.collect::<String>());
        let body = if method == "HEAD" { Vec::new() } else { self.body };
        vec![Act::Say([head.into_bytes(), body].concat())]
    }
}

impl Honest {
    pub(crate) fn but(change: impl Fn(&Call, &mut Reply) + Send + Sync + 'static) -> Honest {
        Honest {
            change: Arc::new(change),
        }
    }

    /// Starts it; the port.
    pub(crate) async fn serve(&self) -> u16 {
        let registry = Arc::new(bundled::in_memory().await.unwrap());
        let url = Url::parse(&registry.url()).unwrap();
        let mut settings = ClientSettings::new(url);
        settings.keeping = wire::Keeping::All;
        let (client, change) = (Client::new(settings).unwrap(), Arc::clone(&self.change));
        let script: Script = Arc::new(move |call| {
            // It lives as long as it is asked.
            let (client, change, _registry) = (client.clone(), Arc::clone(&change), Arc::clone(&registry));
            Box::pin(async move {
                let mut reply = pass_on(&client, &call).await;
                change(&call, &mut reply);
                reply.acts(&call.method)
            })
        });
        serve(script).await
    }
}

async fn pass_on(client: &Client, call: &Call) -> Reply {
    let dropped = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "expect",
        "authorization",
    ];
    let lines = call.head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let body = match call.method.as_str() {
        "GET" | "HEAD" => Body::None,
        _ => Body::Sized(call.body.clone().into()),
    };
    let request = wire::Request {
        headers: lines
            .filter(|(name, _)| !dropped.contains(&name.to_ascii_lowercase().as_str()))
            .collect(),
        body,
        redirects: Redirects::Stop,
        ..wire::Request::new(&call.method, client.target().with_target(&call.target))
    };
    let dropped = ["connection", "transfer-encoding"];
    match client.send(request).await.outcome {
        Ok(answer) => Reply {
            status: answer.status,
            lines: answer
                .headers
                .iter()
                .filter(|(name, _)| !dropped.contains(&name.to_ascii_lowercase().as_str()))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: answer.body.bytes().to_vec(),
            instead: None,
        },
        Err(_) => Reply {
            status: 502,
            lines: Vec::new(),
            body: Vec::new(),
            instead: None,
        },
    }
}

//! Somebody who listens to events, as willing as a test needs them to be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use assize_reference::NotificationEndpoint;
use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What an event that is on its way may take, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A message that came.
pub(crate) struct Message {
    pub(crate) at: Instant,
    pub(crate) headers: HeaderMap,
    body: Value,
}

impl Message {
    pub(crate) fn events(&self) -> Vec<Value> {
        self.body["events"].as_array().unwrap().clone()
    }
}

/// The answer to the message of a number.
type Answer = Arc<dyn Fn(usize) -> Response<String> + Send + Sync>;

/// Somebody who listens to events.
pub(crate) struct Listener {
    pub(crate) url: String,
    pub(crate) messages: mpsc::UnboundedReceiver<Message>,
    /// Events that came together with others that were asked for.
    further: Vec<Value>,
    /// How many messages may be answered.
    pub(crate) answers: Arc<Semaphore>,
    serving: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) fn status(status: u16) -> Response<String> {
    Response::builder().status(status).body(String::new()).unwrap()
}

pub(crate) fn redirect(to: &str) -> Response<String> {
    let mut response = status(307);
    response.headers_mut().insert("location", to.parse().unwrap());
    response
}

impl Listener {
    /// One that takes everything.
    pub(crate) async fn willing() -> Self {
        Self::answering(|_| status(200)).await
    }

    /// One that answers each message in its own way.
    pub(crate) async fn answering(
        answer: impl Fn(usize) -> Response<String> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, Arc::new(answer), Semaphore::MAX_PERMITS)
    }

    /// One that takes everything, but only when it is told to.
    pub(crate) async fn hesitant() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, Arc::new(|_| status(200)), 0)
    }

    pub(crate) fn on(listener: TcpListener, answer: Answer, answers: usize) -> Self {
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let (sender, messages) = mpsc::unbounded_channel();
        let answers = Arc::new(Semaphore::new(answers));
        let permits = Arc::clone(&answers);
        let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let router = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let (sender, answer) = (sender.clone(), Arc::clone(&answer));
            let (permits, count) = (Arc::clone(&permits), Arc::clone(&count));
            async move {
                let (at, body) = (Instant::now(), serde_json::from_slice(&body).unwrap());
                drop(sender.send(Message { at, headers, body }));
                permits.acquire().await.unwrap().forget();
                answer(count.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
            }
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            messages,
            further: Vec::new(),
            answers,
            serving,
        }
    }

    pub(crate) fn endpoint(&self) -> NotificationEndpoint {
        format!("listener={}", self.url).parse().unwrap()
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Message {
        let message = timeout(PATIENCE, self.messages.recv()).await;
        message.unwrap().unwrap()
    }

    /// The next events, however many come in one message.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Value> {
        while self.further.len() < count {
            let message = self.message().await;
            self.further.extend(message.events());
        }
        self.further.drain(..count).collect()
    }

    /// What the next events were about.
    pub(crate) async fn summaries(&mut self, count: usize) -> Vec<String> {
        let events = self.events(count).await;
        events.iter().map(summary).collect()
    }
}

/// The action and what it was done to.
pub(crate) fn summary(event: &Value) -> String {
    let target = &event["target"];
    let tag = target["tag"].as_str();
    let what = tag.or(target["digest"].as_str()).unwrap();
    format!("{} {what}", event["action"].as_str().unwrap())
}

//! Keys that an issuer publishes at a URL: fetched at the start, and again when a token names one that is not known.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::ACCEPT;
use http::{HeaderValue, StatusCode};
use jsonwebtoken::Header;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::trusted_keys::TrustedKeys;
use crate::operation::outgoing::{self, causes};

/// How large a key set may be: 64 keys with their certificates are a third of it.
const LARGEST: usize = 1024 * 1024;

/// How many redirects are followed: a name that moved, and a trailing slash.
const REDIRECTS: usize = 3;

/// What is asked for.
const KEY_SETS: HeaderValue =
    HeaderValue::from_static("application/jwk-set+json, application/json, */*;q=0.5");

/// How long and how often an issuer is asked for its keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How long an answer may take.
    answer: Duration,
    /// For how long it is asked at the start.
    start: Duration,
    /// How long a key that nobody knows is not looked for again: whoever makes up tokens makes this many requests.
    pause: Duration,
    /// How long keys are trusted that are perhaps withdrawn.
    age: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            // A token waits for it, and whoever shows the token.
            answer: Duration::from_secs(5),
            // Machines that start together need some seconds; whoever started this one waits to see that it runs.
            start: Duration::from_secs(10),
            pause: Duration::from_secs(10),
            age: Duration::from_secs(15 * 60),
        }
    }
}

/// Keys that an issuer publishes.
pub(super) struct FetchedKeys {
    client: Client,
    url: Url,
    patience: Patience,
    current: RwLock<Arc<TrustedKeys>>,
    /// When the issuer was last asked. Who asks holds it.
    asked: Mutex<Option<Instant>>,
}

impl FetchedKeys {
    /// The keys at a URL, which is not asked yet.
    ///
    /// # Errors
    /// Says why it cannot be asked.
    pub(super) fn new(url: Url, patience: Patience) -> Result<Self, String> {
        let client = outgoing::client(url.scheme())
            .timeout(patience.answer)
            .redirect(Policy::limited(REDIRECTS))
            .https_only(url.scheme() == "https")
            .build()
            .map_err(|error| format!("{url}: {}", causes(&error)))?;
        Ok(Self {
            client,
            url,
            patience,
            current: RwLock::default(),
            asked: Mutex::default(),
        })
    }

    /// Fetches the keys for the first time.
    ///
    /// # Errors
    /// Says why there are none, when it was tried for a while.
    pub(super) async fn begin(&self) -> Result<(), String> {
        let deadline = Instant::now() + self.patience.start;
        let pause = self.patience.start / 10;
        while let Err(why) = self.fetch_now().await {
            if Instant::now() + pause > deadline {
                return Err(why);
            }
            tracing::warn!(%why, "no keys yet; the issuer is asked again");
            sleep(pause).await;
        }
        Ok(())
    }

    /// The keys for a token that begins with a header. The issuer is asked anew for one that the token names and that is
    /// not known, unless it was asked just now.
    pub(super) async fn for_token(&self, header: &Header) -> Arc<TrustedKeys> {
        let known = self.current();
        if !known.lack(header) {
            return known;
        }
        let mut asked = self.asked.lock().await;
        if asked.is_none_or(|at| at.elapsed() >= self.patience.pause) {
            drop(self.fetch(&mut asked).await);
        }
        self.current()
    }

    /// Fetches the keys again.
    pub(super) fn reload(self: &Arc<Self>) {
        let keys = Arc::clone(self);
        tokio::spawn(async move { keys.fetch_now().await });
    }

    /// Fetches the keys again if they are old.
    pub(super) fn reload_if_old(self: &Arc<Self>) {
        let is_old = |asked: &Option<Instant>| asked.is_some_and(|at| at.elapsed() >= self.patience.age);
        if self.asked.try_lock().is_ok_and(|asked| is_old(&asked)) {
            self.reload();
        }
    }

    fn current(&self) -> Arc<TrustedKeys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn fetch_now(&self) -> Result<(), String> {
        let mut asked = self.asked.lock().await;
        self.fetch(&mut asked).await
    }

    /// Fetches the keys; those that are known stay in use if that fails.
    async fn fetch(&self, asked: &mut Option<Instant>) -> Result<(), String> {
        let fetched = self.get().await.map_err(|why| format!("{}: {why}", self.url));
        *asked = Some(Instant::now());
        match fetched {
            Ok(keys) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                tracing::info!(url = %self.url, "the keys of the issuer were fetched");
                Ok(())
            }
            Err(why) => {
                tracing::error!(%why, "the keys of the issuer were not fetched: what was fetched before stays in use");
                Err(why)
            }
        }
    }

    async fn get(&self) -> Result<TrustedKeys, String> {
        let request = self.client.get(self.url.clone()).header(ACCEPT, KEY_SETS);
        let mut answer = request.send().await.map_err(|error| causes(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answers {}", answer.status()));
        }
        let mut content = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| causes(&error))? {
            content.extend_from_slice(&part);
            if content.len() > LARGEST {
                return Err(format!("it sends more than {LARGEST} bytes, which is no key set"));
            }
        }
        TrustedKeys::parse(&content)
    }
}

impl fmt::Debug for FetchedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedKeys")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use axum::Router;
    use axum::routing::get;
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::{FetchedKeys, LARGEST, Patience};

    const SOON: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_secs(3600);

    /// What an issuer publishes, and how often it was asked.
    #[derive(Clone, Default)]
    struct Published {
        content: Arc<Mutex<String>>,
        asked: Arc<AtomicUsize>,
    }

    impl Published {
        async fn serve(&self) -> String {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/keys", listener.local_addr().unwrap());
            let published = self.clone();
            let answer = move || {
                published.asked.fetch_add(1, Ordering::SeqCst);
                let content = published.content.lock().unwrap().clone();
                async move { content }
            };
            let router = Router::new().route("/keys", get(answer));
            tokio::spawn(async move { axum::serve(listener, router).await });
            url
        }

        /// Publishes keys of these names, and no others.
        fn publish(&self, names: &[&str]) {
            let keys = names.iter().map(|name| {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
                let key = EncodingKey::from_ec_der(&pair.serialize_der());
                let mut key = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
                key.common.key_id = Some((*name).to_owned());
                json!(key)
            });
            let set = json!({ "keys": keys.collect::<Vec<_>>() }).to_string();
            *self.content.lock().unwrap() = set;
        }

        fn times(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    fn keys(url: &str, pause: Duration, age: Duration) -> Arc<FetchedKeys> {
        let patience = Patience {
            answer: Duration::from_secs(5),
            start: SOON,
            pause,
            age,
        };
        Arc::new(FetchedKeys::new(url.parse().unwrap(), patience).unwrap())
    }

    fn header(name: Option<&str>) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = name.map(str::to_owned);
        header
    }

    /// Whether the key of this name is known, once it was looked for.
    async fn knows(keys: &FetchedKeys, name: &str) -> bool {
        let header = header(Some(name));
        !keys.for_token(&header).await.lack(&header)
    }

    #[tokio::test]
    async fn a_key_that_a_token_names_is_fetched_when_it_is_new() {
        let issuer = Published::default();
        issuer.publish(&["one"]);
        let keys = keys(&issuer.serve().await, Duration::ZERO, NEVER);
        keys.begin().await.unwrap();
        assert!(knows(&keys, "one").await);
        keys.for_token(&header(None)).await;
        assert_eq!(issuer.times(), 1, "nothing was new");
        issuer.publish(&["two"]);
        assert!(knows(&keys, "two").await);
        assert_eq!(issuer.times(), 2);
        assert!(!knows(&keys, "one").await, "it was withdrawn");
    }

    #[tokio::test]
    async fn names_that_are_made_up_are_looked_for_once_in_a_while() {
        let issuer = Published::default();
        issuer.publish(&["one"]);
        let keys = keys(&issuer.serve().await, NEVER, NEVER);
        keys.begin().await.unwrap();
        let looked_for = (0..50).map(|number| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { knows(&keys, &format!("made-up-{number}")).await })
        });
        for known in looked_for.collect::<Vec<_>>() {
            assert!(!known.await.unwrap());
        }
        assert_eq!(issuer.times(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_read_changes_nothing() {
        let issuer = Published::default();
        issuer.publish(&["one"]);
        let keys = keys(&issuer.serve().await, Duration::ZERO, NEVER);
        keys.begin().await.unwrap();
        for content in ["nonsense".to_owned(), " ".repeat(LARGEST + 1)] {
            *issuer.content.lock().unwrap() = content;
            assert!(!knows(&keys, "two").await);
            assert!(knows(&keys, "one").await);
        }
    }

    #[tokio::test]
    async fn old_keys_are_fetched_again() {
        let issuer = Published::default();
        issuer.publish(&["one"]);
        let keys = keys(&issuer.serve().await, NEVER, Duration::ZERO);
        keys.begin().await.unwrap();
        issuer.publish(&["two"]);
        keys.reload_if_old();
        while keys.current().lack(&header(Some("two"))) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn that_there_are_none_at_the_start_is_said_in_words() {
        let issuer = Published::default();
        for (content, why) in [
            ("nonsense".to_owned(), "there is no certificate"),
            (" ".repeat(LARGEST + 1), "it sends more than 1048576 bytes"),
        ] {
            *issuer.content.lock().unwrap() = content;
            let url = issuer.serve().await;
            let error = keys(&url, NEVER, NEVER).begin().await.unwrap_err();
            assert!(error.starts_with(&url) && error.contains(why), "{error}");
        }
        let nowhere = issuer.serve().await.replace("/keys", "/none");
        let error = keys(&nowhere, NEVER, NEVER).begin().await.unwrap_err();
        assert!(error.contains("it answers 404"), "{error}");
    }

    #[tokio::test]
    async fn an_issuer_that_does_not_answer_is_waited_for_so_long_and_no_longer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let patience = Patience {
            answer: SOON,
            start: SOON,
            pause: NEVER,
            age: NEVER,
        };
        let keys = FetchedKeys::new(url.parse().unwrap(), patience).unwrap();
        assert!(keys.begin().await.is_err());
        assert!(!knows(&keys, "one").await);
    }
}

//! Who is told what happens in a registry, and how.

use std::str::FromStr;
use std::time::Duration;

use http::HeaderMap;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Somebody who is told what happens in a registry (Docker: Notifications, Endpoints).
///
/// In a file each is a table of an array; all but the name and the URL may be left out:
/// ```
/// # let file = r#"
/// [[notify]]
/// name = "builds"     # for the log and the metrics
/// url = "https://listener.example.com/events"
/// headers = { Authorization = "Bearer secret" }   # sent along, never logged; a list for several
/// timeout = 0.5       # seconds that one delivery may take; 1 unless told
/// threshold = 5       # failures one after another before there are pauses; 10 unless told
/// backoff = 2         # seconds that each further delivery then waits; 1 unless told
/// queue-size = 65536  # bytes of events that may wait; 16 MiB unless told
/// ignore = { media-types = ["application/octet-stream"], actions = ["pull"] }
/// disabled = false
/// # "#;
/// # let config: assize_reference::Config = toml::from_str(file).unwrap();
/// # let ignore = &config.notify[0].ignore;
/// # assert_eq!(ignore.actions, [assize_reference::Action::Pull]);
/// # assert_eq!(ignore.media_types, ["application/octet-stream"]);
/// ```
/// Events are kept in memory and sent one delivery after another, again until the answer is 2xx or 3xx.
/// Those that do not fit into the queue push out the oldest of it, which is counted and logged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotificationEndpoint {
    /// What the endpoint is called in the log and in the metrics.
    pub name: String,

    /// Where events are sent.
    #[serde(with = "url")]
    pub url: Url,

    /// What is sent along with them; it may be secret.
    #[serde(default, with = "headers")]
    pub headers: HeaderMap,

    /// How long one delivery may take.
    #[serde(default = "default_timeout", with = "seconds")]
    pub timeout: Duration,

    /// The number of failures one after another from which on there is a pause after each.
    #[serde(default = "default_threshold")]
    pub threshold: u32,

    /// How long that pause is.
    #[serde(default = "default_backoff", with = "seconds")]
    pub backoff: Duration,

    /// The size in bytes of the events that may wait.
    #[serde(default = "default_queue_size")]
    pub queue_size: usize,

    /// What the endpoint is not told.
    #[serde(default)]
    pub ignore: Ignore,

    /// Whether the endpoint is told nothing.
    #[serde(default)]
    pub disabled: bool,
}

/// What somebody does not want to be told: whatever one of the lists names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ignore {
    /// Media types of content.
    pub media_types: Vec<String>,
    /// Actions.
    pub actions: Vec<Action>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Content was sent to a client.
    Pull,
    /// Content was taken from a client.
    Push,
    /// A blob of one repository was made one of another.
    Mount,
    /// Content or a tag was deleted.
    Delete,
}

// These three are those of the example in the manual of `docker-registry`, from which such files are copied.
const fn default_timeout() -> Duration {
    Duration::from_secs(1)
}

const fn default_threshold() -> u32 {
    10
}

const fn default_backoff() -> Duration {
    Duration::from_secs(1)
}

const fn default_queue_size() -> usize {
    16 * 1024 * 1024
}

impl FromStr for NotificationEndpoint {
    type Err = String;

    /// Reads `NAME=URL`, or a URL alone, whose host is the name; all else is as it is unless told.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = match text.split_once('=') {
            Some((name, url)) if !name.contains(':') => (Some(name), url),
            _ => (None, text),
        };
        let url = url::parse(url)?;
        let host = url.host_str().unwrap_or_default();
        let host = url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            name: name.map_or(host, str::to_owned),
            url,
            headers: HeaderMap::new(),
            timeout: default_timeout(),
            threshold: default_threshold(),
            backoff: default_backoff(),
            queue_size: default_queue_size(),
            ignore: Ignore::default(),
            disabled: false,
        })
    }
}

/// URLs as text.
mod url {
    use reqwest::Url;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Reads a URL that events can be sent to.
    pub(super) fn parse(text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| format!("{text:?} is not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{text:?} begins neither with http:// nor with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL is no place for a password; an Authorization header is".to_owned());
        }
        Ok(url)
    }

    pub(super) fn serialize<S: Serializer>(url: &Url, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(url.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
        parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Headers as values, or lists of them, under names.
mod headers {
    use std::collections::BTreeMap;

    use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
    use http::{HeaderMap, HeaderName, HeaderValue};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// What a message settles itself.
    const SETTLED: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING];

    type Written = BTreeMap<String, Values>;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged, expecting = "a header has a text, or a list of texts")]
    enum Values {
        One(String),
        Several(Vec<String>),
    }

    impl Values {
        fn all(self) -> Vec<String> {
            match self {
                Self::One(value) => vec![value],
                Self::Several(values) => values,
            }
        }
    }

    fn parse(written: Written) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, values) in written {
            let parsed =
                HeaderName::try_from(&name).map_err(|_| format!("{name:?} is not the name of a header"))?;
            if SETTLED.contains(&parsed) {
                return Err(format!("{name} is not for the configuration to say"));
            }
            for value in values.all() {
                let value = HeaderValue::try_from(value)
                    .ok()
                    .filter(|value| value.to_str().is_ok());
                // A value is never shown: it may be a secret.
                let mut value =
                    value.ok_or_else(|| format!("a value of {name} cannot be sent in a header"))?;
                value.set_sensitive(true);
                headers.append(parsed.clone(), value);
            }
        }
        Ok(headers)
    }

    pub(super) fn serialize<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in headers {
            let value = value.to_str().map_err(serde::ser::Error::custom)?;
            written.entry(name.as_str()).or_default().push(value);
        }
        written.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
        parse(Written::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Durations as seconds, or parts of one.
mod seconds {
    use std::time::Duration;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(duration.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(deserializer)
            .map_err(|_| D::Error::custom("a number of seconds is expected here, such as 0.5"))?;
        let duration = Duration::try_from_secs_f64(seconds).ok();
        let duration = duration.filter(|duration| !duration.is_zero());
        duration.ok_or_else(|| D::Error::custom(format!("{seconds} is not a number of seconds above 0")))
    }
}

#[cfg(test)]
mod tests {
    use super::NotificationEndpoint;
    use crate::config::Config;

    fn read(lines: &str) -> Result<NotificationEndpoint, String> {
        let file = format!("[[notify]]\nname = \"a\"\nurl = \"http://a/\"\n{lines}\n");
        let config = toml::from_str::<Config>(&file).map_err(|error| error.to_string())?;
        Ok(config.notify[0].clone())
    }

    #[test]
    fn a_url_is_named_after_its_host_unless_it_is_given_a_name() {
        for (text, name, url) in [
            ("http://a", "a", "http://a/"),
            ("https://a:5/b?c=d", "a:5", "https://a:5/b?c=d"),
            ("ci=http://[::1]:5/b=c", "ci", "http://[::1]:5/b=c"),
        ] {
            let endpoint = text.parse::<NotificationEndpoint>().unwrap();
            assert_eq!((endpoint.name.as_str(), endpoint.url.as_str()), (name, url));
        }
        for text in ["", "a", "ci=", "ftp://a", "http://", "http://a:b@c/"] {
            assert!(text.parse::<NotificationEndpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_an_endpoint_cannot_be_is_refused_at_its_line() {
        insta::assert_snapshot!(
            [
                "timeout = 0",
                "backoff = -1",
                "timeout = \"1s\"",
                "headers = { Authorization = 7 }",
                "headers = { \"a b\" = [\"c\"] }",
                "headers = { A = [\"\\n\"] }",
                "headers = { Content-Type = [\"text/plain\"] }",
                "ignore = { actions = [\"pul\"] }",
                "treshold = 1",
            ]
            .map(|line| read(line).unwrap_err())
            .join("\n")
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        let endpoint = read("headers = { Authorization = \"Bearer hidden\" }").unwrap();
        assert_eq!(endpoint.headers["authorization"], "Bearer hidden");
        assert!(!format!("{endpoint:?}").contains("hidden"));
    }
}

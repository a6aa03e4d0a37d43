//! Why there was no answer, as it is written down.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::nanoseconds;
use crate::wire;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    Connect(String),
    Tls(String),
    Timeout { after_ns: u64, doing: String },
    Closed(String),
    TooLarge { limit: u64 },
    TooManyRedirects(u32),
    BadRedirect(String),
    Malformed(String),
    Credentials(String),
    Elsewhere { server: String, registry: String },
    CannotSend { reason: String, from: Source },
    Withheld(Withheld),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Withheld {
    Confined(Vec<String>),
    Taken(String),
    Ended,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    Scenario,
    Answer,
}

impl Fault {
    pub(super) fn of(fault: &wire::Fault) -> Fault {
        match fault.clone() {
            wire::Fault::Connect(why) => Fault::Connect(why),
            wire::Fault::Tls(why) => Fault::Tls(why),
            wire::Fault::Timeout { after, doing } => Fault::Timeout {
                after_ns: nanoseconds(after),
                doing: doing.to_owned(),
            },
            wire::Fault::Closed(why) => Fault::Closed(why),
            wire::Fault::TooLarge { limit } => Fault::TooLarge { limit },
            wire::Fault::TooManyRedirects(count) => Fault::TooManyRedirects(count),
            wire::Fault::BadRedirect(why) => Fault::BadRedirect(why),
            wire::Fault::Malformed(why) => Fault::Malformed(why),
            wire::Fault::Credentials(why) => Fault::Credentials(why),
            wire::Fault::Withheld(why) => Fault::Withheld(match why {
                wire::Withheld::Confined(names) => Withheld::Confined(names),
                wire::Withheld::Taken(name) => Withheld::Taken(name),
                wire::Withheld::Ended => Withheld::Ended,
            }),
            wire::Fault::Elsewhere { server, registry } => Fault::Elsewhere { server, registry },
            wire::Fault::CannotSend { reason, from } => Fault::CannotSend {
                reason,
                from: match from {
                    wire::Source::Scenario => Source::Scenario,
                    wire::Source::Answer => Source::Answer,
                },
            },
        }
    }

    pub(super) fn read(self) -> wire::Fault {
        match self {
            Fault::Connect(why) => wire::Fault::Connect(why),
            Fault::Tls(why) => wire::Fault::Tls(why),
            Fault::Timeout { after_ns, doing } => wire::Fault::Timeout {
                after: Duration::from_nanos(after_ns),
                doing: for_good(doing),
            },
            Fault::Closed(why) => wire::Fault::Closed(why),
            Fault::TooLarge { limit } => wire::Fault::TooLarge { limit },
            Fault::TooManyRedirects(count) => wire::Fault::TooManyRedirects(count),
            Fault::BadRedirect(why) => wire::Fault::BadRedirect(why),
            Fault::Malformed(why) => wire::Fault::Malformed(why),
            Fault::Credentials(why) => wire::Fault::Credentials(why),
            Fault::Withheld(why) => wire::Fault::Withheld(match why {
                Withheld::Confined(names) => wire::Withheld::Confined(names),
                Withheld::Taken(name) => wire::Withheld::Taken(name),
                Withheld::Ended => wire::Withheld::Ended,
            }),
            Fault::Elsewhere { server, registry } => wire::Fault::Elsewhere { server, registry },
            Fault::CannotSend { reason, from } => wire::Fault::CannotSend {
                reason,
                from: match from {
                    Source::Scenario => wire::Source::Scenario,
                    Source::Answer => wire::Source::Answer,
                },
            },
        }
    }
}

/// The text for as long as the program runs: there are a handful of them, and each is kept once.
pub(super) fn for_good(text: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}

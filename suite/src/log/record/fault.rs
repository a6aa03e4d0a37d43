//! Why there was no answer, as it is written down.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::nanoseconds;
use crate::wire;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedFault {
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
    Http2Alone { server: String, because: String },
    CannotSend { reason: String, from: RecordedSource },
    Withheld(RecordedWithheld),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedWithheld {
    Confined(Vec<String>),
    Taken(String),
    ReadOnly,
    Ended,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedSource {
    Scenario,
    Answer,
}

impl RecordedFault {
    pub(super) fn of(fault: &wire::Fault) -> RecordedFault {
        match fault.clone() {
            wire::Fault::Connect(why) => RecordedFault::Connect(why),
            wire::Fault::Tls(why) => RecordedFault::Tls(why),
            wire::Fault::Timeout { after, doing } => RecordedFault::Timeout {
                after_ns: nanoseconds(after),
                doing: doing.to_owned(),
            },
            wire::Fault::Closed(why) => RecordedFault::Closed(why),
            wire::Fault::TooLarge { limit } => RecordedFault::TooLarge { limit },
            wire::Fault::TooManyRedirects(count) => RecordedFault::TooManyRedirects(count),
            wire::Fault::BadRedirect(why) => RecordedFault::BadRedirect(why),
            wire::Fault::Malformed(why) => RecordedFault::Malformed(why),
            wire::Fault::Credentials(why) => RecordedFault::Credentials(why),
            wire::Fault::Withheld(why) => RecordedFault::Withheld(match why {
                wire::Withheld::Confined(names) => RecordedWithheld::Confined(names),
                wire::Withheld::Taken(name) => RecordedWithheld::Taken(name),
                wire::Withheld::ReadOnly => RecordedWithheld::ReadOnly,
                wire::Withheld::Ended => RecordedWithheld::Ended,
            }),
            wire::Fault::Elsewhere { server, registry } => RecordedFault::Elsewhere { server, registry },
            wire::Fault::Http2Alone { server, because } => RecordedFault::Http2Alone { server, because },
            wire::Fault::CannotSend { reason, from } => RecordedFault::CannotSend {
                reason,
                from: match from {
                    wire::Source::Scenario => RecordedSource::Scenario,
                    wire::Source::Answer => RecordedSource::Answer,
                },
            },
        }
    }

    pub(super) fn read(self) -> wire::Fault {
        match self {
            RecordedFault::Connect(why) => wire::Fault::Connect(why),
            RecordedFault::Tls(why) => wire::Fault::Tls(why),
            RecordedFault::Timeout { after_ns, doing } => wire::Fault::Timeout {
                after: Duration::from_nanos(after_ns),
                doing: for_good(doing),
            },
            RecordedFault::Closed(why) => wire::Fault::Closed(why),
            RecordedFault::TooLarge { limit } => wire::Fault::TooLarge { limit },
            RecordedFault::TooManyRedirects(count) => wire::Fault::TooManyRedirects(count),
            RecordedFault::BadRedirect(why) => wire::Fault::BadRedirect(why),
            RecordedFault::Malformed(why) => wire::Fault::Malformed(why),
            RecordedFault::Credentials(why) => wire::Fault::Credentials(why),
            RecordedFault::Withheld(why) => wire::Fault::Withheld(match why {
                RecordedWithheld::Confined(names) => wire::Withheld::Confined(names),
                RecordedWithheld::Taken(name) => wire::Withheld::Taken(name),
                RecordedWithheld::ReadOnly => wire::Withheld::ReadOnly,
                RecordedWithheld::Ended => wire::Withheld::Ended,
            }),
            RecordedFault::Elsewhere { server, registry } => wire::Fault::Elsewhere { server, registry },
            RecordedFault::Http2Alone { server, because } => wire::Fault::Http2Alone { server, because },
            RecordedFault::CannotSend { reason, from } => wire::Fault::CannotSend {
                reason,
                from: match from {
                    RecordedSource::Scenario => wire::Source::Scenario,
                    RecordedSource::Answer => wire::Source::Answer,
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

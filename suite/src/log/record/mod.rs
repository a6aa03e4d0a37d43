//! A log as a file that can be kept and judged again: lines of JSON, one for each thing that happened.
//!
//! The first line names the form, [`FORM`], the suite that wrote it, and the circumstances of the run. A `program` begins
//! the run of a scenario, and what happened in it follows, in order; an exchange stands in full where it was sent, and is
//! its number everywhere else. `offer` says what a probe settled, and the last line how the run ended. Every line but the
//! first begins with its number, so that one that is missing is missed.

mod cause;
mod connection;
mod event;
mod exchange;
mod facts;
mod fault;
mod numbered;
mod read;
mod write;

use serde::{Deserialize, Serialize};

pub use read::{ReadError, read};
pub use write::write;

/// The form of a record: another number is another form.
pub const FORM: &str = "assize-log/1";

/// The first line.
#[derive(Serialize, Deserialize)]
struct RecordHead {
    /// The form.
    record: String,
    /// The version of the suite that ran.
    suite: String,
    facts: facts::RecordedFacts,
    /// The requirements that were asked; nothing for all.
    asked: Option<Vec<String>>,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordLine {
    /// A scenario begins; what follows happened in it.
    Program(RecordedProgram),
    /// An exchange that no action made, and that something looks at.
    Exchange(exchange::RecordedExchange),
    Sent(event::RecordedSent),
    Bound(Vec<event::RecordedFace>),
    Connected(connection::RecordedConnection),
    Saw(event::RecordedObservation),
    Late(event::RecordedLate),
    Passed(event::RecordedSkipped),
    Refused(event::RecordedRefusal),
    Stopped(event::RecordedReason),
    Offer(facts::RecordedCapability),
    End(facts::RecordedEnd),
}

/// One run of one scenario.
#[derive(Serialize, Deserialize)]
struct RecordedProgram {
    name: String,
    /// 1, or 2 where the scenario ran once more.
    attempt: u32,
    /// The digest of its text; nothing for a scenario that is coded in Rust.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Its text, if it stands in no library.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    elapsed_ns: u64,
}

/// Why a line does not say what it should.
type Bad = String;

/// A time as a number of nanoseconds: enough for 584 years.
fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn id(text: &str) -> Result<crate::catalogue::RequirementId, Bad> {
    crate::catalogue::RequirementId::read(text)
        .ok_or_else(|| format!("`{text}` is not the id of a requirement"))
}

fn url(text: &str) -> Result<crate::wire::Url, Bad> {
    crate::wire::Url::parse(text).map_err(|error| format!("`{text}` is not an address: {error}"))
}

/// An address of an exchange with this registry.
fn address(text: &str, registry: &crate::wire::Url) -> Result<crate::wire::Url, Bad> {
    url(text).map(|url| registry.lend_mount(url))
}

fn version(text: &str) -> Result<crate::catalogue::Version, Bad> {
    text.parse()
        .map_err(|()| format!("`{text}` is not a version of the specification"))
}

//! Connections that were written on by hand, as they are written down.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::exchange::{Content, Pass};
use super::{Bad, nanoseconds, url};
use crate::wire;

#[derive(Serialize, Deserialize)]
pub(super) struct Connected {
    number: u64,
    server: String,
    steps: Vec<Step>,
    elapsed_ns: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
    /// How long the server asked to be left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limited_ns: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass: Option<Pass>,
    /// When it was over: the time since 1970.
    pub(super) ended_ns: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Sent(Content),
    Authorized(String),
    Finished,
    /// What came, or its beginning.
    Received(Content),
    WaitedNs(u64),
    Ended,
}

impl Connected {
    pub(super) fn of(connection: &wire::Transcript, ended_ns: Option<u64>) -> Connected {
        Connected {
            number: connection.number,
            server: connection.server.to_string(),
            steps: connection.steps.iter().map(Step::of).collect(),
            elapsed_ns: nanoseconds(connection.elapsed),
            insecure: connection.insecure,
            limited_ns: connection.limited.map(nanoseconds),
            pass: connection.pass.as_ref().map(Pass::of),
            ended_ns,
        }
    }

    pub(super) fn read(self) -> Result<wire::Transcript, Bad> {
        Ok(wire::Transcript {
            number: self.number,
            server: url(&self.server)?.origin(),
            steps: self
                .steps
                .into_iter()
                .map(Step::read)
                .collect::<Result<_, Bad>>()?,
            elapsed: Duration::from_nanos(self.elapsed_ns),
            insecure: self.insecure,
            limited: self.limited_ns.map(Duration::from_nanos),
            pass: self.pass.map(Pass::read),
        })
    }
}

impl Step {
    fn of(step: &wire::Step) -> Step {
        match step {
            wire::Step::Sent(bytes) => Step::Sent(Content::of(bytes)),
            wire::Step::Authorized(value) => Step::Authorized(value.clone()),
            wire::Step::Finished => Step::Finished,
            wire::Step::Received(bytes) => Step::Received(Content::of(bytes)),
            wire::Step::Waited(time) => Step::WaitedNs(nanoseconds(*time)),
            wire::Step::Ended => Step::Ended,
        }
    }

    fn read(self) -> Result<wire::Step, Bad> {
        Ok(match self {
            Step::Sent(content) => wire::Step::Sent(content.read()?),
            Step::Authorized(value) => wire::Step::Authorized(value),
            Step::Finished => wire::Step::Finished,
            Step::Received(content) => wire::Step::Received(content.read()?),
            Step::WaitedNs(time) => wire::Step::Waited(Duration::from_nanos(time)),
            Step::Ended => wire::Step::Ended,
        })
    }
}

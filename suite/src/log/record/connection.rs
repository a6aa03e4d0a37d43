//! Connections that were written on by hand, as they are written down.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::exchange::{Pass, RecordedBytes};
use super::{Bad, nanoseconds, url};
use crate::wire;

#[derive(Serialize, Deserialize)]
pub(super) struct RecordedConnection {
    number: u64,
    server: String,
    steps: Vec<RecordedStep>,
    elapsed_ns: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insecure: bool,
    /// How long the server asked to be left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limited: Option<RecordedLimit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass: Option<Pass>,
    /// When it was over: the time since 1970.
    pub(super) ended_ns: Option<u64>,
    /// Whether it was there beside others only for things to be done sooner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) beside: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedLimit {
    WaitNs(u64),
    TooLong,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RecordedStep {
    Sent(RecordedBytes),
    Authorized(String),
    Finished,
    /// What came, or its beginning.
    Received(RecordedBytes),
    WaitedNs(u64),
    Ended,
}

impl RecordedConnection {
    pub(super) fn of(
        connection: &wire::Transcript,
        ended_ns: Option<u64>,
        beside: bool,
    ) -> RecordedConnection {
        RecordedConnection {
            number: connection.number,
            server: connection.registry.to_string(),
            steps: connection.steps.iter().map(RecordedStep::of).collect(),
            elapsed_ns: nanoseconds(connection.elapsed),
            insecure: connection.insecure,
            limited: connection.limited.map(RecordedLimit::of),
            pass: connection.pass.as_ref().map(Pass::of),
            ended_ns,
            beside,
        }
    }

    pub(super) fn read(self) -> Result<wire::Transcript, Bad> {
        Ok(wire::Transcript {
            number: self.number,
            registry: url(&self.server)?.mounted(),
            steps: self
                .steps
                .into_iter()
                .map(RecordedStep::read)
                .collect::<Result<_, Bad>>()?,
            elapsed: Duration::from_nanos(self.elapsed_ns),
            insecure: self.insecure,
            limited: self.limited.map(RecordedLimit::read),
            pass: self.pass.map(Pass::read),
        })
    }
}

impl RecordedLimit {
    fn of(limit: wire::Limit) -> RecordedLimit {
        match limit {
            wire::Limit::Wait(wait) => RecordedLimit::WaitNs(nanoseconds(wait)),
            wire::Limit::TooLong => RecordedLimit::TooLong,
        }
    }

    fn read(self) -> wire::Limit {
        match self {
            RecordedLimit::WaitNs(wait) => wire::Limit::Wait(Duration::from_nanos(wait)),
            RecordedLimit::TooLong => wire::Limit::TooLong,
        }
    }
}

impl RecordedStep {
    fn of(step: &wire::Step) -> RecordedStep {
        match step {
            wire::Step::Sent(bytes) => RecordedStep::Sent(RecordedBytes::of(&bytes.bytes())),
            wire::Step::Authorized(value) => RecordedStep::Authorized(value.clone()),
            wire::Step::Finished => RecordedStep::Finished,
            wire::Step::Received(bytes) => RecordedStep::Received(RecordedBytes::of(bytes)),
            wire::Step::Waited(time) => RecordedStep::WaitedNs(nanoseconds(*time)),
            wire::Step::Ended => RecordedStep::Ended,
        }
    }

    fn read(self) -> Result<wire::Step, Bad> {
        Ok(match self {
            RecordedStep::Sent(content) => wire::Step::Sent(content.read()?.into()),
            RecordedStep::Authorized(value) => wire::Step::Authorized(value),
            RecordedStep::Finished => wire::Step::Finished,
            RecordedStep::Received(content) => wire::Step::Received(content.read()?),
            RecordedStep::WaitedNs(time) => wire::Step::Waited(Duration::from_nanos(time)),
            RecordedStep::Ended => wire::Step::Ended,
        })
    }
}

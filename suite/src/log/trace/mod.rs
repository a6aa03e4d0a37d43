//! A log as an HTTP Archive (HAR 1.2), which browsers and other tools show: a page for each run of a scenario, an entry for
//! each exchange and for each connection that was written on by hand.

mod connection;
mod exchange;
mod har;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::har::{
    HarCache, HarContent, HarCreator, HarEntry, HarLog, HarPage, HarPageTimings, HarTimings, HttpArchive,
};
use super::{Event, ProgramLog, RunLog};

/// Writes the archive of a log.
///
/// # Errors
/// It cannot be written there.
pub fn write(log: &RunLog, to: impl Write) -> io::Result<()> {
    let archive = archive(log);
    let mut to = io::BufWriter::new(to);
    serde_json::to_writer(&mut to, &archive)?;
    to.write_all(b"\n")?;
    to.flush()
}

fn archive(log: &RunLog) -> HttpArchive {
    let mut archive = HarLog {
        version: "1.2",
        creator: HarCreator {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        pages: Vec::new(),
        entries: Vec::new(),
        comment: format!("seed {}, version {}", log.facts.seed, log.facts.version),
    };
    let began = Duration::from_secs(log.facts.started);
    for attempts in &log.programs {
        add(&mut archive, &attempts.first, 1, began);
        if let Some(again) = &attempts.again {
            add(&mut archive, again, 2, began);
        }
    }
    HttpArchive { log: archive }
}

/// Adds the page and the entries of a run of a program, if it sent anything.
fn add(archive: &mut HarLog, log: &ProgramLog, attempt: u32, began: Duration) {
    let program = &log.program;
    let id = format!("{}#{attempt}", program.name);
    let moment = |number: u64| log.moments.get(&number).copied().unwrap_or(began);
    // A connection may be told of more than once while it goes on: the last time tells all of it.
    let mut connections = BTreeMap::new();
    let mut entries = Vec::new();
    for event in &log.events {
        match event {
            Event::Sent(action, exchange) => {
                let step = program.step(*action).unwrap_or(&program.title);
                entries.push(exchange::entry(exchange, &id, moment(exchange.number), step));
            }
            Event::Connected(connection) => {
                connections.insert(connection.number, connection);
            }
            Event::Bound(_)
            | Event::Observed(_)
            | Event::Late(..)
            | Event::Skipped(_)
            | Event::Refused(_)
            | Event::Stopped(_) => {}
        }
    }
    for connection in connections.into_values() {
        let ended = moment(connection.number);
        entries.push(connection::entry(connection, &id, ended, &program.title));
    }
    entries.sort_by(|one, other| one.started_date_time.cmp(&other.started_date_time));
    if let Some(first) = entries.first() {
        archive.pages.push(HarPage {
            started_date_time: first.started_date_time.clone(),
            id,
            title: format!("{}: {}", program.name, program.title),
            page_timings: HarPageTimings {},
        });
        archive.entries.extend(entries);
    }
}

/// An entry that took so long and ended then.
fn entry(
    page: &str,
    ended: Duration,
    elapsed: Duration,
    (request, response): (har::HarRequest, har::HarResponse),
    comment: String,
) -> HarEntry {
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    HarEntry {
        pageref: page.to_owned(),
        started_date_time: date(ended.saturating_sub(elapsed)),
        time: milliseconds,
        request,
        response,
        cache: HarCache {},
        timings: HarTimings {
            send: 0.0,
            wait: milliseconds,
            receive: 0.0,
        },
        comment,
    }
}

/// A time since 1970 as ISO 8601 writes it, with all its digits, so that dates of one length are in order as texts.
fn date(since_1970: Duration) -> String {
    let nanoseconds = i128::try_from(since_1970.as_micros() * 1000).unwrap_or_default();
    let date = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let date = date.format(&Rfc3339).unwrap_or_default();
    let (seconds, fraction) = date
        .trim_end_matches('Z')
        .split_once('.')
        .unwrap_or((date.trim_end_matches('Z'), ""));
    format!("{seconds}.{fraction:0<6}Z")
}

/// What is kept of bytes that came.
fn content(bytes: &[u8], size: u64, kind: &str) -> HarContent {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    let encoding = text.is_err().then_some("base64");
    HarContent {
        size,
        mime_type: kind.to_owned(),
        text: Some(text.unwrap_or_else(|_| STANDARD.encode(bytes))).filter(|text| !text.is_empty()),
        encoding,
        comment: part(bytes.len(), size),
    }
}

/// What is said of bytes that are not all there.
fn part(kept: usize, size: u64) -> Option<String> {
    ((kept as u64) < size).then(|| format!("the first {kept} of {size} bytes"))
}

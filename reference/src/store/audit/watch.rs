//! What others see of an audit while it goes on, and how they stop it.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What an audit is at, in the order in which it comes to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditStage {
    /// The metadata is made anew from the journal.
    Rebuilding,
    /// The database is opened, each page of it is looked at, and it is brought up to the journal.
    #[default]
    Opening,
    /// The files of blobs are read.
    Blobs,
    /// It is looked at which repository has which blob.
    Links,
    /// Manifests are looked at.
    Manifests,
    /// Tags are looked at.
    Tags,
    /// Tables that say the same from two sides are compared.
    Sides,
    /// Uploads are read.
    Uploads,
    /// Files are looked for that belong to nothing.
    Strays,
    /// The journal is held against the metadata.
    Journal,
    /// What was found is mended, which is not broken off.
    Mending,
}

impl fmt::Display for AuditStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rebuilding => "making the metadata anew from the journal",
            Self::Opening => "looking at the database",
            Self::Blobs => "reading blobs",
            Self::Links => "looking at which repository has which blob",
            Self::Manifests => "looking at manifests",
            Self::Tags => "looking at tags",
            Self::Sides => "comparing tables that say the same from two sides",
            Self::Uploads => "reading uploads",
            Self::Strays => "looking for files that belong to nothing",
            Self::Journal => "holding the journal against the metadata",
            Self::Mending => "mending what was found",
        })
    }
}

/// How far an audit is, for whoever waits for it, and the way to stop it.
#[derive(Debug, Default)]
pub struct AuditWatch {
    is_stopped: AtomicBool,
    at: Mutex<At>,
    /// How much of the stage is done.
    done: AtomicU64,
    /// How many bytes of files have been read in the stage.
    bytes: AtomicU64,
}

/// The stage of an audit.
#[derive(Debug, Clone, Copy, Default)]
struct At {
    stage: AuditStage,
    /// How much there is to do, where that is known.
    of: Option<u64>,
}

impl AuditWatch {
    /// Asks the audit to end as soon as it can.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// What the audit is at.
    pub fn stage(&self) -> AuditStage {
        self.at().stage
    }

    /// Whether the audit is to end.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// Fails where the audit is to end; whoever began it knows why.
    pub(super) fn go_on(&self) -> io::Result<()> {
        match self.is_stopped() {
            true => Err(io::Error::other("the audit was interrupted")),
            false => Ok(()),
        }
    }

    /// Notes that a stage begins of which nobody knows how much there is to do.
    pub(super) fn begin(&self, stage: AuditStage) {
        self.enter(At { stage, of: None });
    }

    /// Notes that a stage begins with so much to do.
    pub(super) fn begin_with(&self, stage: AuditStage, of: u64) {
        self.enter(At { stage, of: Some(of) });
    }

    fn enter(&self, at: At) {
        *self.at() = at;
        self.done.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
    }

    /// Notes that one more is done.
    pub(super) fn step(&self) -> io::Result<()> {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.go_on()
    }

    /// Notes that so many bytes of a file were read.
    pub(super) fn read(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for AuditWatch {
    /// What the audit is at, and how far it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let At { stage, of } = *self.at();
        let done = self.done.load(Ordering::Relaxed);
        let mebibytes = self.bytes.load(Ordering::Relaxed) / (1024 * 1024);
        write!(f, "{stage}")?;
        match of {
            Some(of) => write!(f, ": {done} of {of} ({} %)", done * 100 / of.max(1))?,
            None if done > 0 => write!(f, ": {done} so far")?,
            None => {}
        }
        match mebibytes {
            0 => Ok(()),
            read => write!(f, ", {read} MiB"),
        }
    }
}

//! What an audit is asked for, and what it has found.

use std::fmt;

use super::watch::AuditStage;
use crate::protocol::Digest;

/// What an audit does about what it finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// It only says what is wrong.
    Look,
    /// It mends what can be mended.
    Repair,
    /// It makes the metadata anew from the journal, and then says what is wrong.
    Rebuild,
}

/// What an audit is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRequest {
    /// What it does about what it finds.
    pub check: Check,
    /// The first blob that is read, in the order of digests; `None` reads all of them.
    pub resume_from: Option<Digest>,
}

impl From<Check> for AuditRequest {
    /// An audit of everything.
    fn from(check: Check) -> Self {
        Self {
            check,
            resume_from: None,
        }
    }
}

/// What an audit has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// What was done before anything was looked at.
    pub notes: Vec<String>,
    /// What is wrong.
    pub faults: Vec<AuditFinding>,
    /// Whether the faults have been mended.
    pub is_mended: bool,
    /// The number of blobs.
    pub blobs: u64,
    /// The number of manifests, each counted for each repository.
    pub manifests: u64,
    /// The number of tags.
    pub tags: u64,
    /// The number of bytes that blobs and manifests have.
    pub bytes: u64,
    /// The blobs that it was asked to leave out, if there are some.
    pub left_out: Option<LeftOut>,
    /// Where it was stopped, if it was.
    pub interruption: Option<AuditInterruption>,
}

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditFinding {
    /// What is wrong.
    pub what: String,
    /// How things are when it has been mended.
    pub remedy: &'static str,
}

/// The blobs that were not read since an audit was asked to go on behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// Their number.
    pub blobs: u64,
    /// The digest that they stand before.
    pub before: Digest,
}

/// Where an audit was stopped, before anything was mended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditInterruption {
    /// What it was at.
    pub stage: AuditStage,
    /// How many blobs were read, up to the first that was not.
    pub read: u64,
    /// How many blobs there are; none are known of before it came to them.
    pub of: u64,
    /// What it was asked for.
    pub check: Check,
    /// What an audit is asked for that goes on.
    pub next: AuditRequest,
}

impl fmt::Display for Audit {
    /// A line for each note and each fault, and one that sums up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))?;
        for AuditFinding { what, remedy } in &self.faults {
            match self.is_mended {
                true => writeln!(f, "{what}: {remedy}")?,
                false => writeln!(f, "{what}")?,
            }
        }
        let faults = self.faults.len() as u64;
        match &self.interruption {
            Some(interruption) => write!(f, "{interruption}, {} so far", counted(faults, "fault"))?,
            None => {
                self.fmt_extent(f)?;
                match (faults, self.is_mended, &self.left_out) {
                    (0, _, None) => write!(f, "all whole")?,
                    (0, _, Some(_)) => write!(f, "all whole that was read")?,
                    (_, true, _) => write!(f, "{}, mended", counted(faults, "fault"))?,
                    (_, false, _) => write!(f, "{}", counted(faults, "fault"))?,
                }
            }
        }
        match &self.left_out {
            Some(LeftOut { blobs, before }) => {
                write!(f, "; not read: {} before {before}", counted(*blobs, "blob"))
            }
            None => Ok(()),
        }
    }
}

impl Audit {
    /// How much there is of everything.
    fn fmt_extent(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (blobs, manifests, tags) = (
            counted(self.blobs, "blob"),
            counted(self.manifests, "manifest"),
            counted(self.tags, "tag"),
        );
        write!(
            f,
            "{blobs}, {manifests}, {tags}, {}: ",
            counted(self.bytes, "byte")
        )
    }
}

impl fmt::Display for AuditInterruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted while {}: ", self.stage)?;
        match self.of {
            0 => write!(f, "no blob read")?,
            of => write!(f, "{} of {} read", self.read, counted(of, "blob"))?,
        }
        match self.check {
            Check::Repair => write!(f, ", nothing mended"),
            Check::Look | Check::Rebuild => Ok(()),
        }
    }
}

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

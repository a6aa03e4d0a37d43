//! What an audit finds on its way: what is wrong, what has to go, and where another audit can go on.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::blobs::StoredBlob;
use super::outcome::{Audit, AuditFinding, AuditInterruption, AuditRequest, Check, LeftOut};
use super::watch::AuditStage;
use crate::protocol::Digest;
use crate::store::manifests::stored_digest;

/// What an audit has found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) audit: Audit,
    pub(super) damage: Damage,
    /// How many blobs there are.
    pub(super) of_blobs: u64,
    /// How many of them were read, up to the first that was not.
    read: u64,
    /// The first blob that was not read, or the last one if all were.
    reached: Option<Digest>,
    /// The first blob with which something is wrong.
    first_fault: Option<Digest>,
}

/// What is damaged and has to go.
#[derive(Debug, Default)]
pub(super) struct Damage {
    pub(super) blobs: BTreeSet<String>,
    /// Blobs that are marked as damaged and are not.
    pub(super) marks: BTreeSet<String>,
    pub(super) links: BTreeSet<(String, String)>,
    pub(super) manifests: BTreeSet<(String, String)>,
    pub(super) tags: BTreeSet<(String, String)>,
    pub(super) uploads: BTreeSet<Uuid>,
    /// Files that are of no use to anybody.
    pub(super) files: Vec<Uuid>,
    /// Files that may be of use to somebody.
    pub(super) lost: Vec<Uuid>,
}

impl Damage {
    /// Whether nothing has to go from the tables that the others follow from.
    pub(super) fn is_none(&self) -> bool {
        self.blobs.is_empty() && self.links.is_empty() && self.manifests.is_empty() && self.tags.is_empty()
    }
}

impl Findings {
    /// Notes what is wrong, and how things are when it has been mended.
    pub(super) fn fault(&mut self, what: String, remedy: &'static str) {
        self.audit.faults.push(AuditFinding { what, remedy });
    }

    pub(super) fn damaged_blob(&mut self, blob: &StoredBlob) {
        let what = format!("blob {} is not whole", blob.digest);
        let remedy = "it is taken out of every repository, and its file is in lost/";
        self.fault_of(blob, what, remedy);
        self.damage.blobs.insert(blob.digest.clone());
        self.damage.lost.push(blob.file);
    }

    pub(super) fn marked_whole_blob(&mut self, blob: &StoredBlob) {
        let what = format!("blob {} is marked as damaged and is whole", blob.digest);
        self.fault_of(blob, what, "it can be read again");
        self.damage.marks.insert(blob.digest.clone());
    }

    fn fault_of(&mut self, blob: &StoredBlob, what: String, remedy: &'static str) {
        self.fault(what, remedy);
        if self.first_fault.is_none() {
            self.first_fault = stored_digest(&blob.digest).ok();
        }
    }

    /// Counts a blob that is not read, since it stands before the first that is.
    pub(super) fn leave_out_before(&mut self, first: &Digest) {
        let left_out = self.audit.left_out.get_or_insert_with(|| LeftOut {
            blobs: 0,
            before: first.clone(),
        });
        left_out.blobs += 1;
    }

    /// Notes that of some blobs those before `end` were read.
    pub(super) fn reach(&mut self, blobs: &[StoredBlob], end: usize) {
        self.read += end as u64;
        let up_to_end = blobs.iter().take(end + 1).rev();
        let reached = up_to_end
            .filter_map(|blob| stored_digest(&blob.digest).ok())
            .next();
        self.reached = reached.or(self.reached.take());
    }

    /// What was found until an audit was stopped; nothing of it is mended.
    pub(super) fn interrupted(self, stage: AuditStage, request: &AuditRequest) -> Audit {
        let reached = self.reached.or_else(|| request.resume_from.clone());
        let (check, resume_from) = match request.check {
            // What is not mended has to be found again.
            Check::Repair => {
                let places = [self.first_fault, reached];
                let first = places
                    .into_iter()
                    .flatten()
                    .min_by(|a, b| a.as_str().cmp(b.as_str()));
                (Check::Repair, first)
            }
            // Metadata that was made anew is not made anew again.
            Check::Rebuild if stage != AuditStage::Rebuilding => (Check::Look, reached),
            check => (check, reached),
        };
        let interruption = AuditInterruption {
            stage,
            read: self.read,
            of: self.of_blobs,
            check: request.check,
            next: AuditRequest { check, resume_from },
        };
        Audit {
            interruption: Some(interruption),
            ..self.audit
        }
    }
}

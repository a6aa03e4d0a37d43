//! The baseline: the findings that are known, each with the reason why it is still there.
//!
//! It is a ratchet. A finding that is not listed fails the run, and so does an entry whose finding is gone:
//!
//! ```toml
//! ["push.mount.location"]
//! reason = "fixed in 3.2, which is not deployed yet"
//! ways   = ["push/mount"]     # optional: broken here and nowhere else
//! races  = ["push/at-once"]   # optional: broken here as well, now and then
//! occurs = "now and then"     # optional: a run that does not find it proves nothing
//! ```

mod compare;
mod draft;
mod parse;

use std::collections::BTreeMap;

pub use compare::{Stale, Standing};
pub(super) use draft::draft;

use crate::catalogue::RequirementId;

/// The known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<RequirementId, BaselineEntry>);

/// A known finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineEntry {
    /// Why it is still there.
    pub reason: String,
    /// The only ways in which it breaks, each `SCENARIO` or `SCENARIO | ROW`; any way will do if there are none.
    pub ways: Vec<String>,
    /// Further ways, of races: a run that does not find them proves nothing.
    pub races: Vec<String>,
    /// How often it is found.
    pub occurs: Occurs,
}

/// How often a known finding is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Occurs {
    /// In every run: one that does not find it makes the entry stale.
    #[default]
    Always,
    /// In some runs, as a race is.
    NowAndThen,
}

impl Occurs {
    /// The word for [`Occurs::NowAndThen`] in a file.
    const NOW_AND_THEN: &str = "now and then";
}

impl Baseline {
    /// What is known about a requirement.
    pub fn get(&self, id: &RequirementId) -> Option<&BaselineEntry> {
        self.0.get(id)
    }

    /// The entries, by the id of the requirement.
    pub fn iter(&self) -> impl Iterator<Item = (&RequirementId, &BaselineEntry)> {
        self.0.iter()
    }
}

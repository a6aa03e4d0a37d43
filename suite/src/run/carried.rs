//! What came of a program that was carried out.

use crate::judge::ProgramVerdict;
use crate::log::{Attempts, ProgramLog};

/// A program that was carried out once, and what it came to by itself.
pub(super) struct Ran {
    pub(super) log: ProgramLog,
    pub(super) verdict: ProgramVerdict,
}

impl Ran {
    pub(super) fn is_broken(&self) -> bool {
        !self.verdict.broken.is_empty()
    }
}

/// A program that was carried out, and once more if it has a finding.
pub(super) struct Carried {
    pub(super) first: Ran,
    pub(super) again: Option<ProgramLog>,
}

impl Carried {
    /// One that was carried out once.
    pub(super) fn once(first: Ran) -> Carried {
        Carried { first, again: None }
    }

    /// The name of the program.
    pub(super) fn name(&self) -> &str {
        &self.first.log.program.name
    }
}

impl From<Carried> for Attempts {
    fn from(carried: Carried) -> Attempts {
        Attempts {
            first: carried.first.log,
            again: carried.again,
        }
    }
}

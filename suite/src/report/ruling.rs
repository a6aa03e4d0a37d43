//! What a run comes to.

use super::Report;
use crate::catalogue::Level;
use crate::outcome::{End, Finding, RequirementOutcome, Strictness, Verdict};

/// What a run comes to: the sentence, and the exit code with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// All that was asked holds.
    Conforms,
    /// Nothing fails but what the baseline lists.
    AsListed,
    /// Something is broken that counts.
    Breaks,
    /// Nothing is broken that counts, but something that counts was not reached, or nothing at all was.
    NotShown,
    /// The baseline lists what is found no more.
    Outdated,
    /// The target is not what it was any more.
    TargetLost,
    /// Somebody interrupted the run.
    Interrupted,
    /// The suite itself failed.
    SuiteFailed,
}

impl Ruling {
    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Ruling::Conforms => "conforms",
            Ruling::AsListed => "as-listed",
            Ruling::Breaks => "breaks",
            Ruling::NotShown => "not-shown",
            Ruling::Outdated => "outdated",
            Ruling::TargetLost => "target-lost",
            Ruling::Interrupted => "interrupted",
            Ruling::SuiteFailed => "suite-failed",
        }
    }
}

impl<'a> Report<'a> {
    /// What the run comes to.
    pub fn ruling(&self) -> Ruling {
        if !self.suite_failures().is_empty() {
            return Ruling::SuiteFailed;
        }
        if matches!(self.outcome.end, End::TargetLost(_)) {
            return Ruling::TargetLost;
        }
        if self.outcome.end == End::Interrupted {
            return Ruling::Interrupted;
        }
        let breaks = self.outcome.findings.iter().any(|finding| self.fails(finding));
        if breaks || self.late().iter().any(|late| self.fails_late(late)) {
            return Ruling::Breaks;
        }
        let stopped = self.outcome.end != End::Complete;
        if stopped || !self.not_shown().is_empty() || !self.has_shown_anything() {
            return Ruling::NotShown;
        }
        match self.baseline {
            Some(_) if !self.stale().is_empty() => Ruling::Outdated,
            Some(_) if self.has_listed() => Ruling::AsListed,
            _ => Ruling::Conforms,
        }
    }

    /// Whether a finding makes the run fail.
    pub(super) fn fails(&self, finding: &'a Finding) -> bool {
        self.weighs(finding.level) && self.known(finding).is_none()
    }

    /// Whether a run was cut off before the scenario of a finding could be run again.
    pub(super) fn is_unconfirmed(&self, finding: &Finding) -> bool {
        self.outcome.end.is_cut_off() && finding.again.runs < 2
    }

    /// Whether what is broken at this level makes a run fail.
    pub(super) fn weighs(&self, level: Level) -> bool {
        match level {
            Level::Must => true,
            Level::Should => self.outcome.facts.strictness == Strictness::Warnings,
            Level::May => false,
        }
    }

    /// The requirements that were to be reached for the registry to be shown to conform, and were not.
    pub(super) fn not_shown(&self) -> Vec<&'a RequirementOutcome> {
        self.outcome
            .requirements
            .iter()
            .filter(|requirement| self.lacks(requirement))
            .collect()
    }

    /// Whether a requirement was to be reached for the registry to be shown to conform, and was not.
    pub(super) fn lacks(&self, requirement: &RequirementOutcome) -> bool {
        let weighs = requirement.level.is_some_and(|level| self.weighs(level));
        weighs && matches!(requirement.verdict, Verdict::NotReached(_)) && !self.is_listed(requirement)
    }

    /// The requirements that held only within the grace.
    pub(super) fn late(&self) -> Vec<&'a RequirementOutcome> {
        let late = |requirement: &&RequirementOutcome| requirement.verdict == Verdict::Late;
        self.outcome.requirements.iter().filter(late).collect()
    }

    /// What failed in the suite itself: where, and how.
    pub(super) fn suite_failures(&self) -> Vec<(&'a str, &'a str)> {
        let scenarios = self
            .outcome
            .scenarios
            .iter()
            .map(|scenario| (&*scenario.name, &scenario.verdict));
        let requirements = self
            .outcome
            .requirements
            .iter()
            .map(|one| (one.id.as_str(), &one.verdict));
        let failed = |(name, verdict): (&'a str, &'a Verdict)| match verdict {
            Verdict::Failed(reason) => Some((name, reason.as_str())),
            _ => None,
        };
        scenarios.chain(requirements).filter_map(failed).collect()
    }

    /// Whether an answer that came late makes the run fail.
    pub(super) fn fails_late(&self, requirement: &RequirementOutcome) -> bool {
        let strict = self.outcome.facts.strictness == Strictness::Warnings;
        let weighs = requirement.level.is_some_and(|level| self.weighs(level));
        strict && weighs && requirement.verdict == Verdict::Late && !self.is_listed(requirement)
    }

    fn is_listed(&self, requirement: &RequirementOutcome) -> bool {
        self.baseline
            .is_some_and(|baseline| baseline.get(&requirement.id).is_some())
    }

    /// Whether the run has shown anything at all: a run that asked nothing is no proof.
    pub(super) fn has_shown_anything(&self) -> bool {
        let shown = |requirement: &RequirementOutcome| {
            matches!(
                requirement.verdict,
                Verdict::Held | Verdict::Late | Verdict::Broken
            )
        };
        self.outcome.requirements.iter().any(shown)
    }

    /// Whether something would make the run fail if the baseline did not list it.
    fn has_listed(&self) -> bool {
        let bare = Report {
            baseline: None,
            ..*self
        };
        bare.ruling() != Ruling::Conforms
    }
}

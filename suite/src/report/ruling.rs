//! What a run comes to.

use super::Report;
use crate::catalogue::{Level, RequirementId};
use crate::judgement::{End, Finding, RequirementOutcome, Strictness, Verdict};

/// What a run comes to: the sentence, and the exit code with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// All that was asked holds.
    Conforms,
    /// All that was asked holds, which was a part.
    NothingBroken,
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
            Ruling::NothingBroken => "nothing-broken",
            Ruling::AsListed => "as-listed",
            Ruling::Breaks => "breaks",
            Ruling::NotShown => "not-shown",
            Ruling::Outdated => "outdated",
            Ruling::TargetLost => "target-lost",
            Ruling::Interrupted => "interrupted",
            Ruling::SuiteFailed => "suite-failed",
        }
    }

    /// Whether the run passes.
    pub fn passes(self) -> bool {
        matches!(self, Ruling::Conforms | Ruling::NothingBroken | Ruling::AsListed)
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
            _ if self.outcome.facts.narrowed.is_empty() => Ruling::Conforms,
            _ => Ruling::NothingBroken,
        }
    }

    /// Whether a finding makes the run fail: by its requirement, or by one that is broken with it.
    pub(super) fn fails(&self, finding: &'a Finding) -> bool {
        let with_it = &finding.consequences;
        let weighs = self.weighs(&finding.requirement, finding.level)
            || with_it
                .iter()
                .any(|other| self.weighs(&other.requirement, other.level));
        weighs && self.known(finding).is_none()
    }

    /// Whether a run was cut off before the scenario of a finding could be run again.
    pub(super) fn is_unconfirmed(&self, finding: &Finding) -> bool {
        self.outcome.end.is_cut_off() && finding.again.runs < 2
    }

    /// Whether a requirement that is broken at this level makes a run fail.
    pub(super) fn weighs(&self, id: &RequirementId, level: Level) -> bool {
        self.binds(level) && self.counts(id)
    }

    /// Whether what is broken at this level makes a run fail where it counts.
    pub(super) fn binds(&self, level: Level) -> bool {
        match level {
            Level::Must => true,
            Level::Should => self.outcome.facts.strictness == Strictness::Warnings,
            Level::May => false,
        }
    }

    /// Whether a requirement is one of those that count.
    pub(super) fn counts(&self, id: &RequirementId) -> bool {
        let known = self.library.catalogue.get(id);
        known.is_none_or(|requirement| self.counted.includes(requirement))
    }

    fn weighs_in(&self, outcome: &RequirementOutcome) -> bool {
        outcome.level.is_some_and(|level| self.weighs(&outcome.id, level))
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
        let was_not_reached = matches!(requirement.verdict, Verdict::NotReached(_));
        was_not_reached && self.weighs_in(requirement) && !self.is_listed(requirement)
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
        let was_late = requirement.verdict == Verdict::Late;
        strict && was_late && self.weighs_in(requirement) && !self.is_listed(requirement)
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
        !bare.ruling().passes()
    }
}

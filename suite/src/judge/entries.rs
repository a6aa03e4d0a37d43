//! What one run of one program shows of each requirement, check by check.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::entry::{Entries, Entry};
use super::{Standard, failures, invariants};
use crate::catalogue::RequirementId;
use crate::cause::{Cause, Loss};
use crate::check::{CheckResult, describe};
use crate::endpoint::{Endpoint, EndpointKind};
use crate::judgement::{NotAsked, Verdict};
use crate::log::{Event, Evidence, Observation, ProgramLog, Reason, Refusal, Timing};
use crate::scenario::{Checkpoint, Script};
use crate::wire::{Exchange, Url};

/// What a run of a program shows, check by check.
pub(super) fn of(standard: &Standard<'_>, log: &ProgramLog, target: &Url) -> Entries {
    let mut fold = Fold {
        standard,
        log,
        seen: BTreeSet::new(),
        entries: Entries::default(),
    };
    for event in &log.events {
        match event {
            Event::Sent(_, exchange) => {
                invariants::ask(standard, log, exchange, target, &mut fold.entries);
            }
            Event::Observed(observation) => fold.saw(observation),
            Event::Refused(refusal) => fold.refused(refusal),
            Event::Late(action, exchange) => fold.late(*action, exchange),
            Event::Bound(_) | Event::Connected(_) | Event::Skipped(_) | Event::Stopped(_) => {}
        }
    }
    match &log.program.script {
        Script::Coded(_) => fold.unasked_requirements(),
        Script::Workflow(_) | Script::Invariant(_) => fold.unmade_checks(),
    }
    fold.left_out();
    fold.entries
}

/// The verdict of a program that came to an end before its last action.
pub(super) fn stopped(log: &ProgramLog) -> Option<Verdict> {
    let reason = log.events.iter().find_map(|event| match event {
        Event::Stopped(reason) => Some(reason),
        _ => None,
    })?;
    match reason {
        Reason::NoOccasion | Reason::NoAccount(_) => None,
        Reason::NotReached(_) | Reason::NotOffered(_) | Reason::NotInForce(_) | Reason::Failed(_) => {
            Some(verdict_of(reason))
        }
    }
}

struct Fold<'a> {
    standard: &'a Standard<'a>,
    log: &'a ProgramLog,
    /// The checks that looked at something.
    seen: BTreeSet<usize>,
    entries: Entries,
}

impl Fold<'_> {
    fn saw(&mut self, observation: &Observation) {
        let Some(checkpoint) = self.log.program.checks.get(observation.check) else {
            return;
        };
        self.seen.insert(observation.check);
        self.failed(checkpoint, observation);
        let (verdict, got) = match &observation.seen {
            CheckResult::Holds
                if observation.timing == Timing::Late && self.may_lag(&checkpoint.requirement) =>
            {
                (Verdict::Late, String::new())
            }
            CheckResult::Holds => (Verdict::Held, String::new()),
            CheckResult::Breaks(got) => match self
                .standard
                .loss
                .filter(|loss| explains(loss, &observation.evidence))
            {
                Some(loss) => (
                    Verdict::NotReached(Cause::TargetLost(loss.clone())),
                    String::new(),
                ),
                None => (Verdict::Broken, got.clone()),
            },
            CheckResult::NoOccasion => (Verdict::NoOccasion, String::new()),
            CheckResult::NotReached(cause) => (Verdict::kept_by(cause), String::new()),
            CheckResult::Senseless(why) => (Verdict::Failed(why.clone()), String::new()),
        };
        self.entries.add(Entry {
            requirement: checkpoint.requirement.clone(),
            place: checkpoint.place.clone(),
            row: observation.row.clone(),
            verdict: self.asked(checkpoint, verdict),
            asked: observation.asked.clone(),
            got,
            count: 1,
            check: checkpoint.check.clone(),
            evidence: observation.evidence.clone(),
        });
    }

    /// A failure that hid what a check asked counts under the requirement about the status of the request that it met.
    fn failed(&mut self, checkpoint: &Checkpoint, observation: &Observation) {
        let is_lost = self
            .standard
            .loss
            .is_some_and(|loss| explains(loss, &observation.evidence));
        let failed = failures::entry(checkpoint, observation, self.log).filter(|_| !is_lost);
        let is_asked = |entry: &Entry| {
            let id = &entry.requirement;
            checkpoint.level.is_some() && self.standard.level(id).is_some() && self.standard.asks(id)
        };
        if let Some(entry) = failed.filter(is_asked) {
            self.entries.add(entry);
        }
    }

    fn may_lag(&self, id: &RequirementId) -> bool {
        self.standard
            .catalogue
            .get(id)
            .is_some_and(|requirement| requirement.may_lag)
    }

    /// A read that lagged, whoever asked it, counts under the requirement by which such a read may lag.
    fn late(&mut self, action: usize, exchange: &Arc<Exchange>) {
        let checks = &self.log.program.checks;
        let at = checks.partition_point(|check| check.number < action);
        let (Some(beside), Some(id)) = (checks.get(at).or(checks.last()), by_which_it_may_lag(exchange))
        else {
            return;
        };
        if self.standard.level(&id).is_none() || !self.standard.asks(&id) {
            return;
        }
        self.entries.add(Entry {
            requirement: id,
            place: beside.place.clone(),
            row: None,
            verdict: Verdict::Late,
            asked: "what was written is seen at once".to_owned(),
            got: String::new(),
            count: 1,
            check: None,
            evidence: Evidence::Exchanges(vec![exchange.clone()]),
        });
    }

    fn refused(&mut self, refusal: &Refusal) {
        self.entries.add(Entry {
            requirement: refusal.requirement.clone(),
            place: refusal.place.clone(),
            row: None,
            verdict: Verdict::Broken,
            asked: format!("provides {}, as --require asks", refusal.capability),
            got: format!("no {}", refusal.capability),
            count: 1,
            check: None,
            evidence: Evidence::Exchanges(vec![refusal.exchange.clone()]),
        });
    }

    /// Every check of a transcript that looked at nothing has the verdict of what passed it over.
    fn unmade_checks(&mut self) {
        for (index, checkpoint) in self.log.program.checks.iter().enumerate() {
            if self.seen.contains(&index) {
                continue;
            }
            if let Some(reason) = passed_over(self.log, checkpoint.number) {
                let verdict = self.asked(checkpoint, verdict_of(reason));
                self.entries.add(unmade(checkpoint, verdict));
            }
        }
    }

    /// A coded scenario makes its checks as it sees fit: what counts is whether each requirement was asked at all.
    fn unasked_requirements(&mut self) {
        let program = &self.log.program;
        let asked = |id: &RequirementId| {
            let mut seen = self.seen.iter().filter_map(|index| program.checks.get(*index));
            seen.any(|checkpoint| checkpoint.requirement == *id)
        };
        let unasked: Vec<&RequirementId> = program.cites.iter().filter(|id| !asked(id)).collect();
        for id in unasked {
            let first = program
                .checks
                .iter()
                .find(|checkpoint| checkpoint.requirement == *id);
            let (Some(checkpoint), Some(reason)) = (first, passed_over(self.log, 0)) else {
                continue;
            };
            let verdict = self.asked(checkpoint, verdict_of(reason));
            let mut entry = unmade(checkpoint, verdict);
            entry.asked = program.title.clone();
            self.entries.add(entry);
        }
    }

    /// The checks of what is not in force.
    fn left_out(&mut self) {
        for checkpoint in &self.log.program.left_out {
            let verdict = Verdict::NotAsked(NotAsked::NotInForce(self.standard.version));
            self.entries.add(unmade(checkpoint, verdict));
        }
    }

    /// The verdict of a check, unless it was not to be asked.
    fn asked(&self, checkpoint: &Checkpoint, verdict: Verdict) -> Verdict {
        if checkpoint.level.is_none() {
            Verdict::NotAsked(NotAsked::NotInForce(self.standard.version))
        } else if !self.standard.asks(&checkpoint.requirement) {
            Verdict::NotAsked(NotAsked::NotSelected)
        } else {
            verdict
        }
    }
}

/// The requirement by which a read of this kind may lag behind a write.
fn by_which_it_may_lag(exchange: &Exchange) -> Option<RequirementId> {
    let id = match Endpoint::of(&exchange.request.url).kind() {
        EndpointKind::Tag => "pull.manifest.get-by-tag-200",
        EndpointKind::Manifest => "pull.manifest.get-by-digest-200",
        EndpointKind::Blob => "pull.blob.get-200",
        EndpointKind::Tags => "discovery.tags.fresh-after-push",
        EndpointKind::Referrers => "referrers.lists-image",
        _ => return None,
    };
    RequirementId::parse(id)
}

/// Whether what a check looked at is what a lost target shows to everybody.
fn explains(loss: &Loss, evidence: &Evidence) -> bool {
    match evidence {
        Evidence::Nothing => false,
        Evidence::Exchanges(exchanges) => exchanges.last().is_some_and(|last| loss.explains(last)),
        Evidence::Connection(_) => true,
    }
}

fn unmade(checkpoint: &Checkpoint, verdict: Verdict) -> Entry {
    Entry {
        requirement: checkpoint.requirement.clone(),
        place: checkpoint.place.clone(),
        row: checkpoint.row.clone(),
        verdict,
        asked: describe::line(&checkpoint.asked),
        got: String::new(),
        count: 1,
        check: None,
        evidence: Evidence::Nothing,
    }
}

/// Why an action was passed over, if it was.
fn passed_over(log: &ProgramLog, number: usize) -> Option<&Reason> {
    log.events.iter().rev().find_map(|event| match event {
        Event::Skipped(skipped) if skipped.actions.contains(&number) => Some(&skipped.reason),
        _ => None,
    })
}

fn verdict_of(reason: &Reason) -> Verdict {
    match reason {
        Reason::NotReached(cause) => Verdict::kept_by(cause),
        Reason::NotOffered(capability) => Verdict::NotOffered(capability.clone()),
        Reason::NoOccasion => Verdict::NoOccasion,
        Reason::NoAccount(name) => Verdict::NotAsked(NotAsked::NoAccount(name.clone())),
        Reason::NotInForce(version) => Verdict::NotAsked(NotAsked::NotInForce(*version)),
        Reason::Failed(why) => Verdict::Failed(why.clone()),
    }
}

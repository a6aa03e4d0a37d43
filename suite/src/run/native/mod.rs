//! What a transcript cannot say, in Rust, under the same ids and reports: false lengths, cut bodies, races.
//!
//! A native scenario is one entry of [`ALL`]: what it says of itself, and the function that follows it.

mod addresses;
mod byteranges;
mod cut;
mod framing;
mod header_names;
mod history;
mod hostile;
mod names;
mod no_content;
mod patience;
mod races;
mod ranges;
mod sessions;
mod sizes;
mod tag_histories;
mod tools;

use futures_util::future::BoxFuture;

use super::follow::Flow;
use super::ledger::Shown;
use super::outcome::{Offer, Verdict};
use super::world::{Noted, World};
use crate::catalogue::{Level, RequirementId};
use crate::plan::{Declared, Place};
use crate::wire::{Exchange, Fault, RawConnection, Transcript};

/// A scenario that is written in Rust.
pub(super) struct Native {
    /// What it says of itself.
    pub(super) declared: Declared,
    /// How it is followed. An error is why the rest was not reached.
    pub(super) follow: for<'a> fn(&'a mut World) -> BoxFuture<'a, Result<(), NotReached>>,
}

/// Why the rest of a native scenario was not reached.
pub(super) struct NotReached(pub(super) String);

impl From<Fault> for NotReached {
    fn from(fault: Fault) -> NotReached {
        NotReached(fault.to_string())
    }
}

/// How often a scenario is followed that is answered 429 on a connection by hand.
const ATTEMPTS: u32 = 5;

/// Every native scenario, a table for each subject.
const ALL: &[&[Native]] = &[
    addresses::SCENARIOS,
    cut::SCENARIOS,
    framing::SCENARIOS,
    header_names::SCENARIOS,
    hostile::SCENARIOS,
    no_content::SCENARIOS,
    patience::SCENARIOS,
    races::SCENARIOS,
    ranges::SCENARIOS,
    sessions::SCENARIOS,
    sizes::SCENARIOS,
    tag_histories::SCENARIOS,
];

/// What the native scenarios say of themselves.
pub fn declared() -> impl Iterator<Item = &'static Declared> {
    ALL.iter().copied().flatten().map(|native| &native.declared)
}

/// One check made by a native scenario: what is asked, in words, and what was got.
pub(super) struct Judged<'a> {
    /// The requirement.
    pub(super) id: &'a str,
    /// The line of the check, from `line!()`.
    pub(super) line: u32,
    /// What is asked.
    pub(super) asked: &'a str,
    /// What was got, where it is not what was asked.
    pub(super) broken: Option<String>,
}

impl World {
    /// Follows a native scenario, where the registry offers what it needs.
    pub(super) async fn run_native(&mut self, declared: &'static Declared) -> Flow {
        let Some(native) = ALL
            .iter()
            .copied()
            .flatten()
            .find(|native| native.declared.name == declared.name)
        else {
            return Flow::Stop(Verdict::Failed(format!(
                "there is no native scenario `{}`",
                declared.name
            )));
        };
        for name in declared.needs {
            let stopped = match self.shared.offer(name) {
                Offer::Offered(_) => continue,
                Offer::Refused(_) => Verdict::NotOffered((*name).to_owned()),
                Offer::Unsettled(why) => Verdict::NotReached(format!("{name}: {why}")),
            };
            self.leave_out(declared, &stopped);
            return Flow::Stop(stopped);
        }
        let mut followed = (native.follow)(self).await;
        for _ in 1..ATTEMPTS {
            let Some(wait) = self.take_limit() else { break };
            tokio::time::sleep(wait).await;
            followed = (native.follow)(self).await;
        }
        if self.take_limit().is_some() {
            followed = Err(NotReached("429 Too Many Requests, each time".to_owned()));
        }
        let (left, flow) = match followed {
            Ok(()) => (Verdict::NoOccasion, Flow::On),
            Err(NotReached(why)) => {
                let verdict = Verdict::NotReached(why);
                (verdict.clone(), Flow::Stop(verdict))
            }
        };
        self.row = None;
        self.leave_out(declared, &left);
        flow
    }

    /// Notes every requirement of a native scenario that was not asked so far.
    fn leave_out(&self, declared: &Declared, verdict: &Verdict) {
        for id in declared.cites.iter().filter_map(|id| RequirementId::parse(id)) {
            if !self.has_asked(&id) && self.is_asked(&id, self.shared.level(&id)) {
                let noted = Noted {
                    verdict: verdict.clone(),
                    asked: declared.title.to_owned(),
                    got: String::new(),
                };
                self.write_down(self.native_place(0), &id, noted, Shown::Nothing);
            }
        }
    }

    fn native_place(&self, line: u32) -> Place {
        Place {
            scenario: self.planned.name.clone(),
            line: line as usize,
            span: (0, 0),
        }
    }

    /// Writes down a check of a connection by hand.
    ///
    /// That too many requests came says nothing of what is asked: the scenario is followed again after a while.
    pub(super) fn judge_raw(&self, judged: Judged<'_>, transcript: &Transcript) {
        if let Some(wait) = transcript.limited {
            return self.limit(wait);
        }
        self.judge(judged, Shown::Shell(self.by_hand(transcript)));
    }

    /// Writes down a check of exchanges.
    pub(super) fn judge_exchange(&self, judged: Judged<'_>, exchange: &std::sync::Arc<Exchange>) {
        self.judge(judged, Shown::Exchanges(vec![exchange.clone()]));
    }

    fn judge(&self, judged: Judged<'_>, shown: Shown) {
        let Some(id) = RequirementId::parse(judged.id) else {
            return;
        };
        let level = self.shared.level(&id);
        let verdict = match &judged.broken {
            _ if !self.is_asked(&id, level) => self.not_in_force(),
            Some(_) => Verdict::Broken,
            None => Verdict::Held,
        };
        if verdict == Verdict::Broken && level == Some(Level::Must) {
            self.shared.found_violation();
        }
        let shown = if verdict == Verdict::Broken {
            shown
        } else {
            Shown::Nothing
        };
        let got = judged.broken.unwrap_or_default();
        let noted = Noted {
            verdict,
            asked: judged.asked.to_owned(),
            got,
        };
        self.write_down(self.native_place(judged.line), &id, noted, shown);
    }

    /// A connection to the registry on which bytes are written by hand.
    pub(super) async fn connect(&self) -> Result<RawConnection, NotReached> {
        Ok(RawConnection::open(&self.shared.client).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::Library;

    #[test]
    fn native_scenarios_have_names_of_their_own_and_cite_requirements_of_the_catalogue() {
        let library = Library::built_in().unwrap();
        let names: BTreeSet<&str> = declared().map(|declared| declared.name).collect();
        assert_eq!(names.len(), declared().count());
        for declared in declared() {
            assert!(
                library.get(declared.name).is_none(),
                "{} is a transcript, too",
                declared.name
            );
            for id in declared.cites {
                let id = RequirementId::parse(id).unwrap();
                assert!(
                    library.catalogue.get(&id).is_some(),
                    "{id} is not in the catalogue"
                );
            }
        }
    }
}

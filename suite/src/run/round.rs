//! Programs side by side: each once, those with a finding once more behind them, and what each created removed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};

use super::Progress;
use super::campaign::Campaign;
use super::carried::{Carried, Ran};
use super::length;
use super::order::{Ahead, longest_first};
use super::pace::Slot;
use crate::catalogue::RequirementId;
use crate::scenario::Program;

/// The programs of a round.
///
/// A second attempt has its turn when the first ones that have not begun will be over no later than it: so it lies
/// behind most of the first, and nobody waits for it at the end.
pub(super) struct Round {
    campaign: Campaign,
    progress: Arc<dyn Progress>,
    /// The programs that have not begun.
    waiting: VecDeque<Ahead>,
    /// Those with a finding, each with its place and with the time that it took.
    broken: Vec<(Duration, usize)>,
    over: FirstAttempts,
    /// What came of the programs, in their order.
    carried: Vec<Option<Carried>>,
}

/// The first attempts that are over.
#[derive(Default)]
struct FirstAttempts {
    /// How many answers they waited for one after another, by what their texts say.
    length: usize,
    /// How long they took, one after another.
    took: Duration,
}

/// How many times the length of a second attempt the first ones must still take for it to wait: once would do, if what
/// is left took as long as what is over, but the longest come first, and a registry is slowest under the first of them.
const AHEAD: u32 = 2;

impl FirstAttempts {
    /// How long others of such lengths, and so many of them at once, are likely to take.
    fn likely(&self, lengths: usize, at_once: u32) -> Duration {
        let [is, was] = [lengths, self.length].map(|length| u32::try_from(length).unwrap_or(u32::MAX));
        (self.took / was.max(1)).saturating_mul(is) / at_once.max(1)
    }
}

/// An attempt at the program of a place.
#[derive(Clone, Copy)]
enum Attempt {
    First(usize),
    Second(usize),
}

/// What is still removed behind programs that are over.
pub(super) struct Cleaning(JoinSet<()>);

impl Round {
    /// A round of these programs, and of these that were carried out once.
    pub(super) fn of(
        campaign: &Campaign,
        begun: Vec<Ran>,
        programs: Vec<Arc<Program>>,
        progress: &Arc<dyn Progress>,
    ) -> Round {
        let behind = begun.len();
        let mut waiting = VecDeque::from(longest_first(programs));
        waiting.iter_mut().for_each(|ahead| ahead.at += behind);
        let mut round = Round {
            campaign: campaign.clone(),
            progress: progress.clone(),
            broken: Vec::new(),
            over: FirstAttempts::default(),
            carried: (0..behind + waiting.len()).map(|_| None).collect(),
            waiting,
        };
        for (at, ran) in begun.into_iter().enumerate() {
            round.note_first(at, ran);
        }
        round
    }

    /// Carries them out, as many at once as the registry bears; `firsts_over` is told what is broken as soon as each was
    /// carried out once.
    pub(super) async fn carry_out(
        mut self,
        firsts_over: oneshot::Sender<BTreeSet<RequirementId>>,
    ) -> (Vec<Carried>, Cleaning) {
        let session = self.campaign.session.clone();
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut firsts_over = Some(firsts_over);
        let mut tasks = JoinSet::new();
        let mut under_way = 0;
        let mut place = Box::pin(session.place());
        loop {
            if self.carried.iter().all(Option::is_some)
                && let Some(firsts_over) = firsts_over.take()
            {
                // Who does not listen does not look for more.
                let _ = firsts_over.send(self.broken());
            }
            let is_waiting = !self.waiting.is_empty() || !self.broken.is_empty();
            if under_way == 0 && !is_waiting {
                break;
            }
            tokio::select! {
                Some((attempt, ran)) = told.recv(), if under_way > 0 => {
                    under_way -= 1;
                    self.note(attempt, ran);
                }
                Some(joined) = tasks.join_next() => brought_down_by(joined),
                found = &mut place, if is_waiting => {
                    place.set(session.place());
                    if let Some((attempt, program)) = self.next(under_way) {
                        under_way += 1;
                        self.begin(attempt, program, found, &tell, &mut tasks);
                    }
                }
            }
        }
        (self.carried.into_iter().flatten().collect(), Cleaning(tasks))
    }

    /// The next attempt: at a program that was not begun, or else at the one with a finding that took longest.
    fn next(&mut self, under_way: u32) -> Option<(Attempt, Arc<Program>)> {
        self.broken.sort_unstable();
        let longest = self.broken.last().map_or(Duration::ZERO, |(took, _)| *took);
        let lengths = self.waiting.iter().map(|ahead| ahead.length).sum();
        if longest * AHEAD <= self.over.likely(lengths, under_way)
            && let Some(ahead) = self.waiting.pop_front()
        {
            return Some((Attempt::First(ahead.at), ahead.program));
        }
        let (_, at) = self.broken.pop()?;
        let carried = self.carried.get(at)?.as_ref()?;
        let goes_on = !self.campaign.session.has_ended();
        goes_on.then(|| (Attempt::Second(at), carried.first.log.program.clone()))
    }

    fn begin(
        &self,
        attempt: Attempt,
        program: Arc<Program>,
        place: Slot,
        tell: &mpsc::UnboundedSender<(Attempt, Ran)>,
        tasks: &mut JoinSet<()>,
    ) {
        let (campaign, tell) = (self.campaign.clone(), tell.clone());
        match attempt {
            Attempt::First(_) => self.progress.began(&program.name),
            Attempt::Second(_) => self.progress.began_again(&program.name),
        }
        tasks.spawn(async move {
            // Where repositories are shared, others wait until all of it is gone.
            let _place = place;
            let (ran, created) = campaign.follow(program, attempt.number()).await;
            // Nobody hears it where the run is given up.
            let _ = tell.send((attempt, ran));
            campaign.clean_up(created).await;
        });
    }

    fn note(&mut self, attempt: Attempt, ran: Ran) {
        match attempt {
            Attempt::First(at) => {
                self.progress.finished(&ran.verdict.outcome);
                self.note_first(at, ran);
            }
            Attempt::Second(at) => {
                self.progress.finished_again(&ran.log.program.name);
                if let Some(Some(carried)) = self.carried.get_mut(at) {
                    carried.again = Some(ran.log);
                }
            }
        }
    }

    fn note_first(&mut self, at: usize, ran: Ran) {
        self.over.length += length::of(&ran.log.program);
        self.over.took += ran.log.elapsed;
        if ran.is_broken() {
            self.broken.push((ran.log.elapsed, at));
        }
        if let Some(carried) = self.carried.get_mut(at) {
            *carried = Some(Carried::once(ran));
        }
    }

    /// What is known to be broken.
    fn broken(&self) -> BTreeSet<RequirementId> {
        let carried = self.carried.iter().flatten();
        carried
            .flat_map(|carried| carried.first.verdict.broken.iter().cloned())
            .collect()
    }
}

impl Attempt {
    fn number(self) -> u32 {
        match self {
            Attempt::First(_) => 1,
            Attempt::Second(_) => 2,
        }
    }
}

impl Cleaning {
    /// Waits until all of it is removed.
    pub(super) async fn end(mut self) {
        while let Some(joined) = self.0.join_next().await {
            brought_down_by(joined);
        }
    }
}

/// A task that panics is a fault of the suite and brings it down.
fn brought_down_by(joined: Result<(), JoinError>) {
    if let Err(error) = joined
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_likely_to_take_as_long_as_what_is_over_by_its_length() {
        let over = FirstAttempts {
            length: 10,
            took: Duration::from_secs(20),
        };
        assert_eq!(over.likely(30, 6), Duration::from_secs(10));
        assert_eq!(over.likely(30, 0), Duration::from_secs(60));
        assert_eq!(over.likely(0, 6), Duration::ZERO);
        assert_eq!(FirstAttempts::default().likely(30, 6), Duration::ZERO);
    }
}

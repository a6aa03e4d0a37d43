//! How many scenarios run at once: more as long as the registry answers as quickly as before, fewer when it asks for less.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::lock::locked;
use crate::wire::Exchange;

/// How many run at once in the beginning: as many as a small registry next door bears.
const START: usize = 8;
/// Where answers come sooner than this, more at once gains nothing: the time goes into work, not into the way.
const NEAR: Duration = Duration::from_millis(5);
/// How many answers are looked at before the limit is changed again: so many that the middle one tells.
const LOOK: usize = 24;
/// The statuses by which a registry says that there are too many requests.
const TOO_MANY: [u16; 2] = [429, 503];

/// How many scenarios may run at once; clones are the same.
#[derive(Clone)]
pub(super) struct Pace {
    places: Arc<Semaphore>,
    state: Arc<Mutex<PaceState>>,
}

#[derive(Clone)]
struct PaceState {
    limit: usize,
    most: usize,
    /// How many places are to be given up as soon as they are left.
    surplus: usize,
    /// The times of the answers since the limit was last looked at.
    times: Vec<Duration>,
    /// The middle of the times that were quickest so far.
    quickest: Option<Duration>,
    /// How many answers ask for less since then.
    refusals: usize,
}

/// A place among those that run; dropped, it is free.
pub(super) struct Slot {
    pace: Pace,
    permit: Option<OwnedSemaphorePermit>,
}

/// A place that is taken by another one while somebody waits; dropped, there is one less as soon as one is left.
struct LentSlot(Pace);

impl Pace {
    /// A pace of no more than this at once.
    pub(super) fn of(most: usize) -> Pace {
        let state = PaceState::of(most.max(1));
        Pace {
            places: Arc::new(Semaphore::new(state.limit)),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Waits for a place; who comes first gets one first.
    pub(super) async fn place(&self) -> Slot {
        Slot {
            pace: self.clone(),
            // Nobody closes them.
            permit: self.places.clone().acquire_owned().await.ok(),
        }
    }

    /// How many may run at once, as things stand.
    pub(super) fn limit(&self) -> usize {
        locked(&self.state).limit
    }

    /// Waits for something that may not come; whoever does so asks nothing, and another one has the place meanwhile.
    pub(super) async fn aside<T>(&self, waiting: impl Future<Output = T>) -> T {
        let _lent = self.lend();
        waiting.await
    }

    /// A place more, unless only one may be there at all.
    fn lend(&self) -> Option<LentSlot> {
        if locked(&self.state).most == 1 {
            return None;
        }
        self.places.add_permits(1);
        Some(LentSlot(self.clone()))
    }

    /// Takes note of an exchange.
    pub(super) fn note(&self, exchange: &Exchange) {
        let asks_for_less = exchange.status().is_some_and(|status| TOO_MANY.contains(&status));
        let mut state = locked(&self.state);
        let before = state.limit;
        state.note(exchange.elapsed, asks_for_less);
        if state.limit < before {
            state.surplus += before - state.limit;
            state.surplus -= self.places.forget_permits(state.surplus);
        } else {
            let more = state.limit - before;
            let kept = more.min(state.surplus);
            state.surplus -= kept;
            self.places.add_permits(more - kept);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = locked(&self.pace.state);
        if state.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            state.surplus -= 1;
        }
    }
}

impl Drop for LentSlot {
    fn drop(&mut self) {
        let LentSlot(pace) = self;
        let mut state = locked(&pace.state);
        state.surplus += 1;
        state.surplus -= pace.places.forget_permits(state.surplus);
    }
}

impl PaceState {
    fn of(most: usize) -> PaceState {
        PaceState {
            limit: START.min(most),
            most,
            surplus: 0,
            times: Vec::new(),
            quickest: None,
            refusals: 0,
        }
    }

    /// Takes note of an answer.
    fn note(&mut self, time: Duration, asks_for_less: bool) {
        self.times.push(time);
        self.refusals += usize::from(asks_for_less);
        // One that stands for all that were sent at once is enough.
        if self.refusals == 1 && asks_for_less {
            self.limit = (self.limit / 2).max(1);
        }
        if self.times.len() < LOOK.max(self.limit) {
            return;
        }
        let mut times = std::mem::take(&mut self.times);
        let refusals = std::mem::take(&mut self.refusals);
        times.sort_unstable();
        let middle = times[times.len() / 2];
        let quickest = self.quickest.map_or(middle, |quickest| quickest.min(middle));
        self.quickest = Some(quickest);
        if refusals == 0 && middle >= NEAR && middle <= quickest * 4 / 3 {
            self.limit = (self.limit + self.limit.div_ceil(2)).min(self.most);
        } else if middle > quickest * 3 && self.limit > START {
            self.limit = (self.limit * 3 / 4).max(START);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// The limit after so many looks at answers that take as long as is said of each look.
    fn after(most: usize, looks: &[u64]) -> usize {
        let mut state = PaceState::of(most);
        for millis in looks {
            for _ in 0..LOOK.max(state.limit) {
                state.note(Duration::from_millis(*millis), false);
            }
        }
        state.limit
    }

    #[test]
    fn a_distant_registry_is_asked_more_at_once_as_long_as_it_is_as_quick_as_before() {
        assert_eq!(after(64, &[50, 50, 55, 50, 50, 50]), 64);
        assert_eq!(after(20, &[50; 6]), 20);
        assert_eq!(after(64, &[50, 50, 90, 90]), 18);
        assert!(after(64, &[50, 50, 50, 50, 200, 200]) < after(64, &[50, 50, 50, 50]));
    }

    #[test]
    fn next_door_nothing_changes() {
        assert_eq!(after(64, &[1, 2, 4, 1, 9, 9]), START);
    }

    #[test]
    fn one_that_asks_for_less_is_asked_less() {
        let mut state = PaceState::of(64);
        for _ in 0..LOOK {
            state.note(Duration::from_millis(50), true);
        }
        assert_eq!(state.limit, START / 2);
    }

    #[tokio::test]
    async fn who_waits_by_the_clock_leaves_the_place_to_another_one() {
        let pace = Pace::of(2);
        let (first, second) = (pace.place().await, pace.place().await);
        let lent = pace.lend();
        let third = pace.place().await;
        drop(lent);
        drop(first);
        assert!(pace.place().now_or_never().is_none(), "two are there");
        drop((second, third));
        assert!(pace.place().now_or_never().is_some());
    }

    #[tokio::test]
    async fn where_one_comes_after_another_nobody_leaves_the_place() {
        let pace = Pace::of(1);
        let _first = pace.place().await;
        let _lent = pace.lend();
        assert!(pace.place().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_place_that_is_left_is_free() {
        let pace = Pace::of(1);
        let first = pace.place().await;
        assert!(pace.place().now_or_never().is_none());
        drop(first);
        assert!(pace.place().now_or_never().is_some());
    }
}

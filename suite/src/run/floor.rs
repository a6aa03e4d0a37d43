//! Who is awake among the scenarios that wait by the clock: what weighs on a registry runs while all of them do.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedRwLockWriteGuard, RwLock, watch};

use super::pace::Pace;

/// The scenarios that are awake, and whether somebody has the registry for itself.
#[derive(Default)]
pub(super) struct Floor {
    awake: watch::Sender<usize>,
    alone: Arc<RwLock<()>>,
}

/// A scenario that is awake; dropped, it is over.
pub(super) struct Awake<'a>(&'a Floor);

/// A scenario that waits by the clock; dropped, it is awake.
struct Asleep<'a>(&'a Floor);

/// The registry for oneself: nobody begins or wakes up until it is dropped.
pub(super) struct Alone {
    _nobody_else: OwnedRwLockWriteGuard<()>,
}

impl Floor {
    /// Begins a scenario, unless somebody is alone: then as soon as that is over.
    pub(super) async fn begin(&self) -> Awake<'_> {
        let _may_begin = self.alone.read().await;
        self.awake.send_modify(|awake| *awake += 1);
        Awake(self)
    }

    /// Waits by the clock for one that is awake, and for longer where somebody is alone by then.
    pub(super) async fn sleep(&self, time: Duration, pace: &Pace) {
        self.awake.send_modify(|awake| *awake -= 1);
        let asleep = Asleep(self);
        pace.pass(time).await;
        let _may_wake = self.alone.read().await;
        drop(asleep);
    }

    /// Waits until nobody is awake.
    pub(super) async fn alone(&self) -> Alone {
        loop {
            // The sender lives as long as this.
            let _ = self.awake.subscribe().wait_for(|awake| *awake == 0).await;
            let nobody_else = self.alone.clone().write_owned().await;
            if *self.awake.borrow() == 0 {
                return Alone {
                    _nobody_else: nobody_else,
                };
            }
        }
    }
}

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        self.0.awake.send_modify(|awake| *awake -= 1);
    }
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.awake.send_modify(|awake| *awake += 1);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_is_alone_waits_until_all_others_sleep_and_nobody_wakes_up_beside_it() {
        let (floor, pace) = (Floor::default(), Pace::of(2));
        let awake = floor.begin().await;
        assert!(floor.alone().now_or_never().is_none());
        let mut sleep = Box::pin(floor.sleep(Duration::from_millis(1), &pace));
        assert!(sleep.as_mut().now_or_never().is_none());
        let alone = floor.alone().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(sleep.as_mut().now_or_never().is_none());
        assert!(floor.begin().now_or_never().is_none());
        drop(alone);
        sleep.await;
        assert!(floor.alone().now_or_never().is_none(), "it is awake");
        drop(awake);
        floor.alone().await;
    }

    #[tokio::test]
    async fn one_that_is_cut_off_in_its_sleep_is_over() {
        let (floor, pace) = (Floor::default(), Pace::of(2));
        let awake = floor.begin().await;
        let mut sleep = Box::pin(floor.sleep(Duration::from_secs(60), &pace));
        assert!(sleep.as_mut().now_or_never().is_none());
        drop(sleep);
        drop(awake);
        floor.alone().await;
    }
}

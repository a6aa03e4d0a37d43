//! Who carries out a coded scenario: the client that it acts as, and where it writes down what it saw.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::NotReached;
use crate::cause::Cause;
use crate::check::CheckResult;
use crate::judgement::Offer;
use crate::log::{Event, Evidence, Observation, Reason, Timing};
use crate::run::found::FoundManifest;
use crate::run::interpret::{requests, stage};
use crate::run::lock::locked;
use crate::run::world::World;
use crate::scenario::{CodedCheck, Script};
use crate::values::{Content, Maker};
use crate::wire::{Exchange, Limit, RawConnection, Request, Transcript, Url};

/// Who carries out a coded scenario.
pub(super) struct Actor {
    world: World,
    /// The first thing that stood between the scenario and the registry: what breaks behind it proves nothing.
    trouble: Arc<Mutex<Option<Cause>>>,
    /// What the registry asked for on a connection by hand since this was last looked at.
    limited: Arc<Mutex<Option<Limit>>>,
}

impl Actor {
    pub(super) fn new(world: World) -> Actor {
        Actor {
            world,
            trouble: Arc::default(),
            limited: Arc::default(),
        }
    }

    /// The same client in a row of its own, which goes on beside the others.
    pub(super) fn beside(&self, row: impl Into<String>) -> Actor {
        let mut world = self.world.beside();
        world.row = Some(row.into());
        Actor {
            world,
            trouble: self.trouble.clone(),
            limited: self.limited.clone(),
        }
    }

    /// What the registry asked for since this was last asked, on connections by hand.
    pub(super) fn take_limit(&self) -> Option<Limit> {
        locked(&self.limited).take()
    }

    /// How long a limit is waited for, if that can be borne.
    pub(super) fn wait(&self, limit: Limit) -> Option<Duration> {
        self.world.session.wait(limit)
    }

    /// The first thing that stood between the scenario and the registry.
    pub(super) fn trouble(&self) -> Option<Cause> {
        locked(&self.trouble).clone()
    }

    /// How long something may take that usually takes no longer than `usual`: more where the target is slow.
    pub(super) fn allowance(&self, usual: Duration) -> Duration {
        self.world.session.allowance(usual)
    }

    /// Waits until the target has noticed what happened on a connection, which usually takes no longer than `usual`.
    pub(super) async fn wait_for_notice(&self, usual: Duration) {
        let session = &self.world.session;
        session.pass(session.notice(usual)).await;
    }

    /// Waits by the clock, and leaves the place to another scenario meanwhile.
    pub(super) async fn pass(&self, time: Duration) {
        self.world.session.pass(time).await;
    }

    /// Waits for something that may not come, and leaves the place to another scenario meanwhile.
    pub(super) async fn aside<T>(&self, waiting: impl Future<Output = T>) -> T {
        self.world.session.aside(waiting).await
    }

    /// Names the row that the checks from here on stand in.
    pub(super) fn row(&mut self, row: impl Into<String>) {
        self.world.row = Some(row.into());
    }

    /// Says that the checks from here on stand in no row.
    pub(super) fn no_row(&mut self) {
        self.world.row = None;
    }

    /// A source of content that nobody else has.
    pub(super) fn maker(&mut self) -> Maker {
        self.world.maker()
    }

    /// The size of a chunk that the registry takes, in bytes.
    pub(super) fn chunk_size(&self) -> u64 {
        self.world.session.chunk
    }

    /// What the registry does about a capability.
    pub(super) fn offer(&self, capability: &str) -> Offer {
        self.world.session.offer(capability)
    }

    /// The registry.
    pub(super) fn target(&self) -> &Url {
        self.world.session.client.target()
    }

    /// The scenario's first repository.
    pub(super) fn repository(&self) -> Result<String, NotReached> {
        Ok(self.world.scope().text_of("repo")?)
    }

    /// The scenario's second repository.
    pub(super) fn other(&self) -> Result<String, NotReached> {
        Ok(self.world.scope().text_of("other")?)
    }

    /// Sets the stage: a content and all that it refers to.
    pub(super) async fn given(
        &self,
        repository: &str,
        content: &Content,
        tags: &[String],
    ) -> Result<(), NotReached> {
        Ok(stage::push(&self.world, repository, content, tags).await?)
    }

    /// Sets the stage: these, with all that they refer to, and without tags.
    pub(super) async fn given_all(&self, repository: &str, contents: &[Content]) -> Result<(), NotReached> {
        Ok(stage::push_all(&self.world, repository, contents).await?)
    }

    /// Sends a request.
    pub(super) async fn send(&self, request: Request) -> Arc<Exchange> {
        let sent = self.world.send(request).await;
        if let Some(cause) = Cause::circumstance(&sent) {
            locked(&self.trouble).get_or_insert(cause);
        }
        sent
    }

    /// A connection to the registry for requests with this method, written by hand.
    pub(super) async fn connect(&self, method: &str) -> Result<RawConnection, NotReached> {
        self.stay_within(method, &self.target().below_mount("/v2/"))?;
        Ok(RawConnection::open(&self.world.session.client).await?)
    }

    /// What keeps a request with this method from being sent to an address, on a connection by hand too.
    pub(super) fn stay_within(&self, method: &str, url: &Url) -> Result<(), NotReached> {
        let Some(why) = self.world.session.withholds(method, url) else {
            return Ok(());
        };
        let withheld = Arc::new(Exchange::withheld(Request::new(method, url.clone()), why));
        Cause::circumstance(&withheld).map_or(Ok(()), |cause| Err(NotReached(cause)))
    }

    /// What is there already, where the run only reads.
    pub(super) fn found(&self) -> &[FoundManifest] {
        self.world.session.found.manifests()
    }

    /// The collection of a repository's uploads.
    pub(super) fn uploads(&self, repository: &str) -> Url {
        requests::uploads(&self.world, repository)
    }

    /// Writes down that actions are passed over.
    pub(super) fn skip(&self, actions: Range<usize>, reason: Reason) {
        self.world.skip(actions, reason);
    }

    /// Writes down what went on on a connection by hand.
    pub(super) fn note(&self, transcript: &Transcript) {
        self.world.record(Event::Connected(Arc::new(transcript.clone())));
        if transcript.limited.is_some() {
            *locked(&self.limited) = transcript.limited;
        }
    }

    /// Writes down what a check saw: what broke it, if anything did, and what it looked at.
    ///
    /// That too many requests came says nothing of what is asked: the scenario is carried out again after a while.
    pub(super) fn judge(
        &self,
        check: &'static CodedCheck,
        broken: Option<impl Into<BrokenCheck>>,
        evidence: impl Into<Evidence>,
    ) {
        let (broken, evidence) = (broken.map(Into::into), evidence.into());
        if let Evidence::Connection(transcript) = &evidence {
            self.note(transcript);
            if transcript.limited.is_some() {
                return;
            }
            if let Some(cause) = Cause::circumstance_by_hand(transcript) {
                locked(&self.trouble).get_or_insert(cause);
            }
        }
        let Some(index) = self.index(check) else {
            return self.world.record(Event::Stopped(Reason::Failed(format!(
                "{} does not declare the check of line {}",
                self.world.program.name, check.line
            ))));
        };
        let failed = broken.as_ref().and_then(|broken| broken.by.as_ref());
        let failed = failed.filter(|by| self.world.hides(index, by).is_some());
        self.world.saw(Observation {
            check: index,
            row: self.world.row.clone(),
            asked: check.asked.to_owned(),
            evidence: failed.map_or(evidence, Evidence::from),
            seen: match (broken, self.trouble()) {
                (None, _) => CheckResult::Holds,
                (Some(_), Some(cause)) => CheckResult::NotReached(cause),
                (Some(broken), None) => CheckResult::Breaks(broken.got),
            },
            timing: Timing::AtOnce,
        });
    }

    /// The place of a check among those that the scenario declares.
    fn index(&self, check: &'static CodedCheck) -> Option<usize> {
        let Script::Coded(scenario) = &self.world.program.script else {
            return None;
        };
        scenario
            .checks
            .iter()
            .position(|declared| std::ptr::eq(*declared, check))
    }
}

/// What broke a check.
pub(super) struct BrokenCheck {
    /// What was got.
    got: String,
    /// What came, where that is not what the check looked at.
    by: Option<Arc<Exchange>>,
}

impl BrokenCheck {
    /// The same, seen in what came of this.
    pub(super) fn by(got: String, came: &Arc<Exchange>) -> BrokenCheck {
        BrokenCheck {
            got,
            by: Some(came.clone()),
        }
    }

    /// The same, behind something else.
    pub(super) fn after(self, before: &str) -> BrokenCheck {
        BrokenCheck {
            got: format!("{before}; then {}", self.got),
            ..self
        }
    }
}

impl From<String> for BrokenCheck {
    fn from(got: String) -> BrokenCheck {
        BrokenCheck { got, by: None }
    }
}

impl From<&Arc<Exchange>> for Evidence {
    fn from(exchange: &Arc<Exchange>) -> Evidence {
        Evidence::Exchanges(vec![exchange.clone()])
    }
}

impl From<Transcript> for Evidence {
    fn from(transcript: Transcript) -> Evidence {
        Evidence::Connection(Arc::new(transcript))
    }
}

impl From<&Transcript> for Evidence {
    fn from(transcript: &Transcript) -> Evidence {
        Evidence::from(transcript.clone())
    }
}

//! The world of one run of one program: its variables, the last answer, and where what happens is written down.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::read_after_write::Writes;
use super::session::Session;
use super::territory::Tenants;
use super::under_way::RequestsUnderWay;
use crate::catalogue::Failure;
use crate::cause::Cause;
use crate::check::{CheckResult, looks_at_the_body};
use crate::log::{Event, Evidence, Observation, ProgramLog, Reason, Recorder, Skipped};
use crate::scenario::ast::Aspect;
use crate::scenario::{Program, ast};
use crate::values::{Answered, Faces, Maker, Scope, Value};
use crate::wire::{Exchange, Request};

/// How long to wait before a late answer is asked for again: what comes late is reported to a tenth of a second, and a
/// registry that lags is not asked more than ten times a second for it.
pub(super) const GRACE_STEP: Duration = Duration::from_millis(100);

/// The world of one run of one program, or of one of its copies under `together`.
#[derive(Clone)]
pub(super) struct World {
    /// What all programs of the run share.
    pub(super) session: Arc<Session>,
    /// What is carried out.
    pub(super) program: Arc<Program>,
    /// The variables.
    scope: Arc<Scope>,
    /// What the last request came to.
    pub(super) last: Last,
    /// The first cell of the row in force.
    pub(super) row: Option<String>,
    /// The number of the action that is carried out.
    pub(super) action: usize,
    /// What stood in the repositories before.
    pub(super) tenants: Arc<Tenants>,
    /// What was written so far.
    pub(super) writes: Arc<Writes>,
    /// The repository of what a run that only reads has chosen.
    pub(super) found_in: Option<Arc<str>>,
    recorder: Recorder,
    /// What it has sent and is not answered yet.
    pub(super) under_way: RequestsUnderWay,
    label: String,
    made: u32,
    copies: Arc<AtomicU32>,
}

/// What the last request came to.
#[derive(Clone, Default)]
pub(super) enum Last {
    /// Nothing was asked yet.
    #[default]
    Nothing,
    /// It was not sent, since something it needs is missing.
    NotSent(Cause),
    /// It was sent, as the program says it if a program did, and this came of it.
    Came(Arc<Answered>, Option<Arc<ast::Request>>),
}

impl World {
    /// A fresh world for a program. Different attempts have different names and content.
    pub(super) fn new(session: Arc<Session>, program: Arc<Program>, attempt: u32, tenants: Tenants) -> World {
        let scope = Scope::with_repositories(session.territory().repositories(&program.name, attempt));
        let recorder = Recorder::default();
        recorder.record(Event::Bound(scope.faces().into()));
        World {
            label: format!("{}:{}#{attempt}", session.settings.run_id, program.name),
            scope: Arc::new(scope),
            last: Last::Nothing,
            row: None,
            action: 0,
            made: 0,
            recorder,
            under_way: RequestsUnderWay::default(),
            copies: Arc::default(),
            tenants: Arc::new(tenants),
            writes: Arc::default(),
            found_in: None,
            session,
            program,
        }
    }

    /// A copy that runs beside the others, with content of its own.
    pub(super) fn copy(&self) -> World {
        let number = self.copies.fetch_add(1, Ordering::Relaxed);
        World {
            label: format!("{}/{number}", self.label),
            ..self.clone()
        }
    }

    /// The same world, in which something happens beside the rest; it is told as if it had happened now.
    pub(super) fn beside(&self) -> World {
        World {
            recorder: self.recorder.beside(),
            ..self.clone()
        }
    }

    /// The variables.
    pub(super) fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The variables, to be changed.
    pub(super) fn scope_mut(&mut self) -> &mut Scope {
        Arc::make_mut(&mut self.scope)
    }

    /// A source of content that nobody else has.
    pub(super) fn maker(&mut self) -> Maker {
        self.made += 1;
        Maker::new(self.session.seed(), &format!("{}:{}", self.label, self.made))
    }

    /// Sends a request and writes down what came.
    pub(super) async fn send(&self, request: Request) -> Arc<Exchange> {
        let sent = self.send_once(request.clone()).await;
        if self.writes.contradict(&sent) {
            self.send_within_grace(request, sent).await
        } else {
            sent
        }
    }

    async fn send_once(&self, request: Request) -> Arc<Exchange> {
        let _under_way = self.under_way.begin().await;
        let sent = self
            .session
            .send(request, &self.tenants, &self.recorder, self.action);
        let sent = sent.await;
        self.writes.note(&sent);
        sent
    }

    /// Reads again, within the grace, what shows the state before the last write.
    async fn send_within_grace(&self, request: Request, mut sent: Arc<Exchange>) -> Arc<Exchange> {
        let (began, grace) = (Instant::now(), self.session.settings.grace);
        while began.elapsed() < grace {
            self.session.pass(GRACE_STEP).await;
            sent = self.send_once(request.clone()).await;
            if !self.writes.contradict(&sent) {
                self.record(Event::Late(self.action, sent.clone()));
                break;
            }
        }
        sent
    }

    /// Binds a name to what was made here, and writes down how that may look.
    pub(super) fn bind_made(&mut self, name: &ast::Name, value: Value) {
        self.record(Event::Bound(Faces::of(name.clone(), value.clone())));
        self.scope_mut().bind(name, value);
    }

    /// Writes down that actions are passed over.
    pub(super) fn skip(&self, actions: Range<usize>, reason: Reason) {
        if !actions.is_empty() {
            self.record(Event::Skipped(Skipped { actions, reason }));
        }
    }

    /// Writes down what a check saw, and says it: where the registry failed, that may tell nothing of what was asked.
    pub(super) fn saw(&self, mut observation: Observation) -> CheckResult {
        if let (CheckResult::Breaks(_), Evidence::Exchanges(exchanges)) =
            (&observation.seen, &observation.evidence)
            && let Some(cause) = exchanges
                .last()
                .and_then(|last| self.hides(observation.check, last))
        {
            observation.seen = CheckResult::NotReached(cause);
        }
        let seen = observation.seen.clone();
        self.record(Event::Observed(observation));
        seen
    }

    /// Why what came tells nothing of what a check asks, if the registry failed and the check is not about that.
    pub(super) fn hides(&self, check: usize, came: &Arc<Exchange>) -> Option<Cause> {
        let cause = Cause::failure(came)?;
        let checkpoint = self.program.checks.get(check)?;
        let requirement = self.session.catalogue().get(&checkpoint.requirement)?;
        let aspect = checkpoint.check.as_ref().map(|check| &check.aspect.value);
        let is_refused = came.status().is_some_and(|status| status >= 500);
        let is_cut = came.status().is_some() && !is_refused;
        if is_cut && aspect.is_some_and(|aspect| !looks_at_the_body(aspect)) {
            return None;
        }
        let asks_the_status = aspect.is_none_or(|aspect| matches!(aspect, Aspect::Status(_)));
        let is_about_it = requirement.failure == Failure::Breaks && (asks_the_status || !is_refused);
        (!is_about_it).then_some(cause)
    }

    /// Writes an event down.
    pub(super) fn record(&self, event: Event) {
        self.recorder.record(event);
    }

    /// What a check of the last answer looks at.
    pub(super) fn evidence(&self) -> Evidence {
        match &self.last {
            Last::Came(answered, _) => Evidence::Exchanges(vec![answered.exchange().clone()]),
            Last::Nothing | Last::NotSent(_) => Evidence::Nothing,
        }
    }

    /// All that was written down.
    pub(super) fn take_log(&self) -> ProgramLog {
        self.recorder.take(self.program.clone())
    }
}

//! One execution that is not settled yet, shared by the engine's thread, which moves it on, and by
//! whoever waits for it or follows it.

use super::events::{Index, Log, Mark, Placed};
use super::kept::Charge;
use crate::admission;
use casemate_runtime::oneshot::Stream;
use casemate_store::Owner;
use casemate_types::analysis::{Analysis, Mode};
use casemate_types::{ExecutionId, ExecutionRequest, Outcome, SandboxId, State};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Called at every change, by the thread that makes it; must not block.
pub type OnChange = Box<dyn Fn() + Send + Sync>;

/// Names a follower, to end its following.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Follower(u64);

/// How an execution stands in the state database in the end.
#[derive(Clone, Debug)]
pub enum Settled {
    /// Its outcome is recorded; an answer may say so.
    Recorded(Arc<Outcome>),
    /// It has ended, and no record could be made; it is tried again.
    Unrecorded(Arc<Outcome>, casemate_store::StoreError),
    /// We could not carry it out, and that is recorded: the message for its caller.
    Failed(String),
    /// It could not be recorded that it was accepted: it counts as never asked for.
    Refused(casemate_store::StoreError),
}

/// One execution.
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose it is.
    pub owner: Owner,
    /// What was asked for; its content is dropped when the program has it.
    pub language: &'static str,
    /// The caller's labels.
    pub labels: std::collections::BTreeMap<String, String>,
    /// When it was accepted.
    pub created_at: SystemTime,
    /// The same, by a clock that nobody sets.
    pub begun: Instant,
    is_cancelled: AtomicBool,
    inner: Mutex<Inner>,
    followers: Mutex<Vec<(u64, Arc<OnChange>)>>,
}

struct Inner {
    state: State,
    started_at: Option<SystemTime>,
    sandbox_id: Option<SandboxId>,
    request: Option<Arc<ExecutionRequest>>,
    log: Log,
    /// What reading the program told, and how long that took.
    analysis: (Option<Arc<Analysis>>, Duration),
    /// What became of it, before it is recorded.
    outcome: Option<Arc<Outcome>>,
    /// What the outcome's output takes of the budget, for as long as somebody holds the execution.
    charges: Vec<Charge>,
    settled: Option<Settled>,
    next_follower: u64,
}

/// What can be said of an execution now.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// When its program started.
    pub started_at: Option<SystemTime>,
    /// Its sandbox.
    pub sandbox_id: Option<SandboxId>,
}

/// An event with its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its number.
    pub id: u64,
    /// What happened.
    pub mark: Mark,
    /// The bytes, for output.
    pub bytes: Vec<u8>,
}

impl Execution {
    pub(super) fn new(
        id: ExecutionId,
        owner: Owner,
        language: &'static str,
        request: ExecutionRequest,
        log: Log,
    ) -> Self {
        let mut log = log;
        log.mark(Mark::Queued);
        Self {
            id,
            owner,
            language,
            labels: request.labels.clone(),
            // As its record has it.
            created_at: UNIX_EPOCH + Duration::from_millis(u64::try_from(id.value() >> 80).unwrap_or(0)),
            begun: Instant::now(),
            is_cancelled: AtomicBool::new(false),
            inner: Mutex::new(Inner {
                state: State::Queued,
                started_at: None,
                sandbox_id: None,
                request: Some(Arc::new(request)),
                log,
                analysis: (None, Duration::ZERO),
                outcome: None,
                charges: Vec::new(),
                settled: None,
                next_follower: 1,
            }),
            followers: Mutex::new(Vec::new()),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves whole values: every change is one assignment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its caller wants it to end; true for the first time.
    pub(super) fn cancel(&self) -> bool {
        !self.is_cancelled.swap(true, Ordering::Relaxed)
    }

    /// Whether its caller wants it to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        let inner = self.inner();
        Standing {
            state: inner.state,
            started_at: inner.started_at,
            sandbox_id: inner.sandbox_id,
        }
    }

    /// What became of it, once nothing more will.
    pub fn settled(&self) -> Option<Settled> {
        self.inner().settled.clone()
    }

    /// Calls `on_change` at every change from now on.
    pub fn follow(&self, on_change: OnChange) -> Follower {
        let number = {
            let mut inner = self.inner();
            inner.next_follower += 1;
            inner.next_follower
        };
        self.followers().push((number, Arc::new(on_change)));
        Follower(number)
    }

    /// Ends a following.
    pub fn unfollow(&self, follower: Follower) {
        self.followers().retain(|(number, _)| *number != follower.0);
    }

    fn followers(&self) -> MutexGuard<'_, Vec<(u64, Arc<OnChange>)>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        let all: Vec<_> = self.followers().iter().map(|(_, call)| call.clone()).collect();
        all.iter().for_each(|call| call());
    }

    /// The events after a number, as many as `most_bytes` of output hold, but at least one.
    ///
    /// # Errors
    /// When output that was moved to disk cannot be read.
    pub fn events_after(&self, id: u64, most_bytes: usize) -> io::Result<Vec<Event>> {
        let inner = self.inner();
        let read = |stream, placed: &Placed, length: u32| match &inner.outcome {
            Some(outcome) => Ok(part(outcome, stream, placed.offset, length as usize)),
            None => inner.log.read(stream, placed.offset, length as usize),
        };
        let mut events = Vec::new();
        let mut room = most_bytes;
        for placed in inner.log.index().after(id) {
            let bytes = match placed.mark {
                Mark::Output(_, length) if length as usize > room && !events.is_empty() => break,
                Mark::Output(stream, length) => read(stream, &placed, length)?,
                _ => Vec::new(),
            };
            room = room.saturating_sub(bytes.len());
            events.push(Event {
                id: placed.id,
                mark: placed.mark,
                bytes,
            });
        }
        Ok(events)
    }

    /// The request, until the program has it.
    pub(super) fn request(&self) -> Option<Arc<ExecutionRequest>> {
        self.inner().request.clone()
    }

    /// What reading the program told, and how long that took.
    pub(super) fn analysis(&self) -> (Option<Arc<Analysis>>, Duration) {
        self.inner().analysis.clone()
    }

    /// The program was read: what was decided, and with how much less it runs.
    pub(super) fn note_analysis(&self, analysis: Analysis) {
        let mut inner = self.inner();
        if analysis.mode == Mode::Enforce
            && !analysis.restrictions.is_empty()
            && let Some(request) = &inner.request
        {
            let restricted = admission::restrict(ExecutionRequest::clone(request), &analysis.restrictions);
            inner.request = Some(Arc::new(restricted));
        }
        inner.analysis = (Some(Arc::new(analysis)), self.begun.elapsed());
    }

    /// Why it may not run, if it may not.
    pub(super) fn denial(&self) -> Option<&'static str> {
        self.inner().analysis.0.as_deref().and_then(admission::denial)
    }

    /// Its program has what it needs of the request.
    pub(super) fn forget_request(&self) {
        self.inner().request = None;
    }

    pub(super) fn enter_sandbox(&self, sandbox: SandboxId) {
        let mut inner = self.inner();
        inner.sandbox_id = Some(sandbox);
        if inner.state == State::Queued {
            inner.state = State::Running;
            inner.log.mark(Mark::Running);
            drop(inner);
            self.tell();
        }
    }

    pub(super) fn note_start(&self) {
        self.inner().started_at = Some(SystemTime::now());
    }

    pub(super) fn output(&self, stream: Stream, bytes: &[u8]) {
        if self.inner().log.output(stream, bytes) {
            self.tell();
        }
    }

    /// Makes the outcome of the kept output, and gives it with the order of all events. The last event
    /// is not to be seen before [`Execution::settle`].
    pub(super) fn close(
        &self,
        build: impl FnOnce([Vec<u8>; 2]) -> Outcome,
    ) -> io::Result<(Arc<Outcome>, Index)> {
        let mut inner = self.inner();
        inner.request = None;
        let [(stdout, stdout_charge), (stderr, stderr_charge)] = inner.log.take()?;
        inner.charges = vec![stdout_charge, stderr_charge];
        let outcome = Arc::new(build([stdout, stderr]));
        inner.outcome = Some(outcome.clone());
        let mut index = inner.log.index().clone();
        index.push(Mark::Ended);
        Ok((outcome, index))
    }

    /// Says what became of it; the last word on it but for a record that is made later.
    pub(super) fn settle(&self, settled: Settled) {
        {
            let mut inner = self.inner();
            if matches!(inner.settled, Some(Settled::Refused(_))) {
                return;
            }
            if inner.settled.is_none() {
                inner.log.mark(Mark::Ended);
            }
            if let Some(outcome) = &inner.outcome {
                (inner.state, inner.started_at) = (State::Ended(outcome.status), outcome.started_at);
            }
            inner.settled = Some(settled);
        }
        self.tell();
    }
}

fn part(outcome: &Outcome, stream: Stream, offset: u64, length: usize) -> Vec<u8> {
    let kept = match stream {
        Stream::Stdout => &outcome.stdout.kept,
        Stream::Stderr => &outcome.stderr.kept,
    };
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(kept.len());
    kept[start..kept.len().min(start.saturating_add(length))].to_vec()
}

impl std::fmt::Debug for Execution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Execution")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

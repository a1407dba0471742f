//! The engine's thread: gives places, moves runs from step to step, and hands their ends to the store.

mod conclude;
mod gate;
mod pool;

use self::pool::Pool;
use super::Shared;
use super::endings::{Ending, Unrecorded};
use super::execution::Execution;
use super::pools::PoolLevel;
use crate::allocate::{self, HostMemory, Policy, PoolKey, Work};
use crate::error::EngineError;
use crate::outcome::Compile;
use crate::pipeline::new_sandbox_id;
use crate::stages;
use casemate_runtime::RuntimeError;
use casemate_runtime::language::SourceName;
use casemate_runtime::oneshot::{Finished, Job, Keeping, Observer, Reactor, Report, RunKey, Stream};
use casemate_sandbox::{Collected, Link, SandboxError};
use casemate_store::{Durability, Started};
use casemate_types::{ExecutionId, ExecutionRequest, SandboxId, State, Status, with_causes};
use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime};

/// Most sandboxes that are ordered and whose programs have not started: the warden takes orders one after the other, and
/// this thread never waits for room in its socket.
const MOST_STARTING: usize = 64;

/// What the engine's thread is asked for.
pub(super) enum Order {
    /// Run an accepted execution.
    Run(Arc<Execution>),
    /// End one.
    Cancel(ExecutionId),
    /// Use this warden from now on.
    Connect(OwnedFd),
    /// Say that the thread turns.
    Answer(SyncSender<()>),
    /// Try again to record an end.
    Record(Ending),
    /// An end that was tried again is recorded: the next one may be.
    Recorded,
}

/// Starts the thread; it lives as long as the process.
pub(super) fn start(
    shared: Arc<Shared>,
    memory: HostMemory,
    policy: Policy,
    most_running: usize,
) -> Result<(), EngineError> {
    let usual: Vec<_> = shared.usual_keys().into_iter().map(PoolLevel::empty).collect();
    shared.publish_pools(&usual);
    let reactor = Reactor::new(shared.waker.as_fd()).map_err(EngineError::Host)?;
    let pool = Pool::new(shared.pool_bounds, &shared.ready_keys(), Instant::now());
    let worker = Worker {
        shared,
        reactor,
        queue: VecDeque::new(),
        active: HashMap::new(),
        gate: gate::Gate::new(memory, policy),
        unrecorded: Unrecorded::default(),
        pool,
        starting: Arc::default(),
        most_running: most_running.max(1),
    };
    let thread = std::thread::Builder::new().name("engine".into());
    thread.spawn(move || worker.run()).map_err(EngineError::Host)?;
    Ok(())
}

struct Worker {
    shared: Arc<Shared>,
    reactor: Reactor<Guest>,
    queue: VecDeque<Arc<Execution>>,
    active: HashMap<ExecutionId, RunKey>,
    gate: gate::Gate,
    unrecorded: Unrecorded,
    pool: Pool,
    /// A copy is with every run whose program has not started yet.
    starting: Arc<()>,
    most_running: usize,
}

/// One run in the reactor, and what is to follow it.
struct Guest {
    execution: Arc<Execution>,
    /// Until the program has it: a request may be large.
    request: Option<Arc<ExecutionRequest>>,
    pool: PoolKey,
    source: SourceName,
    sandbox_id: SandboxId,
    queue: Duration,
    step: Step,
    /// Until its program has started.
    starting: Option<Arc<()>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Compile { begun: Instant },
    Program { compiling: Duration },
}

impl Step {
    fn kind(self) -> allocate::Step {
        match self {
            Self::Compile { .. } => allocate::Step::Compile,
            Self::Program { .. } => allocate::Step::Program,
        }
    }
}

impl Observer for Guest {
    fn started(&mut self) {
        self.starting = None;
        if matches!(self.step, Step::Program { .. }) {
            self.execution.note_start();
        }
    }

    /// A compiler's output is kept back until it is known to be an error.
    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        if matches!(self.step, Step::Program { .. }) {
            self.execution.output(stream, bytes);
        }
    }
}

impl Worker {
    fn run(mut self) {
        loop {
            let timeout = [self.unrecorded.due_in(), self.pool.due_in(), self.next_look()]
                .into_iter()
                .flatten()
                .min();
            // A wait that fails for good would spin; the pause keeps it from doing so.
            let finished = self.reactor.turn(timeout).unwrap_or_else(|_| {
                std::thread::sleep(Duration::from_millis(10));
                Vec::new()
            });
            for order in self.shared.take_orders() {
                self.obey(order);
            }
            finished.into_iter().for_each(|run| self.advance(run));
            self.unrecorded.retry(&self.shared);
            self.watch_host();
            self.fill();
            self.keep_pool();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Run(execution) => self.enqueue(execution),
            Order::Cancel(id) => self.cancel(id),
            // Whoever asked may have given up.
            Order::Answer(sender) => _ = sender.try_send(()),
            Order::Record(ending) => self.unrecorded.push(ending),
            Order::Recorded => self.unrecorded.hurry(),
            Order::Connect(socket) => {
                let lost = self.reactor.connect(Link::new(socket));
                self.note_warden();
                lost.into_iter().for_each(|run| self.advance(run));
            }
        }
    }

    /// Others know an execution before its order is given: the word to cancel, or a refusal, may have come first, and
    /// neither waits for a place.
    fn enqueue(&mut self, execution: Arc<Execution>) {
        if execution.settled().is_some() {
            self.shared.forget(execution.id);
        } else if execution.is_cancelled() {
            self.end_unstarted(execution, Status::Cancelled, None);
        } else if let Some(reason) = execution.denial() {
            self.end_unstarted(execution, Status::Denied, Some(reason));
        } else {
            self.queue.push_back(execution);
        }
    }

    fn cancel(&mut self, id: ExecutionId) {
        // Nobody needs to read it any more.
        let unread = self
            .shared
            .desk
            .withdraw(id)
            .then(|| self.shared.live().get(&id).cloned());
        if let Some(execution) = unread.flatten() {
            return self.end_unstarted(execution, Status::Cancelled, None);
        }
        if let Some(key) = self.active.get(&id) {
            return self.reactor.cancel(*key);
        }
        let waiting = self.queue.iter().position(|execution| execution.id == id);
        if let Some(execution) = waiting.and_then(|at| self.queue.remove(at)) {
            self.end_unstarted(execution, Status::Cancelled, None);
        }
    }

    fn note_warden(&self) {
        let has_warden = self.reactor.has_warden();
        self.shared.has_warden.store(has_warden, Ordering::Relaxed);
    }

    /// Gives free places to those that wait, in their order.
    fn fill(&mut self) {
        self.note_warden();
        while self.reactor.has_warden()
            && self.active.len() < self.most_running
            && Arc::strong_count(&self.starting) <= MOST_STARTING
        {
            let Some(execution) = self.queue.pop_front() else {
                break;
            };
            if !self.admits(&execution) {
                self.queue.push_front(execution);
                break;
            }
            if let Some(waiting) = self.begin(execution) {
                self.queue.push_front(waiting);
                break;
            }
        }
        self.tell_waiting();
        self.shared
            .running
            .store(self.active.len() as u64, Ordering::Relaxed);
    }

    /// After those that wait have their places.
    fn keep_pool(&mut self) {
        let now = Instant::now();
        self.pool.note(self.reactor.take_changes(), now);
        let share = self.gate.admission.pool_share(now);
        self.pool.keep(&mut self.reactor, &self.shared.kinds, share, now);
        if let Some(levels) = self.pool.levels() {
            self.shared.publish_pools(&levels);
        }
    }

    /// Starts an execution; one that the warden cannot take now comes back.
    fn begin(&mut self, execution: Arc<Execution>) -> Option<Arc<Execution>> {
        // Refused while it waited: it is nobody's any more.
        let (Some(request), None) = (execution.request(), execution.settled()) else {
            self.shared.forget(execution.id);
            return None;
        };
        if execution.is_cancelled() {
            self.end_unstarted(execution, Status::Cancelled, None);
            return None;
        }
        let queue = execution.begun.elapsed().saturating_sub(execution.analysis().1);
        let prepared = self.shared.kinds.find(&request.language).and_then(|kind| {
            let source = kind.installation.language.source_name(None, &request.code);
            Ok((
                kind.installation.language.compile.is_some(),
                source,
                new_sandbox_id()?,
            ))
        });
        let (compiles, source, sandbox_id) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                self.fail(execution, &error.to_string());
                return None;
            }
        };
        let step = if compiles {
            Step::Compile {
                begun: Instant::now(),
            }
        } else {
            Step::Program {
                compiling: Duration::ZERO,
            }
        };
        let guest = Guest {
            pool: PoolKey {
                language: execution.language,
                network: request.network,
                disk_bytes: request.limits.disk.0,
            },
            request: Some(request),
            execution,
            source,
            sandbox_id,
            queue,
            step,
            starting: Some(self.starting.clone()),
        };
        self.enter(guest, &[])
    }

    /// Starts the guest's step in a sandbox of its own. An execution whose first step the warden cannot take now
    /// comes back.
    fn enter(&mut self, mut guest: Guest, artifacts: &[Collected]) -> Option<Arc<Execution>> {
        let (shared, execution) = (self.shared.clone(), guest.execution.clone());
        let request = guest.request.take()?;
        let is_program = matches!(guest.step, Step::Program { .. });
        let found = shared.kinds.find(&request.language).and_then(|kind| {
            let compiler = match is_program {
                true => None,
                false => shared.kinds.compiler_of(kind)?,
            };
            Ok((kind, compiler))
        });
        let (kind, compiler) = match found {
            Ok(found) => found,
            Err(error) => {
                self.fail(execution, &with_causes(&error));
                return None;
            }
        };
        let files = stages::with_artifacts(stages::files(&request, &guest.source), artifacts);
        let files = stages::with_own_program(&files, compiler.as_deref());
        let (installation, mut sandbox_id) = (&kind.installation, guest.sandbox_id);
        let mut job: Job<'_> = if is_program {
            Job {
                keeping: Keeping::Observer,
                witnessed: false,
                ..stages::program_job(installation, &request, &guest.source, &files, sandbox_id)
            }
        } else {
            let limits = stages::compile_limits(installation, &request.limits).unwrap_or(request.limits);
            guest.request = Some(request.clone());
            stages::compile_job(installation, &guest.source, &files, &limits, sandbox_id)
        };
        job.create.blueprint = kind.blueprint;
        job.create.template = kind.template;
        if is_program {
            job.by = kind.way(&request);
            let suits = kind.may_park(&request, job.by);
            let warm = suits.then(|| self.pool.take(guest.pool, Instant::now()));
            if let Some(warm) = warm.flatten() {
                job.parked = Some(warm.park);
                guest.sandbox_id = warm.sandbox;
                sandbox_id = warm.sandbox;
            }
        }
        let work = Work {
            language: execution.language,
            step: guest.step.kind(),
            bound_bytes: job.create.memory_bytes.saturating_add(job.create.disk_bytes),
        };
        let is_first = execution.standing().state == State::Queued;
        match self.reactor.start(job, guest) {
            Ok(key) => {
                self.gate.note_started(execution.id, work);
                self.note_entry(&execution, key, sandbox_id);
                if is_program {
                    execution.forget_request();
                }
            }
            Err(finished) => {
                if is_first && is_warden_gone(&finished.report) {
                    return Some(execution);
                }
                self.advance(*finished);
            }
        }
        None
    }

    fn note_entry(&mut self, execution: &Arc<Execution>, key: RunKey, sandbox_id: SandboxId) {
        self.active.insert(execution.id, key);
        if execution.standing().state == State::Queued {
            let started = Started {
                id: execution.id,
                sandbox_id: Some(sandbox_id),
                started_at: SystemTime::now(),
            };
            // Only for lists, and the end says it too: a record that fails here is no loss.
            self.shared.store.start(started, Durability::Soft, |_| ());
        }
        execution.enter_sandbox(sandbox_id);
        if execution.is_cancelled() {
            self.reactor.cancel(key);
        }
    }

    /// A run is over: the next step, or the end.
    fn advance(&mut self, finished: Finished<Guest>) {
        let Finished {
            observer: guest,
            report,
        } = finished;
        self.active.remove(&guest.execution.id);
        let peak_bytes = report.as_ref().ok().and_then(|r| r.ended.memory_peak_bytes);
        let intervention = self.gate.note_ended(guest.execution.id, peak_bytes);
        match (report, guest.step) {
            (Ok(mut report), Step::Compile { begun }) => {
                let artifacts = stages::artifacts(&mut report);
                match artifacts {
                    Some(artifacts) => self.run_compiled(guest, begun.elapsed(), &artifacts),
                    None => self.conclude(guest, report, Compile::Failed, intervention),
                }
            }
            (Ok(report), Step::Program { compiling }) => {
                self.conclude(guest, report, Compile::Done(compiling), intervention)
            }
            (report, _) if is_warden_gone(&report) => {
                self.end_unstarted(guest.execution, Status::Killed, Some("warden_died"));
            }
            (Err(error), _) => self.fail(guest.execution, &with_causes(&error)),
        }
    }

    fn run_compiled(&mut self, guest: Guest, compiling: Duration, artifacts: &[Collected]) {
        if guest.execution.is_cancelled() {
            return self.end_unstarted(guest.execution, Status::Cancelled, None);
        }
        match new_sandbox_id() {
            Ok(sandbox_id) => {
                let step = Step::Program { compiling };
                let guest = Guest {
                    sandbox_id,
                    step,
                    starting: Some(self.starting.clone()),
                    ..guest
                };
                // It has run already, so it never comes back to wait.
                let _ = self.enter(guest, artifacts);
            }
            Err(error) => self.fail(guest.execution, &error.to_string()),
        }
    }
}

fn is_warden_gone(report: &Result<Report, RuntimeError>) -> bool {
    matches!(report, Err(RuntimeError::Sandbox(SandboxError::WardenGone)))
}

//! The engine's thread: gives places, moves runs from step to step, and hands their ends to the store.

use super::events::Index;
use super::execution::{Execution, Settled};
use super::{Shared, record};
use crate::error::EngineError;
use crate::outcome::{Compile, Concluding, conclude};
use crate::pipeline::new_sandbox_id;
use crate::stages::{self, Placed};
use casemate_runtime::RuntimeError;
use casemate_runtime::language::SourceName;
use casemate_runtime::oneshot::{Finished, Job, Keeping, Observer, Reactor, Report, RunKey, Stream};
use casemate_sandbox::{Collected, Link, SandboxError};
use casemate_store::{Durability, Started};
use casemate_types::{Captured, ExecutionId, ExecutionRequest, Outcome, SandboxId, Status};
use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime};

/// How long what could not be recorded waits before it is tried again.
const RETRY: Duration = Duration::from_millis(500);

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
    Record(Arc<Execution>, Arc<Outcome>, Index),
}

/// Starts the thread; it lives as long as the process.
pub(super) fn start(shared: Arc<Shared>, most_running: usize) -> Result<(), EngineError> {
    let reactor = Reactor::new(shared.waker.as_fd()).map_err(EngineError::Host)?;
    let worker = Worker {
        shared,
        reactor,
        queue: VecDeque::new(),
        active: HashMap::new(),
        unrecorded: Vec::new(),
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
    unrecorded: Vec<(Instant, Arc<Execution>, Arc<Outcome>, Index)>,
    most_running: usize,
}

/// One run in the reactor, and what is to follow it.
struct Guest {
    execution: Arc<Execution>,
    request: Arc<ExecutionRequest>,
    source: SourceName,
    sandbox_id: SandboxId,
    queue: Duration,
    step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Compile { begun: Instant },
    Program { compiling: Duration },
}

impl Observer for Guest {
    fn started(&mut self) {
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
            let timeout = self
                .unrecorded
                .first()
                .map(|(at, ..)| at.saturating_duration_since(Instant::now()));
            // A wait that fails for good would spin; the pause keeps it from doing so.
            let finished = self.reactor.turn(timeout).unwrap_or_else(|_| {
                std::thread::sleep(Duration::from_millis(10));
                Vec::new()
            });
            for order in self.shared.take_orders() {
                self.obey(order);
            }
            finished.into_iter().for_each(|run| self.advance(run));
            self.retry();
            self.fill();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Run(execution) => self.queue.push_back(execution),
            Order::Cancel(id) => self.cancel(id),
            // Whoever asked may have given up.
            Order::Answer(sender) => _ = sender.try_send(()),
            Order::Record(execution, outcome, index) => {
                let at = Instant::now() + RETRY;
                self.unrecorded.push((at, execution, outcome, index));
            }
            Order::Connect(socket) => {
                let lost = self.reactor.connect(Link::new(socket)).unwrap_or_default();
                lost.into_iter().for_each(|run| self.advance(run));
            }
        }
    }

    fn cancel(&mut self, id: ExecutionId) {
        if let Some(key) = self.active.get(&id) {
            return self.reactor.cancel(*key);
        }
        let waiting = self.queue.iter().position(|execution| execution.id == id);
        if let Some(execution) = waiting.and_then(|at| self.queue.remove(at)) {
            let outcome = unstarted(&self.shared, &execution, Status::Cancelled, None);
            self.close(execution, outcome, None);
        }
    }

    /// Gives free places to those that wait, in their order.
    fn fill(&mut self) {
        self.shared
            .has_warden
            .store(self.reactor.has_warden(), Ordering::Relaxed);
        while self.reactor.has_warden() && self.active.len() < self.most_running {
            let Some(execution) = self.queue.pop_front() else {
                break;
            };
            self.begin(execution);
        }
        self.shared
            .running
            .store(self.active.len() as u64, Ordering::Relaxed);
    }

    fn begin(&mut self, execution: Arc<Execution>) {
        // Refused while it waited: it is nobody's any more.
        let (Some(request), None) = (execution.request(), execution.settled()) else {
            return self.shared.forget(execution.id);
        };
        let queue = execution.begun.elapsed();
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
            Err(error) => return self.fail(execution, &error.to_string()),
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
        let started = Started {
            id: execution.id,
            sandbox_id: Some(sandbox_id),
            started_at: SystemTime::now(),
        };
        // Only for lists, and the end says it too: a record that fails here is no loss.
        self.shared.store.start(started, Durability::Soft, |_| ());
        let guest = Guest {
            execution,
            request,
            source,
            sandbox_id,
            queue,
            step,
        };
        self.enter(guest, &[]);
    }

    /// Starts the guest's step in a sandbox of its own.
    fn enter(&mut self, guest: Guest, artifacts: &[Collected]) {
        let shared = self.shared.clone();
        let request = guest.request.clone();
        let kind = match shared.kinds.find(&request.language) {
            Ok(kind) => kind,
            Err(error) => return self.fail(guest.execution, &error.to_string()),
        };
        let installation = &kind.installation;
        let compiler = match guest.step {
            Step::Compile { .. } => shared.kinds.compiler_of(kind),
            Step::Program { .. } => Ok(None),
        };
        let compiler = match compiler {
            Ok(compiler) => compiler,
            Err(error) => return self.fail(guest.execution, &with_causes(&error)),
        };
        let files = stages::with_artifacts(stages::files(&request, &guest.source), artifacts);
        let files: &[Placed<'_>] = &files;
        let limits = stages::compile_limits(installation, &request.limits).unwrap_or(request.limits);
        let mut job: Job<'_> = match guest.step {
            Step::Compile { .. } => {
                let files = stages::with_own_program(files, compiler.as_deref());
                stages::compile_job(installation, &guest.source, &files, &limits, guest.sandbox_id)
            }
            Step::Program { .. } => Job {
                keeping: Keeping::Observer,
                ..stages::program_job(installation, &request, &guest.source, files, guest.sandbox_id)
            },
        };
        job.create.blueprint = kind.blueprint;
        let id = guest.execution.id;
        guest.execution.enter_sandbox(guest.sandbox_id);
        match self.reactor.start(job, guest) {
            Ok(key) => _ = self.active.insert(id, key),
            Err(finished) => self.advance(*finished),
        }
    }

    /// A run is over: the next step, or the end.
    fn advance(&mut self, finished: Finished<Guest>) {
        let Finished {
            observer: guest,
            report,
        } = finished;
        self.active.remove(&guest.execution.id);
        match (report, guest.step) {
            (Ok(mut report), Step::Compile { begun }) => {
                let artifacts = stages::artifacts(&mut report);
                match artifacts {
                    Some(artifacts) => self.run_compiled(guest, begun.elapsed(), &artifacts),
                    None => self.conclude(guest, report, Compile::Failed),
                }
            }
            (Ok(report), Step::Program { compiling }) => {
                self.conclude(guest, report, Compile::Done(compiling))
            }
            (Err(RuntimeError::Sandbox(SandboxError::WardenGone)), _) => {
                let outcome = unstarted(
                    &self.shared,
                    &guest.execution,
                    Status::Killed,
                    Some("warden_died"),
                );
                self.close(guest.execution, outcome, None);
            }
            (Err(error), _) => self.fail(guest.execution, &with_causes(&error)),
        }
    }

    fn run_compiled(&mut self, guest: Guest, compiling: Duration, artifacts: &[Collected]) {
        match new_sandbox_id() {
            Ok(sandbox_id) => {
                let step = Step::Program { compiling };
                self.enter(
                    Guest {
                        sandbox_id,
                        step,
                        ..guest
                    },
                    artifacts,
                );
            }
            Err(error) => self.fail(guest.execution, &error.to_string()),
        }
    }

    fn conclude(&mut self, guest: Guest, report: Report, compiled: Compile) {
        let execution = guest.execution;
        if compiled == Compile::Failed {
            execution.output(Stream::Stdout, &report.stdout.kept);
            execution.output(Stream::Stderr, &report.stderr.kept);
        }
        let kind = self.shared.kinds.find(&guest.request.language);
        let concluded = kind.and_then(|kind| {
            let concluding = Concluding {
                id: execution.id,
                sandbox_id: guest.sandbox_id,
                node_id: self.shared.node_id,
                created_at: execution.created_at,
                begun: execution.begun,
                queue: guest.queue,
                network: guest.request.network,
                facts: kind.facts,
                compiled,
            };
            conclude(concluding, report)
        });
        match concluded {
            Ok(outcome) => self.close(execution, outcome, None),
            Err(error) => self.fail(execution, &with_causes(&error)),
        }
    }

    /// We could not do it: the caller is told so, and the record says that it was ended.
    fn fail(&mut self, execution: Arc<Execution>, message: &str) {
        let outcome = unstarted(&self.shared, &execution, Status::Killed, Some("platform_failure"));
        self.close(execution, outcome, Some(message.to_owned()));
    }

    /// Puts the kept output into the outcome and records it.
    fn close(&mut self, execution: Arc<Execution>, outcome: Outcome, failure: Option<String>) {
        let written = [outcome.stdout.total_bytes, outcome.stderr.total_bytes];
        let fill = |kept: [Vec<u8>; 2]| {
            let [stdout, stderr] = kept;
            let stream = |kept: Vec<u8>, total: u64| Captured {
                total_bytes: total.max(kept.len() as u64),
                kept,
            };
            Outcome {
                stdout: stream(stdout, written[0]),
                stderr: stream(stderr, written[1]),
                ..outcome
            }
        };
        match execution.close(fill) {
            Ok((outcome, index)) => record_end(&self.shared, execution, outcome, index, failure),
            // Its output is on a disk that cannot be read: there is no result to tell of.
            Err(error) => {
                let bare = unstarted(&self.shared, &execution, Status::Killed, Some("output_lost"));
                record_end(
                    &self.shared,
                    execution,
                    Arc::new(bare),
                    Index::default(),
                    Some(error.to_string()),
                );
            }
        }
    }

    fn retry(&mut self) {
        let now = Instant::now();
        let due = self.unrecorded.iter().take_while(|(at, ..)| *at <= now).count();
        for (_, execution, outcome, index) in self.unrecorded.drain(..due) {
            record_end(&self.shared, execution, outcome, index, None);
        }
    }
}

/// Hands the end to the store; its answer settles the execution.
fn record_end(
    shared: &Arc<Shared>,
    execution: Arc<Execution>,
    outcome: Arc<Outcome>,
    index: Index,
    failure: Option<String>,
) {
    let back = shared.clone();
    let finished = record::finished(&outcome, &index);
    shared
        .store
        .finish(finished, Durability::Durable, move |recorded| match recorded {
            Ok(_) => {
                back.finished.fetch_add(1, Ordering::Relaxed);
                execution.settle(match failure {
                    Some(message) => Settled::Failed(message),
                    None => Settled::Recorded(outcome),
                });
                back.forget(execution.id);
            }
            Err(error) => {
                execution.settle(Settled::Unrecorded(outcome.clone(), error.clone()));
                if error.retry_after().is_some() {
                    back.order(Order::Record(execution, outcome, index));
                } else {
                    back.forget(execution.id);
                }
            }
        });
}

/// The outcome of an execution of which there is no report.
fn unstarted(shared: &Shared, execution: &Execution, status: Status, reason: Option<&str>) -> Outcome {
    let standing = execution.standing();
    Outcome {
        id: execution.id,
        sandbox_id: standing.sandbox_id,
        node_id: shared.node_id,
        status,
        reason: reason.map(str::to_owned),
        exit_code: None,
        signal: None,
        stdout: Captured::default(),
        stderr: Captured::default(),
        files: Vec::new(),
        files_left_out: 0,
        usage: Default::default(),
        timing: casemate_types::Timing {
            total: execution.begun.elapsed(),
            ..Default::default()
        },
        path: Default::default(),
        layers: Vec::new(),
        created_at: execution.created_at,
        started_at: standing.started_at,
        ended_at: SystemTime::now(),
    }
}

/// An error's message with those of its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    for _ in 0..8 {
        let Some(inner) = cause else { break };
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

//! The gate of the engine's thread: an execution starts only while the host has memory for it.
//!
//! Looks at the host at most every [`LOOK`], and only while something waits or runs. What is refused here stays in the
//! queue, in its order, and is asked for again at the next look. When the host is nearly out of memory it ends an
//! execution: through its sandbox, and never another process.

use super::Worker;
use crate::allocate::{Admission, HostMemory, Policy, Running, Step, Verdict, Work};
use crate::service::execution::Execution;
use crate::service::kinds::Kind;
use crate::service::memory::MemoryLoad;
use crate::stages;
use casemate_runtime::oneshot::RunKey;
use casemate_types::{ExecutionId, ExecutionRequest};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often the host is looked at while something waits or runs.
const LOOK: Duration = Duration::from_millis(100);

/// The reason in the result of an execution that was ended for the host's sake.
const HOST_MEMORY: &str = "host_memory";

pub(super) struct Gate {
    memory: HostMemory,
    pub(super) admission: Admission<ExecutionId>,
    /// What runs, as it was asked for.
    works: HashMap<ExecutionId, Work>,
    /// Those that were ended for the host's sake, until they have ended.
    victims: HashSet<ExecutionId>,
    looked_at: Option<Instant>,
    /// What is told of the memory; it changed when the worker has to tell it again.
    told: MemoryLoad,
}

impl Gate {
    pub(super) fn new(memory: HostMemory, policy: Policy) -> Self {
        Self {
            memory,
            admission: Admission::new(policy),
            works: HashMap::new(),
            victims: HashSet::new(),
            looked_at: None,
            told: MemoryLoad::default(),
        }
    }

    /// How long until the next look, while there is reason for one.
    fn due_in(&self, now: Instant) -> Duration {
        let since = self.looked_at.map(|at| now.saturating_duration_since(at));
        since.map_or(Duration::ZERO, |since| LOOK.saturating_sub(since))
    }

    /// Looks at the host, if its time has come; whether it did.
    fn look(&mut self, now: Instant) -> bool {
        if !self.due_in(now).is_zero() {
            return false;
        }
        self.looked_at = Some(now);
        // Why it failed is told by what waits: a single failure is none.
        self.admission.note_reading(self.memory.read().ok());
        true
    }

    pub(super) fn note_started(&mut self, id: ExecutionId, work: Work) {
        self.admission.note_started(id, &work, Instant::now());
        self.works.insert(id, work);
    }

    /// A step of an execution is over; why we ended it, if we did.
    pub(super) fn note_ended(&mut self, id: ExecutionId, peak_bytes: Option<u64>) -> Option<&'static str> {
        if let Some(work) = self.works.remove(&id) {
            self.admission.note_ended(id, &work, peak_bytes);
        }
        self.victims.remove(&id).then_some(HOST_MEMORY)
    }

    fn load(&self, now: Instant) -> MemoryLoad {
        let reading = self.admission.reading();
        MemoryLoad {
            shortage: self.admission.shortage(),
            total_bytes: reading.map(|r| r.total_bytes),
            available_bytes: reading.map(|r| r.available_bytes),
            charged_bytes: self.admission.charged_bytes(now),
            ..MemoryLoad::default()
        }
    }
}

/// The first step of a request.
fn first_work(kind: &Kind, request: &ExecutionRequest) -> Work {
    let installation = &kind.installation;
    let (step, limits) = match stages::compile_limits(installation, &request.limits) {
        Some(limits) => (Step::Compile, limits),
        None => (Step::Program, request.limits),
    };
    Work {
        language: installation.language.name,
        step,
        bound_bytes: limits.memory.0.saturating_add(limits.disk.0),
    }
}

impl Worker {
    /// How long the thread may sleep before the host is to be looked at again.
    pub(super) fn next_look(&self) -> Option<Duration> {
        let is_idle = self.queue.is_empty() && self.active.is_empty() && self.pool.is_empty();
        (!is_idle).then(|| self.gate.due_in(Instant::now()))
    }

    /// Looks at the host, when it is time.
    pub(super) fn watch_host(&mut self) {
        let now = Instant::now();
        if self.next_look().is_some() && self.gate.look(now) {
            self.tell_memory(now);
            self.relieve(now);
        }
    }

    /// When the host is nearly out of memory, ends the execution that is furthest over its estimate. What they hold
    /// is asked for at one look and there at the next.
    fn relieve(&mut self, now: Instant) {
        if !self.gate.admission.is_critical() {
            return;
        }
        let held = |(id, key): (&ExecutionId, &RunKey)| {
            let used_bytes = self.reactor.take_held_bytes(*key)?;
            Some(Running { key: *id, used_bytes })
        };
        let running: Vec<_> = self.active.iter().filter_map(held).collect();
        let victim = self.gate.admission.victim(&running, now);
        if let Some((id, key)) = victim.and_then(|id| Some((id, *self.active.get(&id)?))) {
            self.gate.victims.insert(id);
            self.shared.victims.fetch_add(1, Ordering::Relaxed);
            self.reactor.cancel(key);
        }
        self.reactor.measure();
    }

    /// Whether the first in the queue may start now. One that will not start needs nobody's leave.
    pub(super) fn admits(&mut self, execution: &Execution) -> bool {
        let Some(request) = execution.request() else {
            return true;
        };
        let is_over = execution.is_cancelled() || execution.settled().is_some();
        let (false, Ok(kind)) = (is_over, self.shared.kinds.find(&request.language)) else {
            return true;
        };
        let now = Instant::now();
        self.gate.look(now);
        self.gate.admission.admit(&first_work(kind, &request), now) == Verdict::Admit
    }

    /// Says why what waits does so.
    pub(super) fn tell_waiting(&mut self) {
        if self.queue.is_empty() {
            self.gate.admission.note_none_waits();
        }
        if self.gate.admission.shortage() != self.gate.told.shortage {
            self.tell_memory(Instant::now());
        }
    }

    fn tell_memory(&mut self, now: Instant) {
        self.gate.told = self.gate.load(now);
        self.shared.publish_memory(self.gate.told);
    }
}

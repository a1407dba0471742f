//! The engine of a service: many executions at once, each recorded, none lost.
//!
//! The server submits requests and follows executions; one thread ([`worker`]) holds the queue and
//! moves every run; the store's own thread records. What was accepted gets exactly one terminal state,
//! whatever dies in between.

mod endings;
mod events;
mod execution;
mod figures;
mod kept;
mod kinds;
mod memory;
mod pools;
mod queue;
mod reading;
mod record;
mod submit;
mod worker;

use crate::admission;
use crate::allocate::{Bounds, HostMemory, Policy};
use crate::analysis::{Counts, Desk, Handed, OnLoss};
use crate::error::EngineError;
use casemate_runtime::oneshot::Waker;
use casemate_store::{Detail, Owner, Page, Store, StoreError};
use casemate_types::{ExecutionId, Maxima, NodeId, Outcome};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

pub use casemate_store as store;
pub use events::{Index, Mark, Placed};
pub use execution::{Event, Execution, Follower, OnChange, Settled, Standing};
pub use figures::{BUCKETS, Histogram, Part, Times};
pub use kept::Budget;
pub use kinds::{Kind, Kinds};
pub use memory::MemoryLoad;
pub use pools::PoolStatus;
pub use queue::QueueFull;
pub use reading::DecisionCount;
pub use record::Recorded;
pub use submit::{Submission, SubmitError, Submitted, new_execution_id};

/// What a service is made of; all of it from trusted configuration.
pub struct Parts {
    /// This machine.
    pub node_id: NodeId,
    /// Bounds of requests.
    pub maxima: Maxima,
    /// The languages, and the warden's blueprint for each.
    pub kinds: Arc<Kinds>,
    /// The state.
    pub store: Store,
    /// The memory of the host, opened before the process took its walls.
    pub memory: HostMemory,
    /// The share of the host's memory that new executions leave free, in percent.
    pub free_percent: u8,
    /// Executions that run at once; the others wait.
    pub most_running: usize,
    /// How many sandboxes may stand ready.
    pub pool: Bounds,
    /// Executions that wait or run at once; beyond it requests are refused.
    pub most_accepted: usize,
    /// Memory for the output of all executions together, bytes.
    pub kept_bytes: u64,
    /// Folder for output beyond that; exists, mode 0700.
    pub kept_folder: PathBuf,
    /// What decisions on programs go by.
    pub admission: admission::Policy,
    /// Processes that read programs.
    pub readers: usize,
    /// Told of each that is of no use any more.
    pub on_reader_loss: OnLoss,
}

/// What the engine's thread, the submitting threads and the store's callbacks share.
pub(crate) struct Shared {
    node_id: NodeId,
    maxima: Maxima,
    kinds: Arc<Kinds>,
    store: Store,
    places: queue::Places,
    budget: Arc<Budget>,
    live: Mutex<HashMap<ExecutionId, Arc<Execution>>>,
    inbox: Mutex<Vec<worker::Order>>,
    waker: Waker,
    finished: AtomicU64,
    running: AtomicU64,
    pools: pools::Pools,
    pool_bounds: Bounds,
    figures: figures::Figures,
    admission: admission::Policy,
    desk: Arc<Desk>,
    decisions: reading::Decisions,
    memory: Mutex<memory::MemoryLoad>,
    victims: AtomicU64,
    has_warden: std::sync::atomic::AtomicBool,
}

/// A running engine. Clones are handles of the same one.
#[derive(Clone)]
pub struct Service {
    shared: Arc<Shared>,
}

/// What the service is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// Executions that run.
    pub running: u64,
    /// Executions that wait.
    pub queued: u64,
    /// Executions that ended since the start.
    pub finished: u64,
    /// Whether there is a warden.
    pub has_warden: bool,
    /// Bytes of output held in memory.
    pub kept_bytes: u64,
}

/// An execution as it is found.
#[derive(Debug)]
pub enum Found {
    /// It waits, runs, or has just ended.
    Live(Arc<Execution>),
    /// It is recorded. One that a dead server left has no facts.
    Recorded(Box<Recorded>),
}

impl Found {
    /// Whose it is.
    pub fn owner(&self) -> Owner {
        match self {
            Self::Live(execution) => execution.owner,
            Self::Recorded(recorded) => recorded.detail.summary.owner,
        }
    }
}

impl Service {
    /// Starts the engine's thread. Executions that a dead server left open are ended first, as `killed`
    /// with the reason `server_died`.
    ///
    /// # Errors
    /// When the state cannot be written for another reason than damage, or no thread or descriptor is to be had.
    pub fn start(parts: Parts) -> Result<Self, EngineError> {
        let sweep = casemate_store::Sweep {
            reason: "server_died".into(),
            ended_at: SystemTime::now(),
        };
        match casemate_store::wait(|callback| parts.store.sweep_open(sweep, callback)) {
            // Nothing is accepted then, and what is there can still be read.
            Ok(_) | Err(StoreError::Corrupt { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let shared = Arc::new(Shared {
            node_id: parts.node_id,
            maxima: parts.maxima,
            kinds: parts.kinds,
            store: parts.store,
            places: queue::Places::new(parts.most_accepted),
            budget: Budget::new(parts.kept_bytes, parts.kept_folder),
            pool_bounds: parts.pool,
            live: Mutex::default(),
            inbox: Mutex::default(),
            waker: Waker::new().map_err(EngineError::Host)?,
            finished: AtomicU64::new(0),
            running: AtomicU64::new(0),
            pools: pools::Pools::default(),
            figures: figures::Figures::default(),
            admission: parts.admission,
            desk: Desk::start(parts.readers, parts.on_reader_loss).map_err(EngineError::Host)?,
            decisions: reading::Decisions::default(),
            memory: Mutex::default(),
            victims: AtomicU64::new(0),
            has_warden: false.into(),
        });
        let policy = Policy {
            free_percent: parts.free_percent,
            ..Policy::default()
        };
        worker::start(shared.clone(), parts.memory, policy, parts.most_running)?;
        Ok(Self { shared })
    }

    /// Hands over the socket to a warden, in place of one that is gone.
    pub fn connect(&self, warden: OwnedFd) {
        self.shared.order(worker::Order::Connect(warden));
    }

    /// Hands over a process that reads programs, in place of the one that had its place.
    pub fn connect_reader(&self, handed: Handed) {
        self.shared.desk.connect(handed);
    }

    /// What was read since the start.
    pub fn reading(&self) -> Counts {
        self.shared.desk.counts()
    }

    /// Ends an execution: one that waits never starts, one that runs is killed. False when it is not
    /// live any more.
    pub fn cancel(&self, id: ExecutionId) -> bool {
        let Some(execution) = self.live(id) else {
            return false;
        };
        // The word stays with the execution, so that it cannot come between two of its steps and be lost.
        execution.cancel();
        self.shared.order(worker::Order::Cancel(id));
        true
    }

    /// An execution that waits, runs, or is just being recorded.
    pub fn live(&self, id: ExecutionId) -> Option<Arc<Execution>> {
        self.shared.live().get(&id).cloned()
    }

    /// Every execution that is live, newest first.
    pub fn all_live(&self) -> Vec<Arc<Execution>> {
        let mut all: Vec<_> = self.shared.live().values().cloned().collect();
        all.sort_by_key(|execution| std::cmp::Reverse(execution.id));
        all
    }

    /// Finds an execution. It reads the state: call it where blocking is allowed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn find(&self, id: ExecutionId) -> Result<Option<Found>, StoreError> {
        if let Some(execution) = self.live(id) {
            return Ok(Some(Found::Live(execution)));
        }
        let detail: Option<Detail> = self.shared.store.get(id)?;
        Ok(detail.map(|detail| Found::Recorded(Box::new(Recorded::from(detail)))))
    }

    /// The whole outcome of a recorded execution, its output included; the content of files up to
    /// `most_file_bytes` each. It reads the state: call it where blocking is allowed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn outcome(&self, recorded: &Recorded, most_file_bytes: u64) -> Result<Outcome, StoreError> {
        record::outcome(&self.shared.store, recorded, most_file_bytes)
    }

    /// A page of the executions that are recorded, the live ones too. It reads the state: call it where
    /// blocking is allowed.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn list(&self, filter: &casemate_store::Filter, limit: u32) -> Result<Page, StoreError> {
        self.shared.store.list(filter, limit)
    }

    /// The state.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The languages.
    pub fn kinds(&self) -> &Kinds {
        &self.shared.kinds
    }

    /// Bounds of requests.
    pub fn maxima(&self) -> &Maxima {
        &self.shared.maxima
    }

    /// This machine.
    pub fn node_id(&self) -> NodeId {
        self.shared.node_id
    }

    /// Whether the engine's thread turns: it answers within so long.
    pub fn answers_within(&self, limit: Duration) -> bool {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.shared.order(worker::Order::Answer(sender));
        receiver.recv_timeout(limit).is_ok()
    }

    /// What is going on.
    pub fn load(&self) -> Load {
        let shared = &self.shared;
        let running = shared.running.load(Ordering::Relaxed);
        Load {
            running,
            queued: (shared.places.taken() as u64).saturating_sub(running),
            finished: shared.finished.load(Ordering::Relaxed),
            has_warden: shared.has_warden.load(Ordering::Relaxed),
            kept_bytes: shared.budget.used_bytes(),
        }
    }
}

impl Shared {
    fn live(&self) -> MutexGuard<'_, HashMap<ExecutionId, Arc<Execution>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self, order: worker::Order) {
        self.inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(order);
        self.waker.wake();
    }

    fn take_orders(&self) -> Vec<worker::Order> {
        self.waker.clear();
        std::mem::take(&mut *self.inbox.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("load", &self.load())
            .finish_non_exhaustive()
    }
}

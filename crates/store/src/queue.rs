//! Writes that wait for the writer: bounded in number and in bytes. Callers push and never block.

use crate::job::Job;
use crate::options::Options;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most writes in one transaction.
const BATCH_OPERATIONS: usize = 256;
/// Most bytes in one transaction, unless a single write has more: bounds the log and the time of a commit.
const BATCH_BYTES: u64 = 16 << 20;

/// What the writer got.
pub(crate) enum Taken {
    /// Writes, oldest first.
    Work(Vec<Box<dyn Job>>),
    /// Nothing came in time.
    Nothing,
    /// The queue is closed and empty.
    Closed,
}

/// Why a write was not queued.
pub(crate) enum Refusal {
    /// Too much waits.
    Busy(Box<dyn Job>),
    /// The queue is closed.
    Closed(Box<dyn Job>),
}

/// The queue of one writer.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    most_operations: usize,
    most_bytes: u64,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    bytes: u64,
    is_closed: bool,
}

impl Queue {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            most_operations: options.queue_operations.max(1),
            most_bytes: options.queue_bytes.0,
        }
    }

    /// Queues a write, or gives it back.
    pub(crate) fn push(&self, job: Box<dyn Job>) -> Result<(), Refusal> {
        let mut waiting = self.waiting();
        if waiting.is_closed {
            return Err(Refusal::Closed(job));
        }
        let bytes = waiting.bytes.saturating_add(job.bytes());
        let is_full = waiting.jobs.len() >= self.most_operations || bytes > self.most_bytes;
        if is_full && !waiting.jobs.is_empty() {
            return Err(Refusal::Busy(job));
        }
        waiting.bytes = bytes;
        waiting.jobs.push_back(job);
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for writes, and takes as many as one transaction should hold.
    pub(crate) fn take(&self, limit: Option<Duration>) -> Taken {
        let mut waiting = self.waiting();
        while waiting.jobs.is_empty() {
            if waiting.is_closed {
                return Taken::Closed;
            }
            let Some(limit) = limit else {
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (after, waited) = self
                .changed
                .wait_timeout(waiting, limit)
                .unwrap_or_else(PoisonError::into_inner);
            waiting = after;
            if waited.timed_out() && waiting.jobs.is_empty() && !waiting.is_closed {
                return Taken::Nothing;
            }
        }
        Taken::Work(waiting.batch())
    }

    /// Takes out what need not wait any longer.
    pub(crate) fn remove(&self, is_late: &dyn Fn(&dyn Job) -> bool) -> Vec<Box<dyn Job>> {
        let mut waiting = self.waiting();
        let (late, rest): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut waiting.jobs)
            .into_iter()
            .partition(|job| is_late(&**job));
        waiting.jobs = rest;
        let bytes: u64 = late.iter().map(|job| job.bytes()).sum();
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        late.into()
    }

    /// Refuses further writes; those that wait are still given out.
    pub(crate) fn close(&self) {
        self.waiting().is_closed = true;
        self.changed.notify_all();
    }

    /// Closes it and gives out what waits: the end of a writer that cannot go on.
    pub(crate) fn abandon(&self) -> VecDeque<Box<dyn Job>> {
        let mut waiting = self.waiting();
        waiting.is_closed = true;
        waiting.bytes = 0;
        std::mem::take(&mut waiting.jobs)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn batch(&mut self) -> Vec<Box<dyn Job>> {
        let mut batch = Vec::with_capacity(self.jobs.len().min(BATCH_OPERATIONS));
        let mut bytes = 0u64;
        while let Some(next) = self.jobs.front() {
            let more = bytes.saturating_add(next.bytes());
            let is_enough = batch.len() == BATCH_OPERATIONS || more > BATCH_BYTES;
            if is_enough && !batch.is_empty() {
                break;
            }
            bytes = more;
            batch.extend(self.jobs.pop_front());
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        batch
    }
}

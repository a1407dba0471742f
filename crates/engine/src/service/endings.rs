//! The ends of executions on their way to the store: each is recorded once, and what cannot be recorded now
//! is tried again, one at a time, so that memory stays bounded.

use super::events::Index;
use super::execution::{Execution, Settled};
use super::worker::Order;
use super::{Shared, record};
use crate::outcome::{self, Unstarted};
use casemate_store::{Durability, StoreError};
use casemate_types::{Outcome, Status};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long what could not be recorded waits before it is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// The reason of an execution whose result no store would take.
const NOT_RECORDABLE: &str = "result_not_recordable";

/// An execution that has ended.
pub(super) struct Ending {
    pub(super) execution: Arc<Execution>,
    pub(super) outcome: Arc<Outcome>,
    pub(super) index: Index,
    /// What its caller is told where we failed.
    pub(super) failure: Option<String>,
}

/// Ends that could not be recorded yet, oldest first.
#[derive(Default)]
pub(super) struct Unrecorded {
    waiting: VecDeque<Ending>,
    next_at: Option<Instant>,
}

impl Unrecorded {
    /// Takes one; it is tried again in a while.
    pub(super) fn push(&mut self, ending: Ending) {
        self.waiting.push_back(ending);
        self.next_at = Some(Instant::now() + RETRY);
    }

    /// The store takes records again: the next one may follow at once.
    pub(super) fn hurry(&mut self) {
        self.next_at = (!self.waiting.is_empty()).then(Instant::now);
    }

    /// How long until [`Unrecorded::retry`] has something to do.
    pub(super) fn due_in(&self) -> Option<Duration> {
        self.next_at
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Tries the oldest one, if its time has come; its answer brings the next.
    pub(super) fn retry(&mut self, shared: &Arc<Shared>) {
        if self.next_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        self.next_at = (self.waiting.len() > 1).then(|| Instant::now() + RETRY);
        if let Some(ending) = self.waiting.pop_front() {
            let back = shared.clone();
            record_then(shared, ending, move || back.order(Order::Recorded));
        }
    }
}

/// Hands an end to the store; its answer settles the execution.
pub(super) fn record_end(shared: &Arc<Shared>, ending: Ending) {
    record_then(shared, ending, || ());
}

fn record_then(shared: &Arc<Shared>, ending: Ending, then: impl FnOnce() + Send + 'static) {
    let back = shared.clone();
    let finished = record::finished(&ending.outcome, &ending.index);
    shared
        .store
        .finish(finished, Durability::Durable, move |recorded| match recorded {
            Ok(_) => {
                note_recorded(&back, ending);
                then();
            }
            Err(error) => note_unrecorded(&back, ending, error),
        });
}

fn note_recorded(shared: &Arc<Shared>, ending: Ending) {
    shared.finished.fetch_add(1, Ordering::Relaxed);
    let Ending {
        execution,
        outcome,
        failure,
        ..
    } = ending;
    shared.figures.ended(execution.language, &outcome);
    execution.settle(match failure {
        Some(message) => Settled::Failed(message),
        None => Settled::Recorded(outcome),
    });
    shared.forget(execution.id);
}

fn note_unrecorded(shared: &Arc<Shared>, ending: Ending, error: StoreError) {
    match error {
        // Only its queue is full: nobody has to be told, for it will be done soon.
        StoreError::Busy => shared.order(Order::Record(ending)),
        _ if error.retry_after().is_some() => {
            let outcome = ending.outcome.clone();
            ending.execution.settle(Settled::Unrecorded(outcome, error));
            shared.order(Order::Record(ending));
        }
        // No store takes this result: that it ended must be recorded all the same.
        StoreError::Bound { .. } | StoreError::Database { .. } if !is_bare(&ending.outcome) => {
            let bare = unstarted(shared, &ending.execution, Status::Killed, Some(NOT_RECORDABLE));
            record_end(
                shared,
                Ending {
                    outcome: Arc::new(bare),
                    index: Index::default(),
                    failure: Some(format!("record the result: {error}")),
                    ..ending
                },
            );
        }
        _ => {
            ending
                .execution
                .settle(Settled::Unrecorded(ending.outcome, error));
            shared.forget(ending.execution.id);
        }
    }
}

fn is_bare(outcome: &Outcome) -> bool {
    outcome.reason.as_deref() == Some(NOT_RECORDABLE)
}

/// The outcome of an execution of which there is no report.
pub(super) fn unstarted(
    shared: &Shared,
    execution: &Execution,
    status: Status,
    reason: Option<&str>,
) -> Outcome {
    let standing = execution.standing();
    let (analysis, reading) = execution.analysis();
    outcome::unstarted(Unstarted {
        id: execution.id,
        sandbox_id: standing.sandbox_id,
        node_id: shared.node_id,
        status,
        reason: reason.map(str::to_owned),
        created_at: execution.created_at,
        started_at: standing.started_at,
        begun: execution.begun,
        analysis,
        reading,
    })
}

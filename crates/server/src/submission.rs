//! From a request to its execution, and what happens when its client leaves.

use crate::intake::Share;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::state::State;
use casemate_engine::service::store::{Idempotency, Owner};
use casemate_engine::service::{Execution, Service, Settled, Submission, Submitted};
use casemate_types::{self as types, ExecutionId, ExecutionRequest};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Ends an execution when it is dropped, unless it was told not to: a client that leaves ends what it waits for.
pub(crate) struct Leaving {
    service: Service,
    id: Option<ExecutionId>,
}

impl Leaving {
    pub(crate) fn new(service: &Service, id: ExecutionId) -> Self {
        Self {
            service: service.clone(),
            id: Some(id),
        }
    }

    /// The client got its answer.
    pub(crate) fn disarm(mut self) {
        self.id = None;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.service.cancel(id);
        }
    }
}

/// How a request is handed in.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) id: ExecutionId,
    pub(crate) owner: Owner,
    pub(crate) idempotency: Option<Idempotency>,
    /// Answered before it has ended.
    pub(crate) told_at_once: bool,
}

/// Hands a request in. Without a key, nobody can ask for it again: when the client has left before it was accepted,
/// it is ended.
pub(crate) async fn submit(
    state: &Arc<State>,
    request: ExecutionRequest,
    terms: Terms,
    share: Share,
) -> Result<Submitted, Problem> {
    let (tell, told) = oneshot::channel();
    let has_key = terms.idempotency.is_some();
    let submission = Submission {
        id: terms.id,
        owner: terms.owner,
        request,
        idempotency: terms.idempotency,
        told_at_once: terms.told_at_once,
    };
    let (service, metrics) = (state.service.clone(), state.metrics.clone());
    let reply = move |submitted: Result<Submitted, _>| {
        if let Ok(Submitted::New(execution)) = &submitted {
            attend(execution, metrics, share);
        }
        if let Err(Ok(Submitted::New(execution))) = tell.send(submitted)
            && !has_key
        {
            service.cancel(execution.id);
        }
    };
    state.service.submit(submission, Box::new(reply));
    match told.await {
        Ok(submitted) => submitted.map_err(Problem::from),
        Err(_) => Err(Problem::internal("a submission was never answered")),
    }
}

/// Holds the memory of a request until its program has it, and counts its end.
fn attend(execution: &Arc<Execution>, metrics: Arc<Metrics>, share: Share) {
    let share = Mutex::new(Some(share));
    let is_counted = AtomicBool::new(false);
    let attended = Arc::downgrade(execution);
    let on_change = move || {
        let Some(execution) = attended.upgrade() else {
            return;
        };
        if execution.standing().state != types::State::Queued {
            share.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        match execution.settled() {
            Some(Settled::Recorded(outcome)) if !is_counted.swap(true, Ordering::Relaxed) => {
                metrics.ended(execution.language, &outcome);
            }
            Some(Settled::Failed(_)) if !is_counted.swap(true, Ordering::Relaxed) => {
                metrics.failed(execution.language);
            }
            _ => {}
        }
    };
    // What happened before the following began is seen now.
    let on_change = Arc::new(on_change);
    let now = on_change.clone();
    execution.follow(Box::new(move || on_change()));
    now();
}

//! The door: a request becomes an accepted execution, or is refused and leaves nothing.

use super::events::Log;
use super::execution::{Execution, Settled};
use super::kept::Kept;
use super::queue::QueueFull;
use super::{Service, Shared, worker};
use crate::error::EngineError;
use casemate_store::{Accepted, Durability, Idempotency, NewExecution, Owner, StoreError};
use casemate_types::{ExecutionId, ExecutionRequest};
use std::sync::Arc;
use thiserror::Error;

/// What is handed in.
#[derive(Debug)]
pub struct Submission {
    /// The id that it will have: [`new_execution_id`].
    pub id: ExecutionId,
    /// Whose it will be.
    pub owner: Owner,
    /// The request.
    pub request: ExecutionRequest,
    /// The key under which a repeated request finds the same execution.
    pub idempotency: Option<Idempotency>,
    /// Whether the caller is told that it was accepted before it has ended. If so, a loss of power does
    /// not lose it.
    pub told_at_once: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// It is accepted.
    New(Arc<Execution>),
    /// The same key came with the same body before.
    Repeated(ExecutionId),
}

/// Why nothing was accepted.
#[derive(Debug, Error)]
pub enum SubmitError {
    /// The request, its language or the host.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// No place is free.
    #[error(transparent)]
    Full(#[from] QueueFull),
    /// It could not be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The same key came with another body before.
    #[error("the idempotency key was used with another body")]
    Conflict,
}

/// An id for an execution that is asked for now; no other has it.
///
/// # Errors
/// When the kernel gives no randomness.
pub fn new_execution_id() -> Result<ExecutionId, EngineError> {
    crate::pipeline::new_id(ExecutionId::at, std::time::SystemTime::now())
}

/// Called once, perhaps by another thread; must not block.
pub type Reply = Box<dyn FnOnce(Result<Submitted, SubmitError>) + Send>;

impl Service {
    /// Accepts a request. `reply` is called at once where nothing has to be known of the state first.
    pub fn submit(&self, submission: Submission, reply: Reply) {
        match self.admit(submission.id, submission.owner, submission.request) {
            Err(error) => reply(Err(error)),
            Ok(execution) => {
                let record = new_record(&self.shared, &execution, submission.idempotency);
                if record.idempotency.is_some() || submission.told_at_once {
                    accept_first(&self.shared, execution, record, submission.told_at_once, reply);
                } else {
                    accept_beside(&self.shared, execution, record, reply);
                }
            }
        }
    }

    fn admit(
        &self,
        id: ExecutionId,
        owner: Owner,
        request: ExecutionRequest,
    ) -> Result<Arc<Execution>, SubmitError> {
        let shared = &self.shared;
        request.check(&shared.maxima).map_err(EngineError::from)?;
        let language = shared.kinds.find(&request.language)?.installation.language.name;
        shared.places.enter()?;
        let log = Log::new([Kept::new(&shared.budget), Kept::new(&shared.budget)]);
        let execution = Arc::new(Execution::new(id, owner, language, request, log));
        shared.live().insert(id, execution.clone());
        Ok(execution)
    }
}

fn new_record(shared: &Shared, execution: &Execution, idempotency: Option<Idempotency>) -> NewExecution {
    NewExecution {
        id: execution.id,
        owner: execution.owner,
        session_id: None,
        node_id: shared.node_id,
        language: execution.language.to_owned(),
        labels: execution.labels.clone(),
        request: Vec::new(),
        idempotency,
    }
}

/// Nothing runs and nobody is told before it is recorded.
fn accept_first(
    shared: &Arc<Shared>,
    execution: Arc<Execution>,
    record: NewExecution,
    told_at_once: bool,
    reply: Reply,
) {
    let durability = if told_at_once {
        Durability::Durable
    } else {
        Durability::Soft
    };
    let back = shared.clone();
    shared.store.accept(record, durability, move |accepted| {
        if matches!(accepted, Ok(Accepted::Accepted)) {
            back.read(&execution);
            return reply(Ok(Submitted::New(execution)));
        }
        back.forget(execution.id);
        reply(match accepted {
            Ok(Accepted::Repeated(id)) => Ok(Submitted::Repeated(id)),
            Ok(_) => Err(SubmitError::Conflict),
            Err(error) => Err(error.into()),
        });
    });
}

/// The program may start while it is recorded: its caller hears of it only when its end is recorded
/// too, and the store keeps the order.
fn accept_beside(shared: &Arc<Shared>, execution: Arc<Execution>, record: NewExecution, reply: Reply) {
    let back = shared.clone();
    let id = execution.id;
    let recorded = execution.clone();
    shared.store.accept(record, Durability::Soft, move |accepted| {
        if let Err(error) = accepted {
            recorded.settle(Settled::Refused(error));
            back.order(worker::Order::Cancel(id));
        }
    });
    shared.read(&execution);
    reply(Ok(Submitted::New(execution)));
}

impl Shared {
    /// An execution that was never accepted, or is settled.
    pub(super) fn forget(&self, id: ExecutionId) {
        if self.live().remove(&id).is_some() {
            self.places.leave();
        }
    }
}

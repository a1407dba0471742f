//! What a caller may do: the one place where that is decided. Handlers ask here before they read or change anything.
//!
//! What belongs to somebody else is answered like what there is not: nobody learns from an answer that it exists.

use crate::problem::Problem;
use crate::state::State;
use casemate_engine::service::Found;
use casemate_engine::service::store::{Filter, Owner};
use casemate_types::{Action, ExecutionId, Principal};
use std::sync::Arc;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    principal: Arc<Principal>,
}

impl Caller {
    pub(crate) fn new(principal: Arc<Principal>) -> Self {
        Self { principal }
    }

    /// Whose the caller's executions are.
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant_id: self.principal.tenant_id,
            project_id: self.principal.project_id,
            principal_id: self.principal.id,
        }
    }
}

/// The execution of this id, if it is there and the caller may do this with it.
///
/// # Errors
/// 404 when it is not there or is somebody else's.
pub(crate) async fn reach(
    state: &Arc<State>,
    caller: &Caller,
    action: Action,
    id: ExecutionId,
) -> Result<Found, Problem> {
    let found = match state.service.live(id) {
        Some(execution) => Some(Found::Live(execution)),
        None => state.blocking(move |service| Ok(service.find(id)?)).await?,
    };
    let reached = found.filter(|found| may(caller, action, found.owner()));
    reached.ok_or_else(Problem::not_found)
}

/// The same for what needs nothing of the execution itself.
///
/// # Errors
/// 404 when it is not there or is somebody else's.
pub(crate) async fn may_reach(
    state: &Arc<State>,
    caller: &Caller,
    action: Action,
    id: ExecutionId,
) -> Result<(), Problem> {
    let owner = match state.service.live(id) {
        Some(execution) => Some(execution.owner),
        None => state
            .blocking(move |service| Ok(service.store().summary(id)?))
            .await?
            .map(|summary| summary.owner),
    };
    let reached = owner.filter(|owner| may(caller, action, *owner));
    reached.map(drop).ok_or_else(Problem::not_found)
}

/// Narrows a list to what the caller may see.
pub(crate) fn narrow(caller: &Caller, filter: &mut Filter) {
    filter.scope.tenant_id = Some(caller.principal.tenant_id);
    filter.scope.project_id = Some(caller.principal.project_id);
}

fn may(caller: &Caller, _: Action, owner: Owner) -> bool {
    owner.tenant_id == caller.principal.tenant_id && owner.project_id == caller.principal.project_id
}

//! `GET` and `DELETE` of one execution, and the list.

use super::create::accepted;
use super::outcome;
use crate::authorize::{self, Caller};
use crate::problem::Problem;
use crate::query::ListQuery;
use crate::reply::{self, Reply};
use crate::state::State;
use crate::wire::{Page, Wire};
use casemate_engine::service::store;
use casemate_engine::service::{Execution, Found, Settled};
use casemate_types::{Action, ExecutionId, State as Stands};
use std::sync::Arc;

pub(super) async fn get(state: &Arc<State>, caller: &Caller, id: ExecutionId) -> Result<Reply, Problem> {
    let recorded = match authorize::reach(state, caller, Action::ExecutionRead, id).await? {
        // One that lives is told from memory alone.
        Found::Live(execution) => return live(state, &execution).await,
        Found::Recorded(recorded) => recorded,
    };
    let most = state.config.whole_result_bytes;
    let work = move |service: &casemate_engine::service::Service| outcome::form(service, &recorded, most);
    let written = state.blocking(work).await?;
    outcome::send(state, written)
}

async fn live(state: &Arc<State>, execution: &Execution) -> Result<Reply, Problem> {
    match execution.settled() {
        None => {
            let written = outcome::written(&Wire::of_live(execution, state.service.node_id()))?;
            outcome::send(state, written)
        }
        Some(Settled::Refused(_)) => Err(Problem::not_found()),
        // Its record says what became of it.
        Some(Settled::Failed(_)) => outcome::recorded(state, execution.id).await,
        Some(settled) => outcome::settled(state, execution.id, settled).await,
    }
}

/// Ends an execution. One that is over is told as `GET` does, so that a second call is no error.
pub(super) async fn cancel(state: &Arc<State>, caller: &Caller, id: ExecutionId) -> Result<Reply, Problem> {
    match authorize::reach(state, caller, Action::ExecutionCancel, id).await? {
        Found::Live(execution) if execution.settled().is_none() => {
            state.service.cancel(id);
            accepted_cancel(execution.id, execution.standing().state)
        }
        _ => get(state, caller, id).await,
    }
}

fn accepted_cancel(id: ExecutionId, stands: Stands) -> Result<Reply, Problem> {
    let mut reply = accepted(id, stands.as_str())?;
    reply.headers_mut().remove("preference-applied");
    Ok(reply)
}

pub(super) async fn list(state: &Arc<State>, caller: &Caller, query: &str) -> Result<Reply, Problem> {
    let mut query = ListQuery::parse(query)?;
    authorize::narrow(state, caller, &mut query.filter)?;
    let read = move |service: &casemate_engine::service::Service| {
        if query.matches_none {
            let items = Vec::new();
            return Ok(store::Page { items, next: None });
        }
        Ok(service.list(&query.filter, query.limit)?)
    };
    let page = state.blocking(read).await?;
    reply::json(200, &Page::from(&page))
}

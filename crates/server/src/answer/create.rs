//! `POST /v1/executions`.

use super::{outcome, single};
use crate::authorize::{self, Caller};
use crate::intake::{self, Taken};
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::request;
use crate::state::State;
use crate::submission::{self, Leaving, Terms};
use crate::watch::{Wake, Watch};
use crate::wire::Ticket;
use casemate_engine::service::store::{Idempotency, bounds::MAX_KEY_BYTES};
use casemate_engine::service::{Found, Submitted, new_execution_id};
use casemate_types::{Action, ExecutionId, ExecutionRequest, Maxima};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// From this size on a body is read where it delays nobody else.
pub(super) const LARGE_BODY_BYTES: usize = 128 << 10;
/// The header that makes a repeated request find the same execution.
pub(crate) const KEY: &str = "Idempotency-Key";

pub(super) async fn create(
    state: &Arc<State>,
    caller: &Caller,
    headers: &HeaderMap,
    body: Incoming,
) -> Result<Reply, Problem> {
    authorize::in_scope(caller, Action::ExecutionCreate)?;
    let told_at_once = prefers_async(headers);
    let key = key(headers)?;
    let Taken { bytes, share } = intake::take(body, &state.config, &state.bodies).await?;
    let (request, idempotency) = if bytes.len() < LARGE_BODY_BYTES {
        read(bytes, key, state.service.maxima())?
    } else {
        let work = move |service: &casemate_engine::service::Service| read(bytes, key, service.maxima());
        state.blocking(work).await?
    };
    let id = new_execution_id().map_err(Problem::from)?;
    authorize::allow_execution(state, caller, id, &request)?;
    let has_key = idempotency.is_some();
    let terms = Terms {
        id,
        owner: caller.owner(),
        idempotency,
        told_at_once,
    };
    match submission::submit(state, request, terms, share).await? {
        Submitted::New(execution) if told_at_once => accepted(execution.id, "queued"),
        Submitted::New(execution) => {
            // Who gave a key may come back for the result.
            let leaving = (!has_key).then(|| Leaving::new(&state.service, execution.id));
            let settled = Watch::new(&execution, Wake::AtEnd).settled(&execution).await;
            if let Some(leaving) = leaving {
                leaving.disarm();
            }
            outcome::settled(state, execution.id, settled).await
        }
        Submitted::Repeated(id) => repeated(state, id, told_at_once).await,
    }
}

/// The same key came with the same body before: its execution answers.
async fn repeated(state: &Arc<State>, id: ExecutionId, told_at_once: bool) -> Result<Reply, Problem> {
    let found = state.blocking(move |service| Ok(service.find(id)?)).await?;
    match found {
        None => Err(Problem::internal(format!("the execution {id} of a key is gone"))),
        Some(Found::Live(execution)) if told_at_once => accepted(id, execution.standing().state.as_str()),
        Some(Found::Live(execution)) => {
            let settled = Watch::new(&execution, Wake::AtEnd).settled(&execution).await;
            outcome::settled(state, id, settled).await
        }
        Some(Found::Recorded(recorded)) if told_at_once => {
            accepted(id, recorded.detail.summary.state.as_str())
        }
        Some(Found::Recorded(_)) => outcome::recorded(state, id).await,
    }
}

fn read(
    bytes: Bytes,
    key: Option<String>,
    maxima: &Maxima,
) -> Result<(ExecutionRequest, Option<Idempotency>), Problem> {
    let request = request::parse(&bytes, maxima)?;
    let idempotency = key.map(|key| Idempotency {
        key,
        body_hash: Sha256::digest(&bytes).into(),
    });
    Ok((request, idempotency))
}

/// 202, and where to look.
pub(super) fn accepted(id: ExecutionId, status: &'static str) -> Result<Reply, Problem> {
    let ticket = Ticket {
        id: id.to_string(),
        status,
    };
    let mut reply = reply::json(202, &ticket)?;
    reply::set_text(&mut reply, header::LOCATION, format!("/v1/executions/{id}"));
    reply::set(
        &mut reply,
        HeaderName::from_static("preference-applied"),
        "respond-async",
    );
    Ok(reply)
}

/// Whether a `Prefer` header says `respond-async`: RFC 7240.
fn prefers_async(headers: &HeaderMap) -> bool {
    let lines = headers
        .get_all("prefer")
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .filter_map(|preference| preference.split(';').next())
        .any(|name| name.trim().eq_ignore_ascii_case("respond-async"))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(key) = single(headers, KEY)? else {
        return Ok(None);
    };
    if key.len() > MAX_KEY_BYTES {
        let problem = Problem::new(
            Kind::OutOfRange,
            format!("{KEY}: {} bytes are too many", key.len()),
        );
        return Err(problem.field(KEY).bound(format!("{MAX_KEY_BYTES} bytes")));
    }
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Problem::invalid(KEY, "visible ASCII without blanks"));
    }
    Ok(Some(key.to_owned()))
}

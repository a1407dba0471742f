//! `POST /v1/analyses`: a program is read and does not run.

use super::create::LARGE_BODY_BYTES;
use crate::authorize::{self, Caller};
use crate::intake::{self, Taken};
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::request;
use crate::state::State;
use crate::wire::WireAnalysis;
use casemate_policy::authorize::Resource;
use casemate_types::Action;
use hyper::body::Incoming;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a program may wait to be read, and be read.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn create(state: &Arc<State>, caller: &Caller, body: Incoming) -> Result<Reply, Problem> {
    let place = Resource::Project(caller.place());
    authorize::allow(state, caller, Action::AnalysisCreate, &place)?;
    let Taken { bytes, share } = intake::take(body, &state.config, &state.bodies).await?;
    let asked = if bytes.len() < LARGE_BODY_BYTES {
        request::parse(&bytes, state.service.maxima())?
    } else {
        state
            .blocking(move |service| request::parse(&bytes, service.maxima()))
            .await?
    };
    let (tell, told) = oneshot::channel();
    // Whoever asked may have left.
    let reply = Box::new(move |analysis| _ = tell.send(analysis));
    state.service.analyse(asked, reply)?;
    let analysis = tokio::time::timeout(LIMIT, told).await;
    drop(share);
    match analysis {
        Ok(Ok(analysis)) => reply::json(200, &WireAnalysis::from(&analysis)),
        Ok(Err(_)) => Err(Problem::internal("an analysis was never answered")),
        Err(_) => Err(Problem {
            retry_after: Some(Duration::from_secs(1)),
            ..Problem::new(Kind::Unavailable, "the program could not be read in time")
        }),
    }
}

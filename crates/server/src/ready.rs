//! Whether a program can be run: by running one. The answer stands for a while, so that whoever asks often does not
//! keep the machine busy.

use crate::lifecycle::Report;
use crate::problem::Problem;
use crate::state::State;
use crate::watch::{Wake, Watch};
use casemate_engine::service::store::{Durability, Owner};
use casemate_engine::service::{Settled, Submission, Submitted, new_execution_id};
use casemate_types::{ExecutionRequest, Status};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, oneshot};

/// The languages that start fastest, first.
const CHEAPEST: [&str; 4] = ["bash", "perl", "lua", "python"];

/// The last answer, and since when it stands.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    last: Mutex<Option<(Instant, Result<(), String>)>>,
}

/// Whether a program can be run.
///
/// # Errors
/// 503, with the reason.
pub(crate) async fn check(state: &Arc<State>) -> Result<(), Problem> {
    let retry = Duration::from_secs(1);
    if state.lifecycle.stop.is_told() {
        return Err(Problem::unavailable("the service is stopping", retry));
    }
    if !state.service.load().has_warden {
        return Err(Problem::unavailable("there is no warden to run programs", retry));
    }
    // One program at a time; whoever waited takes its answer.
    let mut last = state.ready.last.lock().await;
    let fresh = last
        .as_ref()
        .filter(|(at, _)| at.elapsed() < state.config.ready_cache)
        .map(|(_, answer)| answer.clone());
    let answer = match fresh {
        Some(answer) => answer,
        None => {
            let limit = state.config.ready_limit;
            let run = tokio::time::timeout(limit, run(state)).await;
            let answer = run.unwrap_or_else(|_| Err(late(state)));
            *last = Some((Instant::now(), answer.clone()));
            answer
        }
    };
    answer.map_err(|reason| Problem::unavailable(reason, retry))
}

/// Why a program did not end in time.
fn late(state: &State) -> String {
    match state.service.memory().shortage {
        None => "a program did not end in time".to_owned(),
        Some(shortage) => format!("programs wait for memory of the host ({})", shortage.as_str()),
    }
}

async fn run(state: &Arc<State>) -> Result<(), String> {
    let kinds = state.service.kinds();
    let here = |name: &&str| kinds.find(name).is_ok();
    let first = || {
        kinds
            .rows()
            .find(|(_, kind)| kind.is_ok())
            .map(|(language, _)| language.name)
    };
    let language = CHEAPEST.into_iter().find(here).or_else(first);
    let language = language.ok_or("no language is installed")?;
    let mut request = ExecutionRequest {
        language: language.to_owned(),
        limits: crate::request::default_limits(state.service.maxima()),
        ..ExecutionRequest::default()
    };
    request.limits.wall = request.limits.wall.min(state.config.ready_limit);
    let submission = Submission {
        id: new_execution_id().map_err(|error| error.to_string())?,
        owner: Owner::BUILT_IN,
        request,
        idempotency: None,
        told_at_once: false,
    };
    let (tell, told) = oneshot::channel();
    state
        .service
        .submit(submission, Box::new(move |reply| _ = tell.send(reply)));
    let execution = match told.await {
        Ok(Ok(Submitted::New(execution))) => execution,
        Ok(Err(error)) => {
            let problem = Problem::from(error);
            state.report(&problem, "/readyz");
            return Err(problem.detail.into_owned());
        }
        _ => return Err("the service is stopping".to_owned()),
    };
    // If the time runs out, nobody waits for it any more.
    let _leaving = super::submission::Leaving::new(&state.service, execution.id);
    match Watch::new(&execution, Wake::AtEnd).settled(&execution).await {
        Settled::Recorded(outcome) => {
            forget(state, outcome.id);
            match outcome.status {
                Status::Succeeded => Ok(()),
                status => Err(format!("a program in {language} ended as {}", status.as_str())),
            }
        }
        Settled::Failed(message) => {
            let report: &Report = &state.lifecycle.report;
            report(&format!("/readyz: {message}"));
            Err("a program could not be run".to_owned())
        }
        Settled::Unrecorded(_, error) | Settled::Refused(error) => Err(error.public()),
    }
}

/// What we ran for ourselves is not in anybody's list.
fn forget(state: &State, id: casemate_types::ExecutionId) {
    state.service.store().delete(id, Durability::Soft, |_| ());
}

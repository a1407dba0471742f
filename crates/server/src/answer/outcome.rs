//! The result of an execution that is over, as a response.

use crate::problem::Problem;
use crate::reply::{self, Content, Reply};
use crate::slices::Large;
use crate::state::State;
use crate::wire::{Files, Wire};
use casemate_engine::service::{Recorded, Service, Settled};
use casemate_types::{ExecutionId, Outcome, State as Stands};
use std::sync::Arc;
use std::time::Duration;

/// Largest file whose bytes a result holds.
pub(crate) const MAX_INLINE_BYTES: u64 = 64 << 10;

/// The result object, in a form that can be sent.
#[derive(Debug)]
pub(super) enum Written {
    /// All of it.
    Whole(Vec<u8>),
    /// Its contents are read on the way.
    Large(Large),
}

/// What became of an execution, for whoever waited for it.
pub(super) async fn settled(state: &Arc<State>, id: ExecutionId, settled: Settled) -> Result<Reply, Problem> {
    send(state, of_settled(state, id, settled).await?)
}

/// The result of an execution that is recorded.
pub(super) async fn recorded(state: &Arc<State>, id: ExecutionId) -> Result<Reply, Problem> {
    send(state, load(state, id).await?.ok_or_else(Problem::not_found)?)
}

/// The result object of what became of an execution.
pub(super) async fn of_settled(
    state: &Arc<State>,
    id: ExecutionId,
    settled: Settled,
) -> Result<Written, Problem> {
    match settled {
        Settled::Recorded(outcome) if size_of(&outcome) <= state.config.whole_result_bytes => whole(&outcome),
        // A slow client must not hold all of it.
        Settled::Recorded(outcome) => {
            drop(outcome);
            load(state, id).await?.ok_or_else(Problem::not_found)
        }
        Settled::Unrecorded(_, error) => {
            let mut problem = Problem::from(error);
            let after = problem.retry_after.unwrap_or(Duration::from_secs(5));
            problem.detail = "the execution has ended, and its result could not be recorded yet".into();
            problem.retry_after = Some(after);
            Err(problem)
        }
        Settled::Failed(message) => Err(Problem::internal(format!("execution {id}: {message}"))),
        Settled::Refused(error) => Err(error.into()),
    }
}

/// Reads a recorded execution; `None` when there is none.
pub(super) async fn load(state: &Arc<State>, id: ExecutionId) -> Result<Option<Written>, Problem> {
    let most = state.config.whole_result_bytes;
    let work = move |service: &Service| match service.store().get(id)? {
        Some(detail) => form(service, &Recorded::from(detail), most).map(Some),
        None => Ok(None),
    };
    state.blocking(work).await
}

/// The result object of a recorded execution. It reads the state: call it where blocking is allowed.
pub(super) fn form(service: &Service, recorded: &Recorded, most: u64) -> Result<Written, Problem> {
    let summary = &recorded.detail.summary;
    if !matches!(summary.state, Stands::Ended(_)) {
        return written(&Wire::of_open(summary));
    }
    let streams = summary.stdout.kept_bytes + summary.stderr.kept_bytes;
    let files = recorded.detail.files.iter().map(|file| file.size_bytes);
    if streams + inline(files) > most {
        return Large::new(service, recorded, MAX_INLINE_BYTES).map(Written::Large);
    }
    whole(&service.outcome(recorded, MAX_INLINE_BYTES)?)
}

/// Sends a result object.
pub(super) fn send(state: &Arc<State>, result: Written) -> Result<Reply, Problem> {
    let content = match result {
        Written::Whole(text) => Content::whole(text),
        Written::Large(large) => {
            let (frames, content) = Content::framed(None);
            let state = state.clone();
            tokio::spawn(async move { large.send(&state, &frames).await });
            content
        }
    };
    Ok(reply::reply(200, "application/json", content))
}

/// Writes a value that is a result object.
pub(super) fn written(wire: &Wire<'_>) -> Result<Written, Problem> {
    let text = serde_json::to_vec(wire);
    text.map(Written::Whole)
        .map_err(|error| Problem::internal(format!("write a result: {error}")))
}

fn whole(outcome: &Outcome) -> Result<Written, Problem> {
    written(&Wire::of(outcome, Files::UpTo(MAX_INLINE_BYTES)))
}

/// Bytes of the program in a result object.
fn size_of(outcome: &Outcome) -> u64 {
    let streams = outcome.stdout.kept.len() + outcome.stderr.kept.len();
    streams as u64 + inline(outcome.files.iter().map(|file| file.size_bytes))
}

fn inline(sizes: impl Iterator<Item = u64>) -> u64 {
    sizes.filter(|size| *size <= MAX_INLINE_BYTES).sum()
}

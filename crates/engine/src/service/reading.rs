//! Between an accepted execution and its place in the queue: its program is read, and decided on.

use super::execution::Execution;
use super::queue::QueueFull;
use super::submit::SubmitError;
use super::worker::Order;
use super::{Service, Shared};
use crate::admission;
use crate::analysis::{Reading, submission};
use crate::error::EngineError;
use casemate_runtime::language::Table;
use casemate_types::ExecutionRequest;
use casemate_types::analysis::{Analysis, Mode};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Programs that wait to be read, from which on none is read for its own sake.
const MOST_WAITING: u64 = 1024;

/// Decisions since the start, by what they were.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    counts: [AtomicU64; 4],
}

/// How many decisions were of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecisionCount {
    /// `allowed`, `restricted`, `denied`, or `observed`: one that would have been another, and was not carried out.
    pub decision: &'static str,
    /// How many.
    pub count: u64,
}

const DECISIONS: [&str; 4] = ["allowed", "restricted", "denied", "observed"];

impl Decisions {
    fn note(&self, analysis: &Analysis) {
        let is_plain = analysis.can_execute && analysis.restrictions.is_empty();
        let kind = match analysis.mode {
            _ if is_plain => 0,
            Mode::Observe => 3,
            Mode::Enforce if analysis.can_execute => 1,
            Mode::Enforce => 2,
        };
        self.counts[kind].fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// Has an execution's program read; it gets its place in the queue with the decision.
    pub(super) fn read(self: &Arc<Self>, execution: &Arc<Execution>) {
        let Some(request) = execution.request() else {
            return;
        };
        let (back, read) = (self.clone(), execution.clone());
        let done = Box::new(move |reading: Reading| {
            // Cancelled or refused meanwhile, it has no request, and the engine's thread ends it.
            if let Some(request) = read.request() {
                let analysis = admission::decide(reading, &request, &back.admission);
                back.decisions.note(&analysis);
                read.note_analysis(analysis);
            }
            back.order(Order::Run(read));
        });
        self.desk
            .ask(Some(execution.id), &submitted(&request, execution.language), done);
        // The word to cancel may have come before there was something to withdraw.
        if execution.is_cancelled() {
            self.order(Order::Cancel(execution.id));
        }
    }
}

/// What of a request is read.
fn submitted(request: &ExecutionRequest, language: &'static str) -> casemate_analysis::Submission {
    let known = Table::builtin().find(language);
    let source = known.map(|language| language.source_name(None, &request.code).file);
    submission(request, language, source.as_deref().unwrap_or("main"))
}

impl Service {
    /// Reads and decides on a program that does not run. `reply` is called once, perhaps by another thread; it must not
    /// block.
    ///
    /// # Errors
    /// A request out of its bounds, or in a language that there is not; too many that wait.
    pub fn analyse(
        &self,
        request: ExecutionRequest,
        reply: Box<dyn FnOnce(Analysis) + Send>,
    ) -> Result<(), SubmitError> {
        let shared = self.shared.clone();
        request.check(&shared.maxima).map_err(EngineError::from)?;
        if shared.desk.counts().waiting >= MOST_WAITING {
            return Err(QueueFull {
                retry_after: Duration::from_secs(1),
            }
            .into());
        }
        let language = Table::builtin().find(&request.language);
        let language = language
            .ok_or_else(|| EngineError::UnknownLanguage(request.language.chars().take(64).collect()))?;
        let submission = submitted(&request, language.name);
        let policy = shared.admission;
        let done = Box::new(move |reading| reply(admission::decide(reading, &request, &policy)));
        shared.desk.ask(None, &submission, done);
        Ok(())
    }

    /// Decisions since the start.
    pub fn decisions(&self) -> [DecisionCount; 4] {
        let counts = &self.shared.decisions.counts;
        std::array::from_fn(|kind| DecisionCount {
            decision: DECISIONS[kind],
            count: counts[kind].load(Ordering::Relaxed),
        })
    }
}

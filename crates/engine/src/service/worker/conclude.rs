//! How an execution ends: what it was worth, or why it could not be done, goes to its record.

use super::{Guest, Worker};
use crate::outcome::{Compile, Concluding, conclude};
use crate::service::endings::{Ending, record_end, unstarted};
use crate::service::events::Index;
use crate::service::execution::Execution;
use casemate_runtime::oneshot::{Report, Stream};
use casemate_types::{Captured, Outcome, Status, with_causes};
use std::sync::Arc;

/// What a compiler said is told in pieces of at most so many bytes.
const PIECE_BYTES: usize = 64 << 10;

impl Worker {
    /// `intervention` says why we ended it, if we did.
    pub(super) fn conclude(
        &mut self,
        guest: Guest,
        report: Report,
        compiled: Compile,
        intervention: Option<&'static str>,
    ) {
        let execution = guest.execution;
        // A caller who wanted its end as well has the word.
        let intervention = intervention.filter(|_| !execution.is_cancelled());
        if compiled == Compile::Failed {
            for (stream, kept) in [
                (Stream::Stdout, &report.stdout.kept),
                (Stream::Stderr, &report.stderr.kept),
            ] {
                kept.chunks(PIECE_BYTES)
                    .for_each(|piece| execution.output(stream, piece));
            }
        }
        let kind = self.shared.kinds.find(execution.language);
        let concluded = kind.and_then(|kind| {
            let (analysis, reading) = execution.analysis();
            let concluding = Concluding {
                id: execution.id,
                sandbox_id: guest.sandbox_id,
                node_id: self.shared.node_id,
                created_at: execution.created_at,
                begun: execution.begun,
                queue: guest.queue,
                network: guest.pool.network,
                facts: kind.facts,
                compiled,
                intervention,
                analysis,
                reading,
            };
            conclude(concluding, report)
        });
        match concluded {
            Ok(outcome) => {
                if outcome.started_at.is_some() {
                    self.shared.pools.count_served(guest.pool, outcome.path);
                }
                self.close(execution, outcome, None);
            }
            Err(error) => self.fail(execution, &with_causes(&error)),
        }
    }

    /// We could not do it: the caller is told so, and the record says that it was ended.
    pub(super) fn fail(&mut self, execution: Arc<Execution>, message: &str) {
        let outcome = unstarted(&self.shared, &execution, Status::Killed, Some("platform_failure"));
        self.close(execution, outcome, Some(message.to_owned()));
    }

    pub(super) fn end_unstarted(&mut self, execution: Arc<Execution>, status: Status, reason: Option<&str>) {
        let outcome = unstarted(&self.shared, &execution, status, reason);
        self.close(execution, outcome, None);
    }

    /// Puts the kept output into the outcome and records it.
    fn close(&mut self, execution: Arc<Execution>, outcome: Outcome, failure: Option<String>) {
        let written = [outcome.stdout.total_bytes, outcome.stderr.total_bytes];
        let fill = |kept: [Vec<u8>; 2]| {
            let [stdout, stderr] = kept;
            let stream = |kept: Vec<u8>, total: u64| Captured {
                total_bytes: total.max(kept.len() as u64),
                kept,
            };
            Outcome {
                stdout: stream(stdout, written[0]),
                stderr: stream(stderr, written[1]),
                ..outcome
            }
        };
        let ending = match execution.close(fill) {
            Ok((outcome, index)) => Ending {
                execution,
                outcome,
                index,
                failure,
            },
            // Its output is on a disk that cannot be read: there is no result to tell of.
            Err(error) => Ending {
                outcome: Arc::new(unstarted(
                    &self.shared,
                    &execution,
                    Status::Killed,
                    Some("output_lost"),
                )),
                execution,
                index: Index::default(),
                failure: Some(error.to_string()),
            },
        };
        record_end(&self.shared, ending);
    }
}

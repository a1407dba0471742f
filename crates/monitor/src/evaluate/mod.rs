//! How often judgements of recorded runs are right.
//!
//! Sequences of system calls are learned from and judged within the given rows ([`sequences`]); runs with events are judged
//! by what the product ships ([`events`]). Called by `casemate detect --evaluate` and by the training.

mod cross;
mod detector;
mod events;
mod figures;
mod sequences;

pub use detector::Train;
pub use events::events;
pub use figures::{Counts, Mistake, Ratios, Report, Uncounted};
pub use sequences::sequences;

use crate::trace::{Body, Run};

/// Why runs could not be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// Rows of both kinds in one evaluation.
    #[error("rows with `events` and rows with `code` cannot be evaluated together")]
    Mixed,
    /// What is shipped cannot be read.
    #[error("the shipped rules or weights cannot be read: {0}")]
    Shipped(String),
    /// Nothing to learn from or to judge.
    #[error("{what}: {have} rows, at least {need} are needed")]
    TooFew {
        /// Of what there is too little.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
}

/// Evaluates runs of either kind; `errors` is how many mistakes are told.
///
/// # Errors
/// Runs of both kinds at once, or too few of them.
pub fn evaluate(runs: &[Run], train: Train, errors: usize) -> Result<Report, EvaluateError> {
    let calls = runs
        .iter()
        .filter(|run| matches!(run.body, Body::Calls(_)))
        .count();
    if calls == 0 {
        events(runs, errors)
    } else if calls == runs.len() {
        sequences(runs, train, errors)
    } else {
        Err(EvaluateError::Mixed)
    }
}

#[cfg(test)]
mod tests;

//! Runs with events, judged by what the product ships.

use super::EvaluateError;
use super::figures::{Decision, Report, report};
use crate::threat::{Judge, Terms};
use crate::trace::{Body, Run};
use std::time::Instant;

/// Judges runs; `errors` is how many mistakes are told.
///
/// # Errors
/// Rules or weights that cannot be read.
pub fn events(runs: &[Run], errors: usize) -> Result<Report, EvaluateError> {
    let begun = Instant::now();
    let terms = Terms::shipped().map_err(EvaluateError::Shipped)?;
    let mut decisions = Vec::with_capacity(runs.len());
    let mut all = 0;
    for (row, run) in runs.iter().enumerate() {
        let Body::Events(events) = &run.body else { continue };
        let mut terms = terms.clone();
        if !run.shown.is_empty() {
            terms.shown = Some(run.shown.iter().cloned().collect());
        }
        let mut judge = Judge::new(terms);
        for event in events {
            judge.take(event);
        }
        all += events.len() as u64;
        let verdict = judge.verdict();
        decisions.push(Decision {
            row,
            score: verdict.confidence - 0.5,
            called: verdict.is_called(),
            reasons: verdict
                .reasons
                .iter()
                .take(5)
                .map(|reason| reason.feature.clone())
                .collect(),
        });
    }
    let mut report = report(runs, &decisions, 1, errors);
    report.protocol = "judged by the shipped rules and weights".to_owned();
    report.events = all;
    report.seconds = (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    Ok(report)
}

//! How likely a program is malicious, and why: features of what it does, weighed by a small trained model.
//!
//! `analyze` asks at its end. The features are those that a person can follow: what is called and on what, which texts stand
//! in it, what was hidden, how it is shaped. How a program is packed, and what its files are called, is none of them.
//! Weakness has an axis of its own and no part in the score: honest code is weak too.

mod combine;
mod command;
mod features;
mod gather;
mod markers;
mod model;
mod network;
mod place;
mod shape;
mod started;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use features::Features;
pub use gather::gather;
pub use model::{Prior, Weights, logistic, prior};

use crate::fact::Fact;
use crate::ir::Program;
use casemate_types::analysis::{Axis, Finding, Flow, Risk, Severity};

/// The risk below which a program runs, unless its profile says otherwise. Chosen on programs of categories, sources and
/// times that the training had not seen (`resources/risk/README.md`).
pub const MAX_ALLOWED_RISK: f64 = 0.6;

/// The risk of a program, from what was told of it.
pub fn judge(program: &Program, facts: &[Fact], findings: &[Finding], flows: &[Flow]) -> Risk {
    let features = gather(program, facts, findings, flows);
    let sum = model::weigh(&features);
    Risk {
        score: sum.score,
        capability: saturate(sum.raised[0]),
        intent: saturate(sum.raised[1]),
        weakness: weakness(findings),
        reasons: sum.reasons,
    }
}

/// From what adds up to 0..1.
fn saturate(sum: f64) -> f64 {
    1.0 - (-sum / 4.0).exp()
}

/// How weak: each finding leaves less of what is sound.
fn weakness(findings: &[Finding]) -> f64 {
    let sound: f64 = findings
        .iter()
        .filter(|finding| finding.axis == Axis::Weakness)
        .map(|finding| match finding.severity {
            Severity::Info => 1.0,
            Severity::Low => 0.95,
            Severity::Medium => 0.85,
            Severity::High => 0.65,
            Severity::Critical => 0.45,
        })
        .product();
    1.0 - sound
}

//! Deterministic rules over events, as data: `resources/rules/runtime/*.toml`.
//!
//! A rule is a few steps, each a condition on events and how often it must hold; they hold for one process with those it
//! made, or for the whole execution, within a time. Rules are data that people review: each carries events that trip it and
//! twins that do not, and the tests run them all.

mod call;
mod condition;
mod form;
mod load;
mod matcher;
mod progress;

pub use form::Threat;
pub use load::{RuleError, Rules};
pub use matcher::{Honeytokens, Match, Matcher};

use crate::event::Event;
use casemate_types::analysis::{Confidence, Severity};
use condition::Condition;

/// One rule, ready.
#[derive(Debug)]
pub struct Rule {
    /// Its name, such as `runtime.reverse-shell`.
    pub id: String,
    /// What it says when it holds.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The technique of ATT&CK, such as `T1059.004`.
    pub technique: String,
    /// What kind of threat it tells.
    pub threat: Threat,
    /// The capability in the words of reading, which an honest program's source would have shown.
    pub capability: String,
    steps: Vec<Step>,
    within_ns: u64,
    scope: form::Scope,
    ordered: bool,
    examples: form::Examples,
}

impl Rule {
    /// The programs that it is tried with: their events, and whether they trip it.
    pub fn examples(&self) -> impl Iterator<Item = (bool, Vec<Event>)> + '_ {
        let programs = |trips: bool, all: &'_ [Vec<form::Example>]| {
            all.iter()
                .map(|program| (trips, program.iter().flat_map(form::Example::events).collect()))
                .collect::<Vec<_>>()
        };
        let twins = programs(false, &self.examples.twins);
        programs(true, &self.examples.trips).into_iter().chain(twins)
    }
}

#[derive(Debug)]
struct Step {
    condition: Condition,
    count: u32,
    distinct: bool,
}

#[cfg(test)]
mod tests;

//! What a program does, counted: rates and resources that a person can follow.

use crate::event::{Event, What};
use serde::{Deserialize, Serialize};

/// How many metrics there are.
pub(super) const METRICS: usize = 14;

/// The names of the metrics, in their order.
pub(super) const NAMES: [&str; METRICS] = [
    "execs",
    "forks",
    "opens",
    "writes",
    "removals",
    "renames",
    "modes",
    "connections",
    "refusals",
    "denials",
    "memory-marks",
    "signals",
    "memory",
    "busy",
];

/// Counts of one execution, each as the logarithm of one more; `memory` in MiB, `busy` in hundredths of a processor.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Metrics(pub [f32; METRICS]);

impl Metrics {
    /// Each with its name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        NAMES
            .into_iter()
            .zip(self.0.iter().map(|value| f64::from(*value)))
    }
}

/// The counts themselves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    counts: [u64; METRICS],
    last_ns: u64,
}

impl Counters {
    /// Counts an event.
    pub fn take(&mut self, event: &Event) {
        self.last_ns = self.last_ns.max(event.at_ns);
        let refused = event
            .what
            .result()
            .is_some_and(|result| result < 0 && result != -115);
        let at = match &event.what {
            What::Exec { .. } => 0,
            What::Fork { .. } => 1,
            What::Open { access, .. } => {
                self.add(2, 1);
                if *access == crate::event::Access::Read {
                    return;
                }
                3
            }
            What::Unlink { .. } => 4,
            What::Rename { .. } | What::Link { .. } => 5,
            What::Chmod { .. } => 6,
            What::Connect { .. } => {
                if refused {
                    self.add(8, 1);
                }
                7
            }
            What::Denied { .. } => 9,
            What::WriteExec { .. } | What::BecameExec { .. } | What::Memfd { .. } | What::Spray { .. } => 10,
            What::Signal { .. } => 11,
            What::Resources(sample) => {
                self.sample(sample, event.at_ns);
                return;
            }
            _ => return,
        };
        self.add(at, 1);
    }

    fn sample(&mut self, sample: &crate::event::Resources, at_ns: u64) {
        let memory = sample.memory_bytes.unwrap_or(0) >> 20;
        let busy = sample.cpu_ns.unwrap_or(0).saturating_mul(100) / at_ns.max(1_000_000);
        let [.., most_memory, most_busy] = &mut self.counts;
        *most_memory = (*most_memory).max(memory);
        *most_busy = (*most_busy).max(busy);
    }

    fn add(&mut self, at: usize, by: u64) {
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(by);
        }
    }

    /// When the last event was, nanoseconds after the start.
    pub fn last_ns(&self) -> u64 {
        self.last_ns
    }

    /// The metrics.
    pub fn metrics(&self) -> Metrics {
        Metrics(self.counts.map(|count| (count as f32).ln_1p()))
    }
}

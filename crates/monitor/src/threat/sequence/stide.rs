//! Runs of words that no normal sequence showed, after STIDE (Forrest et al. 1996).

use super::{Symbol, hash};
use rustc_hash::FxHashSet;

/// Runs that one model keeps; what comes after is not learned.
const MAX_RUNS: usize = 1 << 19;

/// The runs of one length that normal sequences hold.
pub struct Stide {
    length: usize,
    runs: FxHashSet<u64>,
}

impl Stide {
    /// An empty model of runs of `length` words.
    pub fn new(length: usize) -> Self {
        Self {
            length: length.max(1),
            runs: FxHashSet::default(),
        }
    }

    /// Learns a normal sequence.
    pub fn learn(&mut self, sequence: &[Symbol]) {
        for run in sequence.windows(self.length) {
            if self.runs.len() >= MAX_RUNS {
                return;
            }
            self.runs.insert(hash(run));
        }
    }

    /// Whether normal sequences hold this run.
    pub fn knows(&self, run: &[Symbol]) -> bool {
        self.runs.contains(&hash(run))
    }

    /// The part of the runs of a sequence that is new, 0 to 1.
    pub fn score(&self, sequence: &[Symbol]) -> f64 {
        let runs = sequence.windows(self.length);
        let all = runs.len();
        let new = runs.filter(|run| !self.knows(run)).count();
        new as f64 / all.max(1) as f64
    }
}

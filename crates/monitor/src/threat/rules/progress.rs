//! How far a rule has come.

use super::Rule;
use std::hash::{Hash, Hasher};

/// Steps that a rule may have.
pub(super) const MAX_STEPS: usize = 4;
/// How often a step may have to hold.
pub(super) const MAX_COUNT: u32 = 512;

/// Where the steps of one rule stand, for one process or for all.
#[derive(Clone, Default)]
pub(super) struct Progress {
    counts: [u32; MAX_STEPS],
    begun_ns: u64,
    /// Hashes of what distinct steps have met; at most as many as they must meet.
    met: Vec<u32>,
    /// Something that was met rests on memory that the program can write.
    pub evidence: bool,
}

impl Progress {
    /// Counts that step `number` held; whether the whole rule does now.
    pub fn advance(&mut self, rule: &Rule, number: usize, at_ns: u64, key: impl Hash) -> bool {
        if at_ns.saturating_sub(self.begun_ns) > rule.within_ns {
            *self = Self::default();
        }
        let earlier = rule.steps.iter().zip(self.counts).take(number);
        if rule.ordered && earlier.clone().any(|(step, count)| count < step.count) {
            return false;
        }
        let Some(step) = rule.steps.get(number) else {
            return false;
        };
        if self.counts.iter().all(|count| *count == 0) {
            self.begun_ns = at_ns;
        }
        if step.distinct && !self.is_new(number, step.count, key) {
            return false;
        }
        if let Some(count) = self.counts.get_mut(number) {
            *count = count.saturating_add(1);
        }
        rule.steps
            .iter()
            .zip(self.counts)
            .all(|(step, count)| count >= step.count)
    }

    fn is_new(&mut self, number: usize, most: u32, key: impl Hash) -> bool {
        let mut hasher = rustc_hash::FxHasher::default();
        (number, key).hash(&mut hasher);
        let hash = (hasher.finish() >> 16) as u32;
        if self.met.len() >= (most as usize) * MAX_STEPS || self.met.contains(&hash) {
            return false;
        }
        self.met.push(hash);
        true
    }

    /// When the first step held.
    pub fn begun_ns(&self) -> u64 {
        self.begun_ns
    }
}

//! How far a sequence is from the normal ones that are most like it.

use super::grams::Vector;

/// Sequences that one model keeps; more are not learned.
const MAX_KEPT: usize = 1 << 14;
/// How many of the nearest count.
const NEAREST: usize = 3;

/// Normal sequences by the runs that they hold.
pub struct Neighbours {
    /// By run: which sequences hold it, and how much.
    holders: Vec<Vec<(u32, f32)>>,
    kept: usize,
}

impl Neighbours {
    /// Of vectors of length 1 over `runs` runs.
    pub fn new(vectors: &[Vector], runs: usize) -> Self {
        let mut holders = vec![Vec::new(); runs];
        for (sequence, vector) in (0_u32..).zip(vectors.iter().take(MAX_KEPT)) {
            for (run, value) in vector {
                if let Some(list) = holders.get_mut(*run as usize) {
                    list.push((sequence, *value));
                }
            }
        }
        Self {
            holders,
            kept: vectors.len().min(MAX_KEPT),
        }
    }

    /// The mean distance (one less the cosine) to the nearest three; `is_foreign` leaves out those it denies.
    pub fn score(&self, vector: &Vector, is_foreign: impl Fn(usize) -> bool) -> f64 {
        let mut alike = vec![0.0_f32; self.kept];
        for (run, value) in vector {
            for (sequence, other) in self.holders.get(*run as usize).into_iter().flatten() {
                if let Some(sum) = alike.get_mut(*sequence as usize) {
                    *sum += value * other;
                }
            }
        }
        let mut best = [0.0_f32; NEAREST];
        for (sequence, alike) in alike.into_iter().enumerate() {
            if !is_foreign(sequence) {
                continue;
            }
            let at = best.partition_point(|better| *better >= alike);
            if let Some(rest) = best.get_mut(at..).filter(|rest| !rest.is_empty()) {
                rest.rotate_right(1);
                rest[0] = alike;
            }
        }
        1.0 - f64::from(best.iter().sum::<f32>()) / NEAREST as f64
    }
}

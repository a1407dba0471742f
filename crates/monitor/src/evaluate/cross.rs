//! Cross-validation: who is learned from and who is judged, near copies on one side, and the threshold from what is learned.

use super::detector::{Detector, Sequence, Train};
use super::figures::Decision;

/// Part of the normal rows that a threshold lets be called.
const FALSE_POSITIVES: f64 = 0.05;
/// Parts of the rows that are learned from, to find the threshold.
const INNER_FOLDS: u64 = 4;

/// The fold of a group, from 0 to below `folds`; another `seed` parts the groups anew.
pub(super) fn fold(group: u64, seed: u64, folds: u64) -> u64 {
    // The finalizer of SplitMix64 (Steele et al. 2014).
    let mut mixed = group ^ seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % folds
}

/// Learns from some rows, and judges others against a threshold that only the first ones set.
pub(super) fn judge(
    rows: &[Sequence],
    learn: &[usize],
    test: &[usize],
    train: Train,
    with_reasons: bool,
) -> Vec<Decision> {
    let learned: Vec<Sequence> = learn.iter().filter_map(|at| rows.get(*at).copied()).collect();
    let detector = Detector::learn(&learned, train);
    let threshold = threshold(&learned, &detector, train);
    let mut decisions = Vec::with_capacity(test.len());
    for at in test {
        let Some(row) = rows.get(*at) else { continue };
        let score = detector.score(row) - threshold;
        let called = score > 0.0;
        decisions.push(Decision {
            row: *at,
            score,
            called,
            reasons: if with_reasons && called {
                detector.reasons(row)
            } else {
                Vec::new()
            },
        });
    }
    decisions
}

/// What 5 % of the normal rows score above, each judged by what has not learned it.
fn threshold(learned: &[Sequence], detector: &Detector, train: Train) -> f64 {
    let mut scores = match train {
        // A distance leaves out the row itself and its near copies.
        Train::Normal => learned
            .iter()
            .filter(|row| !row.attack)
            .map(|row| detector.score(row))
            .collect(),
        Train::All => unseen(learned),
    };
    scores.sort_by(|a: &f64, b| b.total_cmp(a));
    let at = (FALSE_POSITIVES * scores.len() as f64) as usize;
    scores.get(at).copied().unwrap_or(0.0)
}

fn unseen(learned: &[Sequence]) -> Vec<f64> {
    let mut scores = Vec::new();
    for part in 0..INNER_FOLDS {
        let is_out = |row: &Sequence| fold(row.group, u64::MAX / 2, INNER_FOLDS) == part;
        let rest: Vec<Sequence> = learned.iter().filter(|row| !is_out(row)).copied().collect();
        let inner = Detector::learn(&rest, Train::All);
        let out = learned.iter().filter(|row| is_out(row) && !row.attack);
        scores.extend(out.map(|row| inner.score(row)));
    }
    scores
}

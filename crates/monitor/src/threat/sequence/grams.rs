//! Counts of short runs of words, as sparse vectors: what the classifier and the neighbours look at.

use super::{Symbol, mix, seed};
use rustc_hash::{FxHashMap, FxHashSet};

/// The longest run that is counted.
pub const MAX_GRAM: usize = 3;
/// Runs that a vocabulary holds; of more, the rarer ones are left out.
const MAX_VOCABULARY: usize = 1 << 16;

/// A sparse vector: numbers of runs, ascending, with their values.
pub type Vector = Vec<(u32, f32)>;

/// The vocabulary of runs, each with how many sequences held it.
pub struct Grams {
    numbers: FxHashMap<u64, u32>,
    /// By number: the run, for people.
    runs: Vec<Vec<Symbol>>,
    /// By number: how many of the sequences held it.
    holders: Vec<u32>,
    sequences: u32,
}

impl Grams {
    /// The runs of up to [`MAX_GRAM`] words that at least `least` of the sequences hold.
    pub fn learn<'a>(sequences: impl Iterator<Item = &'a [Symbol]>, least: u32) -> Self {
        let mut seen: FxHashMap<u64, (Vec<Symbol>, u32)> = FxHashMap::default();
        let mut own = FxHashSet::default();
        let mut all = 0;
        for sequence in sequences {
            all += 1;
            own.clear();
            each(sequence, |key, run| {
                if own.insert(key) {
                    seen.entry(key).or_insert_with(|| (run.to_vec(), 0)).1 += 1;
                }
            });
        }
        let mut kept: Vec<(Vec<Symbol>, u32, u64)> = seen
            .into_iter()
            .filter(|(_, (_, holders))| *holders >= least)
            .map(|(key, (run, holders))| (run, holders, key))
            .collect();
        kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(MAX_VOCABULARY);
        Self {
            numbers: (0..)
                .zip(&kept)
                .map(|(number, entry)| (entry.2, number))
                .collect(),
            holders: kept.iter().map(|entry| entry.1).collect(),
            runs: kept.into_iter().map(|entry| entry.0).collect(),
            sequences: all,
        }
    }

    /// How many runs it holds.
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The words of a run.
    pub fn run(&self, number: u32) -> &[Symbol] {
        self.runs.get(number as usize).map_or(&[], Vec::as_slice)
    }

    /// The logarithm of one more than how often each run occurs.
    pub fn counts(&self, sequence: &[Symbol]) -> Vector {
        self.count(sequence).0
    }

    /// The same, each run weighed by how few sequences hold it, and the whole of length 1. Runs that no sequence held
    /// have no place in it, and count for the length: what is new is far from everything.
    pub fn weighed(&self, sequence: &[Symbol]) -> Vector {
        let (mut vector, new) = self.count(sequence);
        let rarity =
            |holders: u32| (f64::from(self.sequences + 1) / f64::from(holders + 1)).ln() as f32 + 1.0;
        for (number, value) in &mut vector {
            *value *= rarity(self.holders.get(*number as usize).copied().unwrap_or(0));
        }
        let length = vector.iter().map(|(_, value)| value * value).sum::<f32>() + new * rarity(1).powi(2);
        let length = length.sqrt().max(1e-9);
        vector.iter_mut().for_each(|(_, value)| *value /= length);
        vector
    }

    /// The counts of what is known, and the sum of the squares of the others.
    fn count(&self, sequence: &[Symbol]) -> (Vector, f32) {
        let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
        let mut others: FxHashMap<u64, u32> = FxHashMap::default();
        each(sequence, |key, _| match self.numbers.get(&key) {
            Some(number) => *counts.entry(*number).or_default() += 1,
            None => *others.entry(key).or_default() += 1,
        });
        let value = |count: u32| (count as f32).ln_1p();
        let mut new: Vec<u32> = others.into_values().collect();
        new.sort_unstable();
        let new = new.into_iter().map(|count| value(count).powi(2)).sum();
        let mut vector: Vector = counts
            .into_iter()
            .map(|(number, count)| (number, value(count)))
            .collect();
        vector.sort_unstable_by_key(|(number, _)| *number);
        (vector, new)
    }
}

/// Each run of a sequence with its hash.
fn each(sequence: &[Symbol], mut act: impl FnMut(u64, &[Symbol])) {
    for start in 0..sequence.len() {
        for length in 1..=MAX_GRAM {
            let Some(run) = sequence.get(start..start + length) else {
                break;
            };
            let key = run.iter().fold(seed(length), |hash, symbol| mix(hash, *symbol));
            act(key, run);
        }
    }
}

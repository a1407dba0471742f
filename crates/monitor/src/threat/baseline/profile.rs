//! What is normal for one key.

use super::{Unlike, Who};
use crate::threat::counters::{METRICS, Metrics};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// Runs after which new ones count no less than this part.
const MEMORY: f64 = 500.0;
/// Deviations beyond which a value moves the mean no further.
const TRIM: f64 = 3.0;
/// Deviations by which a mean may move on one day, once it is settled.
const DRIFT: f64 = 0.2;
/// Runs until a profile is settled.
const SETTLED: u32 = 40;
/// The least deviation: counts differ a little from run to run.
const LEAST_DEVIATION: f64 = 0.25;
/// Pairs of words that are kept.
pub(super) const MAX_PAIRS: usize = 2048;
/// How many principals and days must show a pair before it is known.
const KNOWN: u8 = 3;
/// Buckets of how unlike learned runs were.
const BUCKETS: usize = 24;

/// One count's mean and deviation.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Metric {
    pub mean: f64,
    pub deviation: f64,
    /// Where it stood when the day began.
    #[serde(skip)]
    morning: f64,
}

/// How often a pair was shown, and by whom last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Pair {
    pub support: u8,
    #[serde(skip)]
    last: u64,
}

/// One key's normal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Profile {
    pub runs: u32,
    pub metrics: [Metric; METRICS],
    pub pairs: BTreeMap<u32, Pair>,
    pub seen: [u32; BUCKETS],
    #[serde(skip)]
    day: u32,
    #[serde(skip)]
    pub used: u64,
}

/// A number for anything.
pub(super) fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Profile {
    pub fn runs(&self) -> u32 {
        self.runs
    }

    pub fn learn(&mut self, who: Who, metrics: &Metrics, pairs: &[u32]) {
        if self.runs >= SETTLED / 2 {
            let raw = self.raw(metrics, pairs.iter().copied());
            if let Some(bucket) = self.seen.get_mut(bucket(raw.0 + raw.1)) {
                *bucket = bucket.saturating_add(1);
            }
        }
        if who.day != self.day {
            self.day = who.day;
            self.metrics
                .iter_mut()
                .for_each(|metric| metric.morning = metric.mean);
        }
        let settled = self.runs >= SETTLED;
        let part = 1.0 / f64::from(self.runs + 1).min(MEMORY);
        for (metric, value) in self.metrics.iter_mut().zip(metrics.0) {
            metric.learn(f64::from(value), part, self.runs, settled);
        }
        let contribution = hash_of((who.principal, who.day));
        for pair in pairs {
            self.learn_pair(*pair, contribution);
        }
        self.runs = self.runs.saturating_add(1);
    }

    fn learn_pair(&mut self, pair: u32, contribution: u64) {
        if self.pairs.len() >= MAX_PAIRS && !self.pairs.contains_key(&pair) {
            // What only one has shown makes room.
            let Some(rare) = self
                .pairs
                .iter()
                .find(|(_, known)| known.support <= 1)
                .map(|(pair, _)| *pair)
            else {
                return;
            };
            self.pairs.remove(&rare);
        }
        let known = self.pairs.entry(pair).or_insert(Pair { support: 0, last: 0 });
        if known.support == 0 || known.last != contribution {
            known.support = known.support.saturating_add(1);
            known.last = contribution;
        }
    }

    pub fn compare(&self, metrics: &Metrics, pairs: impl Iterator<Item = u32>) -> Unlike {
        let (far, new) = self.raw(metrics, pairs);
        Unlike {
            score: self.below(far + new),
            metrics: far,
            words: new,
        }
    }

    /// How far beyond three deviations, and the part of the pairs that is new: 0 to 1 each.
    fn raw(&self, metrics: &Metrics, pairs: impl Iterator<Item = u32>) -> (f64, f64) {
        let far = self
            .metrics
            .iter()
            .zip(metrics.0)
            .map(|(metric, value)| {
                let deviation = metric.deviation.max(LEAST_DEVIATION);
                // Doing less than usual is no sign of anything.
                ((f64::from(value) - metric.mean) / deviation - TRIM).clamp(0.0, 9.0)
            })
            .sum::<f64>();
        let (mut all, mut new) = (0_u32, 0_u32);
        for pair in pairs {
            all += 1;
            new += u32::from(self.pairs.get(&pair).is_none_or(|known| known.support < KNOWN));
        }
        (1.0 - (-far / 6.0).exp(), f64::from(new) / f64::from(all.max(1)))
    }

    /// The part of what was learned that is less unlike; where little was learned, the number itself.
    fn below(&self, raw: f64) -> f64 {
        let all: u32 = self.seen.iter().sum();
        let at = bucket(raw);
        let less: u32 = self.seen.iter().take(at).sum();
        let here = self.seen.get(at).copied().unwrap_or(0);
        let doubt = 20.0;
        let share = f64::from(less) + f64::from(here) / 2.0;
        ((share + doubt * (raw / 2.0).min(1.0)) / (f64::from(all) + doubt)).clamp(0.0, 1.0)
    }
}

impl Metric {
    fn learn(&mut self, value: f64, part: f64, runs: u32, settled: bool) {
        if runs == 0 {
            *self = Self {
                mean: value,
                deviation: LEAST_DEVIATION,
                morning: value,
            };
            return;
        }
        let deviation = self.deviation.max(LEAST_DEVIATION);
        // A single odd run at the very start is one of few; later it is trimmed.
        let reach = if runs < 5 { 10.0 } else { TRIM } * deviation;
        let off = (value - self.mean).clamp(-reach, reach);
        let mut mean = self.mean + part * off;
        if settled {
            mean = mean.clamp(self.morning - DRIFT * deviation, self.morning + DRIFT * deviation);
        }
        let spread = self.deviation + part * (off.abs() * 1.25 - self.deviation);
        // The spread of a settled profile grows no faster than its mean moves.
        self.deviation = if settled {
            spread.min(self.deviation * 1.002)
        } else {
            spread
        };
        self.mean = mean;
    }
}

/// 0 to below [`BUCKETS`], for 0 to 2.
fn bucket(raw: f64) -> usize {
    ((raw * (BUCKETS - 1) as f64 / 2.0).ceil().max(0.0) as usize).min(BUCKETS - 1)
}

//! What is normal for a language, a tenant and a template, learned from runs that were not called.
//!
//! Slow poisoning is made hard in three ways. A value far from what is known moves the mean only as far as three deviations
//! would. One principal counts a few times a day for each key, and a mean moves by no more than a fifth of a deviation a
//! day. And a pair of words is known only when three different pairs of principal and day have shown it.

mod profile;
mod stored;

pub use stored::{BaselineError, VERSION};

use super::counters::Metrics;
use profile::Profile;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Profiles that are kept; when there are more, the one unused for longest goes.
const MAX_PROFILES: usize = 1024;
/// Runs of one principal that count for one key on one day.
const MAX_A_DAY: u32 = 8;
/// Principals that are counted on one day.
const MAX_PRINCIPALS: usize = 1 << 14;
/// Runs before a profile is asked.
const LEAST_RUNS: u32 = 20;

/// Whose normal it is. Empty texts stand for all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Key {
    /// The language's word.
    pub language: String,
    /// The tenant.
    pub tenant: String,
    /// The template.
    pub template: String,
}

/// Who ran something, and on which day since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// A number for the principal.
    pub principal: u64,
    /// The day.
    pub day: u32,
}

/// How unlike what is normal a run is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Unlike {
    /// The part of normal runs that are less so, 0 to 1.
    pub score: f64,
    /// By what was counted: 0 for within three deviations, 1 for far beyond.
    pub metrics: f64,
    /// By what followed what: the part that is new, 0 to 1.
    pub words: f64,
}

/// All profiles.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    profiles: BTreeMap<Key, Profile>,
    /// Runs by principal and key on `day`.
    today: FxHashMap<(u64, u64), u32>,
    day: u32,
    clock: u64,
}

impl Baseline {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns a run that was not called. Whether it counted: a principal counts a few times a day.
    pub fn learn(&mut self, key: &Key, who: Who, metrics: &Metrics, pairs: &[u32]) -> bool {
        if who.day > self.day {
            self.day = who.day;
            self.today.clear();
        }
        let part = (who.principal, profile::hash_of(key));
        if self.today.len() >= MAX_PRINCIPALS && !self.today.contains_key(&part) {
            return false;
        }
        let count = self.today.entry(part).or_default();
        *count += 1;
        if *count > MAX_A_DAY {
            return false;
        }
        self.clock += 1;
        for key in widen(key) {
            self.make_room(&key);
            let profile = self.profiles.entry(key).or_default();
            profile.used = self.clock;
            profile.learn(who, metrics, pairs);
        }
        true
    }

    /// How unlike the narrowest profile with enough runs; none where there is none.
    pub fn compare(&self, key: &Key, metrics: &Metrics, pairs: impl Iterator<Item = u32>) -> Option<Unlike> {
        let known = widen(key)
            .into_iter()
            .filter_map(|key| self.profiles.get(&key))
            .find(|profile| profile.runs() >= LEAST_RUNS)?;
        Some(known.compare(metrics, pairs))
    }

    /// How many profiles there are.
    pub fn len(&self) -> usize {
        self.profiles.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    fn make_room(&mut self, key: &Key) {
        if self.profiles.len() < MAX_PROFILES || self.profiles.contains_key(key) {
            return;
        }
        let oldest = self.profiles.iter().min_by_key(|(_, profile)| profile.used);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.profiles.remove(&oldest);
        }
    }
}

/// The key, then ever wider ones, each once.
fn widen(key: &Key) -> Vec<Key> {
    let mut keys = vec![key.clone()];
    for (tenant, template) in [(key.tenant.as_str(), ""), ("", "")] {
        let wider = Key {
            language: key.language.clone(),
            tenant: tenant.to_owned(),
            template: template.to_owned(),
        };
        if !keys.contains(&wider) {
            keys.push(wider);
        }
    }
    keys
}

#[cfg(test)]
mod tests;

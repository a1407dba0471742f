//! Whether one more execution may start, by the memory that is really used, and which one must go when the host is
//! nearly out of it.
//!
//! Limits say what a program may take, and nearly none takes it. So an execution is charged what its like took
//! before, for as long as it has not yet taken it; from then on it is missing in what the host has available.
//! The steps, in their order: no new execution, no idle sandboxes, and last the end of the one execution that is
//! furthest over its estimate. Only executions are ever named here.

use super::memory::Reading;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// How long an execution is charged its estimate; older ones have taken what they take.
const MATERIAL_AFTER: Duration = Duration::from_secs(2);
/// The first guess for a program, and for a compiler.
const FIRST_PROGRAM_BYTES: u64 = 24 << 20;
const FIRST_COMPILER_BYTES: u64 = 128 << 20;
/// A sandbox takes no less: init, its root file system, its page tables.
const LEAST_BYTES: u64 = 4 << 20;
/// Weights of a new peak in the mean and in the deviation, and how many deviations are added: those of RFC 6298.
const MEAN_WEIGHT: f64 = 0.125;
const DEVIATION_WEIGHT: f64 = 0.25;
const DEVIATIONS: f64 = 4.0;
/// Below so much of the host, in percent, something that runs must go.
const CRITICAL_PERCENT: u64 = 5;
/// So many readings may fail one after the other before nothing starts.
const MOST_FAILURES: u32 = 3;
/// How long the end of one execution may take to show before the next is named.
const VICTIM_PAUSE: Duration = Duration::from_secs(2);

/// How the host is to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// The share of the host's memory that new executions leave free.
    pub free_percent: u8,
    /// Above so much stall nothing starts, where less than twice the free share is left.
    pub stall_basis_points: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            free_percent: 10,
            stall_basis_points: 2000,
        }
    }
}

/// What a sandbox is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// A compiler.
    Compile,
    /// The program.
    Program,
}

/// What is to be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Work {
    /// The language.
    pub language: &'static str,
    /// Its compiler or its program.
    pub step: Step,
    /// What it may take at most: its memory and its disk, bytes.
    pub bound_bytes: u64,
}

/// Why nothing more starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// Too little would be free.
    Memory,
    /// Programs of the host wait for memory.
    Pressure,
    /// It cannot be read how much is free.
    Unknown,
}

impl Shortage {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Memory, Self::Pressure, Self::Unknown];

    /// The word in the state of the service.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "host_memory",
            Self::Pressure => "memory_pressure",
            Self::Unknown => "memory_unknown",
        }
    }
}

/// Whether it may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It may.
    Admit,
    /// Not now; it is asked again.
    Wait(Shortage),
}

/// A running execution and what it holds now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Running<K> {
    /// Which.
    pub key: K,
    /// What its sandbox holds, bytes.
    pub used_bytes: u64,
}

/// What executions of one language took.
#[derive(Clone, Copy, Debug)]
struct Experience {
    mean: f64,
    deviation: f64,
}

#[derive(Clone, Copy, Debug)]
struct Charge {
    estimate_bytes: u64,
    since: Instant,
}

/// Keeps the accounts. `K` names an execution.
#[derive(Debug)]
pub struct Admission<K> {
    policy: Policy,
    experience: HashMap<(&'static str, Step), Experience>,
    charges: HashMap<K, Charge>,
    reading: Option<Reading>,
    failures: u32,
    shortage: Option<Shortage>,
    victim: Option<(K, Instant)>,
}

impl<K: Copy + Eq + Hash> Admission<K> {
    /// Nothing runs and nothing is known: nothing starts before the first reading.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            experience: HashMap::new(),
            charges: HashMap::new(),
            reading: None,
            failures: 0,
            shortage: None,
            victim: None,
        }
    }

    /// Takes a reading, or that there was none. A single failure changes nothing.
    pub fn note_reading(&mut self, reading: Option<Reading>) {
        match reading {
            Some(reading) => (self.reading, self.failures) = (Some(reading), 0),
            None => self.failures = self.failures.saturating_add(1),
        }
        if self.failures >= MOST_FAILURES {
            self.reading = None;
        }
    }

    /// Whether this may start now.
    pub fn admit(&mut self, work: &Work, now: Instant) -> Verdict {
        self.shortage = self.shortage_for(self.estimate_bytes(work), now);
        self.shortage.map_or(Verdict::Admit, Verdict::Wait)
    }

    /// Nobody waits any more.
    pub fn note_none_waits(&mut self) {
        self.shortage = None;
    }

    /// Why the last one that asked waits.
    pub fn shortage(&self) -> Option<Shortage> {
        self.shortage
    }

    fn shortage_for(&self, estimate_bytes: u64, now: Instant) -> Option<Shortage> {
        let Some(reading) = self.reading else {
            return Some(Shortage::Unknown);
        };
        let floor = self.floor_bytes(&reading);
        let left = reading
            .available_bytes
            .saturating_sub(self.charged_bytes(now))
            .saturating_sub(estimate_bytes);
        if left < floor {
            return Some(Shortage::Memory);
        }
        // A program that stalls on its own limit stalls no other: only where memory is short is it a sign.
        let is_stalled = reading.stalled_basis_points.unwrap_or(0) > self.policy.stall_basis_points;
        (is_stalled && left < 2 * floor).then_some(Shortage::Pressure)
    }

    /// What this is expected to take.
    pub fn estimate_bytes(&self, work: &Work) -> u64 {
        let first = match work.step {
            Step::Compile => FIRST_COMPILER_BYTES,
            Step::Program => FIRST_PROGRAM_BYTES,
        };
        let known = self.experience.get(&(work.language, work.step));
        let expected = known.map_or(first, |e| (e.mean + DEVIATIONS * e.deviation) as u64);
        expected.max(LEAST_BYTES).min(work.bound_bytes)
    }

    /// It was started.
    pub fn note_started(&mut self, key: K, work: &Work, now: Instant) {
        let charge = Charge {
            estimate_bytes: self.estimate_bytes(work),
            since: now,
        };
        self.charges.insert(key, charge);
    }

    /// It has ended, and took so much at most, where that could be measured.
    pub fn note_ended(&mut self, key: K, work: &Work, peak_bytes: Option<u64>) {
        self.charges.remove(&key);
        if self.victim.is_some_and(|(victim, _)| victim == key) {
            self.victim = None;
        }
        let Some(peak) = peak_bytes.map(|bytes| bytes as f64) else {
            return;
        };
        let first = Experience {
            mean: peak,
            deviation: peak / 2.0,
        };
        let known = self.experience.entry((work.language, work.step));
        known
            .and_modify(|e| {
                e.deviation += DEVIATION_WEIGHT * ((peak - e.mean).abs() - e.deviation);
                e.mean += MEAN_WEIGHT * (peak - e.mean);
            })
            .or_insert(first);
    }

    /// What was admitted and is not yet missing in what the host has available.
    pub fn charged_bytes(&self, now: Instant) -> u64 {
        let is_new = |charge: &&Charge| now.saturating_duration_since(charge.since) < MATERIAL_AFTER;
        let new = self.charges.values().filter(is_new);
        new.fold(0, |sum, charge| sum.saturating_add(charge.estimate_bytes))
    }

    /// The last reading.
    pub fn reading(&self) -> Option<Reading> {
        self.reading
    }

    /// How much of the idle sandboxes that are wanted memory allows: all of them down to one and a half times the
    /// free share, none from the free share on, and none while an execution waits for memory.
    pub fn pool_share(&self, now: Instant) -> f64 {
        let (Some(reading), None) = (self.reading, self.shortage) else {
            return 0.0;
        };
        let floor = self.floor_bytes(&reading) as f64;
        let left = reading.available_bytes.saturating_sub(self.charged_bytes(now)) as f64;
        ((left - floor) / (floor / 2.0)).clamp(0.0, 1.0)
    }

    /// Whether something that runs must go.
    pub fn is_critical(&self) -> bool {
        let percent = CRITICAL_PERCENT.min(u64::from(self.policy.free_percent) / 2);
        self.reading
            .is_some_and(|r| r.available_bytes < percent_of(r.total_bytes, percent))
    }

    /// The execution that must go: the one furthest over its estimate. `None` when the host has enough, when nothing
    /// was measured, or when the last one has not had its time to end.
    pub fn victim(&mut self, running: &[Running<K>], now: Instant) -> Option<K> {
        let is_ending = |(_, since): (K, Instant)| now.saturating_duration_since(since) < VICTIM_PAUSE;
        if !self.is_critical() || self.victim.is_some_and(is_ending) {
            return None;
        }
        let over = |running: &Running<K>| {
            let estimate = self.charges.get(&running.key).map_or(0, |c| c.estimate_bytes);
            i128::from(running.used_bytes) - i128::from(estimate)
        };
        let before = self.victim.map(|(key, _)| key);
        let others = running.iter().filter(|running| Some(running.key) != before);
        let victim = others.max_by_key(|running| over(running))?.key;
        self.victim = Some((victim, now));
        Some(victim)
    }

    fn floor_bytes(&self, reading: &Reading) -> u64 {
        percent_of(reading.total_bytes, self.policy.free_percent.into())
    }
}

fn percent_of(bytes: u64, percent: u64) -> u64 {
    (u128::from(bytes) * u128::from(percent) / 100) as u64
}

#[cfg(test)]
mod tests;

//! How many idle sandboxes to hold of each kind: what is asked for in the time that it takes to make one, with room
//! for chance and for the bursts of the last minute.
//!
//! The engine's thread notes every arrival and every sandbox that it made, and asks for the targets. No key costs
//! anything when nobody has used it for ten minutes, and the number of keys is bounded: callers choose a part of them.

use casemate_types::Network;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The two windows of the arrival rate: one that follows a rise at once, one that forgets it slowly.
const FAST: Duration = Duration::from_secs(5);
const SLOW: Duration = Duration::from_secs(120);
/// Arrivals within so long count as one burst.
const BURST: Duration = Duration::from_millis(100);
/// How long a burst is remembered, and in how many parts.
const BURST_SLOTS: usize = 12;
const BURST_SLOT: Duration = Duration::from_secs(5);
/// A key that was used within so long keeps its least number of idle sandboxes.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// A key that was not used for so long keeps none.
const STALE: Duration = Duration::from_secs(10 * 60);
/// What a creation is taken to cost before one was measured.
const FIRST_CREATION: Duration = Duration::from_millis(50);
/// No shorter time is looked at: the pool is not filled more often than this.
const SHORTEST_LEAD: Duration = Duration::from_millis(100);
/// Weight of a new creation time.
const CREATION_WEIGHT: f64 = 0.2;
/// Standard deviations above the mean of a Poisson distribution: about one arrival in 700 finds no sandbox.
const DEVIATIONS: f64 = 3.0;
/// Most keys that are watched; the one unused for longest makes room.
const MOST_KEYS: usize = 64;

/// A kind of idle sandboxes: they can serve each other's requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PoolKey {
    /// The language.
    pub language: &'static str,
    /// The network.
    pub network: Network,
    /// The disk, bytes.
    pub disk_bytes: u64,
}

/// How many idle sandboxes may be held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Of a key that is in use, at least.
    pub min_idle: usize,
    /// Of any key, at most.
    pub max_idle: usize,
    /// Of all keys together, at most.
    pub max_total: usize,
}

/// How many idle sandboxes a key should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// The key.
    pub key: PoolKey,
    /// The number.
    pub idle: usize,
}

/// What is known of the demand for one key.
#[derive(Clone, Debug)]
pub struct Demand {
    since: Instant,
    used_at: Option<Instant>,
    /// Arrivals, older ones counting less; as of `used_at`.
    fast: f64,
    slow: f64,
    /// The burst that is going on, and since when.
    burst: (Instant, usize),
    /// The largest burst of each part of the last minute.
    peaks: [usize; BURST_SLOTS],
    peaks_at: u64,
    creation_seconds: Option<f64>,
    is_configured: bool,
}

impl Demand {
    /// Nothing was asked for yet.
    pub fn new(now: Instant) -> Self {
        Self {
            since: now,
            used_at: None,
            fast: 0.0,
            slow: 0.0,
            burst: (now, 0),
            peaks: [0; BURST_SLOTS],
            peaks_at: 0,
            creation_seconds: None,
            is_configured: false,
        }
    }

    /// The administrator wants sandboxes ready whether they are used or not.
    pub fn configure(&mut self) {
        self.is_configured = true;
    }

    /// An execution wants a sandbox.
    pub fn note_arrival(&mut self, now: Instant) {
        let since = self.unused_for(now);
        self.fast = self.fast * left(since, FAST) + 1.0;
        self.slow = self.slow * left(since, SLOW) + 1.0;
        self.used_at = Some(now);
        if now.saturating_duration_since(self.burst.0) > BURST {
            self.burst = (now, 0);
        }
        self.burst.1 += 1;
        self.turn_peaks(now);
        let peak = &mut self.peaks[(self.peaks_at % BURST_SLOTS as u64) as usize];
        *peak = (*peak).max(self.burst.1);
    }

    /// A sandbox was made; it took so long until it could be used.
    pub fn note_created(&mut self, took: Duration) {
        let took = took.as_secs_f64();
        self.creation_seconds = Some(match self.creation_seconds {
            None => took,
            Some(mean) => mean + CREATION_WEIGHT * (took - mean),
        });
    }

    /// Arrivals in a second, by the window that sees more.
    pub fn rate(&self, now: Instant) -> f64 {
        let since = self.unused_for(now);
        let fast = self.fast * left(since, FAST) / FAST.as_secs_f64();
        let slow = self.slow * left(since, SLOW) / SLOW.as_secs_f64();
        fast.max(slow)
    }

    /// How many idle sandboxes are wanted. `share` is how much of it memory allows, 0 to 1.
    pub fn target(&self, now: Instant, bounds: &Bounds, share: f64) -> usize {
        let unused = self.used_at.map(|at| now.saturating_duration_since(at));
        let least = match unused {
            _ if self.is_configured => bounds.min_idle,
            Some(unused) if unused < FRESH => bounds.min_idle,
            Some(unused) if unused < STALE => bounds.min_idle.min(1),
            _ => return 0,
        };
        let wanted = self.wanted(now).max(least).min(bounds.max_idle);
        (wanted as f64 * share.clamp(0.0, 1.0)) as usize
    }

    fn wanted(&self, now: Instant) -> usize {
        let creation = self
            .creation_seconds
            .unwrap_or(FIRST_CREATION.as_secs_f64())
            .max(SHORTEST_LEAD.as_secs_f64());
        let mean = self.rate(now) * creation;
        let likely = mean + DEVIATIONS * mean.sqrt();
        // A rate that has all but gone is no demand; a burst was one.
        let steady = if likely < 0.5 { 0 } else { likely.ceil() as usize };
        steady.max(self.peak(now))
    }

    /// The largest burst of the last minute.
    fn peak(&self, now: Instant) -> usize {
        let passed = self.slot(now).saturating_sub(self.peaks_at);
        let kept = (BURST_SLOTS as u64).saturating_sub(passed);
        let ages = 0..kept.min(self.peaks_at + 1);
        let of_age = |age| self.peaks[((self.peaks_at - age) % BURST_SLOTS as u64) as usize];
        ages.map(of_age).max().unwrap_or(0)
    }

    fn slot(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.since).as_secs() / BURST_SLOT.as_secs()
    }

    fn turn_peaks(&mut self, now: Instant) {
        let slot = self.slot(now);
        let passed = (slot - self.peaks_at).min(BURST_SLOTS as u64);
        for age in 0..passed {
            // What comes round is older than a minute.
            self.peaks[((slot - age) % BURST_SLOTS as u64) as usize] = 0;
        }
        self.peaks_at = slot;
    }

    fn unused_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.used_at.unwrap_or(self.since))
    }
}

/// What is left of a count after so long in a window.
fn left(passed: Duration, window: Duration) -> f64 {
    (-passed.as_secs_f64() / window.as_secs_f64()).exp()
}

/// The demand for every key.
#[derive(Debug, Default)]
pub struct Demands {
    keys: HashMap<PoolKey, Demand>,
}

impl Demands {
    /// Keeps sandboxes of a key ready from the start.
    pub fn configure(&mut self, key: PoolKey, now: Instant) {
        if let Some(demand) = self.of(key, now) {
            demand.configure();
        }
    }

    /// An execution wants a sandbox of this kind.
    pub fn note_arrival(&mut self, key: PoolKey, now: Instant) {
        if let Some(demand) = self.of(key, now) {
            demand.note_arrival(now);
        }
    }

    /// A sandbox of this kind was made.
    pub fn note_created(&mut self, key: PoolKey, took: Duration, now: Instant) {
        if let Some(demand) = self.of(key, now) {
            demand.note_created(took);
        }
    }

    /// The demand for a key that is watched.
    pub fn get(&self, key: PoolKey) -> Option<&Demand> {
        self.keys.get(&key)
    }

    /// How many idle sandboxes every key should have, the busiest first. `share` is how much of it memory allows.
    /// A key that is not named should have none.
    pub fn targets(&self, now: Instant, bounds: &Bounds, share: f64) -> Vec<Target> {
        let mut busy: Vec<_> = self
            .keys
            .iter()
            .map(|(key, demand)| (demand.rate(now), *key, demand.target(now, bounds, share)))
            .filter(|(_, _, idle)| *idle > 0)
            .collect();
        busy.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.language.cmp(b.1.language)));
        let wanted: usize = busy.iter().map(|(_, _, idle)| idle).sum();
        let mut room = bounds.max_total;
        let fair = |idle: usize| match wanted > bounds.max_total {
            true => (idle * bounds.max_total / wanted).max(1),
            false => idle,
        };
        busy.into_iter()
            .map(|(_, key, idle)| {
                let idle = fair(idle).min(room);
                room -= idle;
                Target { key, idle }
            })
            .filter(|target| target.idle > 0)
            .collect()
    }

    /// Takes note of a key. Callers choose disks: beyond the bound the one that is unused for longest makes room.
    fn of(&mut self, key: PoolKey, now: Instant) -> Option<&mut Demand> {
        if !self.keys.contains_key(&key) && self.keys.len() >= MOST_KEYS {
            let free = self.keys.iter().filter(|(_, demand)| !demand.is_configured);
            let oldest = free.max_by_key(|(_, demand)| demand.unused_for(now));
            let oldest = oldest.map(|(key, _)| *key)?;
            self.keys.remove(&oldest);
        }
        Some(self.keys.entry(key).or_insert_with(|| Demand::new(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        min_idle: 2,
        max_idle: 20,
        max_total: 40,
    };

    fn key(language: &'static str, disk_bytes: u64) -> PoolKey {
        PoolKey {
            language,
            network: Network::None,
            disk_bytes,
        }
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_steady_rate_is_measured_and_covered() {
        let begin = Instant::now();
        let mut demand = Demand::new(begin);
        demand.note_created(ms(200));
        let mut now = begin;
        for _ in 0..3000 {
            now += ms(20);
            demand.note_arrival(now);
        }
        let rate = demand.rate(now);
        assert!((45.0..60.0).contains(&rate), "{rate}");
        // 10 arrivals in 200 ms, and three times their root: 20 and more, at most 20.
        assert_eq!(demand.target(now, &BOUNDS, 1.0), 20);
        assert_eq!(demand.target(now, &BOUNDS, 0.5), 10);
        assert_eq!(demand.target(now, &BOUNDS, 0.0), 0);
    }

    #[test]
    fn a_key_that_is_not_used_is_given_up_in_steps() {
        let begin = Instant::now();
        let mut demand = Demand::new(begin);
        assert_eq!(demand.target(begin, &BOUNDS, 1.0), 0, "nobody asked yet");
        demand.note_arrival(begin);
        let after = |seconds| demand.target(begin + Duration::from_secs(seconds), &BOUNDS, 1.0);
        assert_eq!(
            [after(0), after(299), after(301), after(601), after(6000)],
            [2, 2, 1, 0, 0]
        );
        let mut kept = demand.clone();
        kept.configure();
        assert_eq!(kept.target(begin + Duration::from_secs(6000), &BOUNDS, 1.0), 2);
    }

    #[test]
    fn a_burst_is_remembered_for_a_minute() {
        let begin = Instant::now();
        let mut demand = Demand::new(begin);
        let at = begin + Duration::from_secs(1000);
        (0..12).for_each(|n| demand.note_arrival(at + ms(n)));
        let after = |seconds| demand.peak(at + Duration::from_secs(seconds));
        assert_eq!([after(0), after(50), after(61), after(10_000)], [12, 12, 0, 0]);
        // Another one later does not bring back the first.
        let later = at + Duration::from_secs(70);
        (0..3).for_each(|n| demand.note_arrival(later + ms(n)));
        assert_eq!(demand.peak(later), 3);
    }

    #[test]
    fn all_keys_together_stay_within_their_bound() {
        let begin = Instant::now();
        let mut demands = Demands::default();
        for n in 0..200u64 {
            for language in ["bash", "lua", "python", "ruby"] {
                demands.note_arrival(key(language, 0), begin + ms(n));
            }
        }
        let targets = demands.targets(begin + ms(200), &BOUNDS, 1.0);
        assert_eq!(targets.iter().map(|t| t.idle).collect::<Vec<_>>(), [10; 4]);
        let few = Bounds {
            max_total: 3,
            ..BOUNDS
        };
        assert_eq!(demands.targets(begin + ms(200), &few, 1.0).len(), 3);
    }

    #[test]
    fn the_number_of_keys_is_bounded_and_configured_ones_stay() {
        let begin = Instant::now();
        let mut demands = Demands::default();
        demands.configure(key("python", 0), begin);
        for n in 1..1000 {
            demands.note_arrival(key("python", n), begin + ms(n));
        }
        assert_eq!(demands.keys.len(), MOST_KEYS);
        assert!(demands.get(key("python", 0)).is_some() && demands.get(key("python", 999)).is_some());
        assert!(demands.get(key("python", 1)).is_none());
    }
}

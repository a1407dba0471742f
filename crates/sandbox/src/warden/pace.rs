//! How often a running sandbox is looked at: its own pace, and the budget that all share.
//!
//! The kernel ends an allocation beyond the group's limit by itself, and tells by an event. A look finds
//! the rest: memory between the programs' limit and the group's, which has room for the disk, and CPU
//! time. A sandbox that does something is looked at every 50 ms; one that sleeps ever more seldom, to
//! once a second. All looks together take at most a twentieth of one CPU. When that is spent, what is
//! due waits its turn, but not longer than a second: a late look costs a sandbox's limit some precision,
//! and never its neighbours their time.

use std::time::Duration;

/// How often a sandbox is looked at that does something.
pub(super) const BUSY_LOOK: Duration = Duration::from_millis(50);
/// How often one that has done nothing for long.
const IDLE_LOOK: Duration = Duration::from_secs(1);
/// A change of memory that counts as doing something, bytes.
const NOTABLE_BYTES: u64 = 1 << 20;
/// CPU time counts from this part of the time that has passed.
const NOTABLE_CPU: u32 = 50;
/// The kernel's period for a CPU quota, which all of it may be used in at once.
const QUOTA_PERIOD: Duration = Duration::from_millis(100);
/// The least time between two looks of one sandbox.
const LEAST_LOOK: Duration = Duration::from_millis(1);

/// One CPU has this many times the budget.
const SHARE: i128 = 20;
/// How much of the budget can be saved up, nanoseconds.
const MOST_SAVED: i128 = 5_000_000;
/// How much may be owed, nanoseconds: a turn's looks, however long they took.
const MOST_OWED: i128 = 50_000_000;
/// How long a look may wait for the budget.
const PATIENCE: Duration = Duration::from_secs(1);

/// The pace of one sandbox.
#[derive(Debug)]
pub(super) struct Pace {
    wait: Duration,
    seen_at: Duration,
    cpu: Duration,
    /// Memory at the last notable change, so that slow growth adds up to one.
    memory_bytes: u64,
}

impl Pace {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            wait: BUSY_LOOK,
            seen_at: now,
            cpu: Duration::ZERO,
            memory_bytes: 0,
        }
    }

    /// Notes what a look saw; how long the next one has time. What the kernel would not tell counts as a
    /// change.
    pub(super) fn note(
        &mut self,
        now: Duration,
        cpu: Option<Duration>,
        memory_bytes: Option<u64>,
    ) -> Duration {
        let passed = now.saturating_sub(self.seen_at);
        let worked =
            cpu.is_none_or(|cpu| cpu.saturating_sub(self.cpu) * NOTABLE_CPU >= passed.max(LEAST_LOOK));
        let grew = memory_bytes.is_none_or(|bytes| bytes.abs_diff(self.memory_bytes) >= NOTABLE_BYTES);
        if grew {
            self.memory_bytes = memory_bytes.unwrap_or(self.memory_bytes);
        }
        self.seen_at = now;
        self.cpu = cpu.unwrap_or(self.cpu);
        self.wait = match worked || grew {
            true => BUSY_LOOK,
            false => (self.wait * 2).min(IDLE_LOOK),
        };
        self.wait
    }
}

/// How long CPU time that is `rest` short of its limit cannot pass it, at a bandwidth in thousandths of
/// one CPU. Not longer than a busy look when it is near, since a quota may be used up all at once.
pub(super) fn soonest(rest: Duration, cpu_millis: u32) -> Duration {
    let steady = rest.saturating_mul(1000) / cpu_millis.max(1);
    let sure = steady.saturating_sub(QUOTA_PERIOD);
    sure.max(steady.min(BUSY_LOOK)).max(LEAST_LOOK)
}

/// What all looks together may take.
#[derive(Debug)]
pub(super) struct Budget {
    saved: i128,
    at: Duration,
}

impl Budget {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            saved: MOST_SAVED,
            at: now,
        }
    }

    /// Whether a look that was due at `due` may be taken.
    pub(super) fn allows(&mut self, due: Duration, now: Duration) -> bool {
        let earned = now.saturating_sub(self.at).as_nanos() as i128 / SHARE;
        if earned > 0 {
            self.saved = (self.saved + earned).min(MOST_SAVED);
            self.at = now;
        }
        due <= now && (self.saved > 0 || due + PATIENCE <= now)
    }

    /// Takes off what looks have cost.
    pub(super) fn spend(&mut self, cost: Duration) {
        self.saved = (self.saved - cost.as_nanos() as i128).max(-MOST_OWED);
    }

    /// When a look that is due at `due` may be taken.
    pub(super) fn when(&self, due: Duration) -> Duration {
        if self.saved > 0 {
            return due;
        }
        let owed = Duration::from_nanos(((1 - self.saved) * SHARE) as u64);
        (self.at + owed).clamp(due, due + PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_sleeper_is_looked_at_ever_more_seldom_and_at_once_when_it_wakes() {
        let mut pace = Pace::new(ms(0));
        let (mut now, mut waits) = (ms(50), Vec::new());
        pace.note(now, Some(ms(20)), Some(8 << 20));
        for _ in 0..6 {
            let wait = pace.note(now, Some(ms(20)), Some(8 << 20));
            waits.push(wait.as_millis());
            now += wait;
        }
        assert_eq!(waits, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(pace.note(now, Some(ms(60)), Some(8 << 20)), BUSY_LOOK);
        assert_eq!(pace.note(now + ms(50), Some(ms(60)), Some(8 << 20)), ms(100));
        assert_eq!(pace.note(now + ms(150), Some(ms(60)), Some(10 << 20)), BUSY_LOOK);
        assert_eq!(pace.note(now + ms(200), None, Some(10 << 20)), BUSY_LOOK);
    }

    #[test]
    fn slow_growth_adds_up() {
        let mut pace = Pace::new(ms(0));
        let busy = (1..=16u64).filter(|i| {
            let now = Duration::from_secs(*i);
            pace.note(now, Some(ms(0)), Some(i * (256 << 10))) == BUSY_LOOK
        });
        assert_eq!(busy.count(), 4);
    }

    #[test]
    fn cpu_time_is_looked_at_before_it_can_pass_its_limit() {
        for (rest, cpu_millis, expected) in [
            (10_000, 1000, 9_900),
            (10_000, 2000, 4_900),
            (1_000, 100, 9_900),
            (120, 1000, 50),
            (20, 1000, 20),
            (20, 4000, 5),
            (0, 1000, 1),
        ] {
            assert_eq!(soonest(ms(rest), cpu_millis), ms(expected), "{rest} {cpu_millis}");
        }
    }

    #[test]
    fn looks_take_a_twentieth_of_the_time_and_none_waits_longer_than_a_second() {
        let mut budget = Budget::new(ms(0));
        let mut taken = 0u32;
        for now in (0..10_000).map(ms) {
            while budget.allows(now, now) {
                budget.spend(Duration::from_micros(100));
                taken += 1;
            }
        }
        assert!((5_000..5_100).contains(&taken), "{taken}");
        budget.spend(ms(40));
        let due = ms(10_000);
        assert!(!budget.allows(due, due) && !budget.allows(due, due + ms(700)));
        let when = budget.when(due);
        assert!(when > due + ms(700) && budget.allows(due, when));
        budget.spend(Duration::from_secs(9));
        assert_eq!(budget.when(due), due + PATIENCE);
        assert!(budget.allows(due, due + PATIENCE));
    }
}

//! How often a running sandbox is looked at: its own pace, and the budget that all share.
//!
//! The kernel ends an allocation beyond the group's limit by itself, and tells by an event. A look finds
//! the rest: memory between the programs' limit and the group's, which has room for the disk, and CPU
//! time. CPU time is looked at before it can have passed its limit. Memory that changes is looked at
//! every 50 ms, and what stays the same ever more seldom, to once a second; whether the programs work is
//! not asked, since the kernel takes ten times as long to add up CPU time as to tell memory. All looks
//! together take at most a twentieth of one CPU. When that is spent, what is due waits its turn, but not
//! longer than a second: a late look costs a sandbox's limit some precision, and never its neighbours
//! their time.

use std::time::Duration;

/// How often memory is looked at that changes.
pub(super) const BUSY_LOOK: Duration = Duration::from_millis(50);
/// How often memory that has been the same for long.
const IDLE_LOOK: Duration = Duration::from_secs(1);
/// A change of memory that counts, bytes.
const NOTABLE_BYTES: u64 = 1 << 20;
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

/// The pace at which one sandbox's memory is looked at.
#[derive(Debug)]
pub(super) struct Pace {
    wait: Duration,
    /// Memory at the last change that counted, so that slow growth adds up to one.
    memory_bytes: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            wait: BUSY_LOOK,
            memory_bytes: 0,
        }
    }
}

impl Pace {
    /// Notes what a look saw; how long the next one has time. What the kernel would not tell counts as a
    /// change.
    pub(super) fn note(&mut self, memory_bytes: Option<u64>) -> Duration {
        match memory_bytes {
            Some(bytes) if bytes.abs_diff(self.memory_bytes) < NOTABLE_BYTES => {
                self.wait = (self.wait * 2).min(IDLE_LOOK);
            }
            _ => {
                self.memory_bytes = memory_bytes.unwrap_or(self.memory_bytes);
                self.wait = BUSY_LOOK;
            }
        }
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
    fn memory_that_stays_is_looked_at_ever_more_seldom_and_at_once_when_it_changes() {
        let mut pace = Pace::default();
        let mut note = |mebibytes: Option<u64>| pace.note(mebibytes.map(|n| n << 20)).as_millis();
        assert_eq!(note(Some(8)), 50);
        assert_eq!([8; 6].map(|n| note(Some(n))), [100, 200, 400, 800, 1000, 1000]);
        assert_eq!([9, 9, 7, 7].map(|n| note(Some(n))), [50, 100, 50, 100]);
        assert_eq!(note(None), 50);
    }

    #[test]
    fn slow_growth_adds_up() {
        let mut pace = Pace::default();
        let busy = (1..=16u64).filter(|i| pace.note(Some(i * (256 << 10))) == BUSY_LOOK);
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

//! What one tenant uses, against its quotas.

use super::bucket::TokenBucket;
use super::money::Money;
use super::quotas::{Quota, Quotas};
use super::used::{GB_SECOND, Used};
use std::time::Duration;

const DAY: u64 = 86_400;
/// When to come again where nothing tells it: an execution has to end first.
const SOON: Duration = Duration::from_secs(1);

/// A point in time, by both clocks: rates are of one that never goes back, days of the calendar's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Of a monotonic clock.
    pub monotonic: Duration,
    /// Since 1970-01-01 UTC.
    pub since_epoch: Duration,
}

impl Moment {
    /// The day, from 1970-01-01.
    pub fn day(&self) -> u64 {
        self.since_epoch.as_secs() / DAY
    }

    fn until_tomorrow(&self) -> Duration {
        Duration::from_secs(DAY - self.since_epoch.as_secs() % DAY)
    }
}

/// The right to run one execution: what is reserved for it. Give it back by [`Meter::settle`], once.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a permit holds a place until it is settled"]
pub struct Permit {
    reserved: Used,
}

/// Why there is no permit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the quota {} of the tenant is used up", quota.word())]
pub struct Refusal {
    /// Which quota.
    pub quota: Quota,
    /// When it is worth to come again.
    pub retry_after: Duration,
}

/// How a quota stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Which quota.
    pub quota: Quota,
    /// How much it allows, in its own unit; of money in billionths.
    pub limit: u64,
    /// How much of it is left.
    pub left: u64,
    /// In which time it allows that; none for what is held and not used up.
    pub window: Option<Duration>,
    /// When all of it is there again, unless more is used.
    pub reset: Option<Duration>,
}

/// The state of one tenant.
#[derive(Debug)]
pub struct Meter {
    quotas: Quotas,
    bucket: TokenBucket,
    day: u64,
    used: Used,
    reserved: Used,
}

impl Meter {
    /// A meter that knows what was used on the day of this moment already.
    pub fn new(quotas: Quotas, now: Moment, used: Used) -> Self {
        Self {
            quotas,
            bucket: TokenBucket::default(),
            day: now.day(),
            used,
            reserved: Used::default(),
        }
    }

    /// Other quotas, from now on; what runs goes on running.
    pub fn set_quotas(&mut self, quotas: Quotas) {
        self.quotas = quotas;
    }

    /// Counts one request against the rate.
    ///
    /// # Errors
    /// [`Refusal`] of the rate.
    pub fn request(&mut self, now: Moment) -> Result<(), Refusal> {
        let Some(rate) = &self.quotas.rate else {
            return Ok(());
        };
        let taken = self.bucket.take(rate, now.monotonic);
        taken.map_err(|retry_after| Refusal {
            quota: Quota::Rate,
            retry_after,
        })
    }

    /// Reserves the most that an execution can use, its cost included.
    ///
    /// # Errors
    /// [`Refusal`] of the first quota that could be passed. Nothing is reserved then.
    pub fn reserve(&mut self, now: Moment, most: Used) -> Result<Permit, Refusal> {
        self.turn(now);
        let with = self.used.plus(self.reserved).plus(most);
        let running = self.reserved.executions.saturating_add(most.executions);
        let Quotas {
            concurrent,
            cpu_per_day,
            gb_seconds_per_day,
            money_per_day,
            ..
        } = self.quotas;
        let passed = [
            (
                Quota::Concurrent,
                concurrent.is_some_and(|most| running > u64::from(most)),
            ),
            (Quota::Cpu, cpu_per_day.is_some_and(|most| with.cpu > most)),
            (
                Quota::Memory,
                gb_seconds_per_day.is_some_and(|most| with.byte_millis > u128::from(most) * GB_SECOND),
            ),
            (Quota::Money, money_per_day.is_some_and(|most| with.money > most)),
        ];
        if let Some((quota, _)) = passed.into_iter().find(|(_, is_passed)| *is_passed) {
            return Err(self.refusal(quota, now, most));
        }
        self.reserved = self.reserved.plus(most);
        Ok(Permit { reserved: most })
    }

    /// Gives a permit back, and counts what was used; nothing, for an execution that never started.
    pub fn settle(&mut self, now: Moment, permit: Permit, used: Used) {
        self.turn(now);
        self.reserved = self.reserved.minus(permit.reserved);
        self.used = self.used.plus(used);
    }

    /// What was used today.
    pub fn used(&self) -> Used {
        self.used
    }

    /// Executions that hold a permit.
    pub fn running(&self) -> u64 {
        self.reserved.executions
    }

    /// How each quota that there is stands.
    pub fn standings(&self, now: Moment) -> Vec<Standing> {
        let held = self.used_on(now).plus(self.reserved);
        let daily = |quota, limit: u64, used: u64| Standing {
            quota,
            limit,
            left: limit.saturating_sub(used),
            window: Some(Duration::from_secs(DAY)),
            reset: Some(now.until_tomorrow()),
        };
        let rate = self.quotas.rate.map(|rate| Standing {
            quota: Quota::Rate,
            limit: u64::from(rate.requests),
            left: u64::from(self.bucket.tokens(&rate, now.monotonic)),
            window: Some(rate.per),
            reset: Some(self.bucket.full_in(now.monotonic)),
        });
        let concurrent = self.quotas.concurrent.map(|most| Standing {
            quota: Quota::Concurrent,
            limit: u64::from(most),
            left: u64::from(most).saturating_sub(self.reserved.executions),
            window: None,
            reset: None,
        });
        let cpu = self
            .quotas
            .cpu_per_day
            .map(|most| daily(Quota::Cpu, most.as_secs(), held.cpu_seconds()));
        let memory = self
            .quotas
            .gb_seconds_per_day
            .map(|most| daily(Quota::Memory, most, held.gb_seconds()));
        let money = self
            .quotas
            .money_per_day
            .map(|most| daily(Quota::Money, most.nanos, held.money.nanos));
        [rate, concurrent, cpu, memory, money]
            .into_iter()
            .flatten()
            .collect()
    }

    /// A new day begins with nothing used. A calendar that goes back does not begin one: what was used stays used.
    fn turn(&mut self, now: Moment) {
        self.used = self.used_on(now);
        self.day = self.day.max(now.day());
    }

    fn used_on(&self, now: Moment) -> Used {
        if now.day() > self.day {
            Used::default()
        } else {
            self.used
        }
    }

    /// What is only reserved may come back soon; what is used comes back tomorrow.
    fn refusal(&self, quota: Quota, now: Moment, most: Used) -> Refusal {
        let alone = self.used.plus(most);
        let fits = match quota {
            Quota::Rate | Quota::Concurrent => true,
            Quota::Cpu => self.quotas.cpu_per_day.is_none_or(|limit| alone.cpu <= limit),
            Quota::Memory => {
                let limit = self
                    .quotas
                    .gb_seconds_per_day
                    .map(|limit| u128::from(limit) * GB_SECOND);
                limit.is_none_or(|limit| alone.byte_millis <= limit)
            }
            Quota::Money => self
                .quotas
                .money_per_day
                .is_none_or(|limit: Money| alone.money <= limit),
        };
        Refusal {
            quota,
            retry_after: if fits { SOON } else { now.until_tomorrow() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::bucket::Rate;
    use proptest::prelude::*;

    fn at(seconds: u64) -> Moment {
        Moment {
            monotonic: Duration::from_secs(seconds),
            since_epoch: Duration::from_secs(seconds),
        }
    }

    fn cpu(seconds: u64) -> Used {
        Used {
            executions: 1,
            cpu: Duration::from_secs(seconds),
            money: Money { nanos: seconds },
            ..Used::default()
        }
    }

    #[test]
    fn each_quota_refuses_by_its_name() {
        let quotas = Quotas {
            rate: Some(Rate {
                requests: 1,
                per: Duration::from_secs(10),
                burst: 1,
            }),
            concurrent: Some(2),
            cpu_per_day: Some(Duration::from_secs(100)),
            money_per_day: Some(Money { nanos: 60 }),
            gb_seconds_per_day: None,
        };
        let mut meter = Meter::new(quotas, at(0), Used::default());
        assert_eq!(meter.request(at(1)), Ok(()));
        let refused = meter.request(at(1)).unwrap_err();
        assert_eq!(
            (refused.quota.status(), refused.retry_after),
            (429, Duration::from_secs(10))
        );
        let first = meter.reserve(at(1), cpu(40)).unwrap();
        let refused = meter.reserve(at(1), cpu(30)).unwrap_err();
        // The money is only reserved: it may come back soon.
        assert_eq!((refused.quota.status(), refused.retry_after), (402, SOON));
        let second = meter.reserve(at(1), cpu(20)).unwrap();
        let refused = meter.reserve(at(1), cpu(0)).unwrap_err();
        assert_eq!((refused.quota, meter.running()), (Quota::Concurrent, 2));
        meter.settle(at(2), first, cpu(40));
        meter.settle(at(2), second, cpu(10));
        let refused = meter.reserve(at(2), cpu(11)).unwrap_err();
        assert_eq!(
            (refused.quota, refused.retry_after),
            (Quota::Money, Duration::from_secs(DAY - 2))
        );
        let refused = meter.reserve(at(2), cpu(101)).unwrap_err();
        assert_eq!(refused.quota, Quota::Cpu);
        // A calendar that goes back gives nothing; tomorrow gives all.
        assert_eq!(meter.used().cpu, Duration::from_secs(50));
        let tomorrow = meter.reserve(at(DAY), cpu(50)).unwrap();
        assert!(meter.reserve(at(2), cpu(50)).is_err());
        meter.settle(at(DAY), tomorrow, Used::default());
        assert_eq!(meter.standings(at(DAY)).len(), 4);
    }

    proptest! {
        /// Whatever comes in whatever order: no budget is passed while every execution keeps to its reservation.
        #[test]
        fn no_budget_is_passed(
            limit in 1..200u64, most in 1..5u32,
            steps in proptest::collection::vec((0..2u8, 0..50u64, 0..100u64, 0..40_000u64), 1..100),
        ) {
            let quotas = Quotas {
                concurrent: Some(most),
                cpu_per_day: Some(Duration::from_secs(limit)),
                money_per_day: Some(Money { nanos: limit }),
                ..Quotas::default()
            };
            let mut meter = Meter::new(quotas, at(0), Used::default());
            let mut open: Vec<(Permit, u64)> = Vec::new();
            let mut now = 0;
            for (kind, seconds, share, pause) in steps {
                now += pause;
                if kind == 0 {
                    if let Ok(permit) = meter.reserve(at(now), cpu(seconds)) {
                        open.push((permit, seconds));
                    }
                } else if let Some((permit, seconds)) = open.pop() {
                    meter.settle(at(now), permit, cpu(seconds * share / 100));
                }
                prop_assert!(open.len() <= most as usize);
                prop_assert_eq!(meter.running(), open.len() as u64);
                let reserved: u64 = open.iter().map(|(_, seconds)| *seconds).sum();
                let used = meter.used_on(at(now)).cpu.as_secs();
                // What was reserved yesterday and is used today counts today: the reservation held it.
                prop_assert!(used + reserved <= limit, "{used} + {reserved} > {limit}");
            }
        }
    }
}

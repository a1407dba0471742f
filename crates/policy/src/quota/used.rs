//! What an execution used, or could use, of what is counted.

use super::money::Money;
use casemate_types::{Limits, Usage};
use std::time::Duration;

/// Used amounts; sums saturate, so that nothing that is counted can wrap to little.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Executions.
    pub executions: u64,
    /// CPU time of all processes.
    pub cpu: Duration,
    /// Memory held, times how long: bytes times milliseconds.
    pub byte_millis: u128,
    /// Bytes over the network.
    pub network_bytes: u64,
    /// What it costs.
    pub money: Money,
}

/// Byte-milliseconds of a GB-second; the GB has 2^30 bytes, as everywhere here.
pub(super) const GB_SECOND: u128 = (1 << 30) * 1000;

impl Used {
    /// The most that an execution with these limits can use, money apart.
    ///
    /// The network has no limit of bytes yet and counts nothing here: programs reach nothing.
    pub fn at_most(limits: &Limits) -> Self {
        let by_bandwidth = limits.wall.saturating_mul(limits.cpus.millis) / 1000;
        Self {
            executions: 1,
            cpu: limits.cpu.map_or(by_bandwidth, |cpu| cpu.min(by_bandwidth)),
            byte_millis: held(limits, limits.wall),
            network_bytes: 0,
            money: Money::ZERO,
        }
    }

    /// What an execution used, money apart. What could not be measured counts as the most that it can have been.
    pub fn of(usage: &Usage, limits: &Limits) -> Self {
        let most = Self::at_most(limits);
        let cpu = usage.cpu_user.zip(usage.cpu_system);
        Self {
            executions: 1,
            cpu: cpu.map_or(most.cpu, |(user, system)| user.saturating_add(system)),
            byte_millis: usage.wall.map_or(most.byte_millis, |wall| held(limits, wall)),
            network_bytes: usage.network_bytes.unwrap_or_default(),
            money: Money::ZERO,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            executions: self.executions.saturating_add(other.executions),
            cpu: self.cpu.saturating_add(other.cpu),
            byte_millis: self.byte_millis.saturating_add(other.byte_millis),
            network_bytes: self.network_bytes.saturating_add(other.network_bytes),
            money: self.money.plus(other.money),
        }
    }

    /// What is left without the other, at least nothing.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            executions: self.executions.saturating_sub(other.executions),
            cpu: self.cpu.saturating_sub(other.cpu),
            byte_millis: self.byte_millis.saturating_sub(other.byte_millis),
            network_bytes: self.network_bytes.saturating_sub(other.network_bytes),
            money: self.money.minus(other.money),
        }
    }

    /// Whole GB-seconds, rounded up.
    pub fn gb_seconds(&self) -> u64 {
        u64::try_from(self.byte_millis.div_ceil(GB_SECOND)).unwrap_or(u64::MAX)
    }

    /// Whole CPU seconds, rounded up.
    pub fn cpu_seconds(&self) -> u64 {
        self.cpu
            .as_secs()
            .saturating_add(u64::from(self.cpu.subsec_nanos() > 0))
    }
}

/// Memory is held for as long as a program runs, whether it uses it or not.
fn held(limits: &Limits, wall: Duration) -> u128 {
    u128::from(limits.memory.0).saturating_mul(wall.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_counts_as_the_most() {
        let limits = Limits::default();
        let most = Used::at_most(&limits);
        assert_eq!((most.cpu_seconds(), most.gb_seconds()), (30, 8));
        assert_eq!(Used::of(&Usage::default(), &limits), most);
        let usage = Usage {
            wall: Some(Duration::from_millis(400)),
            cpu_user: Some(Duration::from_millis(1)),
            cpu_system: Some(Duration::from_millis(2)),
            ..Usage::default()
        };
        let used = Used::of(&usage, &limits);
        assert_eq!(
            (used.cpu, used.byte_millis),
            (Duration::from_millis(3), 400 << 28)
        );
        assert_eq!(most.plus(used).minus(used), most);
    }
}

//! The effective profile of an execution: the intersection of what was asked for, what the principal may, what
//! reading the program restricts, and what the host can; each value with where it came from.
//!
//! Called by the engine when a request is admitted. Nothing here widens: a value is at most what was asked for.

mod bounds;
mod rules;

pub use bounds::Bounds;
pub use rules::{LimitRules, RuleError};

use casemate_types::{Bytes, Cpus, Limits, Network};
use std::time::Duration;

/// Where a value came from. In this order: of two that say the same, the first is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// The request names it.
    Asked,
    /// The request names nothing, and this is what it gets.
    Default,
    /// What the principal may.
    Policy,
    /// What was read of the program.
    Analysis,
    /// What the host, or its configuration, can give.
    Host,
}

impl Source {
    /// The word in results and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Default => "default",
            Self::Policy => "policy",
            Self::Analysis => "analysis",
            Self::Host => "host",
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// What an execution gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EffectiveProfile {
    /// Wall clock time.
    pub wall: Sourced<Duration>,
    /// CPU time; there may be no limit.
    pub cpu: Sourced<Option<Duration>>,
    /// CPU bandwidth.
    pub cpus: Sourced<Cpus>,
    /// Memory.
    pub memory: Sourced<Bytes>,
    /// Disk.
    pub disk: Sourced<Bytes>,
    /// Processes and threads.
    pub pids: Sourced<u32>,
    /// Output of each stream.
    pub output: Sourced<Bytes>,
    /// What is reached by network.
    pub network: Sourced<Network>,
}

/// Who bounds an execution, beside who asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounding {
    /// What the principal may.
    pub policy: Bounds,
    /// What was read of the program.
    pub analysis: Bounds,
    /// What the host can give.
    pub host: Bounds,
}

impl EffectiveProfile {
    /// The intersection. What equals the usual limits counts as not asked for.
    pub fn of(asked: &Limits, network: Network, bounding: &Bounding) -> Self {
        let usual = Limits::default();
        let Bounding {
            policy,
            analysis,
            host,
        } = bounding;
        Self {
            wall: least(asked.wall, usual.wall, [policy.wall, analysis.wall, host.wall]),
            cpu: cpu_time(asked.cpu, bounding),
            cpus: least(asked.cpus, usual.cpus, [policy.cpus, analysis.cpus, host.cpus]),
            memory: least(
                asked.memory,
                usual.memory,
                [policy.memory, analysis.memory, host.memory],
            ),
            disk: least(asked.disk, usual.disk, [policy.disk, analysis.disk, host.disk]),
            pids: least(asked.pids, usual.pids, [policy.pids, analysis.pids, host.pids]),
            output: least(
                asked.output,
                usual.output,
                [policy.output, analysis.output, host.output],
            ),
            network: reached(network, [policy.network, analysis.network, host.network]),
        }
    }

    /// The limits.
    pub fn limits(&self) -> Limits {
        Limits {
            wall: self.wall.value,
            cpu: self.cpu.value,
            cpus: self.cpus.value,
            memory: self.memory.value,
            disk: self.disk.value,
            pids: self.pids.value,
            output: self.output.value,
        }
    }

    /// Where each value came from, by its name in the contract.
    pub fn sources(&self) -> [(&'static str, Source); 8] {
        [
            ("limits.wall_ms", self.wall.source),
            ("limits.cpu_ms", self.cpu.source),
            ("limits.cpus", self.cpus.source),
            ("limits.memory_bytes", self.memory.source),
            ("limits.disk_bytes", self.disk.source),
            ("limits.pids", self.pids.source),
            ("limits.output_bytes", self.output.source),
            ("network", self.network.source),
        ]
    }
}

/// Who bounds, in the order of [`Bounding`].
const BOUNDING: [Source; 3] = [Source::Policy, Source::Analysis, Source::Host];

fn least<T: Ord + Copy>(asked: T, usual: T, bounds: [Option<T>; 3]) -> Sourced<T> {
    let source = if asked == usual {
        Source::Default
    } else {
        Source::Asked
    };
    let mut least = Sourced { value: asked, source };
    for (bound, source) in bounds.into_iter().zip(BOUNDING) {
        if let Some(value) = bound.filter(|bound| *bound < least.value) {
            least = Sourced { value, source };
        }
    }
    least
}

/// No limit is more than every limit. A bound of the host is for limits that are there, and makes none itself.
fn cpu_time(asked: Option<Duration>, bounding: &Bounding) -> Sourced<Option<Duration>> {
    let source = if asked.is_none() {
        Source::Default
    } else {
        Source::Asked
    };
    let Bounding {
        policy,
        analysis,
        host,
    } = bounding;
    let is_limited = asked.or(policy.cpu).or(analysis.cpu).is_some();
    let bounds = [policy.cpu, analysis.cpu, host.cpu.filter(|_| is_limited)];
    let unlimited = Duration::MAX;
    let least = least(asked.unwrap_or(unlimited), unlimited, bounds);
    if least.value == unlimited || least.source <= Source::Default {
        return Sourced { value: asked, source };
    }
    Sourced {
        value: Some(least.value),
        source: least.source,
    }
}

fn reached(asked: Network, bounds: [Option<Network>; 3]) -> Sourced<Network> {
    let source = if asked == Network::default() {
        Source::Default
    } else {
        Source::Asked
    };
    let mut reached = Sourced { value: asked, source };
    for (bound, source) in bounds.into_iter().zip(BOUNDING) {
        let value = bound.map_or(reached.value, |bound| bounds::less(bound, reached.value));
        if value != reached.value {
            reached = Sourced { value, source };
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::Maxima;
    use casemate_types::analysis::Restriction;
    use proptest::prelude::*;

    #[test]
    fn each_value_says_where_it_came_from() {
        let asked = Limits {
            memory: Bytes::gib(2),
            wall: Duration::from_secs(600),
            pids: 64,
            ..Limits::default()
        };
        let restrictions = [Restriction::NetworkOff, Restriction::Memory(256 << 20)];
        let bounding = Bounding {
            policy: Bounds {
                wall: Some(Duration::from_secs(60)),
                cpu: Some(Duration::from_secs(10)),
                memory: Some(Bytes::gib(1)),
                ..Bounds::default()
            },
            analysis: Bounds::from(&restrictions[..]),
            host: Bounds::from(&Maxima {
                disk: Bytes::mib(64),
                ..Maxima::of_host(2)
            }),
        };
        let profile = EffectiveProfile::of(&asked, Network::Loopback, &bounding);
        let words: Vec<_> = profile
            .sources()
            .iter()
            .map(|(_, source)| source.word())
            .collect();
        let expected = [
            "policy", "policy", "default", "analysis", "host", "asked", "default", "analysis",
        ];
        assert_eq!(words, expected);
        let limits = profile.limits();
        assert_eq!(
            (limits.memory, limits.disk, limits.pids),
            (Bytes::mib(256), Bytes::mib(64), 64)
        );
        assert_eq!(
            (limits.cpu, profile.network.value),
            (Some(Duration::from_secs(10)), Network::None)
        );
        let free = EffectiveProfile::of(&asked, Network::Loopback, &Bounding::default());
        assert_eq!((free.limits(), free.cpu.source), (asked, Source::Default));
    }

    fn some_bounds() -> impl Strategy<Value = Bounds> {
        let option = |most: u64| proptest::option::of(1..most);
        (
            option(100),
            option(100),
            option(100),
            option(100),
            proptest::option::of(any::<bool>()),
        )
            .prop_map(|(time, size, pids, cpus, loopback)| Bounds {
                wall: time.map(Duration::from_secs),
                cpu: time.map(Duration::from_secs),
                cpus: cpus.map(|n| Cpus {
                    millis: n as u32 * 100,
                }),
                memory: size.map(Bytes::mib),
                disk: size.map(Bytes::mib),
                pids: pids.map(|n| n as u32),
                output: size.map(Bytes::kib),
                network: loopback.map(|yes| if yes { Network::Loopback } else { Network::None }),
            })
    }

    proptest! {
        /// Never above what was asked or what anybody bounds, and equal to one of them.
        #[test]
        fn nothing_widens(policy in some_bounds(), analysis in some_bounds(), host in some_bounds(), memory in 1..100u64) {
            let asked = Limits { memory: Bytes::mib(memory), ..Limits::default() };
            let bounding = Bounding { policy, analysis, host };
            let profile = EffectiveProfile::of(&asked, Network::Loopback, &bounding);
            let all = [Some(asked.memory), policy.memory, analysis.memory, host.memory];
            prop_assert_eq!(Some(profile.memory.value), all.into_iter().flatten().min());
            let networks = [policy.network, analysis.network, host.network];
            let closed = networks.contains(&Some(Network::None));
            prop_assert_eq!(profile.network.value == Network::None, closed);
            let policy_cpu = [policy.cpu, analysis.cpu].into_iter().flatten().min();
            let policy_cpu = policy_cpu.map(|cpu| host.cpu.map_or(cpu, |host| cpu.min(host)));
            prop_assert_eq!(profile.cpu.value, policy_cpu);
            // To bound twice is to bound once.
            let again = EffectiveProfile::of(&profile.limits(), profile.network.value, &bounding);
            prop_assert_eq!(again.limits(), profile.limits());
            prop_assert_eq!(policy.intersection(analysis), analysis.intersection(policy));
        }
    }
}

//! What somebody allows, or what there is: bounds of every value, where they are bounded at all.

use casemate_types::analysis::Restriction;
use casemate_types::{Bytes, Cpus, Limits, Maxima, Network};
use std::time::Duration;

/// Upper bounds; `None` bounds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// Of the wall clock time.
    pub wall: Option<Duration>,
    /// Of the CPU time.
    pub cpu: Option<Duration>,
    /// Of the CPU bandwidth.
    pub cpus: Option<Cpus>,
    /// Of the memory.
    pub memory: Option<Bytes>,
    /// Of the disk.
    pub disk: Option<Bytes>,
    /// Of processes and threads.
    pub pids: Option<u32>,
    /// Of the output of each stream.
    pub output: Option<Bytes>,
    /// The most that may be reached by network.
    pub network: Option<Network>,
}

impl Bounds {
    /// The bounds of one who allows both: the smaller of each.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self {
            wall: smaller(self.wall, other.wall),
            cpu: smaller(self.cpu, other.cpu),
            cpus: smaller(self.cpus, other.cpus),
            memory: smaller(self.memory, other.memory),
            disk: smaller(self.disk, other.disk),
            pids: smaller(self.pids, other.pids),
            output: smaller(self.output, other.output),
            network: match (self.network, other.network) {
                (Some(one), Some(other)) => Some(less(one, other)),
                (one, other) => one.or(other),
            },
        }
    }
}

impl From<&Maxima> for Bounds {
    fn from(maxima: &Maxima) -> Self {
        Self {
            wall: Some(maxima.wall),
            cpu: Some(maxima.cpu),
            cpus: Some(maxima.cpus),
            memory: Some(maxima.memory),
            disk: Some(maxima.disk),
            pids: Some(maxima.pids),
            output: Some(maxima.output),
            network: None,
        }
    }
}

impl From<&[Restriction]> for Bounds {
    fn from(restrictions: &[Restriction]) -> Self {
        let one = |restriction: &Restriction| match *restriction {
            Restriction::NetworkOff => Self {
                network: Some(Network::None),
                ..Self::default()
            },
            Restriction::Memory(bytes) => Self {
                memory: Some(Bytes(bytes)),
                ..Self::default()
            },
            Restriction::Processes(most) => Self {
                pids: Some(most),
                ..Self::default()
            },
            Restriction::WallTime(millis) => Self {
                wall: Some(Duration::from_millis(millis)),
                ..Self::default()
            },
            Restriction::Disk(bytes) => Self {
                disk: Some(Bytes(bytes)),
                ..Self::default()
            },
        };
        restrictions
            .iter()
            .map(one)
            .fold(Self::default(), Self::intersection)
    }
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            wall: Some(limits.wall),
            cpu: limits.cpu,
            cpus: Some(limits.cpus),
            memory: Some(limits.memory),
            disk: Some(limits.disk),
            pids: Some(limits.pids),
            output: Some(limits.output),
            network: None,
        }
    }
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// What both reach.
pub(super) fn less(one: Network, other: Network) -> Network {
    match (one, other) {
        (Network::Loopback, Network::Loopback) => Network::Loopback,
        _ => Network::None,
    }
}

//! Which quotas there are, and how much each allows.

use super::bucket::Rate;
use super::money::Money;
use std::time::Duration;

/// One kind of quota.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Quota {
    /// Requests in a time.
    Rate,
    /// Executions that are not settled.
    Concurrent,
    /// CPU seconds of a day.
    Cpu,
    /// GB-seconds of a day.
    Memory,
    /// Money of a day.
    Money,
}

impl Quota {
    /// Its name in headers, problems and settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rate => "requests",
            Self::Concurrent => "concurrent",
            Self::Cpu => "cpu-seconds",
            Self::Memory => "gb-seconds",
            Self::Money => "money",
        }
    }

    /// The status of an answer to a request that would pass it: 402 when more would have to be paid for, else 429.
    pub const fn status(self) -> u16 {
        match self {
            Self::Money => 402,
            _ => 429,
        }
    }
}

/// What a tenant may use; what is `None` is not limited. A day is one of UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quotas {
    /// Requests in a time.
    pub rate: Option<Rate>,
    /// Executions that are not settled.
    pub concurrent: Option<u32>,
    /// CPU time of a day.
    pub cpu_per_day: Option<Duration>,
    /// GB-seconds of a day.
    pub gb_seconds_per_day: Option<u64>,
    /// Money of a day.
    pub money_per_day: Option<Money>,
}

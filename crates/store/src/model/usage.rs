//! What was used: by an execution, and summed by tenant and day.

use casemate_types::{PrincipalId, ProjectId, TenantId};
use std::time::{SystemTime, UNIX_EPOCH};

/// What one execution used. The store adds it to its owner's day when the execution ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// CPU time, microseconds.
    pub cpu_micros: u64,
    /// Memory over time, MiB-milliseconds.
    pub memory_mib_ms: u64,
    /// What it costs, in millionths of the price table's unit.
    pub cost_micros: u64,
}

/// What several executions used together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// How many they are.
    pub executions: u64,
    /// What they used.
    pub spent: Spent,
}

/// A day of UTC, counted from 1970.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(pub u32);

impl Day {
    const SECONDS: u64 = 86_400;

    /// The day of a time; what is before 1970 is day 0.
    pub fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u32::try_from(since.as_secs() / Self::SECONDS).unwrap_or(u32::MAX))
    }

    /// When it begins.
    pub fn start(self) -> SystemTime {
        UNIX_EPOCH + std::time::Duration::from_secs(u64::from(self.0) * Self::SECONDS)
    }
}

/// Whose usage is asked for, and of which days, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsageFilter {
    /// Whose.
    pub tenant_id: TenantId,
    /// Only of this project.
    pub project_id: Option<ProjectId>,
    /// Only of this principal.
    pub principal_id: Option<PrincipalId>,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

/// The usage of one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayUsage {
    /// Which day.
    pub day: Day,
    /// What was used.
    pub used: Used,
}

//! The usage of a day, which grows in the transaction that ends an execution: no end is counted twice or not at all.

use crate::model::usage::{Day, Spent};
use crate::sql::{self, Session};

/// Adds one execution and what it used to its owner's day.
pub(super) fn add(number: i64, day: Day, spent: &Spent, session: &mut dyn Session) -> sql::Result<()> {
    session
        .execute(
            "INSERT INTO usage (tenant_id, day, project_id, principal_id, executions, cpu_micros, memory_mib_ms,
                 cost_micros)
             SELECT tenant_id, ?2, project_id, principal_id, 1, ?3, ?4, ?5 FROM executions WHERE number = ?1
             ON CONFLICT (tenant_id, day, project_id, principal_id) DO UPDATE SET
                 executions = usage.executions + 1,
                 cpu_micros = usage.cpu_micros + excluded.cpu_micros,
                 memory_mib_ms = usage.memory_mib_ms + excluded.memory_mib_ms,
                 cost_micros = usage.cost_micros + excluded.cost_micros",
            &[
                number.into(),
                day.0.into(),
                spent.cpu_micros.into(),
                spent.memory_mib_ms.into(),
                spent.cost_micros.into(),
            ],
        )
        .map(drop)
}

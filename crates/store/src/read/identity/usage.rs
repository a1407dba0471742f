//! What was used, by day.

use crate::error::StoreError;
use crate::model::bounds::MAX_USAGE_DAYS;
use crate::model::usage::{Day, DayUsage, Spent, UsageFilter, Used};
use crate::sql::{self, Record, id};
use crate::store::Store;
use casemate_types::TenantId;
use std::fmt::Write;

/// Sums over 64 bits, whatever the database would make of them.
const SUMS: &str = "CAST(sum(executions) AS BIGINT), CAST(sum(cpu_micros) AS BIGINT), \
    CAST(sum(memory_mib_ms) AS BIGINT), CAST(sum(cost_micros) AS BIGINT)";

impl Store {
    /// What was used on each day that has any, first day first; at most 400 days, counted from the first asked for.
    ///
    /// # Errors
    /// Those of every read.
    pub fn usage(&self, filter: &UsageFilter) -> Result<Vec<DayUsage>, StoreError> {
        let mut sql =
            format!("SELECT day, {SUMS} FROM usage WHERE tenant_id = ?1 AND day >= ?2 AND day <= ?3");
        let last = filter.to.0.min(filter.from.0.saturating_add(MAX_USAGE_DAYS - 1));
        let mut values = vec![id(filter.tenant_id), filter.from.0.into(), last.into()];
        let only = [
            ("project_id", filter.project_id.map(id)),
            ("principal_id", filter.principal_id.map(id)),
        ];
        for (column, value) in only {
            if let Some(value) = value {
                values.push(value);
                // `write!` to a text does not fail.
                let _ = write!(sql, " AND {column} = ?{}", values.len());
            }
        }
        sql.push_str(" GROUP BY day ORDER BY day");
        self.readers.read("sum what was used", |session| {
            let rows = session.query(&sql, &values)?;
            rows.iter()
                .map(|record| {
                    Ok(DayUsage {
                        day: Day(u32::try_from(record.count(0)?).unwrap_or(u32::MAX)),
                        used: used(record, 1)?,
                    })
                })
                .collect()
        })
    }

    /// What a tenant used on a day: what its budget is held against.
    ///
    /// # Errors
    /// Those of every read.
    pub fn used_on(&self, tenant_id: TenantId, day: Day) -> Result<Used, StoreError> {
        let filter = UsageFilter {
            tenant_id,
            project_id: None,
            principal_id: None,
            from: day,
            to: day,
        };
        let days = self.usage(&filter)?;
        Ok(days.first().map_or_else(Used::default, |day| day.used))
    }
}

fn used(record: &Record, first: usize) -> sql::Result<Used> {
    Ok(Used {
        executions: record.count(first)?,
        spent: Spent {
            cpu_micros: record.count(first + 1)?,
            memory_mib_ms: record.count(first + 2)?,
            cost_micros: record.count(first + 3)?,
        },
    })
}

//! From a row of `executions` to a summary.

use crate::model::owner::Owner;
use crate::model::state::State;
use crate::model::time;
use crate::model::usage::Spent;
use crate::model::view::{StreamFacts, Summary};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;
use std::str::FromStr;

/// What [`summary`] reads, of a table `executions` called `e`. No content is among it.
pub(super) const COLUMNS: &str = "e.number, e.id, e.tenant_id, e.project_id, e.principal_id, e.session_id, \
    e.node_id, e.sandbox_id, e.status, e.reason, e.language, e.exit_code, e.signal, e.stdout_kept_bytes, \
    e.stdout_total_bytes, e.stderr_kept_bytes, e.stderr_total_bytes, e.created_at_ms, e.started_at_ms, e.ended_at_ms, \
    e.audit_id, e.cpu_micros, e.memory_mib_ms, e.cost_micros";

/// The number and the summary of a row; its labels are still missing.
pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<(i64, Summary)> {
    let word: String = row.get(8)?;
    let summary = Summary {
        id: parsed(row, 1)?,
        owner: Owner {
            tenant_id: parsed(row, 2)?,
            project_id: parsed(row, 3)?,
            principal_id: parsed(row, 4)?,
        },
        session_id: parsed_option(row, 5)?,
        node_id: parsed(row, 6)?,
        sandbox_id: parsed_option(row, 7)?,
        state: State::from_word(&word).ok_or_else(|| malformed(8, "not a status"))?,
        reason: row.get(9)?,
        language: row.get(10)?,
        labels: BTreeMap::new(),
        exit_code: row.get(11)?,
        signal: row.get(12)?,
        stdout: StreamFacts {
            kept_bytes: count(row, 13)?,
            total_bytes: count(row, 14)?,
        },
        stderr: StreamFacts {
            kept_bytes: count(row, 15)?,
            total_bytes: count(row, 16)?,
        },
        created_at: time::from_ms(row.get(17)?),
        started_at: row.get::<_, Option<i64>>(18)?.map(time::from_ms),
        ended_at: row.get::<_, Option<i64>>(19)?.map(time::from_ms),
        audit_id: parsed_option(row, 20)?,
        spent: match row.get::<_, Option<i64>>(21)? {
            None => None,
            Some(_) => Some(Spent {
                cpu_micros: count(row, 21)?,
                memory_mib_ms: count(row, 22)?,
                cost_micros: count(row, 23)?,
            }),
        },
    };
    Ok((row.get(0)?, summary))
}

/// The labels of an execution.
pub(super) fn labels(connection: &Connection, number: i64) -> rusqlite::Result<BTreeMap<String, String>> {
    connection
        .prepare_cached("SELECT name, value FROM labels WHERE execution = ?1")?
        .query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// An id or another text that has a type.
pub(super) fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| malformed(column, "malformed"))
}

/// A count, which SQLite holds signed.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column)
        .map(|count| u64::try_from(count).unwrap_or(0))
}

fn parsed_option<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|_| malformed(column, "malformed")))
        .transpose()
}

fn malformed(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, what.into())
}

//! From a row of `executions` to a summary.

use crate::model::owner::Owner;
use crate::model::state::State;
use crate::model::usage::Spent;
use crate::model::view::{StreamFacts, Summary};
use crate::sql::{self, Record, Session, malformed};
use std::collections::BTreeMap;

/// What [`summary`] reads, of a table `executions` called `e`. No content is among it.
pub(super) const COLUMNS: &str = "e.number, e.id, e.tenant_id, e.project_id, e.principal_id, e.session_id, \
    e.node_id, e.sandbox_id, e.status, e.reason, e.language, e.exit_code, e.signal, e.stdout_kept_bytes, \
    e.stdout_total_bytes, e.stderr_kept_bytes, e.stderr_total_bytes, e.created_at_ms, e.started_at_ms, e.ended_at_ms, \
    e.audit_id, e.cpu_micros, e.memory_mib_ms, e.cost_micros";

/// The number and the summary of a row; its labels are still missing.
pub(super) fn summary(row: &Record) -> sql::Result<(i64, Summary)> {
    let small = |column| {
        row.optional_integer(column)?
            .map(|number| u8::try_from(number).map_err(|_| malformed(column, "out of range")))
            .transpose()
    };
    let summary = Summary {
        id: row.parsed(1)?,
        owner: Owner {
            tenant_id: row.parsed(2)?,
            project_id: row.parsed(3)?,
            principal_id: row.parsed(4)?,
        },
        session_id: row.optional_parsed(5)?,
        node_id: row.parsed(6)?,
        sandbox_id: row.optional_parsed(7)?,
        state: State::from_word(row.text(8)?).ok_or_else(|| malformed(8, "not a status"))?,
        reason: row.optional_text(9)?.map(str::to_owned),
        language: row.text(10)?.to_owned(),
        labels: BTreeMap::new(),
        exit_code: small(11)?,
        signal: small(12)?,
        stdout: StreamFacts {
            kept_bytes: row.count(13)?,
            total_bytes: row.count(14)?,
        },
        stderr: StreamFacts {
            kept_bytes: row.count(15)?,
            total_bytes: row.count(16)?,
        },
        created_at: row.time(17)?,
        started_at: row.optional_time(18)?,
        ended_at: row.optional_time(19)?,
        audit_id: row.optional_parsed(20)?,
        spent: spent(row)?,
    };
    Ok((row.integer(0)?, summary))
}

fn spent(row: &Record) -> sql::Result<Option<Spent>> {
    let Some(cpu_micros) = row.optional_count(21)? else {
        return Ok(None);
    };
    Ok(Some(Spent {
        cpu_micros,
        memory_mib_ms: row.count(22)?,
        cost_micros: row.count(23)?,
    }))
}

/// The labels of an execution.
pub(super) fn labels(session: &mut dyn Session, number: i64) -> sql::Result<BTreeMap<String, String>> {
    session
        .query(
            "SELECT name, value FROM labels WHERE execution = ?1",
            &[number.into()],
        )?
        .iter()
        .map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
        .collect()
}

//! The end of an execution: exactly one.

use super::start::standing;
use crate::job::{Failure, Request};
use crate::model::change::Change;
use crate::model::execution::{Finished, StoredFile};
use crate::model::state::State;
use crate::model::time;
use crate::model::usage::Day;
use crate::write::usage;
use rusqlite::{Connection, params};

impl Request for Finished {
    type Reply = Change;
    const OPERATION: &'static str = "record the end of an execution";

    fn apply(&self, connection: &Connection) -> Result<Change, Failure> {
        let number = match standing(connection, self.id)? {
            None => return Ok(Change::Missing),
            Some((_, state @ State::Ended(_))) => return Ok(Change::Unchanged(state)),
            Some((number, State::Queued | State::Running)) => number,
        };
        self.update(number, connection)?;
        usage::add(
            number,
            Day::of(self.ended_at),
            &self.spent.unwrap_or_default(),
            &mut &*connection,
        )?;
        connection
            .prepare_cached("INSERT INTO results (execution, result, events) VALUES (?1, ?2, ?3)")?
            .execute(params![number, self.result, self.events])?;
        if !self.stdout.kept.is_empty() {
            connection
                .prepare_cached("INSERT INTO stdouts (execution, content) VALUES (?1, ?2)")?
                .execute(params![number, self.stdout.kept])?;
        }
        if !self.stderr.kept.is_empty() {
            connection
                .prepare_cached("INSERT INTO stderrs (execution, content) VALUES (?1, ?2)")?
                .execute(params![number, self.stderr.kept])?;
        }
        self.files
            .iter()
            .try_for_each(|file| insert_file(file, number, connection))?;
        Ok(Change::Done)
    }

    fn bytes(&self) -> u64 {
        let files: usize = self
            .files
            .iter()
            .map(|file| file.path.len() + file.content.len())
            .sum();
        let streams = self.stdout.kept.len() + self.stderr.kept.len();
        (self.events.len() + self.result.len() + streams + files) as u64
    }
}

impl Finished {
    fn update(&self, number: i64, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "UPDATE executions SET status = ?2, reason = ?3, exit_code = ?4, signal = ?5,
                     sandbox_id = coalesce(?6, sandbox_id), started_at_ms = coalesce(?7, started_at_ms),
                     ended_at_ms = ?8, stdout_kept_bytes = ?9, stdout_total_bytes = ?10,
                     stderr_kept_bytes = ?11, stderr_total_bytes = ?12, content_bytes = content_bytes + ?13,
                     audit_id = ?14, cpu_micros = ?15, memory_mib_ms = ?16, cost_micros = ?17
                 WHERE number = ?1",
            )?
            .execute(params![
                number,
                self.status.as_str(),
                self.reason,
                self.exit_code,
                self.signal,
                self.sandbox_id.map(|id| id.to_string()),
                self.started_at.map(time::to_ms),
                time::to_ms(self.ended_at),
                self.stdout.kept.len() as i64,
                signed(self.stdout.total_bytes),
                self.stderr.kept.len() as i64,
                signed(self.stderr.total_bytes),
                signed(self.bytes()),
                self.audit_id.map(|id| id.to_string()),
                self.spent.map(|spent| signed(spent.cpu_micros)),
                self.spent.map(|spent| signed(spent.memory_mib_ms)),
                self.spent.map(|spent| signed(spent.cost_micros)),
            ])
            .map(drop)
    }
}

fn insert_file(file: &StoredFile, number: i64, connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO files (execution, path, mode, size_bytes, sha256, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            number,
            file.path,
            file.mode,
            file.content.len() as i64,
            file.sha256,
            file.content
        ])
        .map(drop)
}

/// A count as SQLite holds it.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

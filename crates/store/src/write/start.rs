//! The start of an execution.

use crate::job::{Failure, Request};
use crate::model::change::Change;
use crate::model::execution::Started;
use crate::model::state::State;
use crate::model::time;
use casemate_types::ExecutionId;
use rusqlite::{Connection, OptionalExtension, params};

/// Where an execution stands: its number and its state.
pub(super) fn standing(connection: &Connection, id: ExecutionId) -> rusqlite::Result<Option<(i64, State)>> {
    connection
        .prepare_cached("SELECT number, status FROM executions WHERE id = ?1")?
        .query_row([id.to_string()], |row| {
            let word: String = row.get(1)?;
            let state = State::from_word(&word).ok_or(rusqlite::Error::InvalidQuery)?;
            Ok((row.get(0)?, state))
        })
        .optional()
}

impl Request for Started {
    type Reply = Change;
    const OPERATION: &'static str = "record the start of an execution";

    fn apply(&self, connection: &Connection) -> Result<Change, Failure> {
        let number = match standing(connection, self.id)? {
            None => return Ok(Change::Missing),
            Some((number, State::Queued)) => number,
            Some((_, state)) => return Ok(Change::Unchanged(state)),
        };
        connection
            .prepare_cached(
                "UPDATE executions SET status = 'running', sandbox_id = ?2, started_at_ms = ?3 WHERE number = ?1",
            )?
            .execute(params![number, self.sandbox_id.map(|id| id.to_string()), time::to_ms(self.started_at)])?;
        Ok(Change::Done)
    }

    fn bytes(&self) -> u64 {
        0
    }
}

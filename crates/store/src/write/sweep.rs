//! The end of everything that was left open by a server that is gone.

use crate::job::{Failure, Request};
use crate::model::execution::Sweep;
use crate::model::time;
use casemate_types::ExecutionId;
use rusqlite::{Connection, params};

impl Request for Sweep {
    type Reply = Vec<ExecutionId>;
    const OPERATION: &'static str = "end the executions that were left open";

    fn apply(&self, connection: &Connection) -> Result<Vec<ExecutionId>, Failure> {
        let mut statement = connection.prepare_cached(
            "UPDATE executions SET status = 'killed', reason = ?1, ended_at_ms = ?2
             WHERE status IN ('queued', 'running') RETURNING id",
        )?;
        let rows = statement.query_map(params![self.reason, time::to_ms(self.ended_at)], |row| {
            let id: String = row.get(0)?;
            id.parse().map_err(|_| rusqlite::Error::InvalidQuery)
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn bytes(&self) -> u64 {
        self.reason.len() as u64
    }
}

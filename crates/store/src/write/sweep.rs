//! The end of everything that was left open by a server that is gone.

use crate::job::{Failure, Request};
use crate::model::execution::Sweep;
use crate::model::time;
use crate::sql::{Session, text};
use casemate_types::ExecutionId;

impl Request for Sweep {
    type Reply = Vec<ExecutionId>;
    const OPERATION: &'static str = "end the executions that were left open";

    fn apply(&self, session: &mut dyn Session) -> Result<Vec<ExecutionId>, Failure> {
        let rows = session.query(
            "UPDATE executions SET status = 'killed', reason = ?1, ended_at_ms = ?2
             WHERE status IN ('queued', 'running') RETURNING id",
            &[text(&self.reason), time::to_ms(self.ended_at).into()],
        )?;
        Ok(rows
            .iter()
            .map(|row| row.parsed(0))
            .collect::<crate::sql::Result<_>>()?)
    }

    fn bytes(&self) -> u64 {
        self.reason.len() as u64
    }
}

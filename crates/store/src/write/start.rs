//! The start of an execution.

use crate::job::{Failure, Request};
use crate::model::change::Change;
use crate::model::execution::Started;
use crate::model::state::State;
use crate::model::time;
use crate::sql::{self, Session, id, malformed};
use casemate_types::ExecutionId;

/// Where an execution stands: its number and its state.
pub(super) fn standing(
    session: &mut dyn Session,
    execution: ExecutionId,
) -> sql::Result<Option<(i64, State)>> {
    let found = session.first(
        "SELECT number, status FROM executions WHERE id = ?1",
        &[id(execution)],
    )?;
    found
        .map(|row| {
            let state = State::from_word(row.text(1)?).ok_or_else(|| malformed(1, "not a status"))?;
            Ok((row.integer(0)?, state))
        })
        .transpose()
}

impl Request for Started {
    type Reply = Change;
    const OPERATION: &'static str = "record the start of an execution";

    fn apply(&self, session: &mut dyn Session) -> Result<Change, Failure> {
        let number = match standing(session, self.id)? {
            None => return Ok(Change::Missing),
            Some((number, State::Queued)) => number,
            Some((_, state)) => return Ok(Change::Unchanged(state)),
        };
        session.execute(
            "UPDATE executions SET status = 'running', sandbox_id = ?2, started_at_ms = ?3 WHERE number = ?1",
            &[
                number.into(),
                self.sandbox_id.map(id).into(),
                time::to_ms(self.started_at).into(),
            ],
        )?;
        Ok(Change::Done)
    }

    fn bytes(&self) -> u64 {
        0
    }
}

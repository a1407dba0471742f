//! The removal of an execution that has ended.

use super::start::standing;
use crate::job::{Failure, Request};
use crate::model::change::Change;
use crate::model::state::State;
use casemate_types::ExecutionId;
use rusqlite::Connection;

/// Removes the execution, and with it all that refers to it.
pub(crate) struct Delete(pub(crate) ExecutionId);

impl Request for Delete {
    type Reply = Change;
    const OPERATION: &'static str = "remove an execution";

    fn apply(&self, connection: &Connection) -> Result<Change, Failure> {
        let number = match standing(connection, self.0)? {
            None => return Ok(Change::Missing),
            Some((number, State::Ended(_))) => number,
            Some((_, state)) => return Ok(Change::Unchanged(state)),
        };
        connection
            .prepare_cached("DELETE FROM executions WHERE number = ?1")?
            .execute([number])?;
        Ok(Change::Done)
    }

    fn bytes(&self) -> u64 {
        0
    }
}

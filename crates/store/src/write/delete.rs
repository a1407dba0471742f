//! The removal of an execution that has ended.

use super::start::standing;
use crate::job::{Failure, Request};
use crate::model::change::Change;
use crate::model::state::State;
use crate::sql::Session;
use casemate_types::ExecutionId;

/// Removes the execution, and with it all that refers to it.
pub(crate) struct Delete(pub(crate) ExecutionId);

impl Request for Delete {
    type Reply = Change;
    const OPERATION: &'static str = "remove an execution";

    fn apply(&self, session: &mut dyn Session) -> Result<Change, Failure> {
        let number = match standing(session, self.0)? {
            None => return Ok(Change::Missing),
            Some((number, State::Ended(_))) => number,
            Some((_, state)) => return Ok(Change::Unchanged(state)),
        };
        session.execute("DELETE FROM executions WHERE number = ?1", &[number.into()])?;
        Ok(Change::Done)
    }

    fn bytes(&self) -> u64 {
        0
    }
}

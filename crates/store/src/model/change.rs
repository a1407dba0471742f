//! The answers to writes, and how long they last.

use crate::model::state::State;
use casemate_types::ExecutionId;

/// What a write survives once its callback has said that it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// A crash or kill of this program; not a loss of power, unless a durable write followed it.
    Soft,
    /// A loss of power too: the log was flushed to the disk before the answer.
    Durable,
}

/// What became of a request to record an execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// It is recorded, and queued.
    Accepted,
    /// The same key came with the same body before: this execution answers both. Nothing was recorded.
    Repeated(ExecutionId),
    /// The same key came with another body before. Nothing was recorded.
    Conflict,
}

/// What became of a change to an execution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It is done.
    Done,
    /// Nothing changed: this state of the execution does not allow it.
    Unchanged(State),
    /// There is no such execution.
    Missing,
}

//! The states of an execution, as the contract names them.

pub use casemate_types::State;

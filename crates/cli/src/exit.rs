//! Exit codes of the contract.

use casemate_engine::EngineError;
use casemate_types::{Fault, Outcome, RequestError, Status};

/// A mistake of the caller: flags, files, bounds (as most tools, and sysexits.h before them).
pub const USAGE: u8 = 2;
/// Refused, before anything ran.
pub const DENIED: u8 = 126;
/// Our own failure.
pub const OURS: u8 = 125;

/// The code for an outcome.
pub fn of_outcome(outcome: &Outcome) -> u8 {
    match outcome.status {
        Status::Succeeded => 0,
        Status::Failed => match (outcome.exit_code, outcome.signal) {
            // A program that failed by its disk or its compiler never leaves 0.
            (Some(code), _) => code.max(1),
            (None, Some(signal)) => 128 | signal,
            (None, None) => 1,
        },
        Status::TimedOut | Status::CpuExceeded => 124,
        Status::MemoryExceeded | Status::Killed => 137,
        Status::DiskExceeded | Status::OutputExceeded => 123,
        Status::Denied => DENIED,
        Status::Cancelled => 130,
    }
}

/// The code for an error.
pub fn of_error(error: &anyhow::Error) -> u8 {
    let caller = error
        .downcast_ref::<EngineError>()
        .is_some_and(|e| e.fault() == Fault::Caller)
        || error.downcast_ref::<RequestError>().is_some()
        || error.downcast_ref::<UsageError>().is_some();
    if caller { USAGE } else { OURS }
}

/// A mistake in flags or files that no other type describes.
#[derive(Debug)]
pub struct UsageError(pub String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Makes a [`UsageError`].
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

//! What can go wrong in running a program; the program's own failure is none of it.

use casemate_sandbox::SandboxError;
use std::io;
use thiserror::Error;

/// An error of the runtime.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A wait on descriptors failed.
    #[error("wait for the program")]
    Wait(#[source] io::Error),
}

//! What can go wrong in building and running a sandbox. A failing user program is none of it.

use crate::cgroup::CgroupError;
use casemate_types::Fault;
use std::io;
use thiserror::Error;

/// An error of the sandbox, one variant for each decision of the caller.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A wall that the profile requires cannot be had on this host.
    #[error("{wall} cannot be enforced: {reason}")]
    WallMissing {
        /// The wall's name, as `--allow-missing` takes it.
        wall: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// A step on the host's side failed.
    #[error("{step}")]
    Host {
        /// What was done to what.
        step: String,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// A step inside the sandbox failed.
    #[error("inside the sandbox: {step}")]
    Inside {
        /// What was done to what.
        step: String,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The warden is gone; every sandbox of it is dead.
    #[error("the warden ended unexpectedly")]
    WardenGone,
    /// A message was not understood: the parts do not fit together.
    #[error("a message of the {peer} was malformed")]
    Protocol {
        /// Who sent it.
        peer: &'static str,
    },
    /// Control groups failed.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
}

impl SandboxError {
    /// Whose fault it is: always the platform's. A caller may try again on another host.
    pub fn fault(&self) -> Fault {
        Fault::Platform
    }
}

/// Names the step of a failed call on the host's side.
pub(crate) trait AtStep<T> {
    fn at(self, step: impl FnOnce() -> String) -> Result<T, SandboxError>;
}

impl<T> AtStep<T> for io::Result<T> {
    fn at(self, step: impl FnOnce() -> String) -> Result<T, SandboxError> {
        self.map_err(|source| SandboxError::Host { step: step(), source })
    }
}

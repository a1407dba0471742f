//! What can go wrong with control groups, one variant per decision of the caller.
//!
//! Built by every file of this folder, read by the warden and by `doctor`. A message names the operation and the
//! object; the cause is the source and is not repeated in the text.

use std::io;
use std::path::{Path, PathBuf};

/// An error of the control group layer. Everything but [`CgroupError::Name`] is the platform's fault.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// This machine, or this account, offers no subtree in which limits hold. The run is refused unless the missing
    /// layer `cgroup` was allowed by name.
    #[error("no usable cgroup subtree: {what} ({}); {advice}", at.display())]
    Unavailable {
        /// What is missing.
        what: String,
        /// Where it was looked for.
        at: PathBuf,
        /// What the administrator or the caller can do.
        advice: String,
    },
    /// The name of a group is not 1 to 64 of `[A-Za-z0-9_-]`: the caller's mistake.
    #[error("group name {name:?} is not 1 to 64 of [A-Za-z0-9_-]")]
    Name {
        /// The refused name.
        name: String,
    },
    /// A limit could not be set. The group has been removed again.
    #[error("set {limit} to {value} in {}", path.display())]
    Limit {
        /// The kernel's name of the limit.
        limit: &'static str,
        /// The value that was refused, in the unit of the file.
        value: u64,
        /// The directory of the group.
        path: PathBuf,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// The group still holds processes, or held one a moment ago: try again in a millisecond.
    #[error("{} is busy", path.display())]
    Busy {
        /// The directory that could not be removed.
        path: PathBuf,
    },
    /// Any other operation on the control group file system failed.
    #[error("{operation} {}", path.display())]
    Io {
        /// The operation, as a verb.
        operation: &'static str,
        /// Its object.
        path: PathBuf,
        /// The kernel's answer.
        #[source]
        source: io::Error,
    },
    /// A step failed, and what had been made before it could not be taken back; the next sweep will find it.
    #[error("{cause}; and taking back what was made failed")]
    HalfMade {
        /// The first failure.
        cause: Box<CgroupError>,
        /// The failure of the cleanup.
        #[source]
        cleanup: Box<CgroupError>,
    },
}

impl CgroupError {
    /// Whether the same call may succeed a few milliseconds later with nothing changed by anybody.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Wraps an I/O error with its operation and object.
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            operation,
            path: path.to_path_buf(),
            source,
        }
    }

    /// Joins the failure of a step with the result of taking it back.
    pub(super) fn after_cleanup(self, cleanup: Result<(), CgroupError>) -> Self {
        match cleanup {
            Ok(()) => self,
            Err(cleanup) => Self::HalfMade {
                cause: Box::new(self),
                cleanup: Box::new(cleanup),
            },
        }
    }
}

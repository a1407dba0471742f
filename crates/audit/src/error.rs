//! Why the log could not be opened, read or written.

use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What went wrong with the audit log.
#[derive(Debug, Error)]
pub enum AuditError {
    /// A file of the log.
    #[error("{operation} {path}")]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Another process writes this log.
    #[error("{0} is in use by another recorder")]
    InUse(PathBuf),
    /// The log is not what its own signed heads say: it was changed or cut from outside.
    #[error(
        "the audit log does not agree with itself at record {sequence}: {reason}; see `casemate audit verify`"
    )]
    Damaged {
        /// The first record that is wrong.
        sequence: u64,
        /// Why.
        reason: String,
    },
    /// A record that may not be written.
    #[error("not a record: {0}")]
    NotARecord(&'static str),
    /// What was asked for has been removed by retention; its tombstone tells.
    #[error("record {0} was removed by retention; its segment's tombstone tells where it went")]
    Removed(u64),
    /// The key cannot be used.
    #[error("the signing key: {0}")]
    Key(&'static str),
}

/// Names the file of a failure.
pub(crate) trait At<T> {
    fn at(self, operation: &'static str, path: &Path) -> Result<T, AuditError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, operation: &'static str, path: &Path) -> Result<T, AuditError> {
        self.map_err(|cause| AuditError::File {
            operation,
            path: path.to_owned(),
            cause,
        })
    }
}

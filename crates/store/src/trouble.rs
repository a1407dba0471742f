//! What a failure of SQLite means for the store. Result codes: <https://sqlite.org/rescode.html>.

use crate::condition::Condition;
use crate::error::{Cause, StoreError};
use rusqlite::{ErrorCode, ffi};

/// What to do about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// Another process holds the file: try again.
    Locked,
    /// No room: what was tried is undone, the rest is sound.
    Full,
    /// The disk refused to write or to flush: what it holds of the log is not known.
    Disk,
    /// The file is damaged.
    Corrupt,
    /// The statement cannot work, whatever the state of the file.
    Statement,
    /// Anything else, memory included.
    Other,
}

impl Trouble {
    pub(crate) fn of(error: &rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            return Self::Statement;
        };
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
                Self::Locked
            }
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Corrupt,
            ErrorCode::SystemIoFailure => Self::of_io(failure.extended_code),
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch => Self::Statement,
            _ => Self::Other,
        }
    }

    fn of_io(extended: i32) -> Self {
        match extended {
            ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_SHMSIZE
            | ffi::SQLITE_IOERR_SHMMAP
            | ffi::SQLITE_IOERR_SHMOPEN => Self::Disk,
            // A page that cannot be read back, or whose checksum the file system found wrong.
            ffi::SQLITE_IOERR_READ
            | ffi::SQLITE_IOERR_SHORT_READ
            | ffi::SQLITE_IOERR_DATA
            | ffi::SQLITE_IOERR_CORRUPTFS => Self::Corrupt,
            _ => Self::Other,
        }
    }
}

impl Condition {
    /// Makes the caller's error of a failure, and records what it says of the file.
    pub(crate) fn note(&self, operation: &'static str, error: rusqlite::Error) -> StoreError {
        match Trouble::of(&error) {
            Trouble::Corrupt => self.set_corrupt(Cause::new(error)),
            Trouble::Full | Trouble::Disk => self.set_full(Cause::new(error)),
            Trouble::Locked => StoreError::Locked {
                path: self.path().to_owned(),
            },
            Trouble::Statement | Trouble::Other => StoreError::Database {
                operation,
                cause: Cause::new(error),
            },
        }
    }
}

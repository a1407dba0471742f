//! What a failure of the database means for the store. Result codes of SQLite: <https://sqlite.org/rescode.html>;
//! of PostgreSQL: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use crate::condition::Condition;
use crate::error::{Cause, StoreError};
use crate::sql::DatabaseError;
use rusqlite::{ErrorCode, ffi};
use std::error::Error;

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
    /// The connection is gone: what was asked may have been done or not.
    Away,
    /// Anything else, memory included.
    Other,
}

impl Trouble {
    pub(crate) fn of(error: &DatabaseError) -> Self {
        match error {
            DatabaseError::Sqlite(error) => Self::of_sqlite(error),
            DatabaseError::Postgres(error) => Self::of_postgres(error),
            DatabaseError::Lost(_) => Self::Away,
            DatabaseError::Malformed { .. } => Self::Statement,
        }
    }

    fn of_postgres(error: &tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            return if error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>()) {
                Self::Away
            } else {
                Self::Statement
            };
        };
        let code = said.code().code();
        match code.get(..2).unwrap_or(code) {
            // Connections, limits of connections, and a server that goes down or is not yet up.
            "08" | "57" if code != "57014" => Self::Away,
            _ if code == "53300" => Self::Away,
            _ if code == "53100" => Self::Full,
            "53" | "54" => Self::Other,
            "58" => Self::Disk,
            "XX" => Self::Corrupt,
            "40" | "55" => Self::Locked,
            "22" | "23" => Self::Statement,
            // A server that takes reads only: a standby, or one that was promoted elsewhere.
            "25" if code == "25006" => Self::Away,
            _ if code == "57014" => Self::Locked,
            _ => Self::Other,
        }
    }

    fn of_sqlite(error: &rusqlite::Error) -> Self {
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
    pub(crate) fn note(&self, operation: &'static str, error: impl Into<DatabaseError>) -> StoreError {
        let error = error.into();
        match Trouble::of(&error) {
            Trouble::Corrupt => self.set_corrupt(Cause::new(error)),
            Trouble::Full | Trouble::Disk => self.set_full(Cause::new(error)),
            Trouble::Away => self.set_away(Cause::new(error)),
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

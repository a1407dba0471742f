//! What a database answers when it does not do what it is asked.

use thiserror::Error;

/// The result of a statement.
pub(crate) type Result<T> = std::result::Result<T, DatabaseError>;

/// A failure of either database.
#[derive(Debug, Error)]
pub(crate) enum DatabaseError {
    /// SQLite's own.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL's own.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// The connection to PostgreSQL is gone, or has not answered in time.
    #[error("the connection is lost")]
    Lost(#[source] std::io::Error),
    /// A row that holds what it should not.
    #[error("column {column}: {what}")]
    Malformed {
        /// Which column of the answer.
        column: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The error of a row that holds what it should not.
pub(crate) fn malformed(column: usize, what: &'static str) -> DatabaseError {
    DatabaseError::Malformed { column, what }
}

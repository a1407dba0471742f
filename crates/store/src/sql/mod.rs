//! SQL as both databases understand it: values in, records out. The statements of the store are written once.
//!
//! Placeholders are `?1`, `?2`, ...; nothing else in a statement has a question mark. Integers are 64 bits wide.

mod error;
mod record;
mod sqlite;
mod value;

pub(crate) use error::{DatabaseError, Result, malformed};
pub(crate) use record::Record;
pub(crate) use value::{Value, id, text};

use crate::model::view::{Sizes, Slice};

/// Which of the two a statement is for, where they differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A table with a column `content`, and the key of its rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    Stdouts,
    Stderrs,
    Files,
}

impl Content {
    /// The table, and what its rows are found by.
    pub(crate) fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Stdouts => ("stdouts", "execution"),
            Self::Stderrs => ("stderrs", "execution"),
            Self::Files => ("files", "number"),
        }
    }
}

/// One connection, inside a transaction of a writer or on one moment of a reader.
pub(crate) trait Session {
    /// Runs a statement; answers with the number of rows that it changed.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64>;

    /// Runs a statement and takes all of its rows: each statement bounds them by itself.
    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Record>>;

    /// Which database it is.
    fn dialect(&self) -> Dialect;

    /// At most so many bytes of a content from an offset on, and its size, without reading what comes before.
    fn content(&mut self, of: Content, row: i64, offset: u64, limit_bytes: usize) -> Result<Option<Slice>>;

    /// How large the database is.
    fn sizes(&mut self) -> Result<Sizes>;

    /// Gives at most so many free pages back to the disk; answers with how many. A database that does so by itself
    /// gives none.
    fn give_back(&mut self, pages: u32) -> Result<u64>;

    /// The first row, if there is one.
    fn first(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Option<Record>> {
        Ok(self.query(sql, values)?.into_iter().next())
    }
}

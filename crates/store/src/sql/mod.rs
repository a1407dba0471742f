//! SQL as both databases understand it: values in, records out. The statements of the store are written once.
//!
//! Placeholders are `?1`, `?2`, ...; nothing else in a statement has a question mark. Integers are 64 bits wide.

mod record;
mod sqlite;
mod value;

pub(crate) use record::Record;
pub(crate) use value::{Value, id, text};

/// One connection, inside a transaction of a writer or on one moment of a reader.
pub(crate) trait Session {
    /// Runs a statement; answers with the number of rows that it changed.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<u64>;

    /// Runs a statement and takes all of its rows: each statement bounds them by itself.
    fn query(&mut self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<Vec<Record>>;

    /// The first row, if there is one.
    fn first(&mut self, sql: &str, values: &[Value<'_>]) -> rusqlite::Result<Option<Record>> {
        Ok(self.query(sql, values)?.into_iter().next())
    }
}

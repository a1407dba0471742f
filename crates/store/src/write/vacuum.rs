//! Giving free pages back to the disk, a bounded number at a time.

use crate::job::{Failure, Request};
use rusqlite::Connection;

/// Gives back at most so many pages.
pub(crate) struct Vacuum {
    pub(crate) pages: u32,
}

impl Request for Vacuum {
    /// How many pages were given back.
    type Reply = u64;
    const OPERATION: &'static str = "shrink the database";

    fn apply(&self, connection: &Connection) -> Result<u64, Failure> {
        let count = || connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0));
        let before = count()?;
        let sql = format!("PRAGMA incremental_vacuum({})", self.pages);
        let mut statement = connection.prepare(&sql)?;
        // Each step gives back one page; a statement that is not stepped to its end stops early.
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(u64::try_from(before - count()?).unwrap_or(0))
    }

    fn bytes(&self) -> u64 {
        u64::from(self.pages) * crate::open::connection::PAGE_BYTES
    }
}

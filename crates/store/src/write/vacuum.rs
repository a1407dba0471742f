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
        let sql = format!("PRAGMA incremental_vacuum({})", self.pages);
        let mut statement = connection.prepare(&sql)?;
        // Each step gives back one page; a statement that is not stepped to its end stops early.
        let mut rows = statement.query([])?;
        let mut given = 0;
        while rows.next()?.is_some() {
            given += 1;
        }
        Ok(given)
    }

    fn bytes(&self) -> u64 {
        u64::from(self.pages) * crate::open::connection::PAGE_BYTES
    }
}

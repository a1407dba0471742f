//! Figures of the whole: how many executions, how many bytes. For health, metrics and retention.

use super::row;
use crate::error::StoreError;
use crate::model::state::State;
use crate::model::view::{Counts, Sizes};
use crate::open::connection::PAGE_BYTES;
use crate::store::Store;
use std::fs;
use std::path::PathBuf;

impl Store {
    /// How many executions there are in each state. It walks an index: some milliseconds for 100,000.
    ///
    /// # Errors
    /// Those of every read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let counted: Vec<(String, u64)> = self.readers.read("count executions", |connection| {
            connection
                .prepare_cached("SELECT status, count(*) FROM executions GROUP BY status")?
                .query_map([], |found| Ok((found.get(0)?, row::count(found, 1)?)))?
                .collect()
        })?;
        let by_state: Vec<(State, u64)> = counted
            .iter()
            .filter_map(|(word, count)| State::from_word(word).map(|state| (state, *count)))
            .collect();
        let total = counted.iter().map(|(_, count)| count).sum();
        Ok(Counts { by_state, total })
    }

    /// How large the database is.
    ///
    /// # Errors
    /// Those of every read.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        let (pages, free) = self.readers.read("measure the database", |connection| {
            let pages = connection.pragma_query_value(None, "page_count", |found| row::count(found, 0))?;
            let free = connection.pragma_query_value(None, "freelist_count", |found| row::count(found, 0))?;
            Ok((pages, free))
        })?;
        let mut log = self.readers.path().as_os_str().to_owned();
        log.push("-wal");
        Ok(Sizes {
            database_bytes: pages * PAGE_BYTES,
            free_bytes: free * PAGE_BYTES,
            // Without a log there is none to measure.
            log_bytes: fs::metadata(PathBuf::from(log)).map_or(0, |found| found.len()),
        })
    }
}

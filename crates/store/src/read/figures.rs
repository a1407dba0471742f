//! Figures of the whole: how many executions, how many bytes. For health, metrics and retention.

use crate::error::StoreError;
use crate::model::state::State;
use crate::model::view::{Counts, Sizes};
use crate::store::Store;
use std::fs;
use std::path::PathBuf;

impl Store {
    /// How many executions there are in each state. It walks an index: some milliseconds for 100,000.
    ///
    /// # Errors
    /// Those of every read.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let counted = self.readers.read("count executions", |session| {
            session
                .query("SELECT status, count(*) FROM executions GROUP BY status", &[])?
                .iter()
                .map(|row| Ok((row.text(0)?.to_owned(), row.count(1)?)))
                .collect::<crate::sql::Result<Vec<(String, u64)>>>()
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
        let sizes = self
            .readers
            .read("measure the database", |session| session.sizes())?;
        let mut log = self.readers.path().as_os_str().to_owned();
        log.push("-wal");
        Ok(Sizes {
            // Without a log there is none to measure: another server's is its own.
            log_bytes: fs::metadata(PathBuf::from(log)).map_or(0, |found| found.len()),
            ..sizes
        })
    }
}

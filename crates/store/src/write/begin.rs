//! The begin of a transaction: waiting for another process that holds the file, up to the limit of each job.

use super::Writer;
use crate::error::StoreError;
use crate::job::Job;
use crate::trouble::Trouble;
use std::time::{Duration, Instant};

/// After so long the wait is a condition of the store, not a moment.
const NOTICE: Duration = Duration::from_secs(1);
/// Between attempts that SQLite refused without waiting.
const PAUSE: Duration = Duration::from_millis(10);

impl Writer {
    /// Begins a transaction that can be committed without waiting for anybody. Jobs that waited for the whole limit
    /// are answered and taken out; `false` when none is left.
    pub(super) fn begin(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> crate::sql::Result<bool> {
        let since = Instant::now();
        loop {
            match self.execute("BEGIN IMMEDIATE") {
                Ok(()) => return Ok(true),
                Err(error) if Trouble::of(&error) == Trouble::Locked => {}
                Err(error) => return Err(error),
            }
            if since.elapsed() >= NOTICE.min(self.lock_limit) {
                self.condition.set_locked();
            }
            self.expire(jobs);
            if jobs.is_empty() {
                return Ok(false);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn expire(&self, jobs: &mut Vec<Box<dyn Job>>) {
        let limit = self.lock_limit;
        for job in jobs.extract_if(.., |job| job.submitted().elapsed() >= limit) {
            job.answer(Err(StoreError::Locked {
                path: self.condition.path().to_owned(),
            }));
        }
    }
}

//! The writer: one thread with the only connection that writes. Everything that waits becomes one transaction.
//!
//! One flush of the disk so answers many callers. It must never answer a write before its commit has returned, and
//! never commit a durable write at a level that does not flush.

mod accept;
mod begin;
pub(crate) mod delete;
mod finish;
pub(crate) mod identity;
mod log;
mod probe;
mod start;
mod sweep;
mod usage;
pub(crate) mod vacuum;

use crate::condition::{Condition, Health};
use crate::error::StoreError;
use crate::job::{Failure, Job};
use crate::model::change::Durability;
use crate::open::connection::WRITE_BUSY;
use crate::options::Options;
use crate::queue::{Queue, Taken};
use crate::sql::{self, DatabaseError};
use crate::trouble::Trouble;
use log::Log;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::sync::Arc;
use std::time::Duration;

/// The state of the writing thread.
pub(crate) struct Writer {
    connection: Connection,
    queue: Arc<Queue>,
    condition: Arc<Condition>,
    lock_limit: Duration,
    probe_interval: Duration,
    /// What the connection is set to; `None` until the first commit.
    level: Option<Durability>,
    log: Log,
}

impl Writer {
    pub(crate) fn new(
        connection: Connection,
        queue: Arc<Queue>,
        condition: Arc<Condition>,
        options: &Options,
    ) -> Self {
        Self {
            connection,
            queue,
            condition,
            lock_limit: options.lock_limit,
            probe_interval: options.probe_interval.clamp(WRITE_BUSY, Duration::from_secs(4)),
            level: None,
            log: Log::new(options.log_limit),
        }
    }

    /// The life of the thread.
    pub(crate) fn run(mut self) {
        loop {
            let recovers = matches!(self.condition.health(), Health::Full { .. } | Health::Locked);
            match self.queue.take(recovers.then_some(self.probe_interval)) {
                Taken::Work(jobs) => self.serve(jobs),
                Taken::Nothing => self.probe(),
                Taken::Closed => return self.close(),
            }
        }
    }

    /// Commits and answers every job.
    fn serve(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        if let Err(error) = self.ready() {
            return refuse(jobs, &error);
        }
        if let Err(error) = self.commit(&mut jobs) {
            let is_general = matches!(Trouble::of(&error), Trouble::Corrupt | Trouble::Locked);
            if is_general || jobs.len() == 1 {
                let operation = jobs.first().map_or("write", |job| job.operation());
                let error = self.note(operation, error);
                return refuse(jobs, &error);
            }
            // One of them may be at fault, by its size for example: the others must not fail with it.
            for job in jobs {
                self.serve(vec![job]);
            }
        }
        self.tend_log();
    }

    /// Whether anything may be written.
    fn ready(&mut self) -> Result<(), StoreError> {
        self.condition.damage().map_or(Ok(()), Err)?;
        self.trust_log()
    }

    /// One transaction. When it fails, nothing of it is in the database and the jobs are left to the caller.
    fn commit(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> sql::Result<()> {
        let is_durable = jobs.iter().any(|job| job.durability() == Durability::Durable);
        self.set_level(if is_durable {
            Durability::Durable
        } else {
            Durability::Soft
        })?;
        if !self.begin(jobs)? {
            return Ok(());
        }
        let results = match self
            .apply(jobs)
            .and_then(|results| self.execute("COMMIT").map(|()| results))
        {
            Ok(results) => results,
            Err(error) => {
                self.roll_back();
                return Err(error);
            }
        };
        if !results
            .iter()
            .any(|result| matches!(result, Err(StoreError::Full { .. })))
        {
            self.condition.set_healthy();
        }
        for (job, result) in jobs.drain(..).zip(results) {
            job.answer(result);
        }
        Ok(())
    }

    /// Does every job; a job that fails for a reason of its own leaves nothing behind.
    fn apply(&self, jobs: &mut [Box<dyn Job>]) -> sql::Result<Vec<Result<(), StoreError>>> {
        let mut results = Vec::with_capacity(jobs.len());
        for job in jobs {
            self.execute("SAVEPOINT job")?;
            let result = match job.apply(&mut &self.connection) {
                Ok(()) => Ok(()),
                Err(failure) => {
                    let error = self.own_failure(job.operation(), failure)?;
                    self.execute("ROLLBACK TO job")?;
                    Err(error)
                }
            };
            self.execute("RELEASE job")?;
            results.push(result);
        }
        Ok(results)
    }

    /// The error of a job that failed alone; or the failure that ends the transaction.
    fn own_failure(&self, operation: &'static str, failure: Failure) -> sql::Result<StoreError> {
        let error = match failure {
            Failure::Refused(error) => return Ok(error),
            Failure::Database(error) => error,
        };
        // SQLite itself may have rolled the transaction back: <https://sqlite.org/lang_transaction.html>.
        let stands = !self.connection.is_autocommit();
        match Trouble::of(&error) {
            Trouble::Statement | Trouble::Full if stands => Ok(self.condition.note(operation, error)),
            _ => Err(error),
        }
    }

    /// Sets what a commit flushes. In WAL mode NORMAL flushes when the log is copied, FULL after every commit
    /// as well: <https://sqlite.org/pragma.html#pragma_synchronous>.
    fn set_level(&mut self, level: Durability) -> sql::Result<()> {
        if self.level == Some(level) {
            return Ok(());
        }
        self.level = None;
        let (word, number) = match level {
            Durability::Soft => ("NORMAL", 1),
            Durability::Durable => ("FULL", 2),
        };
        self.connection.pragma_update(None, "synchronous", word)?;
        let set: i64 = self
            .connection
            .pragma_query_value(None, "synchronous", |row| row.get(0))?;
        if set != number {
            return Err(rusqlite::Error::InvalidQuery.into());
        }
        self.level = Some(level);
        Ok(())
    }

    fn execute(&self, sql: &str) -> sql::Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If even this fails, the next BEGIN does, and says why.
            let _ = self.execute("ROLLBACK");
        }
    }

    /// Makes the callers' error of a failure, and takes the steps that it asks for.
    fn note(&mut self, operation: &'static str, error: DatabaseError) -> StoreError {
        match Trouble::of(&error) {
            Trouble::Disk => self.log.suspect(),
            Trouble::Corrupt => {
                // Closing would copy the log into the damaged file, and take away what a repair may need.
                let _ = self
                    .connection
                    .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            }
            _ => {}
        }
        self.condition.note(operation, error)
    }
}

fn refuse(jobs: Vec<Box<dyn Job>>, error: &StoreError) {
    for job in jobs {
        job.answer(Err(error.clone()));
    }
}

#[cfg(test)]
mod tests;

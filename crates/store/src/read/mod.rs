//! Reading: a bounded number of connections that cannot write, used by the threads of the callers. Each call sees
//! one moment of the database and waits for no write. No call returns more than its bound.

mod content;
mod detail;
mod figures;
mod identity;
mod list;
mod row;

pub(crate) use list::first_of;

use crate::condition::Condition;
use crate::error::{Cause, StoreError};
use crate::open::connection;
use crate::options::Options;
use crate::sql::Session;
use crate::trouble::Trouble;
use rusqlite::Connection;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The connections for reading.
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
    limit: Duration,
    condition: Arc<Condition>,
}

/// A connection in use; it goes back when dropped.
struct Lease<'a> {
    readers: &'a Readers,
    connection: Option<Connection>,
}

impl Readers {
    pub(crate) fn open(options: &Options, condition: &Arc<Condition>) -> Result<Self, StoreError> {
        let open = || connection::reading(condition.path(), options.read_limit);
        let connections = (0..options.readers.max(1))
            .map(|_| open())
            .collect::<rusqlite::Result<_>>();
        let connections =
            connections.map_err(|error| condition.note("open the database for reading", error))?;
        Ok(Self {
            idle: Mutex::new(connections),
            returned: Condvar::new(),
            limit: options.read_limit,
            condition: Arc::clone(condition),
        })
    }

    /// Runs a read on one moment of the database.
    pub(crate) fn read<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let lease = self.lease()?;
        let connection = lease.connection.as_ref().ok_or(StoreError::Stopped)?;
        let transaction = connection.unchecked_transaction();
        // Dropped here, it ends: nothing was written.
        transaction
            .and_then(|transaction| read(&transaction))
            .map_err(|error| self.failed(operation, error))
    }

    /// As [`Readers::read`], in the words of both databases.
    pub(crate) fn ask<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&mut dyn Session) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.read(operation, |mut connection| read(&mut connection))
    }

    /// Closes every connection that is not in use.
    pub(crate) fn close(&self) {
        self.idle().clear();
    }

    /// The database that is read.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.condition.path()
    }

    fn failed(&self, operation: &'static str, error: rusqlite::Error) -> StoreError {
        match Trouble::of(&error) {
            Trouble::Corrupt | Trouble::Locked => self.condition.note(operation, error),
            // A read never says that there is no room: the writer finds that out.
            _ => StoreError::Database {
                operation,
                cause: Cause::new(error),
            },
        }
    }

    fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let (mut idle, _) = self
            .returned
            .wait_timeout_while(self.idle(), self.limit, |idle| idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let connection = Some(idle.pop().ok_or(StoreError::Busy)?);
        Ok(Lease {
            readers: self,
            connection,
        })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.readers.idle().extend(self.connection.take());
        self.readers.returned.notify_one();
    }
}

#[cfg(test)]
mod tests;

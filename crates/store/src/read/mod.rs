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
use crate::sql::{self, DatabaseError, Session};
use crate::trouble::Trouble;
use rusqlite::Connection;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A connection for reading.
pub(crate) trait Reader: Send {
    /// Runs a read on one moment of the database.
    fn moment(&mut self, read: &mut dyn FnMut(&mut dyn Session) -> sql::Result<()>) -> sql::Result<()>;
}

impl Reader for Connection {
    fn moment(&mut self, read: &mut dyn FnMut(&mut dyn Session) -> sql::Result<()>) -> sql::Result<()> {
        // Dropped here, it ends: nothing was written.
        let transaction = self.unchecked_transaction()?;
        read(&mut &*transaction)
    }
}

/// The connections for reading.
pub(crate) struct Readers {
    idle: Mutex<Vec<Box<dyn Reader>>>,
    returned: Condvar,
    limit: Duration,
    condition: Arc<Condition>,
}

/// A connection in use; it goes back when dropped.
struct Lease<'a> {
    readers: &'a Readers,
    connection: Option<Box<dyn Reader>>,
}

impl Readers {
    /// `limit` is how long a read waits for a connection.
    pub(crate) fn new(
        connections: Vec<Box<dyn Reader>>,
        limit: Duration,
        condition: &Arc<Condition>,
    ) -> Self {
        Self {
            idle: Mutex::new(connections),
            returned: Condvar::new(),
            limit,
            condition: Arc::clone(condition),
        }
    }

    /// Runs a read on one moment of the database.
    pub(crate) fn read<T>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&mut dyn Session) -> sql::Result<T>,
    ) -> Result<T, StoreError> {
        let mut lease = self.lease()?;
        let connection = lease.connection.as_mut().ok_or(StoreError::Stopped)?;
        let (mut read, mut found) = (Some(read), None);
        let done = connection.moment(&mut |session| {
            if let Some(read) = read.take() {
                found = Some(read(session)?);
            }
            Ok(())
        });
        match (done, found) {
            (Ok(()), Some(found)) => Ok(found),
            (Ok(()), None) => Err(StoreError::Stopped),
            (Err(error), _) => Err(self.failed(operation, error)),
        }
    }

    /// Closes every connection that is not in use.
    pub(crate) fn close(&self) {
        self.idle().clear();
    }

    /// The database that is read.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.condition.path()
    }

    fn failed(&self, operation: &'static str, error: DatabaseError) -> StoreError {
        match Trouble::of(&error) {
            Trouble::Corrupt | Trouble::Locked => self.condition.note(operation, error),
            // One connection was lost; whether the database is away the writer finds out.
            Trouble::Away => StoreError::Away {
                path: self.condition.path().to_owned(),
                cause: Cause::new(error),
            },
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

    fn idle(&self) -> MutexGuard<'_, Vec<Box<dyn Reader>>> {
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

//! The one instance that writes, and what became of its last transaction.
//!
//! The lock is the server's, and ends with the connection that has it. Whoever takes it anew counts up the row of the
//! table `writer`; every transaction writes its number there. After a lost connection the row so tells whether the
//! last transaction was committed, and a writer that was replaced meanwhile finds out before it commits anything.

use super::connection::Connection;
use crate::sql::{Result, Session};
use std::time::{Duration, Instant};

/// The key of the lock: "CSMT", as in the head of a SQLite file.
const LOCK: i64 = 0x4353_4d54;
const LOCK_POLL: Duration = Duration::from_millis(20);

/// Who writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Mark {
    /// Which instance.
    pub(super) instance: i64,
    /// Its last transaction.
    pub(super) batch: i64,
}

/// Takes the lock of the writer, and waits for it up to a limit; `false` when another has it for so long.
pub(super) fn lock(connection: &mut Connection, limit: Duration) -> Result<bool> {
    let until = Instant::now() + limit;
    loop {
        let row = connection.first("SELECT pg_try_advisory_lock(?1)", &[LOCK.into()])?;
        if row.map(|row| row.truth(0)).transpose()?.unwrap_or(false) {
            return Ok(true);
        }
        if Instant::now() >= until {
            return Ok(false);
        }
        std::thread::sleep(LOCK_POLL);
    }
}

/// The server's process of this connection.
pub(super) fn process(connection: &mut Connection) -> Result<i64> {
    let row = connection.first("SELECT pg_backend_pid()", &[])?;
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Ends the server's process of a connection that was lost, if it has not noticed yet: it still has the lock.
pub(super) fn end(connection: &mut Connection, process: i64) -> Result<()> {
    connection
        .query(
            "SELECT pg_terminate_backend(pid) FROM pg_locks
             WHERE locktype = 'advisory' AND pid = CAST(?1 AS INTEGER) AND granted AND objid = CAST(?2 AS BIGINT)::oid",
            &[process.into(), LOCK.into()],
        )
        .map(drop)
}

/// Becomes the one that writes.
pub(super) fn take_over(connection: &mut Connection) -> Result<Mark> {
    let row = connection.first(
        "UPDATE writer SET instance = instance + 1, batch = 0 RETURNING instance",
        &[],
    )?;
    Ok(Mark {
        instance: row.map_or(Ok(0), |row| row.integer(0))?,
        batch: 0,
    })
}

/// What the database has of the one that writes.
pub(super) fn found(connection: &mut Connection) -> Result<Mark> {
    let row = connection.first("SELECT instance, batch FROM writer", &[])?;
    row.map_or(Ok(Mark::default()), |row| {
        Ok(Mark {
            instance: row.integer(0)?,
            batch: row.integer(1)?,
        })
    })
}

/// Writes down the number of the transaction in which it is called; `false` when another instance has taken over.
pub(super) fn sign(connection: &mut Connection, mark: Mark) -> Result<bool> {
    let signed = connection.execute(
        "UPDATE writer SET batch = ?1 WHERE instance = ?2",
        &[mark.batch.into(), mark.instance.into()],
    )?;
    Ok(signed == 1)
}

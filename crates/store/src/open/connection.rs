//! The settings of every connection. Pragmas: <https://sqlite.org/pragma.html>; the advice on files that somebody may
//! have tampered with: <https://sqlite.org/security.html>.

use casemate_types::Bytes;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// How long a single attempt of the writer waits for a lock; the writer tries until its own limit.
pub(crate) const WRITE_BUSY: Duration = Duration::from_millis(100);

/// The statements of the store; each connection keeps those it has used.
const STATEMENTS: usize = 64;

/// A file system block: a page is written whole or not at all by most disks, and a small change costs one.
pub(crate) const PAGE_BYTES: u64 = 4096;

/// What a log file is cut down to after it was emptied.
const LOG_KEPT_BYTES: i64 = 16 << 20;

/// Opens the database for writing. It must be there. URIs are not read, links are not followed.
pub(crate) fn writing(path: &Path) -> rusqlite::Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// Opens the database for reading only.
pub(crate) fn reading(path: &Path, busy: Duration) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(busy)?;
    configure(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    // One thread at a time has a connection, so SQLite's own mutex is not needed.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// What every connection is set to.
pub(crate) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    // A schema that somebody put into the file can run no code of ours and change no internals.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false)?;
    // A misspelt name is an error, not a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // Damage is found where it is, not where it leads to.
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // With a map of the file an error of the disk would be a signal, not a result.
    connection.pragma_update(None, "mmap_size", 0)?;
    // Nothing of the state in files of its own.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // In KiB when negative.
    connection.pragma_update(None, "cache_size", -4096)
}

/// Switches the write-ahead log on: readers and the writer do not wait for each other, and a commit is one
/// sequential write. A new file also gets its page size and the possibility to shrink, which cannot come later.
pub(crate) fn enter_wal(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    if is_new {
        connection.pragma_update(None, "page_size", PAGE_BYTES as i64)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    // A file system without shared memory answers with another mode; then the file is not used.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
        let mode: String = row.get(0)?;
        if mode == "wal" {
            Ok(())
        } else {
            Err(rusqlite::Error::InvalidQuery)
        }
    })?;
    // The writer decides when the log is copied, after its callers have their answers.
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    connection.pragma_update_and_check(None, "journal_size_limit", LOG_KEPT_BYTES, |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// Bounds the size of the file.
pub(crate) fn limit_size(connection: &Connection, limit: Option<Bytes>) -> rusqlite::Result<()> {
    let Some(limit) = limit else { return Ok(()) };
    let pages = i64::try_from(limit.0 / PAGE_BYTES)
        .unwrap_or(i64::MAX)
        .clamp(1, 4_294_967_294);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
}

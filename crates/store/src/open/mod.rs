//! From a folder to a database that may be written: the lock, the file, its check, its migrations. `Store::open` calls
//! it; nothing here may write to a file that is not known to be ours and sound.

pub(crate) mod check;
pub(crate) mod connection;
mod files;

use crate::condition::Condition;
use crate::error::{Cause, StoreError};
use crate::options::Options;
use crate::read::Reader;
use crate::schema::{self, Kind};
use check::Verdict;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// What was opened.
pub(crate) struct Opened {
    /// The one connection that writes.
    pub(crate) connection: Connection,
    /// What is known of the file.
    pub(crate) condition: Arc<Condition>,
    /// The lock of the folder.
    pub(crate) lock: File,
}

impl Opened {
    pub(crate) fn open(options: &Options) -> Result<Self, StoreError> {
        let folder = files::folder(&options.folder)?;
        let lock = files::lock(&folder, options.lock_limit)?;
        let path = files::database(&folder)?;
        let condition = Arc::new(Condition::new(path));
        let mut connection = connection::writing(condition.path())
            .map_err(|error| condition.note("open the database", error))?;
        prepare(&mut connection, &condition, options)?;
        Ok(Self {
            connection,
            condition,
            lock,
        })
    }
}

/// The connections for reading.
pub(crate) fn readers(options: &Options, condition: &Condition) -> Result<Vec<Box<dyn Reader>>, StoreError> {
    (0..options.readers.max(1))
        .map(|_| {
            let opened = connection::reading(condition.path(), options.read_limit);
            let reader = opened.map_err(|error| condition.note("open the database for reading", error))?;
            Ok(Box::new(reader) as Box<dyn Reader>)
        })
        .collect()
}

/// Checks the file and brings it to the newest version, unless it is damaged.
fn prepare(connection: &mut Connection, condition: &Condition, options: &Options) -> Result<(), StoreError> {
    let note = |operation| move |error| condition.note(operation, error);
    connection
        .busy_timeout(options.lock_limit)
        .and_then(|()| connection::configure(connection))
        .map_err(note("configure the database"))?;
    let kind = schema::kind(connection).map_err(note("read the head of the database"))?;
    refuse_others(kind, condition.path())?;
    if kind != Kind::Empty {
        let verdict = check::check(connection, options.check_limit);
        if let Verdict::Damaged(finding) = verdict.map_err(note("check the database"))? {
            condition.set_corrupt(Cause::new(finding));
            // Closing would copy the log into the damaged file, and take away what a repair may need.
            return connection
                .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
                .map(drop)
                .map_err(note("configure the database"));
        }
    }
    connection::enter_wal(connection, kind == Kind::Empty).map_err(note("switch on the write-ahead log"))?;
    schema::migrate(connection, &schema::MIGRATIONS).map_err(note("bring the database up to date"))?;
    connection::limit_size(connection, options.database_limit)
        .and_then(|()| connection.busy_timeout(connection::WRITE_BUSY))
        .map_err(note("configure the database"))?;
    files::stretch_log(condition.path());
    files::sync_folder(condition.path())
}

fn refuse_others(kind: Kind, path: &Path) -> Result<(), StoreError> {
    let path = path.to_owned();
    match kind {
        Kind::Foreign => Err(StoreError::Foreign { path }),
        Kind::Ours(found) if found > schema::known_version() => Err(StoreError::Newer {
            path,
            found,
            known: schema::known_version(),
        }),
        Kind::Ours(_) | Kind::Empty => Ok(()),
    }
}

#[cfg(test)]
mod tests;

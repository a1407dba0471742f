//! How a store is opened. The server fills it from its settings; every value is a bound.

use crate::postgres::Server;
use casemate_types::Bytes;
use std::path::PathBuf;
use std::time::Duration;

/// What holds the state.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file in the folder.
    Sqlite,
    /// A PostgreSQL server; the folder is not used.
    Postgres(Box<Server>),
}

/// Where the state lives, and the bounds of everything that waits or grows.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which database.
    pub database: Database,
    /// The folder of `state.db`; made with mode 0700 when it is missing.
    pub folder: PathBuf,
    /// Most writes that wait for the writer.
    pub queue_operations: usize,
    /// Most content that waits for the writer. One write may be larger when nothing else waits.
    pub queue_bytes: Bytes,
    /// How long a write waits for another process that holds the file.
    pub lock_limit: Duration,
    /// Connections for reading: so many calls read at once, the others wait.
    pub readers: usize,
    /// How long a read waits for a connection, or for a lock on the file.
    pub read_limit: Duration,
    /// How long the check of an existing file may take at the start; a check that takes longer is given up.
    pub check_limit: Duration,
    /// From this size on the write-ahead log is emptied even when readers must be waited for.
    pub log_limit: Bytes,
    /// Largest size of the database file; `None` leaves it to the disk.
    pub database_limit: Option<Bytes>,
    /// How often a store that cannot write tries again by itself; at most 4 s, so that it recovers within 5 s.
    pub probe_interval: Duration,
}

impl Options {
    /// The defaults for a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            database: Database::Sqlite,
            folder: folder.into(),
            queue_operations: 1024,
            queue_bytes: Bytes::mib(128),
            lock_limit: Duration::from_secs(30),
            readers: 4,
            read_limit: Duration::from_secs(5),
            check_limit: Duration::from_secs(2),
            log_limit: Bytes::mib(64),
            database_limit: None,
            probe_interval: Duration::from_secs(1),
        }
    }
}

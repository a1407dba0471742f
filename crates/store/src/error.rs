//! What can go wrong with the state: one variant for each decision of the caller.

use casemate_types::{ExecutionId, Fault};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// What the database or the system said; shared, because one failed commit answers many callers.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    pub(crate) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// An error of the store.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// A value is larger than the store takes. The caller changes the request.
    #[error("{field}: {given} is more than {bound}")]
    Bound {
        /// The field.
        field: &'static str,
        /// How much was given.
        given: u64,
        /// Most that is taken.
        bound: u64,
    },
    /// An execution of this id is there already.
    #[error("the execution {0} is recorded already")]
    Exists(ExecutionId),
    /// Too much waits already. Nothing was recorded; try again soon.
    #[error("the store has as much waiting as it takes")]
    Busy,
    /// Another process held the file for the whole limit. Nothing was recorded; try again later.
    #[error("another process holds {}", .path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The disk, or the limit of the file, is full, or the disk refuses to write. Nothing was recorded; reads
    /// work, and writes do again within seconds of space returning.
    #[error("no room to write {}: free disk space, or keep fewer executions", .path.display())]
    Full {
        /// The database.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: Cause,
    },
    /// The database server does not answer. What was asked was not recorded, or it was looked for and not found; try
    /// again later.
    #[error("the database {} does not answer", .path.display())]
    Away {
        /// The database.
        path: PathBuf,
        /// What happened to the connection.
        #[source]
        cause: Cause,
    },
    /// The database server is not as the state needs it. Its administrator changes it.
    #[error("the database {}: {what}", .path.display())]
    Unfit {
        /// The database.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: &'static str,
    },
    /// The file is damaged or no database. Nothing is written any more; reads go on where they can.
    #[error("{} is damaged: stop the service, then restore a backup of it, or move it away with its -wal and -shm files to start empty", .path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: Cause,
    },
    /// A newer program wrote the file.
    #[error("{} has version {found}, this program knows {known} and older: use the newer program, or restore a backup from before the upgrade", .path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// The version of the file.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The file is a database of another program.
    #[error("{} belongs to another program: choose another folder, or move the file away", .path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// Another instance has the folder open.
    #[error("{} is in use by another instance: stop it, or choose another folder", .path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The folder or a file in it cannot be made or opened.
    #[error("open {}", .path.display())]
    Open {
        /// What could not be opened.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The writer has ended; the store must be opened again.
    #[error("the store is closed")]
    Stopped,
    /// SQLite failed in a way that has no remedy of its own.
    #[error("{operation}")]
    Database {
        /// What was tried.
        operation: &'static str,
        /// What SQLite said.
        #[source]
        cause: Cause,
    },
}

impl StoreError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Bound { .. } | Self::Exists(_) => Fault::Caller,
            _ => Fault::Platform,
        }
    }

    /// When the same request may be tried again; `None` when that does not help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy => Some(Duration::from_secs(1)),
            Self::Locked { .. } | Self::Full { .. } | Self::Away { .. } => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// What a client may be told: no path and no word of SQLite.
    pub fn public(&self) -> String {
        match self {
            Self::Bound { .. } | Self::Exists(_) => self.to_string(),
            Self::Busy => "the service is busy".to_owned(),
            Self::Locked { .. } => "the state of the service is locked".to_owned(),
            Self::Full { .. } => "the service has no room to record executions".to_owned(),
            Self::Corrupt { .. } => "the state of the service is damaged".to_owned(),
            _ => "the state of the service is not available".to_owned(),
        }
    }
}

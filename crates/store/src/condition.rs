//! How the store fares. The writer and the readers report, the server asks. Damage is never forgotten.

use crate::error::{Cause, StoreError};
use casemate_types::with_causes;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether the store can write, and why not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Health {
    /// Reads and writes work.
    Healthy,
    /// The file is damaged: nothing is written until it was replaced and the store opened again.
    ReadOnly {
        /// What was found.
        reason: String,
    },
    /// No room to write. It recovers by itself.
    Full {
        /// What the system said.
        reason: String,
    },
    /// Another process holds the file. It recovers by itself.
    Locked,
    /// The database server does not answer. It recovers by itself.
    Away {
        /// What happened to the connection.
        reason: String,
    },
}

/// The health of one database, shared by its connections.
#[derive(Debug)]
pub(crate) struct Condition {
    path: PathBuf,
    now: Mutex<Now>,
}

#[derive(Debug)]
enum Now {
    Healthy,
    Corrupt(Cause),
    Full(Cause),
    Locked,
    Away(Cause),
}

impl Condition {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            now: Mutex::new(Now::Healthy),
        }
    }

    /// The database.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn health(&self) -> Health {
        match &*self.now() {
            Now::Healthy => Health::Healthy,
            Now::Corrupt(cause) => Health::ReadOnly {
                reason: cause.to_string(),
            },
            Now::Full(cause) => Health::Full {
                reason: cause.to_string(),
            },
            Now::Locked => Health::Locked,
            Now::Away(cause) => Health::Away {
                reason: with_causes(cause),
            },
        }
    }

    /// The error of every write, once the file is known to be damaged.
    pub(crate) fn damage(&self) -> Option<StoreError> {
        match &*self.now() {
            Now::Corrupt(cause) => Some(self.corrupt_error(cause.clone())),
            _ => None,
        }
    }

    pub(crate) fn set_corrupt(&self, cause: Cause) -> StoreError {
        let mut now = self.now();
        if !matches!(*now, Now::Corrupt(_)) {
            *now = Now::Corrupt(cause.clone());
        }
        self.corrupt_error(cause)
    }

    pub(crate) fn set_full(&self, cause: Cause) -> StoreError {
        self.change(Now::Full(cause.clone()));
        StoreError::Full {
            path: self.path.clone(),
            cause,
        }
    }

    pub(crate) fn set_away(&self, cause: Cause) -> StoreError {
        self.change(Now::Away(cause.clone()));
        StoreError::Away {
            path: self.path.clone(),
            cause,
        }
    }

    pub(crate) fn set_locked(&self) {
        self.change(Now::Locked);
    }

    pub(crate) fn set_healthy(&self) {
        self.change(Now::Healthy);
    }

    fn corrupt_error(&self, cause: Cause) -> StoreError {
        StoreError::Corrupt {
            path: self.path.clone(),
            cause,
        }
    }

    /// The one door to a new condition: from damage there is no way back.
    fn change(&self, to: Now) {
        let mut now = self.now();
        if !matches!(*now, Now::Corrupt(_)) {
            *now = to;
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

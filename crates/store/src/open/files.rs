//! The folder and the files of a store: their modes, and the lock that keeps a second instance out.

use crate::error::StoreError;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The database.
const DATABASE: &str = "state.db";
/// Locked by the instance that has the store open. It stays empty.
const LOCK: &str = "state.lock";
/// The log is copied into the database from 1,000 frames on, which are 4,120,000 bytes; some frames of one more batch
/// follow.
const LOG_BYTES: u64 = 4_500_000;
/// A killed instance's last children may hold its lock for a moment.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_POLL: Duration = Duration::from_millis(20);

/// Makes the folder if need be, and resolves links in its path: SQLite is told to follow none.
pub(super) fn folder(path: &Path) -> Result<PathBuf, StoreError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.and_then(|()| path.canonicalize())
        .map_err(|error| open_error(path, error))
}

/// Locks the folder for this instance. The lock ends with the process, however it ends (flock(2)).
pub(super) fn lock(folder: &Path, limit: Duration) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file = private(&path).map_err(|error| open_error(&path, error))?;
    let until = Instant::now() + limit.min(LOCK_PATIENCE);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOCK_POLL),
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse {
                    path: folder.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(open_error(&path, error)),
        }
    }
}

/// The path of the database, which is there and is nobody else's to read. SQLite gives its other files the same
/// mode (unixOpen in os_unix.c).
pub(super) fn database(folder: &Path) -> Result<PathBuf, StoreError> {
    let path = folder.join(DATABASE);
    let file = private(&path).map_err(|error| open_error(&path, error))?;
    // Closed before SQLite opens it, not after: closing a file drops every lock of this process on it (fcntl(2)).
    drop(file);
    Ok(path)
}

/// Makes the names of new files last.
pub(super) fn sync_folder(database: &Path) -> Result<(), StoreError> {
    let folder = database.parent().unwrap_or(database);
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|error| open_error(folder, error))
}

/// Makes the log's file as long as it gets in ordinary use, so that a flush of what is written into it has
/// data to bring to the disk and no new length. What SQLite finds behind the last frame is none to it: its
/// checksum does not fit (<https://sqlite.org/fileformat2.html#walread>). SQLite locks other files, so that closing
/// this one drops no lock. A disk without room for it loses time, nothing else.
pub(super) fn stretch_log(database: &Path) {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    let Ok(file) = OpenOptions::new().write(true).open(path) else {
        return;
    };
    let zeros = [0; 64 << 10];
    let mut end = file.metadata().map_or(LOG_BYTES, |found| found.len());
    while end < LOG_BYTES && file.write_all_at(&zeros, end).is_ok() {
        end += zeros.len() as u64;
    }
}

fn private(path: &Path) -> io::Result<File> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_symlink());
    if is_link {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a symbolic link",
        ));
    }
    let mut options = OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

fn open_error(path: &Path, error: io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        cause: Arc::new(error),
    }
}

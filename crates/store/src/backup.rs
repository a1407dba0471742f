//! A copy of the SQLite file while it is in use, and what a copy holds. Whoever backs up calls it, from any process:
//! the service goes on meanwhile, and the copy is one moment of it.
//!
//! A PostgreSQL is backed up by its own tools.

use crate::error::{Cause, StoreError};
use crate::open::check::{Verdict, check};
use crate::open::connection;
use crate::schema::{self, Kind};
use crate::sql::{self, Session};
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a copy waits for a lock on the file.
const BUSY: Duration = Duration::from_secs(10);
/// How long the check of a copy may take.
const CHECK_LIMIT: Duration = Duration::from_secs(600);

/// What a copy holds, counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Holding {
    /// Executions.
    pub executions: u64,
    /// Returned files of executions.
    pub files: u64,
    /// Tenants.
    pub tenants: u64,
    /// Principals.
    pub principals: u64,
    /// Keys.
    pub keys: u64,
    /// Sets of policies.
    pub policy_sets: u64,
    /// Executions that were counted as used, over all days.
    pub used_executions: u64,
}

/// Copies the state of a folder into a new file, durable when this returns, and counts what the copy holds. Everything
/// that was acknowledged before the call is in it.
///
/// # Errors
/// [`StoreError::Open`] when the new file is there already, or cannot be made; those of opening a store.
pub fn back_up(folder: &Path, to: &Path) -> Result<Holding, StoreError> {
    let path = folder.join("state.db");
    let text = to
        .to_str()
        .ok_or_else(|| open_error(to, io::ErrorKind::InvalidInput.into()))?;
    // Made first, so that it is nobody else's to read, and nothing is overwritten.
    let made =
        std::os::unix::fs::OpenOptionsExt::mode(File::options().write(true).create_new(true), 0o600).open(to);
    made.map_err(|error| open_error(to, error))?;
    let copy = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let source = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NOFOLLOW)?;
        source.busy_timeout(BUSY)?;
        // One reading transaction, which no write waits for: <https://sqlite.org/lang_vacuum.html#vacuuminto>.
        source.execute("VACUUM INTO ?1", [text]).map(drop)
    };
    copy().map_err(|error| database_error("copy the database", error))?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| open_error(to, error))?;
    verify(to)
}

/// Reads a copy from its first page to its last, and counts what it holds.
///
/// # Errors
/// [`StoreError::Corrupt`] with the first finding, [`StoreError::Newer`], [`StoreError::Foreign`].
pub fn verify(copy: &Path) -> Result<Holding, StoreError> {
    let opened = connection::reading(copy, BUSY);
    let connection = opened.map_err(|error| database_error("open the copy", error))?;
    let path = copy.to_owned();
    match schema::kind(&connection).map_err(|error| database_error("read the head of the copy", error))? {
        Kind::Ours(found) if found <= schema::known_version() => {}
        Kind::Ours(found) => {
            return Err(StoreError::Newer {
                path,
                found,
                known: schema::known_version(),
            });
        }
        Kind::Foreign | Kind::Empty => return Err(StoreError::Foreign { path }),
    }
    let verdict = check(&connection, CHECK_LIMIT);
    match verdict.map_err(|error| database_error("check the copy", error))? {
        Verdict::Sound => {}
        Verdict::Unfinished => {
            let cause = Cause::new("it could not be read within 10 minutes");
            return Err(StoreError::Corrupt { path, cause });
        }
        Verdict::Damaged(finding) => {
            return Err(StoreError::Corrupt {
                path,
                cause: Cause::new(finding),
            });
        }
    }
    count(&mut &connection).map_err(|error| StoreError::Database {
        operation: "count what the copy holds",
        cause: Cause::new(error),
    })
}

fn count(session: &mut dyn Session) -> sql::Result<Holding> {
    let mut one =
        |sql: &str| -> sql::Result<u64> { session.first(sql, &[])?.map_or(Ok(0), |row| row.count(0)) };
    Ok(Holding {
        executions: one("SELECT count(*) FROM executions")?,
        files: one("SELECT count(*) FROM files")?,
        tenants: one("SELECT count(*) FROM tenants")?,
        principals: one("SELECT count(*) FROM principals")?,
        keys: one("SELECT count(*) FROM keys")?,
        policy_sets: one("SELECT count(*) FROM policy_sets")?,
        used_executions: one("SELECT coalesce(sum(executions), 0) FROM usage")?,
    })
}

fn open_error(path: &Path, error: io::Error) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        cause: Arc::new(error),
    }
}

fn database_error(operation: &'static str, error: rusqlite::Error) -> StoreError {
    StoreError::Database {
        operation,
        cause: Cause::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scratch, id, new, variable};
    use crate::{Durability, Options, State, Store, wait};
    use std::os::unix::fs::{FileExt, PermissionsExt};
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::time::Instant;

    #[test]
    fn a_copy_under_load_has_all_that_was_acknowledged_before() {
        let scratch = Scratch::new();
        let store = scratch.store();
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let write = || {
            while !stop.load(Ordering::Relaxed) {
                store.ended(next.fetch_add(1, Ordering::Relaxed), vec![1; 3000]);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(write);
            for round in 0..3 {
                while next.load(Ordering::Relaxed) < 50 * (round + 1) {
                    std::thread::yield_now();
                }
                let acknowledged = next.load(Ordering::Relaxed).saturating_sub(1);
                let restored = scratch.path().join(format!("restored{round}"));
                std::fs::create_dir(&restored).unwrap();
                let copy = restored.join("state.db");
                let holding = back_up(scratch.path(), &copy).unwrap();
                assert!(holding.executions >= acknowledged, "{holding:?} {acknowledged}");
                let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
                // The drill: a store opens on the copy, and has them, each with its end, counted once.
                let drill = Store::open(&Options::new(&restored)).unwrap();
                for n in 0..acknowledged {
                    let found = drill.summary(id(n)).unwrap().expect("in the copy");
                    assert!(matches!(found.state, State::Ended(_)));
                }
                assert_eq!(drill.counts().unwrap().total, holding.executions);
                assert!(holding.used_executions.abs_diff(holding.executions) <= 1);
            }
            stop.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn a_copy_that_is_no_more_whole_is_found() {
        let scratch = Scratch::new();
        let store = scratch.store();
        for n in 0..20 {
            store.ended(n, vec![2; 20_000]);
        }
        let copy = scratch.path().join("copy.db");
        back_up(scratch.path(), &copy).unwrap();
        assert_eq!(verify(&copy).unwrap().executions, 20);
        let again = back_up(scratch.path(), &copy).unwrap_err();
        assert!(
            matches!(again, StoreError::Open { .. }),
            "nothing is overwritten: {again:?}"
        );
        let file = File::options().write(true).open(&copy).unwrap();
        for page in 3..file.metadata().unwrap().len() / 4096 {
            file.write_all_at(&[0xa5; 4096], page * 4096).unwrap();
        }
        assert!(verify(&copy).is_err());
        std::fs::write(
            &copy,
            b"not a database, though it is long enough to be looked at".repeat(99),
        )
        .unwrap();
        assert!(verify(&copy).is_err());
    }

    /// `CASEMATE_DRILL_EXECUTIONS=1000000` for the figure of SPECIFICATION.md.
    #[test]
    fn a_restore_drill_takes_its_time() {
        let count: u64 = variable("CASEMATE_DRILL_EXECUTIONS").map_or(2000, |text| text.parse().unwrap());
        let scratch = Scratch::new();
        let store = scratch.store();
        let mut waiting = std::collections::VecDeque::new();
        for n in 0..count {
            let (sender, receiver) = std::sync::mpsc::channel();
            store.accept(new(id(n)), Durability::Soft, |_| {});
            let end = crate::testing::finished(id(n), casemate_types::Status::Succeeded);
            store.finish(end, Durability::Soft, move |done| sender.send(done).unwrap());
            waiting.push_back(receiver);
            if waiting.len() > 400 {
                waiting.pop_front().unwrap().recv().unwrap().unwrap();
            }
        }
        for receiver in waiting {
            receiver.recv().unwrap().unwrap();
        }
        wait(|callback| store.touch_keys(Vec::new(), callback)).unwrap();
        let restored = scratch.path().join("restored");
        std::fs::create_dir(&restored).unwrap();
        let begun = Instant::now();
        let holding = back_up(scratch.path(), &restored.join("state.db")).unwrap();
        let backed_up = begun.elapsed();
        let begun = Instant::now();
        assert_eq!(verify(&restored.join("state.db")).unwrap(), holding);
        let drill = Store::open(&Options::new(&restored)).unwrap();
        assert_eq!(drill.counts().unwrap().total, count);
        assert_eq!((holding.executions, holding.used_executions), (count, count));
        println!(
            "{count} executions: copied and counted in {backed_up:?}, verified and opened again in {:?}",
            begun.elapsed()
        );
    }
}

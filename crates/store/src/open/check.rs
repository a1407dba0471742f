//! The check of an existing file: SQLite's `quick_check`, which reads every page, for a bounded time.

use rusqlite::{Connection, ErrorCode};
use std::sync::mpsc;
use std::time::Duration;

/// Between two interrupts.
const AGAIN: Duration = Duration::from_millis(1);

/// Stands for the word of a check that could not begin.
const UNFINISHED: &str = "";

/// What the check found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// No damage.
    Sound,
    /// No damage in as much as the time allowed to read; what is met later counts then.
    Unfinished,
    /// The first finding.
    Damaged(String),
}

/// Checks the database for at most this long.
pub(crate) fn check(connection: &Connection, limit: Duration) -> rusqlite::Result<Verdict> {
    let handle = connection.get_interrupt_handle();
    let (done, wait) = mpsc::channel::<()>();
    let result = std::thread::scope(|scope| {
        let timer = move || {
            // Ends at once when `done` is dropped. An interrupt before the check has begun does nothing, hence more.
            let mut pause = limit;
            while wait.recv_timeout(pause) == Err(mpsc::RecvTimeoutError::Timeout) {
                handle.interrupt();
                pause = AGAIN;
            }
        };
        // Without the thread there would be no bound.
        if std::thread::Builder::new().spawn_scoped(scope, timer).is_err() {
            return Ok(UNFINISHED.to_owned());
        }
        let result = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        drop(done);
        result
    });
    match result {
        Ok(word) if word == "ok" => Ok(Verdict::Sound),
        Ok(word) if word == UNFINISHED => Ok(Verdict::Unfinished),
        Ok(finding) => Ok(Verdict::Damaged(finding)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Ok(Verdict::Unfinished),
            Some(ErrorCode::DatabaseCorrupt) => Ok(Verdict::Damaged(error.to_string())),
            _ => Err(error),
        },
    }
}

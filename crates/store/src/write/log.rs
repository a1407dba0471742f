//! The write-ahead log: when it is copied into the database, so that it stays small without making callers wait.
//! <https://sqlite.org/wal.html#ckpt>

use super::Writer;
use crate::error::StoreError;
use crate::open::connection::PAGE_BYTES;
use crate::trouble::Trouble;
use casemate_types::Bytes;
use rusqlite::wal::CheckpointMode;
use std::time::{Duration, Instant};

/// From so many frames on the log is copied: about 4 MiB, SQLite's own default.
const COPY_FRAMES: i32 = 1000;
/// Between two attempts that wait for readers.
const FORCE_INTERVAL: Duration = Duration::from_secs(1);

/// What the writer knows of the log.
pub(super) struct Log {
    limit_frames: i32,
    forced: Option<Instant>,
    is_suspect: bool,
}

impl Log {
    pub(super) fn new(limit: Bytes) -> Self {
        Self {
            limit_frames: i32::try_from(limit.0 / PAGE_BYTES)
                .unwrap_or(i32::MAX)
                .max(COPY_FRAMES),
            forced: None,
            is_suspect: false,
        }
    }

    /// The disk refused a write or a flush. A later flush may succeed although what failed is lost (fsync(2), and
    /// "fsyncgate" of 2018), so the log must not be added to.
    pub(super) fn suspect(&mut self) {
        self.is_suspect = true;
    }
}

impl Writer {
    /// After the disk refused: what is visible in the log goes into the database, and the log starts anew.
    pub(super) fn trust_log(&mut self) -> Result<(), StoreError> {
        if !self.log.is_suspect {
            return Ok(());
        }
        match self.copy_log(CheckpointMode::TRUNCATE) {
            Ok(_) => {
                self.log.is_suspect = false;
                Ok(())
            }
            Err(error) => Err(self.note("renew the log", error)),
        }
    }

    /// Keeps the log small. Called when every caller has its answer.
    pub(super) fn tend_log(&mut self) {
        let Ok((frames, copied)) = self.copy_log(CheckpointMode::NOOP) else {
            return;
        };
        if frames.saturating_sub(copied) >= COPY_FRAMES {
            // Copies what no reader needs, and waits for none. The next commit then begins the log anew, unless
            // somebody reads it just then.
            self.copy_or_note(CheckpointMode::PASSIVE);
        }
        let is_due = self.log.forced.is_none_or(|at| at.elapsed() >= FORCE_INTERVAL);
        if frames > self.log.limit_frames && is_due {
            self.log.forced = Some(Instant::now());
            self.copy_or_note(CheckpointMode::TRUNCATE);
        }
    }

    /// The end of the writer: nothing is left in the log, so that a backup of the one file is whole.
    pub(super) fn close(mut self) {
        if self.ready().is_ok() {
            self.copy_or_note(CheckpointMode::TRUNCATE);
        }
    }

    fn copy_or_note(&mut self, mode: CheckpointMode) {
        let Err(error) = self.copy_log(mode) else { return };
        match Trouble::of(&error) {
            // A full disk is no trouble of a copy: the log has it all, and the next commit finds out.
            Trouble::Full | Trouble::Locked => {}
            _ => drop(self.note("copy the log", error)),
        }
    }

    /// Answers with the frames in the log, and how many of them are in the database.
    fn copy_log(&self, mode: CheckpointMode) -> crate::sql::Result<(i32, i32)> {
        Ok(self.connection.wal_checkpoint_v2(Some(rusqlite::MAIN_DB), mode)?)
    }
}

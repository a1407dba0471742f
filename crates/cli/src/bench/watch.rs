//! What the bench looks at between two samples: signals that end it, and the line of progress.

use anyhow::{Context, Result};
use casemate_sys::{event, libc, signal, terminal};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// Clears the line and puts the cursor at its start (ECMA-48 EL, CR).
const CLEAR_LINE: &str = "\r\x1b[K";
/// How often the line of progress changes at most.
const REFRESH: Duration = Duration::from_millis(100);

/// Why a bench ends before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// It was told to.
    Interrupted,
    /// What it measures does not work.
    TooManyFailures,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Interrupted => "ended by a signal",
            Self::TooManyFailures => "too many runs failed",
        })
    }
}

impl std::error::Error for Stop {}

/// Signals and progress.
#[derive(Debug)]
pub struct Watch {
    signals: OwnedFd,
    is_terminal: bool,
    last: Option<Instant>,
}

impl Watch {
    /// Takes over SIGINT, SIGTERM and SIGHUP of this process, which must have one thread.
    ///
    /// # Errors
    /// When a descriptor cannot be had.
    pub fn start() -> Result<Self> {
        let wanted = [signal::SIGINT, signal::SIGTERM, signal::SIGHUP];
        Ok(Self {
            signals: signal::descriptor(&wanted).context("take over signals")?,
            is_terminal: terminal::is_terminal(io::stderr().as_fd()),
            last: None,
        })
    }

    /// Looks for a signal.
    ///
    /// # Errors
    /// [`Stop::Interrupted`] when one came.
    pub fn check(&self) -> Result<()> {
        match signal::take(self.signals.as_fd()) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(Stop::Interrupted.into()),
            Err(error) => Err(error).context("read signals"),
        }
    }

    /// Waits.
    ///
    /// # Errors
    /// [`Stop::Interrupted`] at once when a signal comes.
    pub fn rest(&self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            event::wait_one(self.signals.as_fd(), libc::POLLIN, Some(left)).context("wait for signals")?;
            self.check()?;
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// Says on a terminal what is being done.
    pub fn say(&mut self, what: &str) {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= REFRESH);
        if self.is_terminal && is_due {
            self.last = Some(Instant::now());
            let _ = write!(io::stderr(), "{CLEAR_LINE}casemate: {what}");
        }
    }

    /// Takes the line of progress away.
    pub fn clear(&mut self) {
        if self.last.take().is_some() {
            let _ = io::stderr().write_all(CLEAR_LINE.as_bytes());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.clear();
    }
}

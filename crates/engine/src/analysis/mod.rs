//! Reading a program before it runs: what of a request is read, who reads it, and what an answer is worth.
//!
//! Programs are read by processes behind walls (`casemate_sandbox::analyser`); nothing here parses a source. What such a
//! process says is read as a stranger's, and that it died, or was late, is an answer too.

mod cache;
mod desk;
mod kept;
mod question;

pub use desk::{Counts, Desk, Handed, OnLoss};
pub(crate) use kept::Kept;
pub use question::{MAX_TEXT_BYTES, language_of, submission};

use casemate_analysis::Report;
use casemate_analysis::codec::{MAX_REPORT_BYTES, decode_report};
use casemate_sandbox::SandboxError;
use casemate_sandbox::analyser::{Asked, Kind, Link, LinkError, Started, end, start};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// How long reading one program may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What became of reading a program.
#[derive(Clone, PartialEq, Debug)]
pub enum Reading {
    /// It was read.
    Report(Box<Report>),
    /// It could not be read.
    Trouble(Trouble),
}

/// Why a program could not be read. It is refused then: what cannot be read may hold anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The process that read it died: it nests too deeply, needs too much memory, or attacked its reader.
    Crashed,
    /// It took too long.
    Late,
    /// The answer was none, so the process may have been taken over.
    Malformed,
    /// There was nobody to read it, and why.
    Unavailable(String),
    /// It was to be detonated and could not be, and why.
    Undetonated(String),
}

impl Trouble {
    /// The rule's id in findings, and the word in what was not read.
    pub fn word(&self) -> (&'static str, &'static str) {
        match self {
            Self::Crashed => ("analysis.worker-crashed", "worker_crashed"),
            Self::Late => ("analysis.timed-out", "timed_out"),
            Self::Malformed => ("analysis.worker-malformed", "worker_malformed"),
            Self::Unavailable(_) => ("analysis.unavailable", "unavailable"),
            Self::Undetonated(_) => ("analysis.not-detonated", "not_detonated"),
        }
    }

    /// One sentence.
    pub fn message(&self) -> String {
        match self {
            Self::Crashed => {
                "the process that read it died: it nests too deeply, needs too much memory, or attacks \
                              its reader"
                    .into()
            }
            Self::Late => format!("reading it took longer than {} s", TIME_LIMIT.as_secs()),
            Self::Malformed => "the process that read it gave an answer that is none".into(),
            Self::Unavailable(why) => format!("it could not be read: {why}"),
            Self::Undetonated(why) => format!("it could not be detonated: {why}"),
        }
    }
}

/// How processes that read programs are started.
#[derive(Clone, Copy, Debug)]
pub struct Readers<'a> {
    /// Our own program.
    pub program: &'a Path,
    /// The id that they take when we are root.
    pub id: Option<u32>,
    /// Whether each has a network namespace of its own.
    pub network_namespace: bool,
    /// How many programs each reads before another takes its place.
    pub most: u32,
}

impl Readers<'_> {
    /// Starts one. The caller must have a single thread.
    ///
    /// # Errors
    /// When a process or a socket cannot be had.
    pub fn start(&self) -> Result<Started, SandboxError> {
        let (id, most) = (self.id.map(|id| id.to_string()), self.most.to_string());
        let mut arguments = vec!["casemate", "analysis-worker", "--most", &most];
        if let Some(id) = &id {
            arguments.extend(["--id", id]);
        }
        if self.network_namespace {
            arguments.push("--network-namespace");
        }
        start(self.program.as_os_str().as_bytes(), &arguments)
    }
}

/// The asking side of a started process.
pub fn link(socket: OwnedFd) -> Link {
    Link::new(socket, MAX_REPORT_BYTES)
}

/// A question for [`Link::ask`]: the bytes of a submission.
pub fn question(bytes: &[u8]) -> Asked<'_> {
    Asked {
        kind: Kind::Plain,
        bytes,
        limit: TIME_LIMIT,
    }
}

/// What an answer is worth. An interrupt is none.
pub fn worth(answer: Result<Vec<u8>, LinkError>) -> Reading {
    match answer {
        Ok(bytes) => match decode_report(&bytes) {
            Ok(report) => Reading::Report(Box::new(report)),
            Err(_) => Reading::Trouble(Trouble::Malformed),
        },
        Err(LinkError::Gone | LinkError::Interrupted) => Reading::Trouble(Trouble::Crashed),
        Err(LinkError::Late) => Reading::Trouble(Trouble::Late),
        Err(LinkError::Malformed) => Reading::Trouble(Trouble::Malformed),
        Err(LinkError::Failed(words)) => Reading::Trouble(Trouble::Unavailable(words)),
    }
}

/// A process that reads the one program of a run, from before its sandbox is made until its answer is there.
#[derive(Debug)]
pub struct Reader {
    link: Link,
    pidfd: OwnedFd,
    is_done: bool,
}

impl Drop for Reader {
    /// One that has answered ends by itself, beside the program; any other would go on as long as we do.
    fn drop(&mut self) {
        if !self.is_done {
            end(self.pidfd.as_fd());
        }
    }
}

impl Reader {
    /// Starts it and asks at once. The caller must have a single thread.
    ///
    /// # Errors
    /// When a process or a socket cannot be had.
    pub fn begin(readers: &Readers<'_>, bytes: &[u8]) -> Result<Self, SandboxError> {
        let started = readers.start()?;
        let mut link = link(started.socket);
        link.begin(&question(bytes));
        // What fails is told by the answer.
        Ok(Self {
            link,
            pidfd: started.pidfd,
            is_done: false,
        })
    }

    /// Waits for the answer; `None` when `interrupt` could be read first, after which it may be waited for again.
    pub fn finish(&mut self, interrupt: Option<BorrowedFd<'_>>) -> Option<Reading> {
        match self.link.finish(interrupt) {
            Err(LinkError::Interrupted) => None,
            answer => {
                self.is_done = answer.is_ok();
                Some(worth(answer))
            }
        }
    }
}

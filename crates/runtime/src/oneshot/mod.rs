//! Runs one program in a sandbox of its own, from the order to the burial.
//!
//! [`run`] is one loop that waits on the warden, init, the program's pipes and the caller's interrupt;
//! [`Reactor`] is one that does it for many runs at once. Output is complete when the program has
//! ended, not when its last grandchild closes a pipe: by then init has killed everything else.

mod output;
mod parked;
mod pump;
mod reactor;
mod run;

use crate::error::RuntimeError;
use casemate_init::spec::{CollectSpec, SpawnSpec};
use casemate_sandbox::{Create, Ended, Harvest, Sandbox, Warden};
use casemate_types::Captured;
use std::os::fd::BorrowedFd;
use std::time::{Duration, SystemTime};

pub use casemate_init::protocol::{By, Made};
pub use casemate_sys::epoll::Waker;
pub use output::KILL_FACTOR;
pub use parked::{ParkChange, ParkKey, Wish};
pub use reactor::{Finished, Reactor, RunKey};

/// Which stream some output belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The caller's side of a running program.
pub trait Observer {
    /// Whether it wants to know of [`Observer::placed`]: its program then waits for that.
    fn wants_place(&self) -> bool {
        false
    }

    /// The number of the sandbox's control group in the v2 tree, where it has one: before its program is ordered.
    fn placed(&mut self, _group: Option<u64>) {}

    /// The program's own process has started.
    fn started(&mut self) {}

    /// Output as it comes, up to the limit.
    fn output(&mut self, stream: Stream, bytes: &[u8]);

    /// A descriptor that becomes readable when the caller may want to end the run.
    fn interrupt(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Called when [`Observer::interrupt`] is readable, and after output; true ends the run.
    fn wants_end(&mut self) -> bool {
        false
    }

    /// Called several times a second while nothing else happens.
    fn tick(&mut self) {}
}

/// An observer that watches nothing.
#[derive(Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn output(&mut self, _: Stream, _: &[u8]) {}
}

/// Who keeps what a program writes, up to its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Keeping {
    /// The report holds it in the end.
    #[default]
    Report,
    /// The observer has it already; the report only counts it.
    Observer,
}

/// One program to run.
#[derive(Debug)]
pub struct Job<'a> {
    /// The sandbox to build, unless it is being built already.
    pub create: Create,
    /// The sandbox that [`Warden::begin`] gave.
    pub begun: Option<Sandbox>,
    /// The sandbox that [`Reactor::park`] gave; its disk is that of `create`.
    pub parked: Option<ParkKey>,
    /// What is to become the program, if it is there.
    pub by: By,
    /// The program.
    pub spec: SpawnSpec,
    /// Contents of the spec's files, in its order.
    pub contents: Vec<&'a [u8]>,
    /// Standard input.
    pub stdin: &'a [u8],
    /// What to collect at the end.
    pub collect: Option<CollectSpec>,
    /// Output kept for each stream, bytes.
    pub output_limit: u64,
    /// Who keeps it.
    pub keeping: Keeping,
    /// Whether the sandbox's plan has a witness, whose records the report is to hold.
    pub witnessed: bool,
}

/// How a program's own process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProgramExit {
    /// Exit code, when it called exit.
    pub code: Option<u8>,
    /// The signal that ended it otherwise.
    pub signal: Option<u8>,
}

/// A program that could not be started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartFailure {
    /// The step that failed.
    pub step: String,
    /// `errno`.
    pub errno: i32,
}

/// The records of a witness ([`casemate_init::witness`]), as they came.
#[derive(Default, Debug)]
pub struct Testimony {
    /// Whole records, up to a bound.
    pub bytes: Vec<u8>,
    /// Bytes beyond it, or which no witness writes.
    pub lost_bytes: u64,
}

/// All that is known of a run once its sandbox is gone.
#[derive(Debug)]
pub struct Report {
    /// How the program ended; `None` when it never started or died with its sandbox.
    pub exit: Option<ProgramExit>,
    /// Why it did not start.
    pub start_failure: Option<StartFailure>,
    /// The warden's last words on the sandbox.
    pub ended: Ended,
    /// The caller ended it.
    pub cancelled: bool,
    /// It was ended for writing more than [`KILL_FACTOR`] times its limit.
    pub flooded: bool,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// Collected files.
    pub harvest: Option<Harvest>,
    /// What the witness told; none where there was no witness.
    pub testimony: Option<Testimony>,
    /// Most bytes seen on the disk.
    pub disk_peak_bytes: Option<u64>,
    /// The disk was full at the end.
    pub disk_full: bool,
    /// Bytes over the loopback interface.
    pub network_bytes: Option<u64>,
    /// The cgroup's limits held.
    pub limited: bool,
    /// Init and the program had ids of their own.
    pub separate_ids: bool,
    /// Landlock ABI in force, 0 for none.
    pub landlock_abi: u32,
    /// How the program came to be.
    pub made: Made,
    /// Whether the sandbox had been made before it was asked for.
    pub was_parked: bool,
    /// From the order to the program's start.
    pub lease: Duration,
    /// From the program's start to its end.
    pub run: Duration,
    /// From its end until nothing was left.
    pub collect: Duration,
    /// When it started.
    pub started_at: Option<SystemTime>,
}

/// Runs a job to its end.
///
/// # Errors
/// When the sandbox could not be built or its keeper died; nothing is left running then.
pub fn run(warden: &mut Warden, job: Job<'_>, observer: &mut dyn Observer) -> Result<Report, RuntimeError> {
    pump::run(warden, job, observer)
}

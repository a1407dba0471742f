//! What became of an execution. A failing program is an outcome, never an error.

use crate::analysis::Analysis;
use crate::id::{ExecutionId, NodeId, SandboxId};
use crate::layer::Layer;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// The program ended with 0.
    Succeeded,
    /// The program ended otherwise, or did not compile.
    Failed,
    /// The wall clock limit ended it.
    TimedOut,
    /// The CPU time limit ended it.
    CpuExceeded,
    /// The kernel's OOM killer ran in the sandbox, or its own share passed the limit.
    MemoryExceeded,
    /// It ended non-zero with its disk full.
    DiskExceeded,
    /// It wrote more than 16 times its output limit.
    OutputExceeded,
    /// We ended it; the reason says why.
    Killed,
    /// Refused before it ran.
    Denied,
    /// The caller ended it.
    Cancelled,
}

impl Status {
    /// Every status, in the order of the contract.
    pub const ALL: [Self; 10] = [
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::CpuExceeded,
        Self::MemoryExceeded,
        Self::DiskExceeded,
        Self::OutputExceeded,
        Self::Killed,
        Self::Denied,
        Self::Cancelled,
    ];

    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::CpuExceeded => "cpu_exceeded",
            Self::MemoryExceeded => "memory_exceeded",
            Self::DiskExceeded => "disk_exceeded",
            Self::OutputExceeded => "output_exceeded",
            Self::Killed => "killed",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where an execution is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Accepted; waiting for a place.
    Queued,
    /// Its program, or its compiler, is about to run or runs.
    Running,
    /// Over, for good.
    Ended(Status),
}

impl State {
    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ended(status) => status.as_str(),
        }
    }

    /// Reads the word of results.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "queued" => Some(Self::Queued),
            "running" => Some(Self::Running),
            word => Status::ALL
                .into_iter()
                .find(|s| s.as_str() == word)
                .map(Self::Ended),
        }
    }
}

/// One stream of output.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Captured {
    /// What was kept: the first bytes up to the limit.
    pub kept: Vec<u8>,
    /// How many bytes were written in all.
    pub total_bytes: u64,
}

impl Captured {
    /// Whether bytes were dropped.
    pub fn is_truncated(&self) -> bool {
        self.total_bytes > self.kept.len() as u64
    }
}

/// One returned file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutputFile {
    /// Path below the workspace; a name that is not UTF-8 is shown lossily.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Its bytes; `None` where they must be asked for.
    pub content: Option<Vec<u8>>,
}

/// What the execution used. What could not be measured is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Wall clock time from start to end of the program.
    pub wall: Option<Duration>,
    /// CPU time in user mode, all processes.
    pub cpu_user: Option<Duration>,
    /// CPU time in kernel mode, all processes.
    pub cpu_system: Option<Duration>,
    /// Highest memory charged to the sandbox, its disk included.
    pub memory_peak_bytes: Option<u64>,
    /// Highest use of the disk seen: sampled every 100 ms and at the end.
    pub disk_peak_bytes: Option<u64>,
    /// Most processes and threads at once, init not counted.
    pub pids_peak: Option<u64>,
    /// Bytes that went over the sandbox's loopback interface.
    pub network_bytes: Option<u64>,
}

/// Where the time went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Timing {
    /// Waiting for a place.
    pub queue: Duration,
    /// Reading the source.
    pub analysis: Duration,
    /// Until the walls stood.
    pub lease: Duration,
    /// Compiling, where the language does, and running.
    pub run: Duration,
    /// Collecting output and files, and taking the sandbox down.
    pub collect: Duration,
    /// All of it.
    pub total: Duration,
}

/// How the program was started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Path {
    /// A sandbox that stood ready, and a fresh exec.
    Pool,
    /// A fork of a started interpreter.
    Fork,
    /// A fresh sandbox and a fresh exec.
    #[default]
    Exec,
}

impl Path {
    /// Every path.
    pub const ALL: [Self; 3] = [Self::Pool, Self::Fork, Self::Exec];

    /// Reads the word of results.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|path| path.as_str() == word)
    }

    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pool => "pool",
            Self::Fork => "fork",
            Self::Exec => "exec",
        }
    }
}

/// The complete result of one execution.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The execution.
    pub id: ExecutionId,
    /// Where it ran; `None` when it never did.
    pub sandbox_id: Option<SandboxId>,
    /// On which machine.
    pub node_id: NodeId,
    /// How it ended.
    pub status: Status,
    /// Why, where the status alone does not say.
    pub reason: Option<String>,
    /// The program's exit code, when it called exit.
    pub exit_code: Option<u8>,
    /// The signal that ended it.
    pub signal: Option<u8>,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// Returned files.
    pub files: Vec<OutputFile>,
    /// Matching files that a bound, or their own mode, kept out.
    pub files_left_out: u64,
    /// What it used.
    pub usage: Usage,
    /// Where the time went.
    pub timing: Timing,
    /// How it was started.
    pub path: Path,
    /// The walls around it.
    pub layers: Vec<Layer>,
    /// What reading it told; `None` when it was not read.
    pub analysis: Option<Arc<Analysis>>,
    /// When it was asked for.
    pub created_at: SystemTime,
    /// When the program started.
    pub started_at: Option<SystemTime>,
    /// When it had ended.
    pub ended_at: SystemTime,
}

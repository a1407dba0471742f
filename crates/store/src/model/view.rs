//! What callers get: summaries for lists, details of one execution, and parts of its content.

use crate::model::identity::Scope;
use crate::model::owner::Owner;
use crate::model::state::State;
use crate::model::usage::Spent;
use casemate_types::{AuditId, ExecutionId, NodeId, SandboxId, SessionId};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// An execution without its content: what a list shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    /// The execution.
    pub id: ExecutionId,
    /// Whose it is.
    pub owner: Owner,
    /// The session that it belongs to.
    pub session_id: Option<SessionId>,
    /// The machine.
    pub node_id: NodeId,
    /// The sandbox, once it has one.
    pub sandbox_id: Option<SandboxId>,
    /// Where it stands.
    pub state: State,
    /// Why, where the state alone does not say.
    pub reason: Option<String>,
    /// The language as asked for.
    pub language: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The program's exit code.
    pub exit_code: Option<u8>,
    /// The signal that ended it.
    pub signal: Option<u8>,
    /// Standard output.
    pub stdout: StreamFacts,
    /// Standard error.
    pub stderr: StreamFacts,
    /// When it was asked for, to the millisecond.
    pub created_at: SystemTime,
    /// When it began, to the millisecond.
    pub started_at: Option<SystemTime>,
    /// When it had ended, to the millisecond.
    pub ended_at: Option<SystemTime>,
    /// The record of the audit log that tells of it.
    pub audit_id: Option<AuditId>,
    /// What it used, once it has ended and that is known.
    pub spent: Option<Spent>,
}

/// How much a program wrote to a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StreamFacts {
    /// Bytes that are kept.
    pub kept_bytes: u64,
    /// Bytes that were written.
    pub total_bytes: u64,
}

impl StreamFacts {
    /// Whether bytes were dropped.
    pub fn is_truncated(self) -> bool {
        self.total_bytes > self.kept_bytes
    }
}

/// One execution with all but its streams and the content of its files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detail {
    /// What a list shows.
    pub summary: Summary,
    /// The request's part, as handed in.
    pub request: Vec<u8>,
    /// The result's part, as handed in; `None` until it has ended, and when it was swept.
    pub result: Option<Vec<u8>>,
    /// Its files, by path.
    pub files: Vec<FileEntry>,
}

/// A kept file without its content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileEntry {
    /// Path below the workspace.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// One of the two streams of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A part of a content.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Slice {
    /// The bytes from the asked offset on; fewer than asked for at the end, and never more than
    /// [`bounds::MAX_SLICE_BYTES`](crate::bounds::MAX_SLICE_BYTES).
    pub bytes: Vec<u8>,
    /// Size of the whole content.
    pub size_bytes: u64,
}

/// Which executions a list holds; the default holds all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Only of this tenant, project, principal.
    pub scope: Scope,
    /// Only of this state.
    pub state: Option<State>,
    /// Only of this language, as asked for.
    pub language: Option<String>,
    /// Only with all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only those created at this time or later, to the millisecond.
    pub created_from: Option<SystemTime>,
    /// Only those created before this time, to the millisecond.
    pub created_before: Option<SystemTime>,
    /// Only those older than this one: the cursor of the next page.
    pub older_than: Option<ExecutionId>,
}

/// A page of a list, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The executions.
    pub items: Vec<Summary>,
    /// What `older_than` of the next page is; `None` after the last page.
    pub next: Option<ExecutionId>,
}

/// How many executions there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// For each state that any execution is in.
    pub by_state: Vec<(State, u64)>,
    /// All of them.
    pub total: u64,
}

impl Counts {
    /// How many are in a state.
    pub fn of(&self, state: State) -> u64 {
        let found = self.by_state.iter().find(|(known, _)| *known == state);
        found.map_or(0, |(_, count)| *count)
    }
}

/// What an idempotency key stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// The execution that it made.
    pub execution_id: ExecutionId,
    /// The hash of its body.
    pub body_hash: [u8; 32],
    /// When it came, to the millisecond.
    pub created_at: SystemTime,
}

/// How large the database is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sizes {
    /// The database.
    pub database_bytes: u64,
    /// Of the database, what is free for new records.
    pub free_bytes: u64,
    /// The file of the write-ahead log.
    pub log_bytes: u64,
}

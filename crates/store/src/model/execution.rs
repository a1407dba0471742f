//! What callers hand in: a new execution, its start, its end.

use crate::model::owner::Owner;
use crate::model::usage::Spent;
use casemate_types::{AuditId, Captured, ExecutionId, NodeId, SandboxId, SessionId, Status};
use std::collections::BTreeMap;
use std::time::SystemTime;

/// An execution that was asked for. It was created when its id says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewExecution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose it is.
    pub owner: Owner,
    /// The session that it belongs to.
    pub session_id: Option<SessionId>,
    /// The machine that accepted it.
    pub node_id: NodeId,
    /// The language as asked for.
    pub language: String,
    /// Labels: at most 16.
    pub labels: BTreeMap<String, String>,
    /// What else of the request is shown later; the store does not look into it.
    pub request: Vec<u8>,
    /// The key under which a repeated request finds this execution.
    pub idempotency: Option<Idempotency>,
}

/// The key of a request, and what it stood for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idempotency {
    /// The key; unique for each principal of a tenant.
    pub key: String,
    /// A hash of the body, by which another body is told apart.
    pub body_hash: [u8; 32],
}

/// An execution has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Started {
    /// Which.
    pub id: ExecutionId,
    /// Where it runs.
    pub sandbox_id: Option<SandboxId>,
    /// When.
    pub started_at: SystemTime,
}

/// An execution has ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// Which.
    pub id: ExecutionId,
    /// How.
    pub status: Status,
    /// Why, where the status alone does not say.
    pub reason: Option<String>,
    /// The program's exit code.
    pub exit_code: Option<u8>,
    /// The signal that ended it.
    pub signal: Option<u8>,
    /// Where it ran; keeps what the start said when `None`.
    pub sandbox_id: Option<SandboxId>,
    /// When it began; keeps what the start said when `None`. With it no start need be recorded.
    pub started_at: Option<SystemTime>,
    /// When it had ended.
    pub ended_at: SystemTime,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// Order and lengths of the chunks of both streams; the store does not look into it.
    pub events: Vec<u8>,
    /// The rest of the result: usage, timing, layers; the store does not look into it.
    pub result: Vec<u8>,
    /// Returned files; no path twice.
    pub files: Vec<StoredFile>,
    /// The record of the audit log that tells of it.
    pub audit_id: Option<AuditId>,
    /// What it used, which its owner's day grows by; `None` when that is not known.
    pub spent: Option<Spent>,
}

/// A returned file to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredFile {
    /// Path below the workspace.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Ends what a dead server left open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// The reason that each of them gets.
    pub reason: String,
    /// When they are taken to have ended.
    pub ended_at: SystemTime,
}

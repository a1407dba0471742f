//! From the report of a run to its outcome: the one place that decides a status.

use crate::error::EngineError;
use crate::layers::{self, BlueprintFacts};
use casemate_init::stream::MAX_PATH_BYTES;
use casemate_runtime::oneshot::{Made, Report};
use casemate_sandbox::{Cause, Collected};
use casemate_types::analysis::Analysis;
use casemate_types::{
    Captured, ExecutionId, Network, NodeId, Outcome, OutputFile, RunPath, SandboxId, Status, Timing, Usage,
};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// `ENOSPC` and `EDQUOT`: the disk had no room for the program's own files.
const DISK_ERRNO: [i32; 2] = [28, 122];
/// The signal of `RLIMIT_CPU` (getrlimit(2)).
const SIGXCPU: u8 = 24;

/// What became of compiling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compile {
    /// It took so long; no time for a language that is not compiled.
    Done(Duration),
    /// It failed, and the report is the compiler's.
    Failed,
}

/// What a report does not tell of its execution.
#[derive(Debug)]
pub struct Concluding {
    /// The execution.
    pub id: ExecutionId,
    /// The sandbox of the report.
    pub sandbox_id: SandboxId,
    /// This machine.
    pub node_id: NodeId,
    /// When it was asked for.
    pub created_at: SystemTime,
    /// The same, by a clock that nobody sets.
    pub begun: Instant,
    /// How long it waited for a place.
    pub queue: Duration,
    /// The network asked for.
    pub network: Network,
    /// The kind of sandbox.
    pub facts: BlueprintFacts,
    /// What became of compiling.
    pub compiled: Compile,
    /// Why we ended it, where its caller did not.
    pub intervention: Option<&'static str>,
    /// What reading the program told.
    pub analysis: Option<Arc<Analysis>>,
    /// How long that took.
    pub reading: Duration,
}

/// An execution of which there is no report.
#[derive(Debug)]
pub struct Unstarted {
    /// The execution.
    pub id: ExecutionId,
    /// Its sandbox, when it had one.
    pub sandbox_id: Option<SandboxId>,
    /// This machine.
    pub node_id: NodeId,
    /// How it ended.
    pub status: Status,
    /// Why, where the status does not say.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created_at: SystemTime,
    /// When its program started, if it did.
    pub started_at: Option<SystemTime>,
    /// Since it was asked for, by a clock that nobody sets.
    pub begun: Instant,
    /// What reading the program told.
    pub analysis: Option<Arc<Analysis>>,
    /// How long that took.
    pub reading: Duration,
}

/// The outcome of an execution of which there is no report.
pub fn unstarted(execution: Unstarted) -> Outcome {
    Outcome {
        id: execution.id,
        sandbox_id: execution.sandbox_id,
        node_id: execution.node_id,
        status: execution.status,
        reason: execution.reason,
        exit_code: None,
        signal: None,
        stdout: Captured::default(),
        stderr: Captured::default(),
        files: Vec::new(),
        files_left_out: 0,
        usage: Default::default(),
        timing: Timing {
            analysis: execution.reading,
            total: execution.begun.elapsed(),
            ..Timing::default()
        },
        path: Default::default(),
        layers: Vec::new(),
        analysis: execution.analysis,
        created_at: execution.created_at,
        started_at: execution.started_at,
        ended_at: SystemTime::now(),
    }
}

/// The outcome of an execution.
///
/// # Errors
/// When the program could not be started for no fault of its own.
pub fn conclude(execution: Concluding, report: Report) -> Result<Outcome, EngineError> {
    let status = status(&report);
    if let (Some(failure), Status::Killed) = (&report.start_failure, status) {
        let source = std::io::Error::from_raw_os_error(failure.errno);
        return Err(EngineError::Start {
            step: failure.step.clone(),
            source,
        });
    }
    let layers = layers::of_run(&report, &execution.facts, execution.network);
    // A compiler that made nothing yet ended well still leaves no program to run.
    let (status, reason, compiling) = match execution.compiled {
        Compile::Failed if status == Status::Succeeded => {
            (Status::Failed, Some("compile".into()), Duration::ZERO)
        }
        Compile::Failed if status == Status::Cancelled => (status, None, Duration::ZERO),
        Compile::Failed => (status, Some("compile".into()), Duration::ZERO),
        Compile::Done(took) => (status, reason(&report, status), took),
    };
    let (status, reason) = match execution.intervention {
        Some(why) if status == Status::Cancelled => (Status::Killed, Some(why.into())),
        _ => (status, reason),
    };
    let timing = Timing {
        queue: execution.queue,
        analysis: execution.reading,
        lease: report.lease,
        run: report.run + compiling,
        collect: report.collect,
        total: execution.begun.elapsed(),
    };
    let (usage, path, exit) = (usage(&report), path(&report), report.exit);
    let (collected, left_out) = report.harvest.map_or((Vec::new(), 0), |h| (h.files, h.left_out));
    let (files, not_shown) = output_files(collected);
    Ok(Outcome {
        id: execution.id,
        sandbox_id: Some(execution.sandbox_id),
        node_id: execution.node_id,
        status,
        reason,
        exit_code: exit.and_then(|e| e.code),
        signal: exit.and_then(|e| e.signal),
        stdout: report.stdout,
        stderr: report.stderr,
        files,
        files_left_out: left_out + not_shown,
        usage,
        timing,
        path,
        layers,
        analysis: execution.analysis,
        created_at: execution.created_at,
        started_at: report.started_at,
        ended_at: SystemTime::now(),
    })
}

/// The status of a run, in order of precedence: what the caller did, the clocks (wall wins a tie),
/// memory, output, and then how the program ended.
pub fn status(report: &Report) -> Status {
    if report.cancelled {
        return Status::Cancelled;
    }
    // An exit code shows that the program ended by itself before any clock could end it; the rest of
    // the time went into what came after.
    let ended_itself = report.exit.is_some_and(|exit| exit.code.is_some());
    match report.ended.cause {
        Cause::Wall if !ended_itself => return Status::TimedOut,
        Cause::Cpu if !ended_itself => return Status::CpuExceeded,
        Cause::Memory => return Status::MemoryExceeded,
        _ => {}
    }
    if report.ended.oom_kills > 0 {
        return Status::MemoryExceeded;
    }
    if report.flooded {
        return Status::OutputExceeded;
    }
    if report
        .start_failure
        .as_ref()
        .is_some_and(|f| DISK_ERRNO.contains(&f.errno))
    {
        return Status::DiskExceeded;
    }
    let Some(exit) = report.exit else {
        return Status::Killed;
    };
    match (exit.code, exit.signal) {
        (Some(0), _) => Status::Succeeded,
        (_, Some(SIGXCPU)) => Status::CpuExceeded,
        _ if report.disk_full => Status::DiskExceeded,
        _ => Status::Failed,
    }
}

/// Why, where the status does not say it.
pub fn reason(report: &Report, status: Status) -> Option<String> {
    match status {
        Status::Killed => Some("sandbox_died".into()),
        _ if report.harvest.as_ref().is_some_and(|h| !h.complete) => Some("files_incomplete".into()),
        _ => None,
    }
}

/// How its program was started: by what stood ready, by a fork, or by a fresh exec. A sandbox that stood ready and had no
/// interpreter to wait with serves as well.
pub fn path(report: &Report) -> RunPath {
    match (report.made, report.was_parked) {
        (Made::Waiting, _) => RunPath::Pool,
        (Made::Forked, _) => RunPath::Fork,
        (Made::Executed, true) => RunPath::Pool,
        (Made::Executed, false) => RunPath::Exec,
    }
}

/// What the run used.
pub fn usage(report: &Report) -> Usage {
    Usage {
        wall: report.started_at.map(|_| report.run),
        cpu_user: report.ended.cpu_user,
        cpu_system: report.ended.cpu_system,
        memory_peak_bytes: report.ended.memory_peak_bytes,
        disk_peak_bytes: report.disk_peak_bytes,
        pids_peak: report.ended.pids_peak,
        network_bytes: report.network_bytes,
    }
}

/// Collected files as the result shows them, and how many it cannot show: a name that is not UTF-8 is shown lossily, so
/// that two may come to look alike, or grow beyond the bound of a path.
fn output_files(collected: Vec<Collected>) -> (Vec<OutputFile>, u64) {
    let (mut files, mut left_out, mut seen) = (Vec::new(), 0, HashSet::new());
    for file in collected {
        let path = String::from_utf8_lossy(&file.path).into_owned();
        if path.len() > MAX_PATH_BYTES || !seen.insert(path.clone()) {
            left_out += 1;
            continue;
        }
        files.push(OutputFile {
            path,
            mode: file.mode,
            size_bytes: file.content.len() as u64,
            sha256: Sha256::digest(&file.content).into(),
            content: Some(file.content),
        });
    }
    (files, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_or_grow_too_long_are_left_out() {
        let file = |path: &[u8]| Collected {
            path: path.to_vec(),
            mode: 0o644,
            content: b"x".to_vec(),
        };
        let long = vec![0xff; MAX_PATH_BYTES];
        let (files, left_out) = output_files(vec![file(b"a\xff"), file(b"a\xfe"), file(b"b"), file(&long)]);
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((paths, left_out), (vec!["a\u{fffd}", "b"], 2));
    }
}

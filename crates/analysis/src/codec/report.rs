//! A report as bytes.

use super::{CodecError, In, MAX_REPORT_BYTES, Out};
use crate::report::Report;
use casemate_types::analysis::{Axis, Confidence, Finding, Flow, Location, Reason, Risk, Severity, Step};
use std::collections::HashMap;

const MAX_PATHS: usize = 8192;
const MAX_PATH_BYTES: usize = 4096;
const MAX_FINDINGS: usize = 1000;
const MAX_FLOWS: usize = 256;
const MAX_STEPS: usize = 64;
const MAX_REASONS: usize = 10;
const MAX_LIMITS: usize = 32;
/// Longest name of a rule, category, source, sink or feature, bytes.
const MAX_NAME_BYTES: usize = 128;
/// Longest sentence, bytes.
const MAX_SENTENCE_BYTES: usize = 1000;

/// The bytes of a report, shortened where it is beyond the bounds: the gravest findings come first. One that is too
/// large all the same keeps its risk and says `report_bytes`.
pub fn encode_report(report: &Report) -> Vec<u8> {
    let bytes = encode(report);
    if bytes.len() <= MAX_REPORT_BYTES {
        return bytes;
    }
    let mut limits_reached = report.limits_reached.clone();
    limits_reached.truncate(MAX_LIMITS - 1);
    limits_reached.push("report_bytes".into());
    encode(&Report {
        findings: Vec::new(),
        flows: Vec::new(),
        vulnerabilities: Vec::new(),
        limits_reached,
        risk: report.risk.clone(),
        ..*report
    })
}

/// Reads them.
///
/// # Errors
/// Bytes that [`encode_report`] does not make.
pub fn decode_report(bytes: &[u8]) -> Result<Report, CodecError> {
    if bytes.len() > MAX_REPORT_BYTES {
        return Err(CodecError::TooMany("bytes"));
    }
    let mut from = In(bytes);
    let paths = from.list("paths", MAX_PATHS, |from| from.text("path", MAX_PATH_BYTES))?;
    let report = Report {
        risk: risk(&mut from)?,
        findings: from.list("findings", MAX_FINDINGS, |from| finding(from, &paths))?,
        flows: from.list("flows", MAX_FLOWS, |from| flow(from, &paths))?,
        vulnerabilities: from.list("vulnerabilities", MAX_FINDINGS, |from| finding(from, &paths))?,
        limits_reached: from.list("limits", MAX_LIMITS, |from| from.text("limit", MAX_NAME_BYTES))?,
        files: from.number()?,
        lines: from.number()?,
    };
    from.end()?;
    Ok(report)
}

fn encode(report: &Report) -> Vec<u8> {
    let findings = &report.findings[..report.findings.len().min(MAX_FINDINGS)];
    let flows = &report.flows[..report.flows.len().min(MAX_FLOWS)];
    let vulnerabilities = &report.vulnerabilities[..report.vulnerabilities.len().min(MAX_FINDINGS)];
    let mut paths = Paths::default();
    for one in findings.iter().chain(vulnerabilities) {
        paths.add(&one.location.file);
    }
    for step in flows.iter().flat_map(|flow| &flow.steps) {
        paths.add(&step.location.file);
    }
    let mut out = Out::default();
    out.length(paths.list.len());
    for path in &paths.list {
        out.text(path, MAX_PATH_BYTES);
    }
    put_risk(&mut out, &report.risk);
    put_list(&mut out, findings, |out, one| put_finding(out, one, &paths));
    put_list(&mut out, flows, |out, one| put_flow(out, one, &paths));
    put_list(&mut out, vulnerabilities, |out, one| {
        put_finding(out, one, &paths)
    });
    let limits = &report.limits_reached[..report.limits_reached.len().min(MAX_LIMITS)];
    put_list(&mut out, limits, |out, one| out.text(one, MAX_NAME_BYTES));
    out.number(report.files);
    out.number(report.lines);
    out.0
}

fn put_list<T>(out: &mut Out, items: &[T], mut put: impl FnMut(&mut Out, &T)) {
    out.length(items.len());
    for item in items {
        put(out, item);
    }
}

/// The names of files, each once.
#[derive(Default)]
struct Paths<'a> {
    list: Vec<&'a str>,
    places: HashMap<&'a str, u32>,
}

impl<'a> Paths<'a> {
    fn add(&mut self, path: &'a str) {
        if self.list.len() < MAX_PATHS && !self.places.contains_key(path) {
            self.places.insert(path, self.list.len() as u32);
            self.list.push(path);
        }
    }
}

fn put_risk(out: &mut Out, risk: &Risk) {
    for share in [risk.score, risk.capability, risk.intent, risk.weakness] {
        out.real(share);
    }
    let reasons = &risk.reasons[..risk.reasons.len().min(MAX_REASONS)];
    put_list(out, reasons, |out, one| {
        out.text(&one.feature, MAX_NAME_BYTES);
        out.real(one.weight);
    });
}

fn risk(from: &mut In<'_>) -> Result<Risk, CodecError> {
    Ok(Risk {
        score: from.share("score")?,
        capability: from.share("capability")?,
        intent: from.share("intent")?,
        weakness: from.share("weakness")?,
        reasons: from.list("reasons", MAX_REASONS, |from| {
            Ok(Reason {
                feature: from.text("feature", MAX_NAME_BYTES)?,
                weight: from.real("weight")?,
            })
        })?,
    })
}

fn put_location(out: &mut Out, at: &Location, paths: &Paths<'_>) {
    out.number(paths.places.get(at.file.as_str()).copied().unwrap_or(u32::MAX));
    for number in [at.line, at.column, at.end_line, at.end_column] {
        out.number(number);
    }
}

fn location(from: &mut In<'_>, paths: &[String]) -> Result<Location, CodecError> {
    let file = from.number()?;
    let file = paths.get(file as usize).ok_or(CodecError::Value("file"))?;
    Ok(Location {
        file: file.clone(),
        line: from.number()?,
        column: from.number()?,
        end_line: from.number()?,
        end_column: from.number()?,
    })
}

/// The place of a value in the list of all; there are at most five.
fn put_word<T: PartialEq>(out: &mut Out, all: &[T], value: &T) {
    out.byte(
        all.iter()
            .position(|one| one == value)
            .unwrap_or(usize::from(u8::MAX)) as u8,
    );
}

fn word<T: Copy>(from: &mut In<'_>, all: &[T], what: &'static str) -> Result<T, CodecError> {
    let place = usize::from(from.byte()?);
    all.get(place).copied().ok_or(CodecError::Value(what))
}

fn put_finding(out: &mut Out, one: &Finding, paths: &Paths<'_>) {
    out.text(&one.rule, MAX_NAME_BYTES);
    out.text(&one.message, MAX_SENTENCE_BYTES);
    put_word(out, &Severity::ALL, &one.severity);
    put_word(out, &Confidence::ALL, &one.confidence);
    put_word(out, &Axis::ALL, &one.axis);
    out.text(&one.category, MAX_NAME_BYTES);
    out.optional(one.cwe, Out::number);
    out.optional(one.technique.as_deref(), |out, text| {
        out.text(text, MAX_NAME_BYTES)
    });
    put_location(out, &one.location, paths);
    out.optional(one.hidden.as_deref(), |out, text| {
        out.text(text, MAX_SENTENCE_BYTES)
    });
    out.optional(one.advice.as_deref(), |out, text| {
        out.text(text, MAX_SENTENCE_BYTES)
    });
}

fn finding(from: &mut In<'_>, paths: &[String]) -> Result<Finding, CodecError> {
    Ok(Finding {
        rule: from.text("rule", MAX_NAME_BYTES)?,
        message: from.text("message", MAX_SENTENCE_BYTES)?,
        severity: word(from, &Severity::ALL, "severity")?,
        confidence: word(from, &Confidence::ALL, "confidence")?,
        axis: word(from, &Axis::ALL, "axis")?,
        category: from.text("category", MAX_NAME_BYTES)?,
        cwe: from.optional("cwe", In::number)?,
        technique: from.optional("technique", |from| from.text("technique", MAX_NAME_BYTES))?,
        location: location(from, paths)?,
        hidden: from.optional("hidden", |from| from.text("hidden", MAX_SENTENCE_BYTES))?,
        advice: from.optional("advice", |from| from.text("advice", MAX_SENTENCE_BYTES))?,
    })
}

fn put_flow(out: &mut Out, flow: &Flow, paths: &Paths<'_>) {
    out.text(&flow.sink, MAX_NAME_BYTES);
    out.text(&flow.source, MAX_NAME_BYTES);
    out.text(&flow.message, MAX_SENTENCE_BYTES);
    put_word(out, &Severity::ALL, &flow.severity);
    out.optional(flow.cwe, Out::number);
    let steps = &flow.steps[..flow.steps.len().min(MAX_STEPS)];
    put_list(out, steps, |out, step| {
        put_location(out, &step.location, paths);
        out.text(&step.note, MAX_SENTENCE_BYTES);
    });
}

fn flow(from: &mut In<'_>, paths: &[String]) -> Result<Flow, CodecError> {
    Ok(Flow {
        sink: from.text("sink", MAX_NAME_BYTES)?,
        source: from.text("source", MAX_NAME_BYTES)?,
        message: from.text("message", MAX_SENTENCE_BYTES)?,
        severity: word(from, &Severity::ALL, "severity")?,
        cwe: from.optional("cwe", In::number)?,
        steps: from.list("steps", MAX_STEPS, |from| {
            Ok(Step {
                location: location(from, paths)?,
                note: from.text("note", MAX_SENTENCE_BYTES)?,
            })
        })?,
    })
}

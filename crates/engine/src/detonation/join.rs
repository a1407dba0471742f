//! What a program did joins what its source shows: findings, and a risk that only rises.

use super::judge::{self, Seen};
use super::run::Witnessed;
use casemate_analysis::{Report, Submission};
use casemate_types::Status;
use casemate_types::analysis::{Axis, Confidence, Detonation, Finding, Location, Reason};
use std::collections::BTreeMap;

/// Most reasons of a risk, and most programs or hosts of a summary.
const MAX_REASONS: usize = 10;
const MAX_NAMED: usize = 32;
/// Longest message, characters.
const MAX_MESSAGE: usize = 300;
/// A risk of 0 or 1 has no odds.
const LEAST: f64 = 1e-4;

/// Adds what was seen to a report; what became of the run.
pub fn join(report: &mut Report, submission: &Submission, witnessed: &Witnessed) -> Detonation {
    let judged = judge::judge(witnessed);
    let mut weights: BTreeMap<&'static str, f64> = BTreeMap::new();
    for seen in &judged.seen {
        let at = shown_at(submission, &seen.term);
        let weight = match at {
            Some(_) => seen.kind.shown,
            None => seen.kind.hidden,
        };
        let heaviest = weights.entry(seen.kind.rule).or_default();
        *heaviest = heaviest.max(weight);
        report.findings.push(finding(seen, at, submission));
    }
    report
        .findings
        .sort_by(|a, b| b.severity.cmp(&a.severity).then(b.confidence.cmp(&a.confidence)));
    raise(report, &weights);
    if witnessed.status == Status::TimedOut || witnessed.status == Status::CpuExceeded {
        report.limits_reached.push("detonation_time".into());
    }
    let named =
        |names: std::collections::BTreeSet<String>| names.into_iter().map(cut).take(MAX_NAMED).collect();
    Detonation {
        status: witnessed.status.as_str().to_owned(),
        wall_ms: u64::try_from(witnessed.ran.as_millis()).unwrap_or(u64::MAX),
        acts: witnessed.acts,
        programs: named(judged.programs),
        hosts: named(judged.hosts),
    }
}

/// The odds of malice by what was read, times those by what was done.
fn raise(report: &mut Report, weights: &BTreeMap<&'static str, f64>) {
    let sum: f64 = weights.values().sum();
    let risk = &mut report.risk;
    if sum > 0.0 {
        let before = risk.score.clamp(LEAST, 1.0 - LEAST);
        let odds = (before / (1.0 - before)).ln() + sum;
        // Never lower: a risk of 1 has no odds to go by.
        risk.score = risk.score.max(1.0 / (1.0 + (-odds).exp()));
        risk.intent = risk.intent.max(1.0 - (-sum / 4.0).exp());
    }
    let reasons = weights.iter().filter(|(_, weight)| **weight > 0.0);
    risk.reasons.extend(reasons.map(|(feature, weight)| Reason {
        feature: (*feature).to_owned(),
        weight: *weight,
    }));
    risk.reasons
        .sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    risk.reasons.truncate(MAX_REASONS);
}

/// The file and the line, from 1, in which a source shows a term as it is.
fn shown_at(submission: &Submission, term: &str) -> Option<(usize, u32)> {
    let term = term.as_bytes();
    submission.files.iter().enumerate().find_map(|(number, file)| {
        let at = match term.is_empty() {
            true => None,
            false => file
                .bytes
                .windows(term.len())
                .position(|part| part.eq_ignore_ascii_case(term)),
        }?;
        let line = file.bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        Some((number, u32::try_from(line).unwrap_or(u32::MAX)))
    })
}

fn finding(seen: &Seen, at: Option<(usize, u32)>, submission: &Submission) -> Finding {
    let (file, line) = at.unwrap_or((0, 1));
    let name = submission.files.get(file).map_or("", |file| file.path.as_str());
    let shown = match at {
        Some(_) => "",
        None => " Its source does not show it.",
    };
    Finding {
        rule: seen.kind.rule.to_owned(),
        message: cut(format!("When it was run: {}{shown}", seen.message)),
        severity: seen.kind.severity,
        confidence: Confidence::High,
        axis: if seen.kind.shown == 0.0 && at.is_some() {
            Axis::Capability
        } else {
            Axis::Intent
        },
        category: seen.kind.category.to_owned(),
        cwe: None,
        technique: Some(seen.kind.technique.to_owned()),
        location: Location {
            file: name.to_owned(),
            line,
            column: 1,
            end_line: line,
            end_column: 2,
        },
        hidden: None,
        advice: None,
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_MESSAGE) {
        Some((at, _)) => text[..at].to_owned(),
        None => text,
    }
}

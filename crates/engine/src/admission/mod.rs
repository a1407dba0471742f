//! The decision on a program that was read: it runs, runs with less, or is refused.
//!
//! Pure. Nothing here widens what was asked for; a weakness of a program warns and decides nothing; what could not be
//! read is refused.

mod restrict;

pub use restrict::{restrict, tighten};

use crate::analysis::{Reading, Trouble};
use casemate_analysis::Report;
use casemate_analysis::codec::encode_report;
use casemate_types::ExecutionRequest;
use casemate_types::analysis::{Analysis, Axis, Confidence, Finding, Location, Mode, Reason, Risk, Severity};

/// A program runs while its risk is below this.
pub use casemate_analysis::risk::MAX_ALLOWED_RISK;
/// The part of the allowed risk from which on a program runs with less.
const RESTRICT_SHARE: f64 = 0.5;
/// Limits of reading that leave a part of the source unread, in which anything may stand: such a program runs with less.
const UNREAD: [&str; 7] = [
    "too_deep",
    "too_complex",
    "file_bytes",
    "files",
    "depth",
    "decoded_bytes",
    "facts",
];
/// Most bytes of an analysis that goes with a result, as encoded.
const MOST_BYTES: usize = 256 << 10;
/// Reasons in the results of programs that were refused.
const RISK: &str = "risk";
const UNREADABLE: &str = "analysis_failed";

/// What decisions go by, from trusted configuration.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Policy {
    /// A program runs while its risk is below this; 0 refuses everything, above 1 nothing.
    pub max_allowed_risk: f64,
    /// For requests that do not say.
    pub mode: Mode,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_allowed_risk: MAX_ALLOWED_RISK,
            mode: Mode::Enforce,
        }
    }
}

/// Decides on a request whose program was read.
pub fn decide(reading: Reading, request: &ExecutionRequest, policy: &Policy) -> Analysis {
    let mode = request.mode.unwrap_or(policy.mode);
    let report = match reading {
        Reading::Report(report) => fit(*report),
        Reading::Trouble(trouble) => return refusal(&trouble, mode),
    };
    let can_execute = report.risk.score < policy.max_allowed_risk;
    let is_unread = report
        .limits_reached
        .iter()
        .any(|limit| UNREAD.contains(&limit.as_str()));
    let is_risky = is_unread || report.risk.score >= policy.max_allowed_risk * RESTRICT_SHARE;
    let restrictions = match can_execute && is_risky {
        true => tighten(request),
        false => Vec::new(),
    };
    Analysis {
        risk: report.risk,
        can_execute,
        mode,
        restrictions,
        findings: report.findings,
        flows: report.flows,
        vulnerabilities: report.vulnerabilities,
        limits_reached: report.limits_reached,
        detonation: None,
    }
}

/// Why a program may not run, if it may not.
pub fn denial(analysis: &Analysis) -> Option<&'static str> {
    if analysis.can_execute || analysis.mode == Mode::Observe {
        return None;
    }
    let failed = analysis
        .findings
        .first()
        .is_some_and(|finding| finding.category == CATEGORY);
    Some(if failed { UNREADABLE } else { RISK })
}

/// The category of findings on what could not be read at all.
const CATEGORY: &str = "analysis";

fn refusal(trouble: &Trouble, mode: Mode) -> Analysis {
    let (rule, word) = trouble.word();
    let finding = Finding {
        rule: rule.into(),
        message: trouble.message(),
        severity: Severity::High,
        confidence: Confidence::High,
        axis: Axis::Intent,
        category: CATEGORY.into(),
        cwe: None,
        technique: None,
        location: Location {
            file: String::new(),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
        },
        hidden: None,
        advice: Some("What cannot be read is refused; make the program smaller or plainer.".into()),
    };
    Analysis {
        risk: Risk {
            score: 1.0,
            capability: 0.0,
            intent: 0.0,
            weakness: 0.0,
            reasons: vec![Reason {
                feature: rule.into(),
                weight: 1.0,
            }],
        },
        can_execute: false,
        mode,
        restrictions: Vec::new(),
        findings: vec![finding],
        flows: Vec::new(),
        vulnerabilities: Vec::new(),
        limits_reached: vec![word.into()],
        detonation: None,
    }
}

/// Shortens a report until it fits a result: the gravest findings come first.
fn fit(mut report: Report) -> Report {
    let mut is_cut = false;
    while encode_report(&report).len() > MOST_BYTES {
        is_cut = true;
        let longest = report
            .flows
            .len()
            .max(report.findings.len())
            .max(report.vulnerabilities.len());
        if longest == 0 {
            break;
        }
        report.flows.truncate(longest / 2);
        report.findings.truncate(longest / 2);
        report.vulnerabilities.truncate(longest / 2);
    }
    if is_cut {
        report.limits_reached.push("report_bytes".into());
    }
    report
}

#[cfg(test)]
mod tests;

//! An analysis as the state keeps it: the report in the form that travels between processes, and the decision.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use casemate_analysis::Report;
use casemate_analysis::codec::{decode_report, encode_report};
use casemate_types::analysis::{Analysis, Mode, Restriction};
use serde::{Deserialize, Serialize};

/// What is written.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    report: String,
    can_execute: bool,
    mode: String,
    restrictions: Vec<(String, u64)>,
}

impl Kept {
    pub(crate) fn of(analysis: &Analysis) -> Self {
        let report = Report {
            risk: analysis.risk.clone(),
            findings: analysis.findings.clone(),
            flows: analysis.flows.clone(),
            vulnerabilities: analysis.vulnerabilities.clone(),
            limits_reached: analysis.limits_reached.clone(),
            files: 0,
            lines: 0,
        };
        Self {
            report: STANDARD_NO_PAD.encode(encode_report(&report)),
            can_execute: analysis.can_execute,
            mode: analysis.mode.as_str().to_owned(),
            restrictions: analysis.restrictions.iter().map(words_of).collect(),
        }
    }

    /// `None` for what this version cannot read.
    pub(crate) fn restore(self) -> Option<Analysis> {
        let report = decode_report(&STANDARD_NO_PAD.decode(self.report).ok()?).ok()?;
        Some(Analysis {
            risk: report.risk,
            can_execute: self.can_execute,
            mode: Mode::from_word(&self.mode)?,
            restrictions: self
                .restrictions
                .iter()
                .map(restriction_of)
                .collect::<Option<_>>()?,
            findings: report.findings,
            flows: report.flows,
            vulnerabilities: report.vulnerabilities,
            limits_reached: report.limits_reached,
            // No execution of a service is detonated.
            detonation: None,
        })
    }
}

fn words_of(restriction: &Restriction) -> (String, u64) {
    (restriction.as_str().to_owned(), restriction.bound().unwrap_or(0))
}

fn restriction_of((name, bound): &(String, u64)) -> Option<Restriction> {
    Restriction::from_word(name, *bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::{Policy, decide};
    use crate::analysis::{Reading, Trouble};
    use casemate_types::ExecutionRequest;

    #[test]
    fn what_was_kept_comes_back() {
        let reading = Reading::Trouble(Trouble::Late);
        let mut analysis = decide(reading, &ExecutionRequest::default(), &Policy::default());
        analysis.restrictions = vec![
            Restriction::NetworkOff,
            Restriction::Memory(1),
            Restriction::Processes(2),
            Restriction::WallTime(3),
            Restriction::Disk(4),
        ];
        let text = serde_json::to_string(&Kept::of(&analysis)).unwrap();
        let back: Kept = serde_json::from_str(&text).unwrap();
        assert_eq!(back.restore(), Some(analysis));
    }
}

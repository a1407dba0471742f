//! What goes in comes out, and nothing else is taken.

use super::*;
use crate::ir::Language;
use crate::report::Report;
use crate::submission::{SourceFile, Submission};
use casemate_types::analysis::{Axis, Confidence, Finding, Flow, Location, Reason, Risk, Severity, Step};
use proptest::prelude::*;

fn at(file: &str, line: u32) -> Location {
    Location {
        file: file.into(),
        line,
        column: 1,
        end_line: line,
        end_column: 9,
    }
}

fn found(message: &str) -> Finding {
    Finding {
        rule: "a.rule".into(),
        message: message.into(),
        severity: Severity::High,
        confidence: Confidence::Low,
        axis: Axis::Intent,
        category: "exec".into(),
        cwe: Some(78),
        technique: None,
        location: at("b.py", 7),
        hidden: Some("print(1)".into()),
        advice: None,
    }
}

fn report() -> Report {
    Report {
        risk: Risk {
            score: 0.25,
            capability: 1.0,
            intent: 0.0,
            weakness: 0.5,
            reasons: vec![Reason {
                feature: "one".into(),
                weight: -1.5,
            }],
        },
        findings: vec![found("first"), found("second")],
        flows: vec![Flow {
            sink: "command".into(),
            source: "argument".into(),
            message: "an argument becomes a command".into(),
            severity: Severity::Critical,
            cwe: None,
            steps: vec![
                Step {
                    location: at("a.py", 1),
                    note: "read".into(),
                },
                Step {
                    location: at("b.py", 2),
                    note: "run".into(),
                },
            ],
        }],
        vulnerabilities: vec![found("third")],
        limits_reached: vec!["steps".into()],
        files: 2,
        lines: 40,
    }
}

#[test]
fn what_goes_in_comes_out() {
    assert_eq!(decode_report(&encode_report(&report())), Ok(report()));
    let submission = Submission {
        files: vec![
            SourceFile {
                path: "main.py".into(),
                language: Some(Language::Python),
                bytes: b"print(1)".to_vec(),
            },
            SourceFile {
                path: "data".into(),
                language: None,
                bytes: vec![0xff; 3],
            },
        ],
    };
    let bytes = encode_submission(&submission);
    let back = decode_submission(&bytes).unwrap();
    assert_eq!(encode_submission(&back), bytes);
    assert_eq!(back.files[1].bytes, [0xff; 3]);
}

#[test]
fn every_shorter_report_and_every_longer_one_is_refused() {
    let bytes = encode_report(&report());
    for end in 0..bytes.len() {
        assert!(decode_report(&bytes[..end]).is_err(), "{end}");
    }
    let longer = [&bytes[..], b"x"].concat();
    assert_eq!(decode_report(&longer), Err(CodecError::Trailing));
}

#[test]
fn a_risk_is_a_share() {
    for score in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        let mut bad = report();
        bad.risk.score = score;
        assert_eq!(
            decode_report(&encode_report(&bad)),
            Err(CodecError::Value("score"))
        );
    }
}

#[test]
fn too_much_is_cut_and_said() {
    let mut large = report();
    large.findings = vec![found(&"x".repeat(5000)); 3000];
    let back = decode_report(&encode_report(&large)).unwrap();
    assert_eq!(back.findings.len(), 1000);
    assert_eq!(back.findings[0].message.len(), 1000);
    let steps = vec![
        Step {
            location: at("a.py", 1),
            note: "n".repeat(1000),
        };
        64
    ];
    large.flows = vec![
        Flow {
            steps,
            ..large.flows[0].clone()
        };
        256
    ];
    let back = decode_report(&encode_report(&large)).unwrap();
    assert!(back.flows.is_empty() && back.limits_reached.contains(&"report_bytes".to_owned()));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_report(&bytes);
        let _ = decode_submission(&bytes);
    }

    #[test]
    fn any_changed_report_is_survived(place in 0usize..600, value in any::<u8>()) {
        let mut bytes = encode_report(&report());
        let place = place % bytes.len();
        bytes[place] = value;
        if let Ok(back) = decode_report(&bytes) {
            prop_assert!(decode_report(&encode_report(&back)).is_ok());
        }
    }
}

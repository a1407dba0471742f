//! Decisions, from reports made by hand.

use super::*;
use casemate_types::analysis::Restriction;
use casemate_types::{Bytes, Limits, Network};
use proptest::prelude::*;

fn read(score: f64) -> Reading {
    Reading::Report(Box::new(Report {
        risk: Risk {
            score,
            capability: 0.0,
            intent: 0.0,
            weakness: 1.0,
            reasons: Vec::new(),
        },
        findings: Vec::new(),
        flows: Vec::new(),
        vulnerabilities: Vec::new(),
        limits_reached: Vec::new(),
        files: 1,
        lines: 1,
    }))
}

fn asked(mode: Option<Mode>) -> ExecutionRequest {
    ExecutionRequest {
        mode,
        network: Network::Loopback,
        limits: Limits {
            memory: Bytes::gib(4),
            ..Limits::default()
        },
        ..ExecutionRequest::default()
    }
}

#[test]
fn the_risk_alone_decides_and_weakness_does_not() {
    let policy = Policy::default();
    let check = |score: f64, can_execute: bool, restricted: bool| {
        let analysis = decide(read(score), &asked(None), &policy);
        assert_eq!(
            (analysis.can_execute, !analysis.restrictions.is_empty()),
            (can_execute, restricted),
            "{score}"
        );
        assert_eq!(denial(&analysis).is_some(), !can_execute);
    };
    check(0.0, true, false);
    check(MAX_ALLOWED_RISK / 2.0 - 0.01, true, false);
    check(MAX_ALLOWED_RISK / 2.0, true, true);
    check(MAX_ALLOWED_RISK - 0.01, true, true);
    check(MAX_ALLOWED_RISK, false, false);
    check(1.0, false, false);
}

/// Whatever its risk seems to be: anything may stand in the part that nobody read.
#[test]
fn what_was_read_in_part_runs_with_less() {
    let check = |limit: &str, restricted: bool| {
        let Reading::Report(mut report) = read(0.0) else {
            panic!("a report")
        };
        report.limits_reached.push(limit.to_owned());
        let analysis = decide(Reading::Report(report), &asked(None), &Policy::default());
        assert!(analysis.can_execute, "{limit}");
        assert_eq!(
            analysis.restrictions.contains(&Restriction::NetworkOff),
            restricted,
            "{limit}"
        );
    };
    UNREAD.iter().for_each(|limit| check(limit, true));
    check("syntax_error", false);
    check("steps", false);
}

#[test]
fn the_request_chooses_the_mode_before_the_configuration() {
    let observing = Policy {
        mode: Mode::Observe,
        ..Policy::default()
    };
    let mode = |asked_for, policy: &Policy| {
        let analysis = decide(read(1.0), &asked(asked_for), policy);
        assert!(!analysis.can_execute, "the decision is told in any case");
        (analysis.mode, denial(&analysis))
    };
    assert_eq!(mode(None, &observing), (Mode::Observe, None));
    assert_eq!(
        mode(Some(Mode::Enforce), &observing),
        (Mode::Enforce, Some("risk"))
    );
    assert_eq!(
        mode(Some(Mode::Observe), &Policy::default()),
        (Mode::Observe, None)
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    for trouble in [
        Trouble::Crashed,
        Trouble::Late,
        Trouble::Malformed,
        Trouble::Unavailable("no process".into()),
    ] {
        let analysis = decide(
            Reading::Trouble(trouble.clone()),
            &asked(None),
            &Policy::default(),
        );
        assert_eq!(denial(&analysis), Some("analysis_failed"), "{trouble:?}");
        assert_eq!(analysis.findings[0].rule, trouble.word().0);
    }
}

proptest! {
    #[test]
    fn a_restriction_never_widens(memory in any::<u64>(), pids in any::<u32>(), wall in any::<u64>(), disk in any::<u64>()) {
        let before = asked(None);
        let all = [
            Restriction::NetworkOff,
            Restriction::Memory(memory),
            Restriction::Processes(pids),
            Restriction::WallTime(wall),
            Restriction::Disk(disk),
        ];
        let after = restrict(before.clone(), &all);
        prop_assert_eq!(after.network, Network::None);
        prop_assert!(after.limits.memory <= before.limits.memory && after.limits.pids <= before.limits.pids);
        prop_assert!(after.limits.wall <= before.limits.wall && after.limits.disk <= before.limits.disk);
    }
}

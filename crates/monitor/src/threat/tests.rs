//! Verdicts on events, and what is done about them.

use super::intervene::{Action, Mode, Policy};
use super::rules::{Rules, Threat};
use super::*;
use crate::event::{Access, Address, Event, What};

fn judged(terms: Terms, events: &[Event]) -> Verdict {
    let mut judge = Judge::new(terms);
    for event in events {
        judge.take(event);
    }
    judge.verdict()
}

fn shell() -> Vec<Event> {
    let address = Address::Net {
        ip: [203, 0, 113, 7].into(),
        port: 4444,
    };
    let exec =
        serde_json::from_value(serde_json::json!({"event": "exec", "path": "/bin/sh", "argv": ["sh", "-i"]}));
    vec![
        Event::new(5_000_000, 1, What::Connect { address, result: 0 }),
        Event::new(6_000_000, 1, What::Redirect { to: 0, socket: true }),
        Event::new(9_000_000, 1, exec.unwrap()),
    ]
}

#[test]
fn a_reverse_shell_is_critical_at_once_and_says_why() {
    let verdict = judged(Terms::shipped().unwrap(), &shell());
    assert_eq!(verdict.threat_level, Level::Critical, "{verdict:?}");
    assert_eq!(verdict.threat_type, Some(Threat::ReverseShell));
    assert_eq!(verdict.time_to_detect_ms, Some(9));
    assert_eq!(verdict.techniques, ["T1059.004"]);
    assert_eq!(verdict.evidence[0].took_ms, 4);
    assert_eq!(verdict.reasons[0].feature, "rule.runtime.reverse-shell");
    assert!(!verdict.recommendations.is_empty());
    assert!(verdict.security_score() < 5);
}

#[test]
fn nothing_is_nothing() {
    let open = What::Open {
        path: "/w/out.csv".into(),
        access: Access::Create,
        result: 3,
    };
    let verdict = judged(Terms::shipped().unwrap(), &[Event::new(1, 1, open)]);
    assert_eq!((verdict.threat_level, verdict.threat_type), (Level::None, None));
    assert!(verdict.reasons.iter().all(|reason| reason.by.abs() < 1.0));
    assert_eq!(verdict.time_to_detect_ms, None);
}

#[test]
fn what_the_source_had_not_shown_counts_more() {
    let events = [Event::new(
        1,
        1,
        serde_json::from_value(serde_json::json!({"event": "write_exec", "bytes": 4096, "result": 0}))
            .unwrap(),
    )];
    let confidence = |shown: Option<&str>| {
        let mut terms = Terms::shipped().unwrap();
        terms.shown = shown.map(|word| [word.to_owned()].into());
        judged(terms, &events).confidence
    };
    assert!(confidence(Some("files")) > confidence(Some("memory")));
    assert_eq!(confidence(Some("memory")), confidence(None));
}

#[test]
fn texts_that_the_program_could_change_are_no_ground() {
    let events: Vec<Event> = shell().into_iter().map(Event::as_evidence).collect();
    let verdict = judged(Terms::shipped().unwrap(), &events);
    assert_eq!(verdict.threat_level, Level::Critical);
    assert_eq!(verdict.grounded_level, Level::None);
    assert_eq!(Policy::STANDARD.decide(&verdict, false, Action::Observe), None);
}

#[test]
fn policies_act_by_level_and_observe_only_tells() {
    let verdict = judged(Terms::shipped().unwrap(), &shell());
    let decision = Policy::STANDARD.decide(&verdict, false, Action::Observe).unwrap();
    assert_eq!((decision.action, decision.carried_out), (Action::Kill, true));
    assert_eq!(Policy::STANDARD.decide(&verdict, false, Action::Kill), None);
    let hardened = Policy::HARDENED.decide(&verdict, false, Action::Freeze).unwrap();
    assert_eq!(hardened.action, Action::Quarantine);
    let observe = Policy {
        mode: Mode::Observe,
        ..Policy::STANDARD
    };
    assert!(
        !observe
            .decide(&verdict, false, Action::Observe)
            .unwrap()
            .carried_out
    );
    let nothing = judged(Terms::shipped().unwrap(), &[]);
    assert_eq!(Policy::STANDARD.decide(&nothing, false, Action::Observe), None);
    let blind = Policy::STANDARD.decide(&nothing, true, Action::Observe).unwrap();
    assert_eq!(blind.action, Action::Kill);
}

#[test]
fn models_are_read_and_written_and_bad_ones_refused() {
    let mut model = Model::expected();
    model.set("rule.runtime.blind", 3.25);
    model.slope = 0.5;
    assert_eq!(Model::read(&model.write()).unwrap(), model);
    assert_eq!(
        Model::shipped().unwrap(),
        &Model::read(&Model::shipped().unwrap().write()).unwrap()
    );
    for (text, line) in [
        ("intercept x", 1),
        ("\nslope 0", 2),
        ("a", 1),
        ("a 99", 1),
        ("a NaN", 1),
    ] {
        assert_eq!(Model::read(text).unwrap_err().line, line, "{text}");
    }
}

#[test]
fn every_shipped_rule_of_weight_makes_a_verdict() {
    for rule in Rules::shipped().unwrap().all() {
        assert!(prior(&format!("rule.{}", rule.id)) > 0.0, "{}", rule.id);
    }
}

#[test]
fn words_are_buckets() {
    let connect = |ip: [u8; 4], port, result| {
        let address = Address::Net { ip: ip.into(), port };
        word_text(&Event::new(0, 1, What::Connect { address, result })).unwrap()
    };
    assert_eq!(connect([203, 0, 113, 1], 4444, -101), "connect.outside.refused");
    assert_eq!(connect([127, 0, 0, 1], 80, 0), "connect.loopback.done");
    let open = |path: &str| {
        let open = What::Open {
            path: path.into(),
            access: Access::Create,
            result: 1,
        };
        word_text(&Event::new(0, 1, open)).unwrap()
    };
    assert_eq!(open("/tmp/a"), "open.create.temporary.done");
    assert_eq!(open("/tmp/a"), open("/tmp/b"));
}

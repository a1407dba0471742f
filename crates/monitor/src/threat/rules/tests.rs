//! Every shipped rule is tripped by its programs and not by their twins; what cannot be right is refused by its line.

use super::*;
use crate::event::{Event, What};

fn told(rules: &Rules, events: impl IntoIterator<Item = Event>) -> Vec<Match> {
    let mut matcher = Matcher::new(rules, Honeytokens::new(["AKIA-planted-0001"]));
    let mut all = Vec::new();
    for event in events {
        matcher.take(&event, |found| all.push(found));
    }
    all
}

#[test]
fn each_rule_is_tripped_by_its_programs_and_not_by_their_twins() {
    let rules = Rules::shipped().unwrap();
    assert!(rules.all().len() >= 30);
    for rule in rules.all() {
        let programs: Vec<(bool, Vec<Event>)> = rule.examples().collect();
        let trips = programs.iter().filter(|(trips, _)| *trips).count();
        assert!(trips > 0 && trips < programs.len(), "{}", rule.id);
        for (expected, program) in programs {
            let found = told(rules, program.clone());
            let trips = found.iter().any(|one| one.rule == rule.id);
            assert_eq!(trips, expected, "{}: {program:?}", rule.id);
        }
    }
}

#[test]
fn a_planted_credential_is_certain_and_not_repeated() {
    let open = |path: &str| {
        Event::new(
            1,
            1,
            What::Unlink {
                path: path.into(),
                result: 0,
            },
        )
    };
    let rules = Rules::default();
    assert_eq!(told(&rules, [open("/tmp/AKIA-planted"), open("/tmp/x")]), []);
    let found = told(
        &rules,
        [open("/tmp/AKIA-planted-0001"), open("/tmp/AKIA-planted-0001")],
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].severity, found[0].confidence),
        (Severity::Critical, Confidence::High)
    );
    assert!(!format!("{found:?}").contains("AKIA"));
}

#[test]
fn texts_of_the_program_make_evidence_and_numbers_do_not() {
    let rules = Rules::shipped().unwrap();
    let open = What::Open {
        path: "/etc/passwd".into(),
        access: crate::event::Access::Append,
        result: 3,
    };
    assert!(!told(rules, [Event::new(1, 1, open.clone())])[0].evidence);
    assert!(told(rules, [Event::new(1, 1, open).as_evidence()])[0].evidence);
}

#[test]
fn what_cannot_be_right_is_refused_by_its_line() {
    let head = "[[rule]]\nid = \"a\"\nmessage = \"m\"\nseverity = \"high\"\nconfidence = \"low\"\nthreat = \"escape\"\n";
    for (rest, expected) in [
        (
            "technique = \"T1\"\nstep = [{ event = [\"exec\"] }]",
            "x.toml:1: rule `a`: `technique`: `T1`",
        ),
        (
            "technique = \"T1000\"\nstep = []",
            "x.toml:1: rule `a`: `step`: there must be 1 to 4",
        ),
        (
            "technique = \"T1000\"\nstep = [{ event = [\"walk\"] }]",
            "x.toml:1: rule `a`: `event`: `walk`",
        ),
        (
            "technique = \"T1000\"\nstep = [{ event = [\"fork\"], count = 0 }]",
            "x.toml:1: rule `a`: `count`",
        ),
        (
            "technique = \"T1000\"\nstep = [{ event = [\"call\"], call = [\"read\"] }]",
            "x.toml:1: rule `a`: `call`: `read`",
        ),
        (
            "technique = \"T1000\"\nstep = [{ event = [\"fork\"], often = 1 }]",
            "x.toml:8: ",
        ),
    ] {
        let error = Rules::read(&[("x.toml", &format!("{head}{rest}\n"))])
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn whoever_makes_many_processes_does_not_make_the_matcher_grow() {
    let rules = Rules::shipped().unwrap();
    let mut matcher = Matcher::new(rules, Honeytokens::default());
    for pid in 1..20_000_u32 {
        let address = crate::event::Address::Net {
            ip: [203, 0, 113, 9].into(),
            port: 80,
        };
        matcher.take(
            &Event::new(u64::from(pid), pid, What::Connect { address, result: 0 }),
            |_| {},
        );
        matcher.take(
            &Event::new(u64::from(pid), pid, What::Fork { child: pid + 1 }),
            |_| {},
        );
    }
    assert_eq!(matcher.program(1), "");
    // And hides nothing that comes after.
    let shell = rules.all().iter().find(|rule| rule.id == "runtime.reverse-shell");
    let (_, events) = shell.unwrap().examples().next().unwrap();
    let mut found = Vec::new();
    for mut event in events {
        event.at_ns += 1_000_000;
        event.pid = 30_000;
        matcher.take(&event, |one| found.push(one.rule));
    }
    assert!(
        found.iter().any(|rule| rule == "runtime.reverse-shell"),
        "{found:?}"
    );
}

#[test]
fn stars_stand_for_any_text() {
    for (glob, text, expected) in [
        ("*/.ssh/id_*", "/root/.ssh/id_rsa", true),
        ("*/.ssh/id_*", "/root/.ssh/config", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b", "ab", true),
        ("ab*b", "ab", false),
        ("abc", "abcd", false),
        ("*", "", true),
    ] {
        assert_eq!(
            condition::Glob::new(glob).matches(text),
            expected,
            "{glob} {text}"
        );
    }
}

//! Recorded runs are judged, and what is no recorded run is refused by its line.

use casemate_tests::{Scratch, raw};
use serde_json::{Value, json};

/// A shell whose input is a connection, one that never came to it, and an honest program.
fn traces() -> String {
    let connect = json!({"at_ns": 1_000_000, "pid": 7, "event": "connect", "result": 0,
        "address": {"family": "net", "ip": "203.0.113.7", "port": 4444}});
    let redirect = json!({"at_ns": 2_000_000, "pid": 7, "event": "redirect", "to": 0, "socket": true});
    let shell =
        json!({"at_ns": 3_000_000, "pid": 7, "event": "exec", "path": "/bin/sh", "argv": ["sh", "-i"]});
    let write = json!({"at_ns": 4_000_000, "pid": 8, "event": "open", "path": "/w/out.csv", "access": "create", "result": 3});
    let rows = [
        json!({"id": "a", "source": "made", "category": "shell", "label": "malicious", "events": [connect, redirect, shell]}),
        json!({"id": "b", "source": "made", "category": "shell", "label": "malicious", "reached": false, "events": []}),
        json!({"id": "c", "source": "made", "category": "data", "label": "benign", "events": [write]}),
    ];
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// Sequences of calls: a few turns one after the other; attacks hold something odd between them.
fn sequences() -> String {
    const TURNS: [&[usize]; 4] = [&[1, 2, 3], &[4, 2], &[5, 6, 7, 6], &[8, 1]];
    let mut text = String::new();
    for id in 0..100_usize {
        let attack = id % 4 == 0;
        let mut calls: Vec<usize> = (0..18)
            .flat_map(|at| TURNS[(id * 31 + at * at * (id % 7 + 1) + at / 3) % 4])
            .copied()
            .collect();
        if attack {
            calls.extend([90, 91 + id % 3, 90, 91, 94, 90, 91 + id % 2, 90, 91, 95, 90, 91]);
        }
        let code: Vec<String> = calls.iter().map(usize::to_string).collect();
        let (label, category) = if attack {
            ("attack", ["x", "y"][id / 4 % 2])
        } else {
            ("normal", "n")
        };
        let row =
            json!({"id": id, "source": "made", "label": label, "category": category, "code": code.join(" ")});
        text += &format!("{row}\n");
    }
    text
}

fn evaluated(name: &str, text: String, more: &[&str]) -> Value {
    let scratch = Scratch::new();
    let path = scratch.write(name, text);
    let mut arguments = vec!["detect", "--evaluate", path.to_str().expect("a path"), "--json"];
    arguments.extend(more);
    let told = raw(&arguments);
    assert_eq!(told.code, 0, "{}", told.stderr);
    serde_json::from_str(&told.stdout).expect("JSON")
}

#[test]
fn runs_with_events_are_judged_as_labels_say() {
    let json = evaluated("traces.jsonl", traces(), &[]);
    assert_eq!(
        json["overall"],
        json!({"n": 2, "recall": 1.0, "fpr": 0.0, "accuracy": 1.0, "youden": 1.0})
    );
    assert_eq!(
        json["uncounted"]["malicious that never reached its action"],
        json!({"n": 1, "called": 0})
    );
    assert_eq!(json["by_category"]["data"]["fpr"], 0.0);
    assert_eq!((&json["rows"], &json["events"]), (&json!(3), &json!(4)));
}

#[test]
fn sequences_are_learned_from_and_judged_either_way() {
    for train in ["all", "normal"] {
        let json = evaluated("calls.jsonl", sequences(), &["--train", train, "--errors", "2"]);
        assert_eq!(json["overall"]["n"], 100);
        assert!(json["auc"].as_f64() > Some(0.8), "{train}: {json}");
        assert!(
            json["protocol"]
                .as_str()
                .is_some_and(|text| text.contains("cross-validation"))
        );
        let again = evaluated("calls.jsonl", sequences(), &["--train", train]);
        assert_eq!(json["overall"], again["overall"]);
    }
}

#[test]
fn what_is_no_recorded_run_is_refused() {
    let scratch = Scratch::new();
    for (text, expected) in [
        (format!("{}{{\"label\": 1}}\n", traces()), "line 4"),
        (
            format!("{}{}", traces(), sequences()),
            "cannot be evaluated together",
        ),
        (
            sequences().lines().take(5).collect::<Vec<_>>().join("\n"),
            "at least 10 are needed",
        ),
    ] {
        let path = scratch.write("bad.jsonl", text);
        let told = raw(&["detect", "--evaluate", path.to_str().expect("a path")]);
        assert_eq!(told.code, 2, "{}", told.stderr);
        assert!(told.stderr.contains(expected), "{}", told.stderr);
    }
    let told = raw(&["detect", "--evaluate", "nowhere.jsonl"]);
    assert_eq!(told.code, 2);
    assert!(
        told.stderr.contains("cannot read nowhere.jsonl: No such file"),
        "{}",
        told.stderr
    );
}

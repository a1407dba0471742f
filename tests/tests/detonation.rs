//! Programs that are detonated before they are decided on: what their source does not show, and what a clean twin does.

use casemate_tests::{Run, Scratch, need_language, raw};
use serde_json::{Value, json};

/// What it does is its input's choice: its source shows nothing.
const PRINTS_SIZES: &str = "import sys\n\n\
                            for line in sys.stdin:\n    \
                            with open(line.strip()) as file:\n        \
                            print(len(file.read()))\n";

#[test]
fn what_a_source_does_not_show_is_caught_when_it_runs_and_its_clean_twin_is_not() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let run = |input: &str| {
        Run::python(PRINTS_SIZES)
            .flag("--profile")
            .flag("detonate")
            .stdin(input)
    };
    let outcome = run("/workspace/home/.ssh/id_rsa\n").go().ended("denied", 126);
    let analysis = &outcome.json["analysis"];
    assert_eq!(outcome.reason(), Some("risk"));
    assert_eq!(
        analysis["findings"][0]["rule"], "dynamic.credential-read",
        "{analysis}"
    );
    assert_eq!(analysis["detonation"]["status"], "succeeded");
    assert!(
        analysis["reasons"]
            .to_string()
            .contains("dynamic.credential-read")
    );

    let honest = run("/etc/hostname\n").go().succeeded();
    assert_eq!(honest.stdout(), "8\n");
    let analysis = &honest.json["analysis"];
    assert_eq!(analysis["findings"], json!([]));
    assert!(
        analysis["risk_score"].as_f64().is_some_and(|risk| risk < 0.1),
        "{analysis}"
    );
    assert!(
        analysis["detonation"]["acts"]
            .as_u64()
            .is_some_and(|acts| acts > 0)
    );
    // Read alone, it may run whatever it is given.
    let read = Run::python(PRINTS_SIZES)
        .stdin("/nowhere\n")
        .go()
        .ended("failed", 1);
    assert_eq!(read.json["analysis"]["detonation"], Value::Null);
}

#[test]
fn attempts_to_reach_somebody_are_seen_and_fail() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let scratch = Scratch::new();
    let source = "import socket, sys\n\
                  for name, port in [line.split() for line in sys.stdin] or [sys.argv[1:] or ['198.51.100.7', 4444]]:\n    \
                  socket.create_connection((name, int(port)), timeout=1)\n";
    let path = scratch.write("reach.py", source);
    let path = path.to_str().expect("a path");
    let told = raw(&["analyze", "--dynamic", "--json", "--fail-on", "never", path]);
    let json: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let program = &json["programs"][0];
    assert_eq!(
        program["detonation"]["hosts"],
        json!(["198.51.100.7"]),
        "{program}"
    );
    assert_eq!(program["detonation"]["status"], "failed");
    let rules = program["findings"].to_string();
    assert!(rules.contains("dynamic.network-attempt"), "{rules}");
    let sarif = raw(&["analyze", "--dynamic", "--sarif", "--fail-on", "never", path]);
    assert!(
        sarif.stdout.contains("dynamic.network-attempt"),
        "{}",
        sarif.stdout
    );
    let text = raw(&["analyze", "--dynamic", "--fail-on", "never", path]);
    assert!(text.stdout.contains("hosts: 198.51.100.7"), "{}", text.stdout);
}

#[test]
fn a_detonation_is_bounded_and_one_that_cannot_be_refuses() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let scratch = Scratch::new();
    let endless = scratch.write("endless.py", "while True:\n    pass\n");
    let endless = endless.to_str().expect("a path");
    let told = raw(&[
        "analyze",
        "--dynamic",
        "--dynamic-timeout",
        "300ms",
        "--json",
        endless,
    ]);
    let json: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let program = &json["programs"][0];
    assert_eq!(
        (told.code, &program["can_execute"]),
        (0, &json!(true)),
        "{program}"
    );
    assert_eq!(program["detonation"]["status"], "timed_out");
    assert_eq!(program["limits_reached"], json!(["detonation_time"]));
    let wrong = raw(&["analyze", "--dynamic", "--dynamic-timeout", "1h", endless]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("--dynamic-timeout"), "{}", wrong.stderr);

    // Larger than any program that may run.
    let large = scratch.write("large.py", format!("x = '{}'\n", "a".repeat(2 << 20)));
    let told = raw(&["analyze", "--dynamic", "--json", large.to_str().expect("a path")]);
    let json: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let program = &json["programs"][0];
    assert_eq!(
        (told.code, &program["can_execute"]),
        (1, &json!(false)),
        "{program}"
    );
    assert_eq!(program["findings"][0]["rule"], "analysis.not-detonated");
}

#[test]
fn a_service_refuses_the_profile_by_name() {
    let scratch = Scratch::new();
    let path = scratch.write("hello.sh", "echo hello\n");
    let told = raw(&[
        "run",
        "--server",
        "http://127.0.0.1:9",
        "--profile",
        "detonate",
        path.to_str().expect("a path"),
    ]);
    assert_eq!(told.code, 2, "{}", told.stderr);
    assert!(told.stderr.contains("profile"), "{}", told.stderr);
}

//! Programs behind all walls, watched from inside the kernel: what they do is told, and nothing of ours.

use casemate_tests::{RawOutput, Scratch, Skip, need_root, raw};
use serde_json::Value;

const PROGRAM: &str = r#"
import os, subprocess, mmap
open("one", "w").write("x")
os.rename("one", "two")
subprocess.run(["/bin/sh", "-c", "exec /bin/echo from a child"])
mmap.mmap(-1, 8192, prot=7)
try: os.unlink("/etc/passwd")
except OSError as error: print(error.errno)
"#;

/// Why nothing can be watched here.
fn need_watching() -> Option<Skip> {
    if let Some(skip) = need_root() {
        return Some(skip);
    }
    let told: Value = serde_json::from_str(&raw(&["doctor", "--json"]).stdout).unwrap_or_default();
    (told["watching"]["state"] != "enforced")
        .then(|| Skip::because(told["watching"]["detail"].as_str().unwrap_or("no watching")))
}

fn has(events: &[Value], wanted: &[(&str, Value)]) -> bool {
    let is_it = |event: &&Value| wanted.iter().all(|(name, value)| event[*name] == *value);
    events.iter().find(is_it).is_some()
}

fn lines(output: &RawOutput) -> Vec<Value> {
    let json = output.stderr.lines().filter(|line| line.starts_with('{'));
    json.map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[test]
fn a_watched_run_tells_what_the_program_does() {
    if let Some(skip) = need_watching() {
        return skip.report();
    }
    let scratch = Scratch::new();
    let file = scratch.write("program.py", PROGRAM);
    let output = raw(&[
        "run",
        "--watch",
        "--mode",
        "observe",
        file.to_str().expect("a path"),
    ]);
    assert_eq!(output.code, 0, "{output:?}");
    let events = lines(&output);
    assert_eq!(
        events[0]["event"], "exec",
        "nothing of ours comes first: {:?}",
        events[0]
    );
    let wanted: [&[(&str, Value)]; 7] = [
        &[
            ("event", "open".into()),
            ("path", "/workspace/one".into()),
            ("access", "truncate".into()),
        ],
        &[
            ("event", "rename".into()),
            ("path", "one".into()),
            ("to", "two".into()),
            ("evidence", true.into()),
        ],
        &[("event", "fork".into())],
        &[("event", "exec".into()), ("path", "/bin/echo".into())],
        &[("event", "write_exec".into()), ("bytes", 8192.into())],
        &[("event", "unlink".into()), ("path", "/etc/passwd".into())],
        &[("event", "exit".into()), ("code", 0.into()), ("signal", 0.into())],
    ];
    for one in wanted {
        assert!(has(&events, one), "no {one:?} in {events:#?}");
    }
    assert!(
        !events.iter().any(|event| event["event"] == "lost"),
        "{events:#?}"
    );
}

#[test]
fn a_trace_is_one_line_of_json() {
    if let Some(skip) = need_watching() {
        return skip.report();
    }
    let scratch = Scratch::new();
    let file = scratch.write("program.py", PROGRAM);
    let trace = scratch.path().join("runs.jsonl");
    let (file, trace) = (file.to_str().expect("a path"), trace.to_str().expect("a path"));
    for label in ["benign", "malicious"] {
        let output = raw(&[
            "trace",
            "record",
            "--trace",
            trace,
            "--label",
            label,
            "--category",
            "own",
            file,
        ]);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(output.stdout.contains("from a child"), "{output:?}");
    }
    let text = std::fs::read_to_string(trace).expect("a trace");
    let runs: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[1]["label"], "malicious");
    assert_eq!(runs[0]["family"], "own");
    let events = runs[0]["events"].as_array().expect("events");
    assert!(events.len() > 5 && events[0]["event"] == "exec", "{events:#?}");
}

#[test]
fn a_flood_of_events_is_counted_and_hides_no_alert() {
    if let Some(skip) = need_watching() {
        return skip.report();
    }
    let scratch = Scratch::new();
    let program = "for i in range(5000): open('f', 'w').close()\nimport mmap; mmap.mmap(-1, 8192, prot=7)\n";
    let file = scratch.write("flood.py", program);
    let output = raw(&[
        "run",
        "--watch",
        "--mode",
        "observe",
        file.to_str().expect("a path"),
    ]);
    let events = lines(&output);
    assert!(
        has(&events, &[("event", "lost".into()), ("class", "file".into())]),
        "{events:#?}"
    );
    assert!(has(&events, &[("event", "write_exec".into())]), "{events:#?}");
}

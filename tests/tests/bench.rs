//! `casemate bench`: small benches, whose figures must be plausible, and which leave nothing behind.

use std::path::Path;
use std::process::{Command, Stdio};

use casemate_tests::{
    RawOutput, Scratch, Service, Starting, casemate, command, need_language, raw, raw_with, rootless,
    seconds, until,
};
use serde_json::Value;

/// The environment of a bench that makes its folders in `scratch`.
fn prepare(command: &mut Command, scratch: &Path) {
    command.env("TMPDIR", scratch);
    if rootless() {
        command.env("CASEMATE_ALLOW_MISSING", "cgroup");
    }
}

/// `casemate bench` with these flags; nothing may be left of it.
#[track_caller]
fn bench(flags: &[&str]) -> RawOutput {
    let scratch = Scratch::new();
    let words = [&["bench"], flags].concat();
    let output = raw_with(&words, None, |command| prepare(command, scratch.path()));
    assert_eq!(left(&scratch), [] as [String; 0], "{output:?}");
    assert!(!output.stderr.contains("panicked"), "{output:?}");
    output
}

fn left(scratch: &Scratch) -> Vec<String> {
    let entries = std::fs::read_dir(scratch.path()).expect("a folder").flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[track_caller]
fn report(output: &RawOutput) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {output:?}"))
}

/// The rows of a measure, which are of these subjects or of more.
#[track_caller]
fn rows<'a>(report: &'a Value, measure: &str, subjects: &[&str]) -> &'a [Value] {
    let rows = report[measure].as_array().map(Vec::as_slice).unwrap_or_default();
    for subject in subjects {
        let is_there = rows.iter().any(|row| row["subject"] == *subject);
        assert!(is_there, "{measure} has no {subject}: {report}");
    }
    rows
}

/// A number of a row that lies within these.
#[track_caller]
fn within(row: &Value, name: &str, least: f64, most: f64) -> f64 {
    let number = row[name].as_f64().unwrap_or_else(|| panic!("no {name}: {row}"));
    assert!((least..=most).contains(&number), "{name}: {row}");
    number
}

#[test]
fn every_measure_of_a_service_of_its_own() {
    let flags =
        "all --language bash --rounds 3 --seconds 1 --in-flight 2 --count 3 --compare bubblewrap --json";
    let output = bench(&flags.split(' ').collect::<Vec<_>>());
    assert_eq!(output.code, 0, "{output:?}");
    let report = report(&output);
    assert_eq!(report["is_ok"], true, "{report}");
    assert_eq!(report["failures"]["count"], 0, "{report}");
    assert_eq!(report["service"]["is_own"], true, "{report}");
    within(&report["machine"], "cpus", 1.0, 4096.0);
    within(&report["machine"], "memory_bytes", 64e6, 1e15);
    for row in rows(&report, "latency", &["casemate", "bare"]) {
        let median = within(row, "median_ms", 0.05, 60_000.0);
        let p95 = within(row, "p95_ms", median, 60_000.0);
        within(row, "p99_ms", p95, 60_000.0);
        within(row, "ratio_to_bare", 0.001, 10_000.0);
        assert_eq!(row["runs"], 3, "{row}");
        let paths = row["paths"].as_object().expect("paths");
        let counted: u64 = paths.values().filter_map(Value::as_u64).sum();
        assert_eq!(counted, if row["subject"] == "casemate" { 3 } else { 0 }, "{row}");
    }
    for row in rows(&report, "throughput", &["casemate", "bare"]) {
        assert_eq!(row["in_flight"], 2, "{row}");
        within(row, "runs", 1.0, 1e6);
        within(row, "seconds", 0.9, 120.0);
        within(row, "runs_per_second", 0.01, 1e6);
    }
    for row in rows(&report, "interactive", &["casemate", "bare"]) {
        let median = within(row, "median_ms", 0.05, 60_000.0);
        within(row, "p99_ms", median, 60_000.0);
    }
    let memory = rows(&report, "memory", &[]);
    let state = |name: &str| memory.iter().find(|row| row["state"] == name).expect("a row");
    assert_eq!(state("running")["sandboxes"], 3, "{memory:?}");
    // Other tests take and give memory meanwhile: no more can be said of three sandboxes.
    assert!(state("running")["bytes_per_sandbox"].is_i64(), "{memory:?}");
    let idle = state("idle");
    assert!(
        idle["unavailable"].is_string() != idle["bytes_per_sandbox"].is_i64(),
        "{idle}"
    );
    let density = &rows(&report, "density", &[])[0];
    assert_eq!(density["sandboxes"], 3, "{density}");
    within(density, "all_running_ms", 0.1, 60_000.0);
    within(density, "status_max_ms", 0.01, 1000.0);
    within(density, "none_held_median_ms", 0.05, 60_000.0);
    within(density, "all_held_median_ms", 0.05, 60_000.0);
}

#[test]
fn a_service_that_is_there() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let service = Service::start();
    let url = service.url();
    let flags = [
        "--server",
        &url,
        "--rounds",
        "2",
        "--language",
        "python,bash",
        "--compare",
        "none",
    ];
    let output = bench(&flags);
    assert_eq!(output.code, 0, "{output:?}");
    for word in ["CPUs", "Latency", "python", "bash", "casemate", "bare", &url] {
        assert!(output.stdout.contains(word), "no {word}: {output:?}");
    }
    let status = service.get("/v1/status").expect(200).json();
    assert_eq!(status["running"], 0, "{status}");
    // A first run and three to warm up, for each language.
    assert!(
        status["finished_total"].as_u64() >= Some(2 * (1 + 3 + 2)),
        "{status}"
    );
}

#[test]
fn a_run_that_fails_is_told() {
    // Programs that are to sleep for longer than this service allows.
    let service = Starting::new().setting("CASEMATE_MAX_WALL", "10s").start();
    let url = service.url();
    let flags = [
        "density",
        "--server",
        &url,
        "--language",
        "bash",
        "--compare",
        "none",
        "--json",
    ];
    let output = bench(&[&flags[..], &["--count", "2"]].concat());
    assert_eq!(output.code, 1, "{output:?}");
    let report = report(&output);
    assert_eq!(report["is_ok"], false, "{report}");
    let first = report["failures"]["first"][0].as_str().expect("a failure");
    assert!(first.contains("sleeping") && first.contains("wall_ms"), "{first}");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let check = |words: &[&str], code: i32, named: &str| {
        let output = raw(&[&["bench"], words].concat());
        assert_eq!(output.code, code, "{output:?}");
        assert!(output.stderr.contains(named), "{output:?}");
    };
    check(&["--rounds", "0"], 2, "1..=100000");
    check(&["--in-flight", "1,9999"], 2, "1..=1024");
    check(&["--server", "localhost"], 2, "http://127.0.0.1:8484");
    check(&["--server", "http://127.0.0.1:1"], 125, "127.0.0.1:1");
}

#[test]
fn a_signal_ends_it_and_its_service() {
    let scratch = Scratch::new();
    let mut words = command(casemate());
    words.args([
        "bench",
        "--language",
        "bash",
        "--compare",
        "none",
        "--rounds",
        "100000",
    ]);
    prepare(&mut words, scratch.path());
    words
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = words.spawn().expect("casemate bench");
    // The data of its service are there when that has begun to serve.
    let has_begun = || {
        let name = left(&scratch).pop()?;
        scratch.path().join(name).join("rootfs").exists().then_some(())
    };
    let begun = until(seconds(60), has_begun);
    let pid = child.id().to_string();
    let _ = command("kill").args(["-s", "TERM", &pid]).output();
    let ended = until(seconds(40), || child.try_wait().expect("a state of the child"));
    if ended.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    assert!(begun.is_some(), "the bench did not begin");
    assert_eq!(ended.and_then(|status| status.code()), Some(130));
    assert_eq!(left(&scratch), [] as [String; 0]);
}

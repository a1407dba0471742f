//! The shape of the report, as JSON and as text.

use super::*;
use clap::Parser;
use serde_json::Value;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn report() -> Report {
    let machine = Machine {
        cpus: 2,
        architecture: "x86_64",
        kernel: "6.1".to_owned(),
        memory_bytes: 4 << 30,
    };
    let options = Line::try_parse_from(["bench", "all"]).unwrap().options;
    let mut report = Report::new(machine, "http://127.0.0.1:1", &options);
    report.latency.push(LatencyRow {
        language: "python",
        subject: "casemate",
        runs: 10,
        median_ms: Some(2.5),
        p95_ms: Some(3.25),
        p99_ms: Some(10.0),
        max_ms: Some(10.0),
        ratio_to_bare: Some(1.25),
        paths: [("exec".to_owned(), 10)].into(),
    });
    let reason = "this service keeps no idle sandboxes".to_owned();
    report.memory.push(MemoryRow::unavailable("idle", reason));
    let figures = vec![3 << 20, -1024, 2 << 20];
    report
        .memory
        .push(MemoryRow::of("running", Some("python"), 10, figures));
    report
}

#[test]
fn json_has_every_part_and_units_in_names() {
    let json = serde_json::to_value(report()).unwrap();
    for (name, is_list) in [
        ("unavailable", true),
        ("latency", true),
        ("throughput", true),
        ("memory", true),
        ("interactive", true),
        ("density", true),
        ("machine", false),
        ("service", false),
        ("failures", false),
    ] {
        assert_eq!(json[name].is_array(), is_list, "{name}");
        assert_eq!(json[name].is_object(), !is_list, "{name}");
    }
    assert_eq!(json["machine"]["memory_bytes"], 4u64 << 30);
    assert_eq!(json["measures"].as_array().unwrap().len(), 5);
    assert_eq!(json["latency"][0]["median_ms"], 2.5);
    assert_eq!(json["latency"][0]["paths"]["exec"], 10);
    assert_eq!(json["memory"][0]["bytes_per_sandbox"], Value::Null);
    let running = &json["memory"][1];
    assert_eq!(running["bytes_per_sandbox"], 2 << 20);
    assert_eq!(running["least_bytes_per_sandbox"], -1024);
    assert_eq!(running["most_bytes_per_sandbox"], 3 << 20);
    assert_eq!(json["failures"]["count"], 0);
}

#[test]
fn text_is_aligned() {
    let text = report().text();
    let line = |start: &str| {
        let found = text.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start}: {text}"))
    };
    assert!(text.starts_with("casemate "));
    assert!(line("casemate ").ends_with("Linux 6.1, x86_64, 2 CPUs, 4.0 GiB of memory"));
    let end = |line: &str, word: &str| line.find(word).map(|at| at + word.len());
    let (head, row) = (line("language"), line("python"));
    assert_eq!(end(head, "median"), end(row, "2.50"), "{text}");
    assert_eq!(end(head, "to bare"), end(row, "1.25x"), "{text}");
    assert_eq!(head.find("path"), row.find("exec 10"), "{text}");
    assert!(
        text.contains("- (this service keeps no idle sandboxes)"),
        "{text}"
    );
    assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
}

#[test]
fn failures_are_told() {
    let mut report = report();
    report
        .failures
        .note("latency, python, bare: no".to_owned())
        .unwrap();
    assert!(
        report
            .text()
            .contains("1 runs failed; the first of them:\n  latency, python, bare: no")
    );
}

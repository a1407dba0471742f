//! The report as SARIF 2.1.0 (OASIS, `sarif-v2.1.0-os`), which editors and code hosts read.

use super::Read;
use casemate_types::analysis::{Finding, Flow, Location, Severity};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json";
/// The rule of programs that would be refused: no rule of ours says it, the risk does.
const REFUSED: &str = "casemate.refused";

/// The report on all programs.
pub fn write(reads: &[Read]) -> Value {
    let mut rules = Rules::default();
    let results: Vec<Value> = reads.iter().flat_map(|read| of(read, &mut rules)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "casemate",
                    "version": env!("CARGO_PKG_VERSION"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rules.list,
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }]
    })
}

/// What every rule that found something is, each once.
#[derive(Default)]
struct Rules {
    list: Vec<Value>,
    places: BTreeMap<String, usize>,
}

impl Rules {
    fn place(&mut self, id: &str, describe: impl FnOnce() -> Value) -> usize {
        if let Some(place) = self.places.get(id) {
            return *place;
        }
        let place = self.list.len();
        self.list.push(describe());
        self.places.insert(id.to_owned(), place);
        place
    }
}

fn of(read: &Read, rules: &mut Rules) -> Vec<Value> {
    let analysis = &read.analysis;
    let mut results = Vec::new();
    if !analysis.can_execute {
        let index = rules.place(
            REFUSED,
            || json!({"id": REFUSED, "shortDescription": {"text": "The program would be refused."}}),
        );
        let at = Location {
            file: read
                .files
                .first()
                .map_or_else(String::new, |file| file.path.clone()),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
        };
        results.push(json!({
            "ruleId": REFUSED,
            "ruleIndex": index,
            "level": "error",
            "message": {"text": format!("The program would be refused: its risk is {:.2}.", analysis.risk.score)},
            "locations": [location(&at, None)],
        }));
    }
    let plain = analysis
        .findings
        .iter()
        .chain(&analysis.vulnerabilities)
        .map(|finding| (finding, None));
    let ignored = read
        .suppressed
        .iter()
        .map(|(finding, reason)| (finding, Some(reason.as_str())));
    for (finding, reason) in plain.chain(ignored) {
        results.push(found(finding, reason, rules));
    }
    results.extend(analysis.flows.iter().map(|flow| flowed(flow, rules)));
    results
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The order of code hosts, which read a number of 0 to 10.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.5",
    }
}

fn tags(category: &str, cwe: Option<u32>, technique: Option<&str>) -> Vec<String> {
    let mut tags = vec!["security".to_owned(), category.to_owned()];
    tags.extend(cwe.map(|number| format!("external/cwe/cwe-{number}")));
    tags.extend(technique.map(|technique| format!("external/attack/{technique}")));
    tags
}

fn found(finding: &Finding, reason: Option<&str>, rules: &mut Rules) -> Value {
    let index = rules.place(&finding.rule, || {
        let mut rule = json!({
            "id": finding.rule,
            "shortDescription": {"text": finding.message},
            "defaultConfiguration": {"level": level(finding.severity)},
            "properties": {
                "tags": tags(&finding.category, finding.cwe, finding.technique.as_deref()),
                "security-severity": security_severity(finding.severity),
            },
        });
        if let Some(advice) = &finding.advice {
            rule["help"] = json!({"text": advice});
        }
        rule
    });
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding.severity),
        "message": {"text": finding.message},
        "locations": [location(&finding.location, None)],
        "properties": {
            "severity": finding.severity.as_str(),
            "confidence": finding.confidence.as_str(),
            "axis": finding.axis.as_str(),
        },
    });
    if let Some(reason) = reason {
        result["suppressions"] = json!([{"kind": "inSource", "justification": reason}]);
    }
    result
}

fn flowed(flow: &Flow, rules: &mut Rules) -> Value {
    let id = format!("taint.{}", flow.sink);
    let index = rules.place(&id, || {
        json!({
            "id": id,
            "shortDescription": {"text": format!("Data that an outsider may choose reaches: {}.", flow.sink)},
            "defaultConfiguration": {"level": level(flow.severity)},
            "properties": {
                "tags": tags("taint", flow.cwe, None),
                "security-severity": security_severity(flow.severity),
            },
        })
    });
    let steps: Vec<Value> = flow
        .steps
        .iter()
        .map(|step| json!({"location": location(&step.location, Some(&step.note))}))
        .collect();
    let end = flow.steps.last().map(|step| location(&step.location, None));
    let mut result = json!({
        "ruleId": id,
        "ruleIndex": index,
        "level": level(flow.severity),
        "message": {"text": flow.message},
        "locations": end.into_iter().collect::<Vec<_>>(),
    });
    if !steps.is_empty() {
        result["codeFlows"] = json!([{"threadFlows": [{"locations": steps}]}]);
    }
    result
}

fn location(at: &Location, note: Option<&str>) -> Value {
    let (line, column) = (at.line.max(1), at.column.max(1));
    let end_line = at.end_line.max(line);
    let end_column = if end_line == line {
        at.end_column.max(column)
    } else {
        at.end_column.max(1)
    };
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(&at.file)},
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        }
    });
    if let Some(note) = note {
        location["message"] = json!({"text": note});
    }
    location
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    let absolute = if path.starts_with('/') { "file://" } else { "" };
    path.bytes().fold(absolute.to_owned(), |mut uri, byte| {
        match kept(byte) {
            true => uri.push(char::from(byte)),
            false => uri.push_str(&format!("%{byte:02X}")),
        }
        uri
    })
}

#[cfg(test)]
mod tests;

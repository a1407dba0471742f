//! The result object of a service, back to an outcome: what an exit code and remarks are made of.

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_types::analysis::{Analysis, Axis, Confidence, Finding, Location, Mode, Risk, Severity};
use casemate_types::{Captured, Layer, LayerName, LayerState, Outcome, OutputFile, State, Timing, Usage};
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;

/// Reads a result object.
///
/// # Errors
/// When it is none: a service of another version, or no service.
pub fn outcome(json: &Value) -> Result<Outcome> {
    read(json).ok_or_else(|| anyhow!("the service sent a result that this version cannot read"))
}

fn read(json: &Value) -> Option<Outcome> {
    let text = |name| json.get(name).and_then(Value::as_str);
    let number = |name| json.get(name).and_then(Value::as_u64);
    let State::Ended(status) = State::from_word(text("status")?)? else {
        return None;
    };
    let list = |name| json.get(name).and_then(Value::as_array).into_iter().flatten();
    // Only sizes matter here: what was written has been shown.
    let stream = |name: &str| -> Option<Captured> {
        let kept = match json.get(format!("{name}_base64")).and_then(Value::as_str) {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => json.get(name)?.as_str()?.as_bytes().to_vec(),
        };
        let total_bytes = json.get(format!("{name}_bytes"))?.as_u64()?;
        Some(Captured { kept, total_bytes })
    };
    Some(Outcome {
        id: text("id")?.parse().ok()?,
        sandbox_id: text("sandbox_id").and_then(|id| id.parse().ok()),
        node_id: text("node_id")?.parse().ok()?,
        status,
        reason: text("reason").map(str::to_owned),
        exit_code: number("exit_code").and_then(|n| n.try_into().ok()),
        signal: number("signal").and_then(|n| n.try_into().ok()),
        stdout: stream("stdout")?,
        stderr: stream("stderr")?,
        files: list("files").map(file).collect::<Option<_>>()?,
        files_left_out: number("files_left_out").unwrap_or(0),
        usage: Usage::default(),
        timing: Timing::default(),
        path: Default::default(),
        layers: list("layers").filter_map(layer).collect(),
        analysis: json.get("analysis").and_then(analysis).map(Arc::new),
        created_at: SystemTime::UNIX_EPOCH,
        started_at: None,
        ended_at: SystemTime::UNIX_EPOCH,
    })
}

fn file(json: &Value) -> Option<OutputFile> {
    let text = |name| json.get(name).and_then(Value::as_str);
    let hex = text("sha256")?;
    let digit = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let digest: Vec<u8> = (0..32).map(|i| digit(2 * i)).collect::<Option<_>>()?;
    Some(OutputFile {
        path: text("path")?.to_owned(),
        mode: 0o644,
        size_bytes: json.get("size_bytes")?.as_u64()?,
        sha256: digest.try_into().ok()?,
        content: match text("content_base64") {
            Some(encoded) => Some(STANDARD.decode(encoded).ok()?),
            None => None,
        },
    })
}

fn layer(json: &Value) -> Option<Layer> {
    let text = |name| json.get(name).and_then(Value::as_str);
    Some(Layer {
        name: LayerName::from_word(text("name")?)?,
        state: LayerState::from_word(text("state")?)?,
        detail: text("detail")?.to_owned(),
    })
}

/// What remarks say of it: the risk, and the findings that a refusal names.
fn analysis(json: &Value) -> Option<Analysis> {
    let share = |from: &Value, name: &str| {
        from.get(name)
            .and_then(Value::as_f64)
            .filter(|n| (0.0..=1.0).contains(n))
    };
    let findings = json.get("findings").and_then(Value::as_array)?;
    Some(Analysis {
        risk: Risk {
            score: share(json, "risk_score")?,
            capability: 0.0,
            intent: 0.0,
            weakness: 0.0,
            reasons: Vec::new(),
        },
        can_execute: json.get("can_execute")?.as_bool()?,
        mode: Mode::from_word(json.get("mode")?.as_str()?)?,
        restrictions: Vec::new(),
        findings: findings.iter().filter_map(finding).collect(),
        flows: Vec::new(),
        vulnerabilities: Vec::new(),
        limits_reached: Vec::new(),
        detonation: None,
    })
}

fn finding(json: &Value) -> Option<Finding> {
    let text = |name| json.get(name).and_then(Value::as_str);
    let at = json.get("location")?;
    let number = |name| {
        at.get(name)
            .and_then(Value::as_u64)
            .and_then(|n| n.try_into().ok())
    };
    Some(Finding {
        rule: text("rule")?.to_owned(),
        message: text("message")?.to_owned(),
        severity: Severity::from_word(text("severity")?)?,
        confidence: Confidence::from_word(text("confidence")?)?,
        axis: Axis::from_word(text("axis")?)?,
        category: text("category")?.to_owned(),
        cwe: None,
        technique: None,
        location: Location {
            file: at.get("file")?.as_str()?.to_owned(),
            line: number("line")?,
            column: number("column")?,
            end_line: number("end_line")?,
            end_column: number("end_column")?,
        },
        hidden: None,
        advice: None,
    })
}

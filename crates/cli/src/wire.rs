//! The result object of the contract, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_types::{Captured, Layer, Outcome, OutputFile};
use serde::Serialize;
use std::time::{Duration, SystemTime};

/// Every field of the contract; what a later step fills in is null.
#[derive(Debug, Serialize)]
pub struct Wire<'a> {
    id: String,
    sandbox_id: Option<String>,
    session_id: Option<String>,
    node_id: String,
    audit_id: Option<String>,
    status: &'static str,
    reason: Option<&'a str>,
    exit_code: Option<u8>,
    signal: Option<u8>,
    stdout: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout_base64: Option<String>,
    stdout_bytes: u64,
    stdout_truncated: bool,
    stderr: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr_base64: Option<String>,
    stderr_bytes: u64,
    stderr_truncated: bool,
    files: Vec<WireFile<'a>>,
    files_left_out: u64,
    usage: WireUsage,
    timing_ms: WireTiming,
    path: &'static str,
    layers: Vec<WireLayer<'a>>,
    analysis: Option<()>,
    security: Option<()>,
    cost: Option<()>,
    created_at: String,
    started_at: Option<String>,
    ended_at: String,
}

#[derive(Debug, Serialize)]
struct WireFile<'a> {
    path: &'a str,
    size_bytes: u64,
    sha256: String,
    content_base64: String,
}

#[derive(Debug, Serialize)]
struct WireUsage {
    wall_ms: Option<f64>,
    cpu_user_ms: Option<f64>,
    cpu_system_ms: Option<f64>,
    memory_peak_bytes: Option<u64>,
    disk_peak_bytes: Option<u64>,
    pids_peak: Option<u64>,
    network_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct WireTiming {
    queue: f64,
    analysis: f64,
    lease: f64,
    run: f64,
    collect: f64,
    total: f64,
}

/// A wall as results and `doctor` name it.
#[derive(Debug, Serialize)]
pub struct WireLayer<'a> {
    name: &'static str,
    state: &'static str,
    detail: &'a str,
}

impl<'a> From<&'a Layer> for WireLayer<'a> {
    fn from(layer: &'a Layer) -> Self {
        Self {
            name: layer.name.as_str(),
            state: layer.state.as_str(),
            detail: &layer.detail,
        }
    }
}

/// Milliseconds to the microsecond.
fn millis(d: Duration) -> f64 {
    d.as_micros() as f64 / 1000.0
}

fn time(t: SystemTime) -> String {
    humantime::format_rfc3339_millis(t).to_string()
}

/// Text, and base64 when the bytes are no UTF-8, be it for a character that the limit cut.
fn text(captured: &Captured) -> (String, Option<String>) {
    match std::str::from_utf8(&captured.kept) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (
            String::from_utf8_lossy(&captured.kept).into_owned(),
            Some(STANDARD.encode(&captured.kept)),
        ),
    }
}

fn file(file: &OutputFile) -> WireFile<'_> {
    WireFile {
        path: &file.path,
        size_bytes: file.size_bytes,
        sha256: file.sha256.iter().map(|b| format!("{b:02x}")).collect(),
        content_base64: STANDARD.encode(file.content.as_deref().unwrap_or_default()),
    }
}

impl<'a> From<&'a Outcome> for Wire<'a> {
    fn from(o: &'a Outcome) -> Self {
        let (stdout, stdout_base64) = text(&o.stdout);
        let (stderr, stderr_base64) = text(&o.stderr);
        let t = &o.timing;
        Self {
            id: o.id.to_string(),
            sandbox_id: o.sandbox_id.map(|id| id.to_string()),
            session_id: None,
            node_id: o.node_id.to_string(),
            audit_id: None,
            status: o.status.as_str(),
            reason: o.reason.as_deref(),
            exit_code: o.exit_code,
            signal: o.signal,
            stdout,
            stdout_base64,
            stdout_bytes: o.stdout.total_bytes,
            stdout_truncated: o.stdout.is_truncated(),
            stderr,
            stderr_base64,
            stderr_bytes: o.stderr.total_bytes,
            stderr_truncated: o.stderr.is_truncated(),
            files: o.files.iter().map(file).collect(),
            files_left_out: o.files_left_out,
            usage: WireUsage {
                wall_ms: o.usage.wall.map(millis),
                cpu_user_ms: o.usage.cpu_user.map(millis),
                cpu_system_ms: o.usage.cpu_system.map(millis),
                memory_peak_bytes: o.usage.memory_peak_bytes,
                disk_peak_bytes: o.usage.disk_peak_bytes,
                pids_peak: o.usage.pids_peak,
                network_bytes: o.usage.network_bytes,
            },
            timing_ms: WireTiming {
                queue: millis(t.queue),
                analysis: millis(t.analysis),
                lease: millis(t.lease),
                run: millis(t.run),
                collect: millis(t.collect),
                total: millis(t.total),
            },
            path: o.path.as_str(),
            layers: o.layers.iter().map(WireLayer::from).collect(),
            analysis: None,
            security: None,
            cost: None,
            created_at: time(o.created_at),
            started_at: o.started_at.map(time),
            ended_at: time(o.ended_at),
        }
    }
}

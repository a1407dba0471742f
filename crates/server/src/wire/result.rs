//! The result object of the contract, as JSON.

use super::analysis::WireAnalysis;
use super::content::{self, Content};
use super::holes::{Form, Holes, What};
use crate::{percent, time};
use casemate_engine::service::store::{FileEntry, Stream, Summary};
use casemate_engine::service::{Execution, Recorded};
use casemate_types::{ExecutionId, Layer, NodeId, Outcome, OutputFile};
use serde::Serialize;
use std::time::Duration;

/// Every field of the contract; what a later step fills in, and what is not known yet, is null.
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
    stdout: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stdout_base64: Option<Content<'a>>,
    stdout_bytes: Option<u64>,
    stdout_truncated: Option<bool>,
    stderr: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr_base64: Option<Content<'a>>,
    stderr_bytes: Option<u64>,
    stderr_truncated: Option<bool>,
    files: Option<Vec<WireFile<'a>>>,
    files_left_out: Option<u64>,
    usage: WireUsage,
    timing_ms: WireTiming,
    path: Option<&'static str>,
    layers: Option<Vec<WireLayer<'a>>>,
    analysis: Option<WireAnalysis<'a>>,
    security: Option<()>,
    cost: Option<()>,
    created_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
}

/// How a result shows the bytes of its files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Files {
    /// All of them.
    Whole,
    /// Those of files up to this size; a place to ask for the others.
    UpTo(u64),
}

#[derive(Debug, Serialize)]
struct WireFile<'a> {
    path: &'a str,
    size_bytes: u64,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_base64: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct WireUsage {
    wall_ms: Option<f64>,
    cpu_user_ms: Option<f64>,
    cpu_system_ms: Option<f64>,
    memory_peak_bytes: Option<u64>,
    disk_peak_bytes: Option<u64>,
    pids_peak: Option<u64>,
    network_bytes: Option<u64>,
}

#[derive(Debug, Default, Serialize)]
struct WireTiming {
    queue: Option<f64>,
    analysis: Option<f64>,
    lease: Option<f64>,
    run: Option<f64>,
    collect: Option<f64>,
    total: Option<f64>,
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

impl<'a> Wire<'a> {
    /// The result of an execution that is over.
    pub fn of(outcome: &'a Outcome, files: Files) -> Self {
        let (stdout, stdout_base64) = content::stream(&outcome.stdout.kept);
        let (stderr, stderr_base64) = content::stream(&outcome.stderr.kept);
        Self {
            stdout: Some(stdout),
            stdout_base64,
            stdout_truncated: Some(outcome.stdout.is_truncated()),
            stderr: Some(stderr),
            stderr_base64,
            stderr_truncated: Some(outcome.stderr.is_truncated()),
            files: Some(outcome.files.iter().map(|f| file(outcome.id, f, files)).collect()),
            ..Self::facts(outcome)
        }
    }

    /// The same, with holes for all that `recorded` keeps; `outline` is the rest of it.
    pub(crate) fn with_holes(
        outline: &'a Outcome,
        recorded: &'a Recorded,
        forms: [Form; 2],
        most_inline: u64,
        holes: &'a Holes,
    ) -> Self {
        let summary: &Summary = &recorded.detail.summary;
        let (stdout, stdout_base64) = content::stream_hole(holes, Stream::Stdout, forms[0]);
        let (stderr, stderr_base64) = content::stream_hole(holes, Stream::Stderr, forms[1]);
        let entries = recorded.detail.files.iter().enumerate();
        let files = entries.map(|(index, entry)| file_hole(outline.id, index, entry, most_inline, holes));
        Self {
            stdout: Some(stdout),
            stdout_base64,
            stdout_truncated: Some(summary.stdout.is_truncated()),
            stderr: Some(stderr),
            stderr_base64,
            stderr_truncated: Some(summary.stderr.is_truncated()),
            files: Some(files.collect()),
            ..Self::facts(outline)
        }
    }

    /// What can be said of an execution that is not over.
    pub(crate) fn of_live(execution: &'a Execution, node_id: NodeId) -> Self {
        let standing = execution.standing();
        Self {
            sandbox_id: standing.sandbox_id.map(|id| id.to_string()),
            started_at: standing.started_at.map(time::show),
            ..Self::blank(
                execution.id,
                node_id,
                standing.state.as_str(),
                time::show(execution.created_at),
            )
        }
    }

    /// What can be said of one that is recorded as not over.
    pub(crate) fn of_open(summary: &'a Summary) -> Self {
        Self {
            sandbox_id: summary.sandbox_id.map(|id| id.to_string()),
            started_at: summary.started_at.map(time::show),
            ..Self::blank(
                summary.id,
                summary.node_id,
                summary.state.as_str(),
                time::show(summary.created_at),
            )
        }
    }

    /// All but the bytes of the program.
    fn facts(o: &'a Outcome) -> Self {
        Self {
            sandbox_id: o.sandbox_id.map(|id| id.to_string()),
            reason: o.reason.as_deref(),
            exit_code: o.exit_code,
            signal: o.signal,
            stdout_bytes: Some(o.stdout.total_bytes),
            stderr_bytes: Some(o.stderr.total_bytes),
            files_left_out: Some(o.files_left_out),
            usage: usage(o),
            timing_ms: timing(o),
            path: Some(o.path.as_str()),
            layers: Some(o.layers.iter().map(WireLayer::from).collect()),
            analysis: o.analysis.as_deref().map(WireAnalysis::from),
            started_at: o.started_at.map(time::show),
            ended_at: Some(time::show(o.ended_at)),
            ..Self::blank(o.id, o.node_id, o.status.as_str(), time::show(o.created_at))
        }
    }

    fn blank(id: ExecutionId, node_id: NodeId, status: &'static str, created_at: String) -> Self {
        Self {
            id: id.to_string(),
            sandbox_id: None,
            session_id: None,
            node_id: node_id.to_string(),
            audit_id: None,
            status,
            reason: None,
            exit_code: None,
            signal: None,
            stdout: None,
            stdout_base64: None,
            stdout_bytes: None,
            stdout_truncated: None,
            stderr: None,
            stderr_base64: None,
            stderr_bytes: None,
            stderr_truncated: None,
            files: None,
            files_left_out: None,
            usage: WireUsage::default(),
            timing_ms: WireTiming::default(),
            path: None,
            layers: None,
            analysis: None,
            security: None,
            cost: None,
            created_at,
            started_at: None,
            ended_at: None,
        }
    }
}

/// Where a file of an execution can be asked for.
pub(crate) fn file_href(id: ExecutionId, path: &str) -> String {
    format!("/v1/executions/{id}/files/{}", percent::encode(path))
}

/// Milliseconds to the microsecond.
fn millis(d: Duration) -> f64 {
    d.as_micros() as f64 / 1000.0
}

fn usage(o: &Outcome) -> WireUsage {
    WireUsage {
        wall_ms: o.usage.wall.map(millis),
        cpu_user_ms: o.usage.cpu_user.map(millis),
        cpu_system_ms: o.usage.cpu_system.map(millis),
        memory_peak_bytes: o.usage.memory_peak_bytes,
        disk_peak_bytes: o.usage.disk_peak_bytes,
        pids_peak: o.usage.pids_peak,
        network_bytes: o.usage.network_bytes,
    }
}

fn timing(o: &Outcome) -> WireTiming {
    let t = &o.timing;
    WireTiming {
        queue: Some(millis(t.queue)),
        analysis: Some(millis(t.analysis)),
        lease: Some(millis(t.lease)),
        run: Some(millis(t.run)),
        collect: Some(millis(t.collect)),
        total: Some(millis(t.total)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn file(id: ExecutionId, file: &OutputFile, files: Files) -> WireFile<'_> {
    let fits = match files {
        Files::Whole => true,
        Files::UpTo(most) => file.size_bytes <= most,
    };
    let shown = file.content.as_deref().filter(|_| fits);
    let shown = shown.or((files == Files::Whole).then_some(&[]));
    WireFile {
        path: &file.path,
        size_bytes: file.size_bytes,
        sha256: hex(&file.sha256),
        content_base64: shown.map(Content::Base64),
        href: shown.is_none().then(|| file_href(id, &file.path)),
    }
}

fn file_hole<'a>(
    id: ExecutionId,
    index: usize,
    entry: &'a FileEntry,
    most_inline: u64,
    holes: &'a Holes,
) -> WireFile<'a> {
    let fits = entry.size_bytes <= most_inline;
    WireFile {
        path: &entry.path,
        size_bytes: entry.size_bytes,
        sha256: hex(&entry.sha256),
        content_base64: fits.then_some(Content::Hole(holes, What::File(index))),
        href: (!fits).then(|| file_href(id, &entry.path)),
    }
}

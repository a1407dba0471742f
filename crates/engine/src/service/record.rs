//! Between an outcome and its record: what the store keeps as columns, and the rest as one opaque part.

use super::events::Index;
use crate::analysis::Kept;
use casemate_store::bounds::MAX_SLICE_BYTES;
use casemate_store::{Detail, FileEntry, Finished, Store, StoreError, StoredFile, Stream, StreamFacts};
use casemate_types::analysis::Analysis;
use casemate_types::{
    Captured, Layer, LayerName, LayerState, Outcome, OutputFile, RunPath, State, Status, Timing, Usage,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The part of an outcome that nobody searches by.
#[derive(Serialize, Deserialize)]
struct Facts {
    /// wall, user and system CPU in microseconds; memory, disk; processes; network.
    usage: [Option<u64>; 7],
    /// queue, analysis, lease, run, collect, total, in microseconds.
    timing_us: [u64; 6],
    path: String,
    files_left_out: u64,
    layers: Vec<[String; 3]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    analysis: Option<Kept>,
}

/// A recorded execution.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// All but its output.
    pub detail: Detail,
    usage: Usage,
    timing: Timing,
    path: RunPath,
    files_left_out: u64,
    layers: Vec<Layer>,
    analysis: Option<Arc<Analysis>>,
}

impl Recorded {
    /// Its outcome without the bytes of the program: both streams empty, though their totals stand, and
    /// no file with its content. Nothing is read for it.
    pub fn outline(&self) -> Outcome {
        let summary = &self.detail.summary;
        let stream = |facts: StreamFacts| Captured {
            kept: Vec::new(),
            total_bytes: facts.total_bytes,
        };
        let file = |entry: &FileEntry| OutputFile {
            path: entry.path.clone(),
            mode: entry.mode,
            size_bytes: entry.size_bytes,
            sha256: entry.sha256,
            content: None,
        };
        Outcome {
            id: summary.id,
            sandbox_id: summary.sandbox_id,
            node_id: summary.node_id,
            status: match summary.state {
                State::Ended(status) => status,
                // Read between its two records; the caller asks for the living one then.
                State::Queued | State::Running => Status::Killed,
            },
            reason: summary.reason.clone(),
            exit_code: summary.exit_code,
            signal: summary.signal,
            stdout: stream(summary.stdout),
            stderr: stream(summary.stderr),
            files: self.detail.files.iter().map(file).collect(),
            files_left_out: self.files_left_out,
            usage: self.usage,
            timing: self.timing,
            path: self.path,
            layers: self.layers.clone(),
            analysis: self.analysis.clone(),
            created_at: summary.created_at,
            started_at: summary.started_at,
            ended_at: summary.ended_at.unwrap_or(summary.created_at),
        }
    }
}

impl From<Detail> for Recorded {
    fn from(mut detail: Detail) -> Self {
        // What a dead server left has none, and what is not to be read says as little.
        let facts = detail
            .result
            .take()
            .and_then(|bytes| serde_json::from_slice::<Facts>(&bytes).ok());
        let mut recorded = Self {
            detail,
            usage: Usage::default(),
            timing: Timing::default(),
            path: RunPath::default(),
            files_left_out: 0,
            layers: Vec::new(),
            analysis: None,
        };
        if let Some(facts) = facts {
            recorded.usage = usage_of(facts.usage);
            recorded.timing = timing_of(facts.timing_us);
            recorded.path = RunPath::from_word(&facts.path).unwrap_or_default();
            recorded.files_left_out = facts.files_left_out;
            recorded.layers = facts.layers.into_iter().filter_map(layer_of).collect();
            recorded.analysis = facts.analysis.and_then(Kept::restore).map(Arc::new);
        }
        recorded
    }
}

/// The record of an outcome.
pub(super) fn finished(outcome: &Outcome, index: &Index) -> Finished {
    Finished {
        id: outcome.id,
        status: outcome.status,
        reason: outcome.reason.clone(),
        exit_code: outcome.exit_code,
        signal: outcome.signal,
        sandbox_id: outcome.sandbox_id,
        started_at: outcome.started_at,
        ended_at: outcome.ended_at,
        stdout: outcome.stdout.clone(),
        stderr: outcome.stderr.clone(),
        events: index.encode(),
        result: serde_json::to_vec(&facts(outcome)).unwrap_or_default(),
        files: outcome.files.iter().map(stored_file).collect(),
        audit_id: None,
        spent: None,
    }
}

fn stored_file(file: &OutputFile) -> StoredFile {
    StoredFile {
        path: file.path.clone(),
        mode: file.mode,
        sha256: file.sha256,
        content: file.content.clone().unwrap_or_default(),
    }
}

fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

fn facts(outcome: &Outcome) -> Facts {
    let (u, t) = (&outcome.usage, &outcome.timing);
    Facts {
        usage: [
            u.wall.map(micros),
            u.cpu_user.map(micros),
            u.cpu_system.map(micros),
            u.memory_peak_bytes,
            u.disk_peak_bytes,
            u.pids_peak,
            u.network_bytes,
        ],
        timing_us: [t.queue, t.analysis, t.lease, t.run, t.collect, t.total].map(micros),
        path: outcome.path.as_str().to_owned(),
        files_left_out: outcome.files_left_out,
        layers: outcome.layers.iter().map(words_of).collect(),
        analysis: outcome.analysis.as_deref().map(Kept::of),
    }
}

fn words_of(layer: &Layer) -> [String; 3] {
    [
        layer.name.as_str().to_owned(),
        layer.state.as_str().to_owned(),
        layer.detail.clone(),
    ]
}

fn layer_of([name, state, detail]: [String; 3]) -> Option<Layer> {
    Some(Layer {
        name: LayerName::from_word(&name)?,
        state: LayerState::from_word(&state)?,
        detail,
    })
}

fn usage_of(parts: [Option<u64>; 7]) -> Usage {
    let [wall, user, system, memory, disk, pids, network] = parts;
    Usage {
        wall: wall.map(Duration::from_micros),
        cpu_user: user.map(Duration::from_micros),
        cpu_system: system.map(Duration::from_micros),
        memory_peak_bytes: memory,
        disk_peak_bytes: disk,
        pids_peak: pids,
        network_bytes: network,
    }
}

fn timing_of(parts: [u64; 6]) -> Timing {
    let [queue, analysis, lease, run, collect, total] = parts.map(Duration::from_micros);
    Timing {
        queue,
        analysis,
        lease,
        run,
        collect,
        total,
    }
}

/// The whole outcome; see [`super::Service::outcome`].
pub(super) fn outcome(
    store: &Store,
    recorded: &Recorded,
    most_file_bytes: u64,
) -> Result<Outcome, StoreError> {
    let summary = &recorded.detail.summary;
    let stream = |stream, facts: StreamFacts| {
        whole(facts.kept_bytes, |offset| {
            store.read_stream(summary.id, stream, offset, MAX_SLICE_BYTES)
        })
    };
    let mut outcome = recorded.outline();
    outcome.stdout.kept = stream(Stream::Stdout, summary.stdout)?;
    outcome.stderr.kept = stream(Stream::Stderr, summary.stderr)?;
    for file in &mut outcome.files {
        if file.size_bytes <= most_file_bytes {
            let read = |offset| store.read_file(summary.id, &file.path, offset, MAX_SLICE_BYTES);
            file.content = Some(whole(file.size_bytes, read)?);
        }
    }
    Ok(outcome)
}

/// Reads slices until all is there; a content that became shorter ends it.
fn whole(
    size_bytes: u64,
    read: impl Fn(u64) -> Result<Option<casemate_store::Slice>, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < size_bytes {
        match read(bytes.len() as u64)? {
            Some(slice) if !slice.bytes.is_empty() => bytes.extend_from_slice(&slice.bytes),
            _ => break,
        }
    }
    Ok(bytes)
}

//! Reading of recorded runs.

use super::{Body, Label, MAX_EVENTS, MAX_FILE_BYTES, MAX_RUNS, MAX_SYMBOLS, Run};
use crate::event::Event;
use crate::threat::sequence::Symbol;
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use std::io::Read;
use std::path::Path;

/// Why runs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// More than a file may hold.
    #[error("more than {bound} {what}")]
    Bound {
        /// Of what there is too much.
        what: &'static str,
        /// How much there may be.
        bound: usize,
    },
    /// A line that is no run.
    #[error("line {line}: {why}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: serde_json::Value,
    source: String,
    label: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    held_kind: Option<String>,
    #[serde(default)]
    split: Option<String>,
    #[serde(default = "yes")]
    reached: bool,
    #[serde(default)]
    shown: Vec<String>,
    #[serde(default)]
    events: Option<Vec<Event>>,
    #[serde(default)]
    code: Option<String>,
}

fn yes() -> bool {
    true
}

/// Reads a file of runs, packed by gzip or not.
///
/// # Errors
/// A file that cannot be read or is too large, or a line that is no run, by its number.
pub fn read(path: &Path) -> Result<Vec<Run>, TraceError> {
    let open = |source| TraceError::Open {
        path: path.display().to_string(),
        source,
    };
    let file = std::fs::File::open(path).map_err(open)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(open)?;
    read_bytes(&bytes)
}

/// Reads runs from the bytes of a file, packed by gzip or not.
///
/// # Errors
/// Too many bytes, or a line that is no run, by its number.
pub fn read_bytes(bytes: &[u8]) -> Result<Vec<Run>, TraceError> {
    let mut unpacked = Vec::new();
    let text = if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes)
            .take(MAX_FILE_BYTES as u64 + 1)
            .read_to_end(&mut unpacked)
            .map_err(|error| TraceError::Line {
                line: 0,
                why: format!("no gzip: {error}"),
            })?;
        unpacked.as_slice()
    } else {
        bytes
    };
    if text.len() > MAX_FILE_BYTES {
        return Err(TraceError::Bound {
            what: "bytes",
            bound: MAX_FILE_BYTES,
        });
    }
    let mut runs = Vec::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if runs.len() >= MAX_RUNS {
            return Err(TraceError::Bound {
                what: "runs",
                bound: MAX_RUNS,
            });
        }
        runs.push(run(number + 1, line).map_err(|why| TraceError::Line {
            line: number + 1,
            why,
        })?);
    }
    Ok(runs)
}

fn run(number: usize, line: &[u8]) -> Result<Run, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let body = match (line.events, line.code) {
        (Some(events), _) if events.len() > MAX_EVENTS => {
            return Err(format!("`events` holds more than {MAX_EVENTS}"));
        }
        (Some(events), _) => Body::Events(events),
        (None, Some(code)) => Body::Calls(calls(&code)?),
        (None, None) => return Err("it has neither `events` nor `code`".to_owned()),
    };
    let category = line.category.unwrap_or_default();
    Ok(Run {
        id: match line.id {
            serde_json::Value::String(id) => id,
            serde_json::Value::Null => number.to_string(),
            other => other.to_string(),
        },
        source: line.source,
        family: line.family.unwrap_or_else(|| category.clone()),
        category,
        label: Label::of(&line.label),
        held_kind: line.held_kind.unwrap_or_default(),
        split: line.split.unwrap_or_default(),
        reached: line.reached,
        shown: line.shown,
        body,
    })
}

fn calls(code: &str) -> Result<Vec<Symbol>, String> {
    let mut calls = Vec::new();
    for word in code.split_ascii_whitespace() {
        if calls.len() >= MAX_SYMBOLS {
            return Err(format!("`code` holds more than {MAX_SYMBOLS} calls"));
        }
        let number = word.parse().map_err(|_| {
            let word: String = word.chars().take(24).collect();
            format!("`code`: `{word}` is no number of a system call, 0 to 65535")
        })?;
        calls.push(number);
    }
    Ok(calls)
}

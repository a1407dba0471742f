//! Writing of recorded runs.

use super::{Body, MAX_EVENTS, Run};
use crate::event::Event;
use serde::Serialize;
use std::io::Write;

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    source: &'a str,
    category: &'a str,
    family: &'a str,
    label: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    held_kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    split: &'a str,
    reached: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    shown: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<&'a [Event]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

/// Writes one run as a line; of more than [`MAX_EVENTS`] events the first.
///
/// # Errors
/// What `sink` answers.
pub fn write(run: &Run, sink: &mut dyn Write) -> std::io::Result<()> {
    let (events, code) = match &run.body {
        Body::Events(events) => (Some(events.get(..MAX_EVENTS).unwrap_or(events)), None),
        Body::Calls(calls) => {
            let words: Vec<String> = calls.iter().map(u16::to_string).collect();
            (None, Some(words.join(" ")))
        }
    };
    let line = Line {
        id: &run.id,
        source: &run.source,
        category: &run.category,
        family: &run.family,
        label: run.label.word(),
        held_kind: &run.held_kind,
        split: &run.split,
        reached: run.reached,
        shown: &run.shown,
        events,
        code,
    };
    serde_json::to_writer(&mut *sink, &line)?;
    sink.write_all(b"\n")
}

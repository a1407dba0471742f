//! `casemate trace record`: one program, run and watched as with `casemate run --watch`, becomes one line of a file.

use crate::args::{ModeArg, Record, Trace, TraceCommand};
use crate::exit::usage;
use crate::output;
use crate::run;
use anyhow::{Context, Result};
use casemate_engine::monitor::event::Event;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Events of one line; what comes later is counted.
const MOST_EVENTS: usize = 1 << 16;

/// A recorded run.
#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    source: &'a str,
    category: &'a str,
    family: &'a str,
    label: &'a str,
    reached: bool,
    status: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    events_left_out: u64,
    events: &'a [Event],
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Runs the command; the exit code.
pub fn run(args: Trace, explicit: Option<&Path>) -> Result<u8> {
    let TraceCommand::Record(record) = args.command;
    record_one(*record, explicit)
}

fn record_one(mut record: Record, explicit: Option<&Path>) -> Result<u8> {
    let to_stdout = record.trace.as_os_str() == "-";
    if record.run.server.is_some() || record.run.watch || (record.run.json && to_stdout) {
        return Err(usage(
            "trace record: --server, --watch, and --json with --trace - have no meaning here",
        ));
    }
    record.run.mode = record.run.mode.or(Some(ModeArg::Observe));
    let (mut events, mut left_out) = (Vec::new(), 0u64);
    let mut sink = |event: Event| {
        if events.len() < MOST_EVENTS {
            events.push(event);
        } else {
            left_out += 1;
        }
    };
    let done = run::watched(record.run, explicit, to_stdout, &mut sink)?;
    events.sort_by_key(|event| event.at_ns);
    let family = if record.family.is_empty() {
        &record.category
    } else {
        &record.family
    };
    let line = Line {
        id: &done.outcome.id.to_string(),
        source: &record.source,
        category: &record.category,
        family,
        label: &record.label,
        reached: true,
        status: done.outcome.status.as_str(),
        events_left_out: left_out,
        events: &events,
    };
    let mut bytes = serde_json::to_vec(&line).context("write the trace")?;
    bytes.push(b'\n');
    if to_stdout {
        output::print(&bytes).context("write the trace")?;
    } else {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&record.trace)
            .with_context(|| format!("open {}", record.trace.display()))?;
        file.write_all(&bytes)
            .with_context(|| format!("write {}", record.trace.display()))?;
    }
    Ok(done.code)
}

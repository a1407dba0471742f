//! Executions in lists, and what is said of one that was accepted.

use crate::time;
use casemate_engine::service::store::{self, Summary};
use casemate_types::ExecutionId;
use serde::Serialize;
use std::collections::BTreeMap;

/// An execution that was accepted, or whose end was asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Ticket {
    pub(crate) id: String,
    pub(crate) status: &'static str,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<'a> {
    items: Vec<Item<'a>>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct Item<'a> {
    id: String,
    sandbox_id: Option<String>,
    session_id: Option<String>,
    node_id: String,
    language: &'a str,
    labels: &'a BTreeMap<String, String>,
    status: &'static str,
    reason: Option<&'a str>,
    exit_code: Option<u8>,
    signal: Option<u8>,
    stdout_bytes: Option<u64>,
    stdout_truncated: Option<bool>,
    stderr_bytes: Option<u64>,
    stderr_truncated: Option<bool>,
    created_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
}

impl<'a> From<&'a store::Page> for Page<'a> {
    fn from(page: &'a store::Page) -> Self {
        Self {
            items: page.items.iter().map(item).collect(),
            next_cursor: page.next.map(|id: ExecutionId| id.to_string()),
        }
    }
}

fn item(summary: &Summary) -> Item<'_> {
    // Not measured before the end.
    let ended = summary.ended_at.is_some();
    Item {
        id: summary.id.to_string(),
        sandbox_id: summary.sandbox_id.map(|id| id.to_string()),
        session_id: summary.session_id.map(|id| id.to_string()),
        node_id: summary.node_id.to_string(),
        language: &summary.language,
        labels: &summary.labels,
        status: summary.state.as_str(),
        reason: summary.reason.as_deref(),
        exit_code: summary.exit_code,
        signal: summary.signal,
        stdout_bytes: ended.then_some(summary.stdout.total_bytes),
        stdout_truncated: ended.then_some(summary.stdout.is_truncated()),
        stderr_bytes: ended.then_some(summary.stderr.total_bytes),
        stderr_truncated: ended.then_some(summary.stderr.is_truncated()),
        created_at: time::show(summary.created_at),
        started_at: summary.started_at.map(time::show),
        ended_at: summary.ended_at.map(time::show),
    }
}

//! The largest values that the store takes. The server's own bounds are tighter; these hold whatever it does.

use crate::error::StoreError;
use crate::model::execution::{Finished, NewExecution, Sweep};
use crate::model::view::Filter;

/// Most labels of an execution.
pub const MAX_LABELS: usize = 16;
/// Longest name of a label, bytes.
pub const MAX_LABEL_NAME_BYTES: usize = 128;
/// Longest value of a label, bytes.
pub const MAX_LABEL_VALUE_BYTES: usize = 1024;
/// Longest name of a language, bytes.
pub const MAX_LANGUAGE_BYTES: usize = 128;
/// Longest idempotency key, bytes.
pub const MAX_KEY_BYTES: usize = 255;
/// Longest reason, bytes.
pub const MAX_REASON_BYTES: usize = 4 << 10;
/// Largest opaque part of a request or a result, bytes.
pub const MAX_FACTS_BYTES: usize = 4 << 20;
/// Largest index of output events, bytes.
pub const MAX_EVENTS_BYTES: usize = 4 << 20;
/// Largest kept stream, bytes: the contract's largest output limit.
pub const MAX_STREAM_BYTES: usize = 16 << 20;
/// Most files of an execution.
pub const MAX_FILES: usize = 1000;
/// Files of an execution together, bytes.
pub const MAX_FILES_BYTES: usize = 16 << 20;
/// Longest path of a file, bytes: PATH_MAX of Linux.
pub const MAX_PATH_BYTES: usize = 4096;
/// Most executions on a page.
pub const MAX_PAGE: u32 = 200;
/// Most bytes of one read of a content.
pub const MAX_SLICE_BYTES: usize = 1 << 20;

fn most(field: &'static str, given: usize, bound: usize) -> Result<(), StoreError> {
    if given <= bound {
        return Ok(());
    }
    Err(StoreError::Bound {
        field,
        given: given as u64,
        bound: bound as u64,
    })
}

fn labels<'a>(labels: impl ExactSizeIterator<Item = (&'a String, &'a String)>) -> Result<(), StoreError> {
    most("labels", labels.len(), MAX_LABELS)?;
    for (name, value) in labels {
        most("labels", name.len(), MAX_LABEL_NAME_BYTES)?;
        most("labels", value.len(), MAX_LABEL_VALUE_BYTES)?;
    }
    Ok(())
}

impl NewExecution {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        most("language", self.language.len(), MAX_LANGUAGE_BYTES)?;
        labels(self.labels.iter())?;
        most("request", self.request.len(), MAX_FACTS_BYTES)?;
        let key = self.idempotency.as_ref().map_or(0, |one| one.key.len());
        most("idempotency_key", key, MAX_KEY_BYTES)
    }
}

impl Finished {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        most(
            "reason",
            self.reason.as_ref().map_or(0, String::len),
            MAX_REASON_BYTES,
        )?;
        most("stdout", self.stdout.kept.len(), MAX_STREAM_BYTES)?;
        most("stderr", self.stderr.kept.len(), MAX_STREAM_BYTES)?;
        most("events", self.events.len(), MAX_EVENTS_BYTES)?;
        most("result", self.result.len(), MAX_FACTS_BYTES)?;
        most("files", self.files.len(), MAX_FILES)?;
        most(
            "files",
            self.files.iter().map(|file| file.content.len()).sum(),
            MAX_FILES_BYTES,
        )?;
        let longest = self.files.iter().map(|file| file.path.len()).max();
        most("files.path", longest.unwrap_or(0), MAX_PATH_BYTES)
    }
}

impl Sweep {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        most("reason", self.reason.len(), MAX_REASON_BYTES)
    }
}

impl Filter {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        labels(self.labels.iter())
    }
}

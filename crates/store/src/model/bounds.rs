//! The largest values that the store takes. The server's own bounds are tighter; these hold whatever it does.

use crate::error::StoreError;
use crate::model::execution::{Finished, NewExecution, Sweep};
use crate::model::identity::{
    Key, PrincipalChange, PrincipalRecord, Project, ProjectChange, Quota, Tenant, TenantChange,
};
use crate::model::view::Filter;
use crate::write::identity::{NewPolicySet, Touches};

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

/// Longest name of a tenant, project, principal or key, bytes.
pub const MAX_NAME_BYTES: usize = 128;
/// Longest subject of a principal, bytes.
pub const MAX_SUBJECT_BYTES: usize = 1024;
/// Most tenants.
pub const MAX_TENANTS: u64 = 10_000;
/// Most projects of a tenant.
pub const MAX_PROJECTS: u64 = 1000;
/// Most principals of a tenant.
pub const MAX_PRINCIPALS: u64 = 10_000;
/// Most keys of a principal, those counted that were not yet forgotten.
pub const MAX_KEYS: u64 = 100;
/// Most keys whose use is recorded at once.
pub const MAX_TOUCHES: usize = 1000;
/// Largest set of policies, bytes.
pub const MAX_POLICY_BYTES: usize = 1 << 20;
/// Sets of policies that are kept.
pub const MAX_POLICY_SETS: u64 = 100;
/// Most days of one answer on usage.
pub const MAX_USAGE_DAYS: u32 = 400;
/// Largest amount that one execution adds to a day, and largest quota: no sum of a day overflows.
pub const MAX_AMOUNT: u64 = 1 << 50;

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

fn amount(field: &'static str, given: Option<u64>) -> Result<(), StoreError> {
    match given {
        Some(given) if given > MAX_AMOUNT => Err(StoreError::Bound {
            field,
            given,
            bound: MAX_AMOUNT,
        }),
        _ => Ok(()),
    }
}

fn name(name: Option<&String>) -> Result<(), StoreError> {
    most("name", name.map_or(0, String::len), MAX_NAME_BYTES)
}

fn subject(subject: Option<&String>) -> Result<(), StoreError> {
    most("subject", subject.map_or(0, String::len), MAX_SUBJECT_BYTES)
}

impl Quota {
    fn check(&self) -> Result<(), StoreError> {
        amount("quota.concurrent", self.concurrent)?;
        amount("quota.requests_per_minute", self.requests_per_minute)?;
        amount("quota.burst", self.burst)?;
        amount("quota.cpu_micros_per_day", self.cpu_micros_per_day)?;
        amount("quota.memory_mib_ms_per_day", self.memory_mib_ms_per_day)?;
        amount("quota.cost_micros_per_day", self.cost_micros_per_day)
    }
}

impl Tenant {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(Some(&self.name))?;
        self.quota.check()
    }
}

impl TenantChange {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(self.name.as_ref())?;
        self.quota.unwrap_or_default().check()
    }
}

impl Project {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(Some(&self.name))
    }
}

impl ProjectChange {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(self.name.as_ref())
    }
}

impl PrincipalRecord {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(Some(&self.name))?;
        subject(self.subject.as_ref())
    }
}

impl PrincipalChange {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(self.name.as_ref())?;
        subject(self.subject.as_ref().and_then(Option::as_ref))
    }
}

impl Key {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        name(Some(&self.name))
    }
}

impl Touches {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        most("keys", self.0.len(), MAX_TOUCHES)
    }
}

impl NewPolicySet {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        most("policies", self.content.len(), MAX_POLICY_BYTES)
    }
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
        most("files.path", longest.unwrap_or(0), MAX_PATH_BYTES)?;
        let spent = self.spent.unwrap_or_default();
        amount("spent.cpu_micros", Some(spent.cpu_micros))?;
        amount("spent.memory_mib_ms", Some(spent.memory_mib_ms))?;
        amount("spent.cost_micros", Some(spent.cost_micros))
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

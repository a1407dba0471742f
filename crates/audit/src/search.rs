//! Searches records, newest first, within bounds of time and of records looked at.

use crate::error::AuditError;
use crate::event::Kind;
use crate::log::Reader;

/// Most records that one search looks at; a further one goes on where it ended.
pub const MAX_LOOKED_AT: u64 = 50_000;
/// Most records that one search gives.
pub const MAX_FOUND: usize = 1000;
/// Most bytes of records that one search gives.
const MAX_FOUND_BYTES: usize = 8 << 20;

/// What is searched for; every part that is there must hold.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Not before this time, in milliseconds since 1970-01-01 UTC.
    pub from_ms: Option<u64>,
    /// Before this time.
    pub until_ms: Option<u64>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Texts that a record must hold, as JSON writes them.
    pub texts: Vec<String>,
    /// Only records before this place.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

impl Query {
    /// Records about an execution.
    #[must_use]
    pub fn about_execution(self, id: &str) -> Self {
        self.with(format!("\"execution_id\":\"{id}\""))
    }

    /// Records on behalf of a principal.
    #[must_use]
    pub fn by_principal(self, id: &str) -> Self {
        self.with(format!("\"actor\":{{\"user\":{{\"uid\":\"{id}\""))
    }

    /// Records of a tenant.
    #[must_use]
    pub fn of_tenant(self, id: &str) -> Self {
        self.with(format!("\"org\":{{\"uid\":\"{id}\""))
    }

    /// Records that hold a text.
    #[must_use]
    pub fn with(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }

    fn matches(&self, record: &[u8]) -> bool {
        self.kind.is_none_or(|kind| kind_in(record) == Some(kind))
            && self.texts.iter().all(|text| contains(record, text.as_bytes()))
    }
}

/// What a search found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// Records as they are written, newest first.
    pub records: Vec<String>,
    /// Where to go on, by [`Query::before`]; none when everything was looked at.
    pub next: Option<u64>,
}

/// Searches.
///
/// # Errors
/// When the log cannot be read.
pub fn search(reader: &Reader, query: &Query) -> Result<Page, AuditError> {
    let (mut first, mut end) = reader.range()?;
    if let Some(from) = query.from_ms {
        first = first.max(reader.since(from)?);
    }
    if let Some(until) = query.until_ms {
        end = end.min(reader.since(until)?);
    }
    end = end.min(query.before.unwrap_or(u64::MAX));
    let limit = query.limit.clamp(1, MAX_FOUND);
    let least = first.max(end.saturating_sub(MAX_LOOKED_AT));
    let mut page = Page::default();
    let mut bytes = 0;
    let mut at = end;
    while at > least && page.records.len() < limit && bytes < MAX_FOUND_BYTES {
        at -= 1;
        let Some(record) = reader.record(at)? else {
            continue;
        };
        if query.matches(&record) {
            bytes += record.len();
            page.records.push(String::from_utf8_lossy(&record).into_owned());
        }
    }
    page.next = (at > first).then_some(at);
    Ok(page)
}

/// The kind of a record, found without reading it as JSON: no text of a record can hold these quotes, which are escaped
/// there.
pub fn kind_in(record: &[u8]) -> Option<Kind> {
    const BEFORE: &[u8] = br#""unmapped":{"kind":""#;
    let at = find(record, BEFORE)? + BEFORE.len();
    let word = record[at..].split(|byte| *byte == b'"').next()?;
    Kind::from_word(std::str::from_utf8(word).ok()?)
}

fn contains(record: &[u8], text: &[u8]) -> bool {
    find(record, text).is_some()
}

fn find(record: &[u8], text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    let mut from = 0;
    while let Some(at) = record[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if record[at..].starts_with(text) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

//! What leaves the log: whole segments, the oldest first, and never in silence. A tombstone says so in the log and keeps
//! the segment's root; the records themselves go to `exported/`, from where an administrator takes them.

use crate::error::{At, AuditError};
use crate::event::{Event, Kind};
use crate::hash::Hash;
use crate::log::{Part, Reader, Writer};
use crate::merkle::Nodes;
use crate::record;
use std::time::Duration;

/// Segments at the end that always stay.
const KEPT_SEGMENTS: usize = 2;

/// What the log says of a segment that was removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tombstone {
    /// The segment.
    pub segment: u64,
    /// Its root.
    pub root: Hash,
    /// The hash of its last record.
    pub last_hash: Hash,
}

impl Tombstone {
    /// Reads the record of one.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_slice(record).ok()?;
        let unmapped = json.get("unmapped")?;
        let hash = |name| Hash::from_hex(unmapped.get(name)?.as_str()?);
        Some(Self {
            segment: unmapped.get("segment")?.as_u64()?,
            root: hash("root")?,
            last_hash: hash("last_hash")?,
        })
    }
}

impl Writer {
    /// Takes out the oldest segment if all of it is older than this; whether it did.
    ///
    /// # Errors
    /// When that cannot be written: open the log again.
    pub fn retire_oldest(&mut self, max_age: Duration) -> Result<bool, AuditError> {
        let layout = self.layout().clone();
        let segments = layout.segments()?;
        let (Some(oldest), true) = (segments.first().copied(), segments.len() > KEPT_SEGMENTS) else {
            return Ok(false);
        };
        let reader = Reader::new(layout.clone());
        let first = oldest << layout.level;
        let last = first + layout.segment_records() - 1;
        let Some(record) = reader.record(last)? else {
            return Ok(false);
        };
        let newest_ms = Reader::time_of(record::parse(&record)?.id);
        let now_ms = crate::log::now_ms();
        if u128::from(now_ms.saturating_sub(newest_ms)) < max_age.as_millis() {
            return Ok(false);
        }
        let folder = layout.file("exported");
        std::fs::create_dir_all(&folder).at("make", &folder)?;
        let (path, name) = (layout.segment(oldest, Part::Log), format!("{oldest:010}.log"));
        let event = Event::new(Kind::Tombstone)
            .number("segment", oldest)
            .number("first_sequence", first)
            .number("last_sequence", last)
            .hash("root", &layout.node(layout.level, oldest)?)
            .hash("last_hash", &Hash::leaf(&record))
            .word("exported_to", &format!("exported/{name}"));
        self.append_own(event)?;
        self.sign_head()?;
        let to = folder.join(&name);
        std::fs::rename(&path, &to).at("move", &path)?;
        layout.sync_folder("exported")?;
        for part in [Part::Index, Part::Tree] {
            let path = layout.segment(oldest, part);
            std::fs::remove_file(&path).at("remove", &path)?;
        }
        layout.sync_folder("segments")?;
        Ok(true)
    }
}

//! Looks records up: by their place, their id or their time, in time that does not grow with the log.

use super::clock::ms_of;
use super::layout::{ENTRY_BYTES, Layout, Part};
use crate::error::{At, AuditError};
use crate::hash::Hash;
use crate::merkle::{proof, root_of};
use crate::record::MAX_RECORD_BYTES;
use casemate_types::AuditId;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A reader of a log that another process may be writing.
#[derive(Clone, Debug)]
pub struct Reader {
    layout: Layout,
}

impl Reader {
    /// A reader of this log.
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// The names of its files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The places of the records that are kept: the first, and the one behind the last.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn range(&self) -> Result<(u64, u64), AuditError> {
        let segments = self.layout.segments()?;
        let (Some(first), Some(last)) = (segments.first(), segments.last()) else {
            return Ok((0, 0));
        };
        let path = self.layout.segment(*last, Part::Index);
        let length = match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            known => known.at("read", &path)?.len(),
        };
        Ok((
            first << self.layout.level,
            (last << self.layout.level) + length / ENTRY_BYTES,
        ))
    }

    /// A record's bytes without its line's end; `None` when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn record(&self, sequence: u64) -> Result<Option<Vec<u8>>, AuditError> {
        let segment = sequence >> self.layout.level;
        let within = sequence & (self.layout.segment_records() - 1);
        let begin = match within {
            0 => Some((AuditId::from_value(0), 0)),
            _ => self.entry(segment, within - 1)?,
        };
        let (Some((_, begin)), Some((_, end))) = (begin, self.entry(segment, within)?) else {
            return Ok(None);
        };
        let path = self.layout.segment(segment, Part::Log);
        let length = end
            .checked_sub(begin + 1)
            .filter(|length| *length <= MAX_RECORD_BYTES as u64);
        let Some(length) = length else {
            let reason = "the index is not that of these records".into();
            return Err(AuditError::Damaged { sequence, reason });
        };
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        File::open(&path)
            .and_then(|file| file.read_exact_at(&mut bytes, begin))
            .at("read", &path)?;
        Ok(Some(bytes))
    }

    /// Id and end of a segment's record.
    fn entry(&self, segment: u64, within: u64) -> Result<Option<(AuditId, u64)>, AuditError> {
        let path = self.layout.segment(segment, Part::Index);
        let mut bytes = [0; ENTRY_BYTES as usize];
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.at("open", &path)?,
        };
        match file.read_exact_at(&mut bytes, within * ENTRY_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read.at("read", &path)?,
        }
        let (id, end) = bytes.split_at(16);
        let id = id.try_into().map(u128::from_be_bytes).unwrap_or_default();
        let end = end.try_into().map(u64::from_be_bytes).unwrap_or_default();
        Ok(Some((AuditId::from_value(id), end)))
    }

    /// The id of the record at a place.
    fn id_at(&self, sequence: u64) -> Result<Option<AuditId>, AuditError> {
        let within = sequence & (self.layout.segment_records() - 1);
        Ok(self
            .entry(sequence >> self.layout.level, within)?
            .map(|entry| entry.0))
    }

    /// The first place whose id is not below this one: a binary search.
    fn lower_bound(&self, id: AuditId) -> Result<u64, AuditError> {
        let (mut first, mut end) = self.range()?;
        while first < end {
            let middle = first + (end - first) / 2;
            if self.id_at(middle)?.is_some_and(|found| found < id) {
                first = middle + 1;
            } else {
                end = middle;
            }
        }
        Ok(first)
    }

    /// Where the record with this id stands.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn find(&self, id: AuditId) -> Result<Option<u64>, AuditError> {
        let place = self.lower_bound(id)?;
        Ok((self.id_at(place)? == Some(id)).then_some(place))
    }

    /// The first place of this time or later, in milliseconds since 1970-01-01 UTC, by the times in the ids, which never
    /// go back.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn since(&self, ms: u64) -> Result<u64, AuditError> {
        self.lower_bound(AuditId::at(std::time::Duration::from_millis(ms), [0; 10]))
    }

    /// The time in the id of a record.
    pub fn time_of(id: AuditId) -> u64 {
        ms_of(id)
    }

    /// The root over the first `size` records.
    ///
    /// # Errors
    /// When a hash cannot be read.
    pub fn root(&self, size: u64) -> Result<Hash, AuditError> {
        root_of(&self.layout, 0, size)
    }

    /// The path of a record in the tree over the first `size` records.
    ///
    /// # Errors
    /// When a hash cannot be read.
    pub fn path(&self, sequence: u64, size: u64) -> Result<Vec<Hash>, AuditError> {
        proof::inclusion(&self.layout, sequence, size)
    }
}

//! Appends records: composes them, writes them, and keeps index and tree beside them.
//!
//! It never answers for the disk: [`Writer::sync_point`] says what to flush, and whoever flushes it may say that the
//! records are durable. A failed append leaves nothing behind that counts; the writer is to be opened again then.

use super::clock::{Clock, now_ms};
use super::disk::Disk;
use super::layout::{Layout, Part};
use crate::error::{At, AuditError};
use crate::event::Event;
use crate::hash::Hash;
use crate::head::TreeHead;
use crate::key::EpochKey;
use crate::merkle::Frontier;
use crate::record::{self, Header, Origin};
use casemate_types::AuditId;
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a key signs.
#[derive(Clone, Copy, Debug)]
pub struct EpochLength {
    /// Records.
    pub records: u64,
    /// Time.
    pub time: Duration,
}

/// How a log is written.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its folder.
    pub folder: PathBuf,
    /// Records of a segment, as a power of two, where there is no log yet.
    pub level: u8,
    /// How long a key signs.
    pub epoch: EpochLength,
    /// Write the last segment anew: a flush has failed, and what the kernel shows may not be on the disk.
    pub rewrite_last: bool,
    /// The disk.
    pub disk: Arc<dyn Disk>,
}

impl Options {
    /// The usual ones.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            level: super::DEFAULT_LEVEL,
            epoch: EpochLength {
                records: 1 << 16,
                time: Duration::from_secs(3600),
            },
            rewrite_last: false,
            disk: Arc::new(super::disk::Real),
        }
    }
}

/// Where the log stands.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) frontier: Frontier,
    pub(super) last_hash: Hash,
    pub(super) last_id: AuditId,
}

/// The open files of the last segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) log: Arc<File>,
    pub(super) index: File,
    pub(super) tree: File,
    /// Bytes of records.
    pub(super) length: u64,
}

/// What to flush so that all records below `size` are on the disk.
#[derive(Clone, Debug)]
pub struct SyncPoint {
    /// How many records are durable then.
    pub size: u64,
    file: Arc<File>,
    path: PathBuf,
}

impl SyncPoint {
    /// Flushes.
    ///
    /// # Errors
    /// When the disk says so: nothing since the last flush counts as durable, and the log is to be opened again with
    /// its last segment rewritten.
    pub fn sync(&self, disk: &dyn Disk) -> Result<(), AuditError> {
        disk.sync(&self.path, &self.file).at("flush", &self.path)
    }
}

/// The one writer of a log.
#[derive(Debug)]
pub struct Writer {
    pub(super) layout: Layout,
    pub(super) options: Options,
    pub(super) position: Position,
    pub(super) segment: Segment,
    pub(super) roots: File,
    pub(super) heads: File,
    pub(super) key: EpochKey,
    pub(super) epoch_since: (u64, Instant),
    pub(super) clock: Clock,
    pub(super) _lock: File,
}

/// What one chunk of an append writes.
#[derive(Default)]
struct Chunk {
    log: Vec<u8>,
    index: Vec<u8>,
    tree: Vec<u8>,
    roots: Vec<u8>,
}

impl Writer {
    /// Appends events, each with its origin, and gives each its place. All of them are written, or none counts.
    ///
    /// # Errors
    /// When they cannot be written: open the log again.
    pub fn append(&mut self, events: &[(Origin, &str)]) -> Result<Vec<(u64, AuditId)>, AuditError> {
        let mut places = Vec::with_capacity(events.len());
        let mut rest = events;
        while !rest.is_empty() {
            let room = self.room();
            let (now, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            self.append_within(now, &mut places)?;
            rest = later;
            if self.room() == 0 {
                self.begin_segment()?;
            }
        }
        Ok(places)
    }

    /// Appends a record of the recorder's own.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_own(&mut self, event: Event) -> Result<(u64, AuditId), AuditError> {
        let places = self.append(&[(Origin::default(), &event.into_members())])?;
        places
            .first()
            .copied()
            .ok_or(AuditError::NotARecord("it is none"))
    }

    /// Records that the last segment still takes.
    fn room(&self) -> u64 {
        (self.segment.number + 1) * self.layout.segment_records() - self.size()
    }

    fn append_within(
        &mut self,
        events: &[(Origin, &str)],
        places: &mut Vec<(u64, AuditId)>,
    ) -> Result<(), AuditError> {
        let mut position = self.position.clone();
        let mut chunk = Chunk::default();
        let mut complete = Vec::new();
        let logged_ms = now_ms();
        for (origin, members) in events {
            let header = Header {
                id: self.clock.next(position.last_id, logged_ms)?,
                sequence: position.frontier.size(),
                logged_ms,
                origin: *origin,
                previous: position.last_hash,
            };
            let begin = chunk.log.len();
            record::write(&mut chunk.log, &header, members);
            let leaf = Hash::leaf(&chunk.log[begin..chunk.log.len() - 1]);
            chunk.index.extend_from_slice(&header.id.value().to_be_bytes());
            let end = self.segment.length + chunk.log.len() as u64;
            chunk.index.extend_from_slice(&end.to_be_bytes());
            complete.clear();
            position.frontier.push(leaf, &mut complete);
            for (level, hash) in complete.iter().enumerate() {
                let is_below = level < usize::from(self.layout.level);
                let to = if is_below {
                    &mut chunk.tree
                } else {
                    &mut chunk.roots
                };
                to.extend_from_slice(&hash.0);
            }
            (position.last_hash, position.last_id) = (leaf, header.id);
            places.push((header.sequence, header.id));
        }
        self.write(&chunk)?;
        self.segment.length += chunk.log.len() as u64;
        self.position = position;
        Ok(())
    }

    /// Records first: index and tree are made of them.
    fn write(&self, chunk: &Chunk) -> Result<(), AuditError> {
        let number = self.segment.number;
        let path = self.layout.segment(number, Part::Log);
        if let Err(cause) = self.options.disk.append(&path, &self.segment.log, &chunk.log) {
            // What was written of it must not be taken for a crash; where this fails too, the next opening repairs.
            let _ = self.segment.log.set_len(self.segment.length);
            return Err(cause).at("append to", &path);
        }
        let beside = [
            (
                self.layout.segment(number, Part::Tree),
                &self.segment.tree,
                &chunk.tree,
            ),
            (self.layout.file("roots"), &self.roots, &chunk.roots),
            (
                self.layout.segment(number, Part::Index),
                &self.segment.index,
                &chunk.index,
            ),
        ];
        for (path, file, bytes) in beside.iter().filter(|(_, _, bytes)| !bytes.is_empty()) {
            self.options
                .disk
                .append(path, file, bytes)
                .at("append to", path)?;
        }
        Ok(())
    }

    /// Seals the full segment and begins the next one.
    fn begin_segment(&mut self) -> Result<(), AuditError> {
        self.seal()?;
        self.segment = Segment::open(&self.layout, self.segment.number + 1, 0)?;
        self.layout.sync_folder("segments")
    }

    /// Everything of the last segment goes to the disk.
    fn seal(&self) -> Result<(), AuditError> {
        let disk = &self.options.disk;
        let path = |part| self.layout.segment(self.segment.number, part);
        for (path, file) in [
            (path(Part::Log), &*self.segment.log),
            (path(Part::Tree), &self.segment.tree),
            (path(Part::Index), &self.segment.index),
            (self.layout.file("roots"), &self.roots),
        ] {
            disk.sync(&path, file).at("flush", &path)?;
        }
        Ok(())
    }

    /// What to flush for all that was appended.
    pub fn sync_point(&self) -> SyncPoint {
        SyncPoint {
            size: self.size(),
            file: self.segment.log.clone(),
            path: self.layout.segment(self.segment.number, Part::Log),
        }
    }

    /// Signs the head of the tree as it is, and keeps it. The records must be durable: a head never speaks for what a
    /// crash may take away.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sign_head(&mut self) -> Result<TreeHead, AuditError> {
        self.sync_point().sync(&*self.options.disk)?;
        let head = TreeHead::sign(&self.key, self.size(), self.position.frontier.root(), now_ms())?;
        let path = self.layout.file("heads");
        let line = format!("{}\n", head.to_json());
        let disk = &self.options.disk;
        disk.append(&path, &self.heads, line.as_bytes())
            .at("append to", &path)?;
        disk.sync(&path, &self.heads).at("flush", &path)?;
        Ok(head)
    }

    /// Records in the log.
    pub fn size(&self) -> u64 {
        self.position.frontier.size()
    }

    /// The names of its files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The epoch, and its key's public half.
    pub fn epoch(&self) -> (u64, crate::key::PublicKey) {
        (self.key.epoch, self.key.public())
    }
}

impl Segment {
    pub(super) fn open(layout: &Layout, number: u64, length: u64) -> Result<Self, AuditError> {
        let open = |part| {
            let path = layout.segment(number, part);
            append_to(&path)
        };
        Ok(Self {
            number,
            log: Arc::new(open(Part::Log)?),
            index: open(Part::Index)?,
            tree: open(Part::Tree)?,
            length,
        })
    }
}

/// Opens a file to append to it, and makes it where it is missing.
pub(super) fn append_to(path: &std::path::Path) -> Result<File, AuditError> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .append(true)
        .read(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .at("open", path)
}

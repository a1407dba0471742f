//! The names of the log's files, and where a hash of the tree is kept in them.

use crate::error::{At, AuditError};
use crate::hash::Hash;
use crate::merkle::{Nodes, place};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Segments of 16,384 records.
pub const DEFAULT_LEVEL: u8 = 14;
/// Bytes of an entry of an index: the id, and where the record ends.
pub(crate) const ENTRY_BYTES: u64 = 24;
/// Bytes of a hash.
pub(crate) const HASH_BYTES: u64 = 32;

/// A folder with a log.
#[derive(Clone, Debug)]
pub struct Layout {
    folder: PathBuf,
    /// A segment has two to the power of so many records.
    pub level: u8,
}

/// One of a segment's files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Log,
    Index,
    Tree,
}

impl Layout {
    /// Reads what there is.
    ///
    /// # Errors
    /// When there is no log, or not one of this form.
    pub fn find(folder: &Path) -> Result<Self, AuditError> {
        let path = folder.join("format");
        let text = std::fs::read_to_string(&path).at("read", &path)?;
        let level = text
            .strip_prefix("casemate-audit 1 ")
            .and_then(|rest| rest.trim_end().parse().ok())
            .filter(|level| (1..=24).contains(level));
        let wrong = io::Error::new(io::ErrorKind::InvalidData, "not the format of an audit log");
        Ok(Self {
            folder: folder.to_owned(),
            level: level.ok_or(wrong).at("read", &path)?,
        })
    }

    /// Reads what there is, or makes an empty one.
    pub(super) fn find_or_make(folder: &Path, level: u8) -> Result<Self, AuditError> {
        let path = folder.join("format");
        if path.exists() {
            return Self::find(folder);
        }
        std::fs::create_dir_all(folder.join("segments")).at("make", folder)?;
        let new = folder.join("format.new");
        std::fs::write(&new, format!("casemate-audit 1 {level}\n")).at("write", &new)?;
        File::open(&new)
            .and_then(|file| file.sync_all())
            .at("write", &new)?;
        std::fs::rename(&new, &path).at("write", &path)?;
        let layout = Self {
            folder: folder.to_owned(),
            level,
        };
        layout.sync_folder("")?;
        Ok(layout)
    }

    /// A file of the log by its name.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn segment(&self, number: u64, part: Part) -> PathBuf {
        let ending = match part {
            Part::Log => "log",
            Part::Index => "idx",
            Part::Tree => "tree",
        };
        self.folder.join(format!("segments/{number:010}.{ending}"))
    }

    pub(crate) fn sync_folder(&self, name: &str) -> Result<(), AuditError> {
        let path = self.folder.join(name);
        File::open(&path)
            .and_then(|file| file.sync_all())
            .at("flush", &path)
    }

    /// Records of a full segment.
    pub fn segment_records(&self) -> u64 {
        1 << self.level
    }

    /// The numbers of the segments that are there, in their order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn segments(&self) -> Result<Vec<u64>, AuditError> {
        let path = self.folder.join("segments");
        let mut numbers = Vec::new();
        for entry in std::fs::read_dir(&path).at("list", &path)? {
            let name = entry.at("list", &path)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".log"));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// So many hashes are kept of a tree of so many leaves.
pub(crate) fn hashes_of(leaves: u64) -> u64 {
    2 * leaves - u64::from(leaves.count_ones())
}

impl Nodes for Layout {
    fn node(&self, level: u8, index: u64) -> Result<Hash, AuditError> {
        let (path, at) = if level < self.level {
            let up = self.level - level;
            let (segment, within) = (index >> up, index & ((1 << up) - 1));
            (self.segment(segment, Part::Tree), place(level, within))
        } else {
            (self.folder.join("roots"), place(level - self.level, index))
        };
        let mut hash = Hash::ZERO;
        File::open(&path)
            .and_then(|file| file.read_exact_at(&mut hash.0, at * HASH_BYTES))
            .at("read", &path)?;
        Ok(hash)
    }
}

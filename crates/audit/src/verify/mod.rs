//! Verifies a log from its files alone, and names the first record that is not as it was written.
//!
//! It trusts nothing in the folder: the chain, the tree, the keys' succession and the signed heads are all worked out
//! from the records. What the folder cannot show, that its end was cut or that everything was written anew by whoever
//! holds the key of today, a head shows that was kept elsewhere.

use crate::error::{At, AuditError};
use crate::event::Kind;
use crate::hash::Hash;
use crate::head::TreeHead;
use crate::key::PublicKey;
use crate::log::{Layout, Line, Lines, Part, Succession, hashes_of};
use crate::merkle::{Frontier, root_of};
use crate::record::Header;
use crate::retention::Tombstone;
use crate::search::kind_in;
use casemate_types::AuditId;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// What a log is verified against.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// Heads that were kept elsewhere.
    pub heads: Vec<TreeHead>,
    /// The first public key, where it is known.
    pub first_key: Option<PublicKey>,
    /// A recorder may be writing: a last line without an end is one that is being written.
    pub is_live: bool,
}

/// The first thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The place of the first record that is wrong.
    pub sequence: u64,
    /// The file.
    pub file: String,
    /// What is wrong.
    pub reason: String,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The first record that is kept.
    pub first: u64,
    /// Records, with those that retention removed.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The last epoch, and its key.
    pub epoch: Option<(u64, PublicKey)>,
    /// Heads that agree.
    pub heads: u64,
    /// Records behind the last head that was given or kept: only the chain speaks for their end.
    pub unsigned: u64,
    /// Segments that retention removed.
    pub removed: u64,
    /// The first thing that is wrong; none when the log is whole.
    pub fault: Option<Fault>,
}

/// Verifies a log.
///
/// # Errors
/// When its files cannot be read; what is wrong in them is in the report.
pub fn verify(folder: &Path, against: &Against) -> Result<Report, AuditError> {
    let layout = Layout::find(folder)?;
    let mut walk = Walk::begin(&layout, against)?;
    if walk.fault.is_none() {
        walk.segments()?;
    }
    if walk.fault.is_none() {
        walk.finish()?;
    }
    Ok(walk.report())
}

struct Walk<'a> {
    layout: &'a Layout,
    against: &'a Against,
    numbers: Vec<u64>,
    frontier: Frontier,
    last_hash: Option<Hash>,
    last_id: AuditId,
    /// The keys that the log knows, by their epochs.
    keys: BTreeMap<u64, PublicKey>,
    /// Heads by the size at which they are to be compared.
    heads: BTreeMap<u64, Vec<TreeHead>>,
    agreed: Vec<u64>,
    /// What the first kept record says came before it.
    first_previous: Hash,
    tombstones: BTreeMap<u64, Tombstone>,
    roots: Vec<Hash>,
    fault: Option<Fault>,
}

impl<'a> Walk<'a> {
    fn begin(layout: &'a Layout, against: &'a Against) -> Result<Self, AuditError> {
        let numbers = layout.segments()?;
        let first = numbers.first().copied().unwrap_or(0);
        let mut walk = Self {
            frontier: Frontier::default(),
            last_hash: (first == 0).then_some(Hash::ZERO),
            last_id: AuditId::from_value(0),
            keys: BTreeMap::new(),
            heads: BTreeMap::new(),
            agreed: Vec::new(),
            first_previous: Hash::ZERO,
            tombstones: BTreeMap::new(),
            roots: Vec::new(),
            fault: None,
            layout,
            against,
            numbers,
        };
        match Frontier::load(layout, first << layout.level) {
            Ok(frontier) => walk.frontier = frontier,
            Err(_) => walk.blame(0, "roots", "the roots of removed segments are missing"),
        }
        walk.read_heads()?;
        Ok(walk)
    }

    fn read_heads(&mut self) -> Result<(), AuditError> {
        let path = self.layout.file("heads");
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.at("read", &path)?,
        };
        let text = String::from_utf8_lossy(&text);
        let mut own = Vec::new();
        for line in text.lines() {
            match TreeHead::from_json(line) {
                Some(head) => own.push(head),
                // The last one may be half written.
                None if text.ends_with(line) => {}
                None => self.blame(0, "heads", "a line is not a head"),
            }
        }
        let first = self.frontier.size();
        for head in own.into_iter().chain(self.against.heads.iter().cloned()) {
            if !head.is_signed() {
                self.blame(head.size, "heads", "a head's signature is wrong");
            }
            // What a removed segment was is told by its tombstone.
            if head.size >= first {
                self.heads.entry(head.size).or_default().push(head);
            }
        }
        Ok(())
    }

    fn blame(&mut self, sequence: u64, file: &str, reason: &str) {
        self.fault.get_or_insert_with(|| Fault {
            sequence,
            file: file.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn segments(&mut self) -> Result<(), AuditError> {
        let numbers = self.numbers.clone();
        self.compare_heads();
        for (n, number) in numbers.iter().enumerate() {
            if *number << self.layout.level != self.frontier.size() {
                let here = self.frontier.size();
                self.blame(here, "segments", "records are missing");
            }
            if self.fault.is_some() {
                return Ok(());
            }
            self.segment(*number, n + 1 == numbers.len())?;
        }
        Ok(())
    }

    fn segment(&mut self, number: u64, is_last: bool) -> Result<(), AuditError> {
        let path = self.layout.segment(number, Part::Log);
        let name = format!("segments/{number:010}.log");
        let file = File::open(&path).at("open", &path)?;
        let mut lines = Lines::new(BufReader::with_capacity(1 << 18, file));
        let (mut tree, mut index) = (Vec::new(), Vec::new());
        let mut end = 0;
        let mut is_unfinished = false;
        while self.fault.is_none() {
            match lines.next().at("read", &path)? {
                Line::End => break,
                Line::Bad(why) => {
                    if self.against.is_live && is_last && why == "the record has no end" {
                        is_unfinished = true;
                        break;
                    }
                    let here = self.frontier.size();
                    self.blame(here, &name, why);
                }
                Line::Record(header, line) => {
                    end += line.len() as u64 + 1;
                    index.extend_from_slice(&header.id.value().to_be_bytes());
                    index.extend_from_slice(&end.to_be_bytes());
                    self.record(&header, line, &name, &mut tree);
                }
            }
        }
        let sealed = self.frontier.size() == (number + 1) << self.layout.level;
        if self.fault.is_none() && !sealed && !is_last {
            let here = self.frontier.size();
            self.blame(here, &name, "the segment ends too soon");
        }
        // A live log's last segment may have grown meanwhile.
        if self.fault.is_none() && !(self.against.is_live && is_last) && !is_unfinished {
            self.beside(number, Part::Index, &index)?;
            self.beside(number, Part::Tree, &tree)?;
        }
        Ok(())
    }

    fn record(&mut self, header: &Header, line: &[u8], file: &str, tree: &mut Vec<u8>) {
        let here = self.frontier.size();
        if header.sequence != here {
            return self.blame(here, file, "its sequence is not that of its place");
        }
        match self.last_hash {
            None => self.first_previous = header.previous,
            Some(last) if last != header.previous => {
                return self.blame(here, file, "its prev is not the hash of the record before it");
            }
            Some(_) => {}
        }
        if header.id <= self.last_id {
            return self.blame(here, file, "its id is not behind the one before it");
        }
        match kind_in(line) {
            Some(Kind::Epoch) => self.epoch(header, line, file),
            Some(Kind::Tombstone) => match Tombstone::read(line) {
                Some(tombstone) => _ = self.tombstones.insert(tombstone.segment, tombstone),
                None => self.blame(here, file, "it is not a tombstone"),
            },
            _ if here == 0 => self.blame(here, file, "the log does not begin with a key"),
            _ => {}
        }
        let leaf = Hash::leaf(line);
        let mut complete = Vec::new();
        self.frontier.push(leaf, &mut complete);
        let level = usize::from(self.layout.level);
        for (n, hash) in complete.iter().enumerate() {
            if n < level {
                tree.extend_from_slice(&hash.0);
            } else {
                self.roots.push(*hash);
            }
        }
        (self.last_hash, self.last_id) = (Some(leaf), header.id);
        self.compare_heads();
    }

    fn epoch(&mut self, header: &Header, line: &[u8], file: &str) {
        let here = header.sequence;
        let Some(next) = Succession::read(line) else {
            return self.blame(here, file, "it is not the record of a key");
        };
        let last = self.keys.last_key_value().map(|(epoch, key)| (*epoch, *key));
        let is_right = match last {
            Some((epoch, key)) => next.epoch == epoch + 1 && next.is_signed_by(&key, header),
            None if here == 0 => {
                let known = self.against.first_key.is_none_or(|key| key == next.key);
                known && next.epoch == 0 && next.is_signed_by(&next.key, header)
            }
            // The keys before it went with removed segments; their tombstone is compared at the end.
            None => true,
        };
        if !is_right {
            return self.blame(here, file, "the key before it did not sign this one");
        }
        self.keys.insert(next.epoch, next.key);
    }

    fn compare_heads(&mut self) {
        let size = self.frontier.size();
        let Some(heads) = self.heads.remove(&size) else {
            return;
        };
        let root = self.frontier.root();
        for head in heads {
            // Before the first key of a log that was shortened, the heads of older keys cannot be placed.
            let is_known = match self.keys.get(&head.epoch) {
                Some(key) => *key == head.key,
                None => self
                    .keys
                    .first_key_value()
                    .is_none_or(|(first, _)| head.epoch < *first),
            };
            if !is_known {
                self.blame(size, "heads", "a head was not signed by a key of this log");
            } else if head.root != root {
                self.blame(
                    size,
                    "heads",
                    "the records up to here are not those of a signed head",
                );
            } else {
                self.agreed.push(size);
            }
        }
    }

    /// Compares a file that is made of the records.
    fn beside(&mut self, number: u64, part: Part, expected: &[u8]) -> Result<(), AuditError> {
        let path = self.layout.segment(number, part);
        let kept = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.at("read", &path)?,
        };
        if kept != expected {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let reason = "it is not made of these records; a recorder that starts makes it anew";
            self.blame(number << self.layout.level, &name, reason);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), AuditError> {
        let size = self.frontier.size();
        if let Some((head, _)) = self.heads.first_key_value() {
            let reason = format!("a head was signed for {head} records: the end was cut off");
            self.blame(size, "segments", &reason);
        }
        self.removed()?;
        let path = self.layout.file("roots");
        let kept = std::fs::read(&path).unwrap_or_default();
        let first = self.numbers.first().copied().unwrap_or(0);
        let full = size >> self.layout.level;
        let bytes: Vec<u8> = self.roots.iter().flat_map(|hash| hash.0).collect();
        let from = usize::try_from(hashes_of(first) * 32).unwrap_or(usize::MAX);
        let is_whole = kept.len() as u64 == hashes_of(full) * 32 && kept.get(from..) == Some(&bytes);
        if !is_whole && !self.against.is_live {
            self.blame(size, "roots", "it is not made of these records");
        }
        Ok(())
    }

    /// Each removed segment has a tombstone with its root, and the last of them leads to the first record.
    fn removed(&mut self) -> Result<(), AuditError> {
        let first = self.numbers.first().copied().unwrap_or(0);
        for segment in 0..first {
            let place = segment << self.layout.level;
            let Some(tombstone) = self.tombstones.get(&segment).cloned() else {
                self.blame(place, "segments", "a segment is gone and has no tombstone");
                return Ok(());
            };
            let end = (segment + 1) << self.layout.level;
            let root = root_of(self.layout, place, end)?;
            let leads_on = segment + 1 < first || tombstone.last_hash == self.first_previous;
            if tombstone.root != root || !leads_on {
                self.blame(
                    place,
                    "roots",
                    "the root of a removed segment is not that of its tombstone",
                );
            }
        }
        Ok(())
    }

    fn report(self) -> Report {
        let size = self.frontier.size();
        let last = self.agreed.iter().max().copied().unwrap_or(0);
        Report {
            first: self.numbers.first().copied().unwrap_or(0) << self.layout.level,
            size,
            root: self.frontier.root(),
            epoch: self.keys.last_key_value().map(|(epoch, key)| (*epoch, *key)),
            heads: self.agreed.len() as u64,
            unsigned: size.saturating_sub(last),
            removed: self.numbers.first().copied().unwrap_or(0),
            fault: self.fault,
        }
    }
}

#[cfg(test)]
mod tests;

//! Opens a log to write: looks at its last segment record by record, repairs knowingly what a crash left, and refuses
//! what no crash can have done.

use super::clock::now_ms;
use super::epochs::{Succession, settle_key};
use super::layout::{HASH_BYTES, Layout, Part, hashes_of};
use super::reader::Reader;
use super::scan::{Line, Lines};
use super::writer::{Options, Position, Segment, Writer, append_to};
use crate::error::{At, AuditError};
use crate::hash::{Hash, encode_hex};
use crate::head::{MAX_HEAD_BYTES, TreeHead};
use crate::key::{EpochKey, PublicKey, erase};
use crate::merkle::{Frontier, root_of};
use crate::record::{self, Origin};
use crate::search::kind_in;
use casemate_types::AuditId;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

/// What was found behind the last whole record: set aside in `torn/`, and told in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repair {
    /// How many bytes.
    pub bytes: u64,
    /// Their hash.
    pub hash: Hash,
    /// Where they begin: the place of the first record that is gone.
    pub sequence: u64,
    /// What is wrong with them.
    pub reason: &'static str,
}

/// A log that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its writer.
    pub writer: Writer,
    /// What was repaired.
    pub repair: Option<Repair>,
    /// The origins of the last records, and the places they got: a request that comes again finds its own here.
    pub recent: Vec<(Origin, u64, AuditId)>,
}

/// What the last segment held.
#[derive(Default)]
struct Found {
    index: Vec<u8>,
    tree: Vec<u8>,
    roots: Vec<u8>,
    length: u64,
    bad: Option<&'static str>,
    recent: Vec<(Origin, u64, AuditId)>,
    keys: Vec<(u64, PublicKey)>,
}

impl Writer {
    /// Opens a log, or begins one.
    ///
    /// # Errors
    /// [`AuditError::InUse`]; [`AuditError::Damaged`] when it is shorter than, or other than, its last signed head says;
    /// and those of files.
    pub fn open(options: Options) -> Result<Opened, AuditError> {
        let folder = &options.folder;
        std::fs::create_dir_all(folder).at("make", folder)?;
        let lock = lock(folder)?;
        let layout = Layout::find_or_make(folder, options.level)?;
        let number = layout.segments()?.last().copied().unwrap_or(0);
        if options.rewrite_last {
            rewrite(&layout.segment(number, Part::Log))?;
        }
        let mut position = before(&layout, number)?;
        let found = scan(&layout, number, &mut position)?;
        let repair = set_aside(&layout, number, &found, position.frontier.size())?;
        write_beside(&layout, number, &found)?;
        check_against_heads(&layout, &position)?;
        let key = settle(&layout, &found, position.frontier.size())?;
        let mut writer = Self {
            segment: Segment::open(&layout, number, found.length)?,
            roots: append_to(&layout.file("roots"))?,
            heads: append_to(&layout.file("heads"))?,
            epoch_since: (position.frontier.size(), Instant::now()),
            clock: Default::default(),
            layout,
            options,
            position,
            key,
            _lock: lock,
        };
        writer.layout.sync_folder("segments")?;
        if writer.size() == 0 {
            let key = EpochKey::load(&writer.layout.file("key"))?.ok_or(AuditError::Key("it is missing"))?;
            writer.append_epoch(&key, Some(&key))?;
        }
        writer.begin_if_full()?;
        writer.sync_point().sync(&*writer.options.disk)?;
        Ok(Opened {
            writer,
            repair,
            recent: found.recent,
        })
    }

    /// A crash may have come between the last record of a segment and the next segment.
    fn begin_if_full(&mut self) -> Result<(), AuditError> {
        // An append of nothing begins what is to be begun.
        if self.size() == (self.segment.number + 1) * self.layout.segment_records() {
            self.segment = Segment::open(&self.layout, self.segment.number + 1, 0)?;
            self.layout.sync_folder("segments")?;
        }
        Ok(())
    }
}

fn lock(folder: &Path) -> Result<File, AuditError> {
    let path = folder.join("lock");
    let file = append_to(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(AuditError::InUse(folder.to_owned())),
        Err(std::fs::TryLockError::Error(cause)) => Err(cause).at("lock", &path),
    }
}

/// Where the log stood when its last segment began.
fn before(layout: &Layout, number: u64) -> Result<Position, AuditError> {
    let first = number << layout.level;
    let mut position = Position {
        frontier: Frontier::load(layout, first)?,
        last_hash: Hash::ZERO,
        last_id: AuditId::from_value(0),
    };
    if first > 0 {
        let reader = Reader::new(layout.clone());
        let last = reader.record(first - 1)?.ok_or(AuditError::Damaged {
            sequence: first - 1,
            reason: "it is missing".into(),
        })?;
        position.last_id = record::parse(&last)?.id;
        position.last_hash = Hash::leaf(&last);
    }
    Ok(position)
}

/// Reads the last segment, as far as it holds together.
fn scan(layout: &Layout, number: u64, position: &mut Position) -> Result<Found, AuditError> {
    let path = layout.segment(number, Part::Log);
    let mut found = Found::default();
    if number > 0 {
        let last = Reader::new(layout.clone()).record((number << layout.level) - 1)?;
        found.note_key(&last.unwrap_or_default());
    }
    let file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        opened => opened.at("open", &path)?,
    };
    let mut lines = Lines::new(BufReader::with_capacity(1 << 18, file));
    let end = (number + 1) << layout.level;
    let mut complete = Vec::new();
    loop {
        let (header, line) = match lines.next().at("read", &path)? {
            Line::End => break,
            Line::Bad(why) => {
                found.bad = Some(why);
                break;
            }
            Line::Record(header, line) => (header, line),
        };
        let follows = header.sequence == position.frontier.size()
            && header.previous == position.last_hash
            && header.id > position.last_id
            && header.sequence < end;
        if !follows {
            found.bad = Some("it does not follow the record before it");
            break;
        }
        let leaf = Hash::leaf(line);
        found.length += line.len() as u64 + 1;
        found.index.extend_from_slice(&header.id.value().to_be_bytes());
        found.index.extend_from_slice(&found.length.to_be_bytes());
        found.note_key(line);
        found.recent.push((header.origin, header.sequence, header.id));
        complete.clear();
        position.frontier.push(leaf, &mut complete);
        for (level, hash) in complete.iter().enumerate() {
            let is_below = level < usize::from(layout.level);
            let to = if is_below {
                &mut found.tree
            } else {
                &mut found.roots
            };
            to.extend_from_slice(&hash.0);
        }
        (position.last_hash, position.last_id) = (leaf, header.id);
    }
    Ok(found)
}

impl Found {
    fn note_key(&mut self, record: &[u8]) {
        if kind_in(record) == Some(crate::event::Kind::Epoch)
            && let Some(succession) = Succession::read(record)
        {
            self.keys.push((succession.epoch, succession.key));
        }
    }
}

/// Moves what stands behind the last whole record out of the segment. Nothing of it is thrown away.
fn set_aside(layout: &Layout, number: u64, found: &Found, size: u64) -> Result<Option<Repair>, AuditError> {
    let Some(reason) = found.bad else {
        return Ok(None);
    };
    // A record below a signed head was on the disk: no crash can take it away.
    if let Some(head) = last_head(layout)?
        && head.size > size
    {
        return Err(damaged(size, reason));
    }
    let path = layout.segment(number, Part::Log);
    let mut file = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .at("open", &path)?;
    let mut rest = Vec::new();
    file.seek(SeekFrom::Start(found.length)).at("read", &path)?;
    file.read_to_end(&mut rest).at("read", &path)?;
    let folder = layout.file("torn");
    std::fs::create_dir_all(&folder).at("make", &folder)?;
    let aside = folder.join(format!("{size:020}-{}", now_ms()));
    std::fs::write(&aside, &rest).at("write", &aside)?;
    File::open(&aside)
        .and_then(|file| file.sync_all())
        .at("write", &aside)?;
    layout.sync_folder("torn")?;
    file.set_len(found.length)
        .and_then(|()| file.sync_all())
        .at("shorten", &path)?;
    Ok(Some(Repair {
        bytes: rest.len() as u64,
        hash: Hash::of(&rest),
        sequence: size,
        reason,
    }))
}

/// Index, tree and roots as the records say.
fn write_beside(layout: &Layout, number: u64, found: &Found) -> Result<(), AuditError> {
    for (part, bytes) in [(Part::Index, &found.index), (Part::Tree, &found.tree)] {
        let path = layout.segment(number, part);
        let mut file = append_to(&path)?;
        file.set_len(0)
            .and_then(|()| file.write_all(bytes))
            .at("write", &path)?;
    }
    let path = layout.file("roots");
    let mut roots = append_to(&path)?;
    let expected = hashes_of(number) * HASH_BYTES;
    if roots.metadata().at("read", &path)?.len() < expected {
        return Err(damaged(
            number << layout.level,
            "the roots of earlier segments are missing",
        ));
    }
    roots
        .set_len(expected)
        .and_then(|()| roots.write_all(&found.roots))
        .and_then(|()| roots.sync_all())
        .at("write", &path)
}

fn damaged(sequence: u64, reason: &str) -> AuditError {
    AuditError::Damaged {
        sequence,
        reason: reason.to_owned(),
    }
}

/// The last head that was signed here.
fn last_head(layout: &Layout) -> Result<Option<TreeHead>, AuditError> {
    let path = layout.file("heads");
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.at("open", &path)?,
    };
    let length = file.metadata().at("read", &path)?.len();
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(4 * MAX_HEAD_BYTES as u64)))
        .and_then(|_| file.read_to_end(&mut end))
        .at("read", &path)?;
    let text = String::from_utf8_lossy(&end);
    // A crash may have left the last one half written.
    Ok(text.lines().rev().find_map(TreeHead::from_json))
}

fn check_against_heads(layout: &Layout, position: &Position) -> Result<(), AuditError> {
    let Some(head) = last_head(layout)? else {
        return Ok(());
    };
    let size = position.frontier.size();
    if head.size > size {
        let reason = format!("a head was signed for {} records", head.size);
        return Err(damaged(size, &reason));
    }
    if root_of(layout, 0, head.size)? != head.root {
        return Err(damaged(
            head.size,
            "the records are not those of the last signed head",
        ));
    }
    Ok(())
}

/// The key that signs now: of two, the one that the log knows.
fn settle(layout: &Layout, found: &Found, size: u64) -> Result<EpochKey, AuditError> {
    let (path, next_path) = (layout.file("key"), layout.file("key.next"));
    erase(&layout.file("key.old"))?;
    if let Some(next) = EpochKey::load(&next_path).ok().flatten() {
        if found.keys.contains(&(next.epoch, next.public())) {
            settle_key(layout)?;
        } else {
            erase(&next_path)?;
        }
    }
    match EpochKey::load(&path)? {
        Some(key) => Ok(key),
        None if size == 0 => {
            let key = EpochKey::generate(0)?;
            key.save(&path)?;
            layout.sync_folder("")?;
            Ok(key)
        }
        None => Err(AuditError::Key(
            "its file is missing: this log cannot be continued; move it away to begin another",
        )),
    }
}

/// The same bytes in new blocks.
fn rewrite(path: &Path) -> Result<(), AuditError> {
    let new = path.with_extension("new");
    std::fs::copy(path, &new).at("copy", path)?;
    File::open(&new)
        .and_then(|file| file.sync_all())
        .at("write", &new)?;
    std::fs::rename(&new, path).at("rename", path)
}

impl std::fmt::Display for Repair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} bytes behind the last whole record were set aside ({}, sha256 {})",
            self.bytes,
            self.reason,
            encode_hex(&self.hash.0)
        )
    }
}

//! The log across restarts, crashes, losses of power and full disks.

use super::*;
use crate::error::AuditError;
use crate::hash::Hash;
use crate::merkle::proof::root_from;
use crate::search::{Query, search};
use crate::testing::{Scratch, append};
use crate::verify::{Against, verify};
use casemate_types::AuditId;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn whole(scratch: &Scratch) -> crate::verify::Report {
    let report = verify(&scratch.path().join("audit"), &Against::default()).unwrap();
    assert_eq!(report.fault, None);
    report
}

#[test]
fn a_log_goes_on_where_it_ended_and_everything_is_found() {
    let scratch = Scratch::new();
    let mut places = Vec::new();
    // Ends of segments, of 16 records each, fall on, before and behind the ends of appends.
    for (first, end) in [(0, 15), (15, 16), (16, 31), (31, 80), (80, 81), (81, 100)] {
        let mut writer = scratch.open().writer;
        places.extend(append(&mut writer, first..end));
        writer.sign_head().unwrap();
    }
    assert_eq!(places.len(), 100);
    assert!(
        places
            .windows(2)
            .all(|two| two[0].0 + 1 == two[1].0 && two[0].1 < two[1].1)
    );
    let report = whole(&scratch);
    assert_eq!((report.size, report.heads, report.unsigned), (101, 6, 0));
    let reader = Reader::new(Layout::find(&scratch.path().join("audit")).unwrap());
    assert_eq!(reader.range().unwrap(), (0, 101));
    let root = reader.root(101).unwrap();
    assert_eq!(root, report.root);
    for (sequence, id) in places {
        assert_eq!(reader.find(id).unwrap(), Some(sequence));
        let record = reader.record(sequence).unwrap().unwrap();
        let path = reader.path(sequence, 101).unwrap();
        assert_eq!(root_from(Hash::leaf(&record), sequence, 101, &path), Some(root));
    }
    assert_eq!(reader.find(AuditId::from_value(5)).unwrap(), None);
    assert_eq!(reader.record(101).unwrap(), None);
    let query = Query {
        limit: 10,
        ..Query::default()
    };
    let found = search(&reader, &query.clone().about_execution("42")).unwrap();
    assert_eq!(found.records.len(), 1);
    assert_eq!(search(&reader, &query).unwrap().next, Some(91));
}

#[test]
fn keys_change_and_old_ones_go() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("audit");
    let mut seen = Vec::new();
    for n in 0..5 {
        let mut writer = scratch.open().writer;
        seen.push((writer.epoch(), std::fs::read(folder.join("key")).unwrap()));
        append(&mut writer, n * 7..n * 7 + 7);
        writer.change_key().unwrap();
        writer.sign_head().unwrap();
    }
    let report = whole(&scratch);
    assert_eq!(report.epoch.map(|(epoch, _)| epoch), Some(5));
    let names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        !names.iter().any(|name| name == "key.old" || name == "key.next"),
        "{names:?}"
    );
    let now = std::fs::read(folder.join("key")).unwrap();
    assert!(seen.iter().all(|(_, key)| *key != now));
    let wrong = Against {
        first_key: report.epoch.map(|(_, key)| key),
        ..Against::default()
    };
    assert!(verify(&folder, &wrong).unwrap().fault.is_some());
}

#[test]
fn a_change_of_keys_that_was_cut_short_is_finished_or_undone() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("audit");
    let mut writer = scratch.open().writer;
    append(&mut writer, 0..3);
    // The next key is on the disk, and nothing more.
    crate::key::EpochKey::generate(1)
        .unwrap()
        .save(&folder.join("key.next"))
        .unwrap();
    drop(writer);
    let mut writer = scratch.open().writer;
    assert_eq!(writer.epoch().0, 0);
    // The record is there, too.
    let next = crate::key::EpochKey::generate(1).unwrap();
    next.save(&folder.join("key.next")).unwrap();
    writer.append_epoch(&next, None).unwrap();
    drop(writer);
    let mut writer = scratch.open().writer;
    assert_eq!(writer.epoch(), (1, next.public()));
    writer.change_key().unwrap();
    whole(&scratch);
}

#[test]
fn a_torn_end_is_set_aside_and_told() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("audit");
    let mut writer = scratch.open().writer;
    append(&mut writer, 0..5);
    writer.sign_head().unwrap();
    append(&mut writer, 5..8);
    drop(writer);
    let path = folder.join("segments/0000000000.log");
    let bytes = std::fs::read(&path).unwrap();
    let cut = bytes.len() - 20;
    std::fs::write(&path, &bytes[..cut]).unwrap();
    let opened = scratch.open();
    let repair = opened.repair.unwrap();
    assert_eq!(repair.sequence, 8);
    assert_eq!(std::fs::read_dir(folder.join("torn")).unwrap().count(), 1);
    drop(opened.writer);
    assert_eq!(whole(&scratch).size, 8);
    // What was below a signed head cannot have been torn.
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    std::fs::write(&path, lines[..4].concat()).unwrap();
    assert!(matches!(
        Writer::open(scratch.options()),
        Err(AuditError::Damaged { sequence: 4, .. })
    ));
    std::fs::write(&path, &bytes[..lines[..4].concat().len() + 30]).unwrap();
    assert!(matches!(
        Writer::open(scratch.options()),
        Err(AuditError::Damaged { .. })
    ));
}

#[test]
fn one_recorder_writes_a_log() {
    let scratch = Scratch::new();
    let _first = scratch.open();
    assert!(matches!(
        Writer::open(scratch.options()),
        Err(AuditError::InUse(_))
    ));
}

#[test]
fn what_retention_removes_leaves_a_tombstone() {
    let scratch = Scratch::new();
    let folder = scratch.path().join("audit");
    let mut writer = scratch.open().writer;
    append(&mut writer, 0..80);
    assert!(!writer.retire_oldest(Duration::from_secs(60)).unwrap());
    while writer.retire_oldest(Duration::ZERO).unwrap() {
        append(&mut writer, 80..81);
    }
    drop(writer);
    let report = whole(&scratch);
    assert!(report.removed >= 3, "{report:?}");
    let exported = folder.join("exported/0000000000.log");
    assert!(exported.exists());
    let mut writer = scratch.open().writer;
    append(&mut writer, 100..140);
    drop(writer);
    let size = whole(&scratch).size;
    let reader = Reader::new(Layout::find(&folder).unwrap());
    let path = reader.path(size - 1, size).unwrap();
    let record = reader.record(size - 1).unwrap().unwrap();
    let made = root_from(Hash::leaf(&record), size - 1, size, &path);
    assert_eq!(made, Some(reader.root(size).unwrap()));
    // A segment that is taken away without a tombstone shows.
    let first = reader.layout().segments().unwrap()[0];
    std::fs::remove_file(folder.join(format!("segments/{first:010}.log"))).unwrap();
    let report = verify(&folder, &Against::default()).unwrap();
    assert!(report.fault.is_some());
}

/// A disk that remembers how much of each file it was asked to keep, and can be full.
#[derive(Debug, Default)]
struct Watched {
    kept: Mutex<HashMap<PathBuf, u64>>,
    room: Mutex<Option<usize>>,
}

impl Disk for Watched {
    fn append(&self, path: &Path, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        use std::io::Write;
        let mut room = self.room.lock().unwrap();
        if let Some(left) = &mut *room {
            let part = bytes.len().min(*left);
            file.write_all(&bytes[..part])?;
            *left -= part;
            if part < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            return Ok(());
        }
        Real.append(path, file, bytes)
    }

    fn sync(&self, path: &Path, file: &File) -> io::Result<()> {
        let length = file.metadata()?.len();
        self.kept.lock().unwrap().insert(path.to_owned(), length);
        Ok(())
    }
}

/// Copies a log as a loss of power may leave it: of each file what was flushed, and behind it some of the rest, or
/// something else.
fn after_power_cut(from: &Path, to: &Path, disk: &Watched, seed: u64) {
    let kept = disk.kept.lock().unwrap();
    for folder in ["", "segments"] {
        std::fs::create_dir_all(to.join(folder)).unwrap();
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let mut bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if ["log", "idx", "tree", "roots", "heads"]
                .iter()
                .any(|end| name.ends_with(end))
            {
                let sure = usize::try_from(kept.get(&path).copied().unwrap_or(0)).unwrap();
                let open = bytes.len() - sure.min(bytes.len());
                let cut = sure
                    + if open == 0 {
                        0
                    } else {
                        (seed as usize * 7919) % (open + 1)
                    };
                match seed % 3 {
                    0 => bytes.truncate(cut),
                    1 => bytes[cut..].fill(0),
                    _ => bytes[cut..].fill(0xff),
                }
            }
            std::fs::write(to.join(folder).join(name), bytes).unwrap();
        }
    }
}

#[test]
fn a_loss_of_power_loses_nothing_that_was_acknowledged() {
    let scratch = Scratch::new();
    let disk = Arc::new(Watched::default());
    let options = Options {
        disk: disk.clone(),
        ..scratch.options()
    };
    let mut writer = Writer::open(options).unwrap().writer;
    let mut acknowledged = writer.size();
    for round in 0..60u64 {
        append(&mut writer, round * 3..round * 3 + 3);
        if round % 4 == 1 {
            let point = writer.sync_point();
            point.sync(&*disk).unwrap();
            acknowledged = point.size;
        }
        if round % 13 == 5 {
            writer.change_key().unwrap();
            writer.sign_head().unwrap();
            acknowledged = writer.size();
        }
        let lost = scratch.path().join(format!("lost-{round}"));
        after_power_cut(&scratch.path().join("audit"), &lost, &disk, round);
        let opened = Writer::open(Options {
            level: 4,
            ..Options::new(&lost)
        })
        .unwrap();
        assert!(
            opened.writer.size() >= acknowledged,
            "{round}: {} of {acknowledged}",
            opened.writer.size()
        );
        drop(opened);
        let report = verify(&lost, &Against::default()).unwrap();
        assert_eq!(report.fault, None, "{round}");
        std::fs::remove_dir_all(&lost).unwrap();
    }
}

#[test]
fn a_full_disk_takes_nothing_halfway_and_the_log_goes_on() {
    let scratch = Scratch::new();
    let disk = Arc::new(Watched::default());
    let options = Options {
        disk: disk.clone(),
        ..scratch.options()
    };
    for (n, room) in (0..).zip((0..4000).step_by(97)) {
        let mut writer = Writer::open(options.clone()).unwrap().writer;
        append(&mut writer, n..n + 1);
        let size = writer.size();
        *disk.room.lock().unwrap() = Some(room);
        let text = crate::testing::members(n);
        let origin = crate::record::Origin {
            session: 1,
            counter: n + 1,
        };
        let events = vec![(origin, text.as_str()); 6];
        assert!(writer.append(&events).is_err() || room > 3000);
        *disk.room.lock().unwrap() = None;
        drop(writer);
        let writer = Writer::open(Options {
            rewrite_last: room % 2 == 0,
            ..options.clone()
        })
        .unwrap()
        .writer;
        assert!(writer.size() >= size);
        drop(writer);
    }
    whole(&scratch);
}

#[test]
fn a_clock_that_jumps_breaks_no_order() {
    let mut clock = super::clock::Clock::default();
    let mut last = AuditId::from_value(0);
    for ms in [5_000, 5_000, 3_605_000, 5_001, 0, 3_605_000, 3_605_001] {
        let next = clock.next(last, ms).unwrap();
        assert!(next > last);
        last = next;
    }
}

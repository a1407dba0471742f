//! No room: the limit of the file, and a disk that is really full.

use crate::testing::{Scratch, command, eventually, finished, id, new, skip, which};
use crate::{Accepted, Durability, Finished, Health, Options, Retention, Store, StoreError, wait};
use casemate_types::{Bytes, Captured, Status};
use std::path::Path;
use std::time::{Duration, SystemTime};

fn large(n: u64, bytes: usize) -> Finished {
    let stdout = Captured {
        kept: vec![b'x'; bytes],
        total_bytes: bytes as u64,
    };
    Finished {
        stdout,
        ..finished(id(n), Status::Succeeded)
    }
}

/// Ends executions with 256 KiB of output until there is no room.
fn fill(store: &Store) -> u64 {
    for n in 0..200 {
        let done = store
            .accept_now(new(id(n)))
            .and_then(|_| store.finish_now(large(n, 256 << 10)));
        if let Err(error) = done {
            assert!(
                matches!(error, StoreError::Full { .. }) && error.retry_after().is_some(),
                "{error:?}"
            );
            return n;
        }
    }
    panic!("never full")
}

#[test]
fn a_full_file_refuses_reads_on_and_recovers() {
    let scratch = Scratch::new();
    let options = Options {
        database_limit: Some(Bytes::mib(4)),
        probe_interval: Duration::from_millis(100),
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    let n = fill(&store);
    assert!(n > 5, "{n}");
    assert!(matches!(store.health(), Health::Full { .. }));
    assert_eq!(
        store.summary(id(0)).unwrap().unwrap().stdout.kept_bytes,
        256 << 10
    );
    // Removing works without room, and makes some.
    let keep = Retention {
        max_count: Some(n / 2),
        ..Retention::default()
    };
    assert!(store.retain(&keep, SystemTime::now()).unwrap().removed > 0);
    eventually(Duration::from_secs(5), "healthy again", || {
        store.health() == Health::Healthy
    });
    assert_eq!(store.accept_now(new(id(500))).unwrap(), Accepted::Accepted);
}

#[test]
fn a_write_too_large_for_the_room_fails_alone() {
    let scratch = Scratch::new();
    let options = Options {
        database_limit: Some(Bytes::mib(2)),
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    for n in 0..3 {
        store.accept_now(new(id(n))).unwrap();
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    for (n, bytes) in [(0, 10), (1, 8 << 20), (2, 10)] {
        let sender = sender.clone();
        store.finish(large(n, bytes), Durability::Durable, move |result| {
            sender.send((n, result)).unwrap()
        });
    }
    drop(sender);
    for (n, result) in receiver {
        assert_eq!(result.is_ok(), n != 1, "{n} {result:?}");
    }
}

/// A file system of 8 MiB, mounted for a test.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mount = which("mount")?;
        let mounted = command(mount)
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        if let Some(umount) = which("umount") {
            let _ = command(umount).arg("-l").arg(self.0).status();
        }
    }
}

#[test]
fn a_full_disk_refuses_reads_on_and_recovers() {
    let scratch = Scratch::new();
    let Some(_disk) = Disk::mount(scratch.path()) else {
        return skip("cannot mount a tmpfs (needs root)");
    };
    let ballast = scratch.path().join("ballast");
    std::fs::write(&ballast, vec![0; 3 << 20]).unwrap();
    let store = scratch.store();
    let n = fill(&store);
    assert!(n > 2, "{n}");
    assert!(matches!(store.health(), Health::Full { .. }));
    assert_eq!(
        store.summary(id(0)).unwrap().unwrap().stdout.kept_bytes,
        256 << 10
    );
    std::fs::remove_file(&ballast).unwrap();
    // Without a caller, within 5 s.
    eventually(Duration::from_secs(5), "healthy again", || {
        store.health() == Health::Healthy
    });
    assert_eq!(store.accept_now(new(id(900))).unwrap(), Accepted::Accepted);
    let durable = wait(|callback| store.finish(large(900, 256 << 10), Durability::Durable, callback));
    durable.unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(scratch.database()).unwrap();
    let word: String = raw
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(word, "ok");
}

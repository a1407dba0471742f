//! No room: the limit of the file, and a disk that is really full.

use crate::testing::{Scratch, command, eventually, finished, id, new, skip, this_test, variable, which};
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
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
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
    scratch.sound();
}

const FOLDER: &str = "CASEMATE_STORE_REFUSED_FOLDER";

/// The child whose files may grow to 3 MB only. Without the variable it is no test.
#[test]
fn child() {
    let Some(folder) = variable(FOLDER) else { return };
    let store = Store::open(&Options::new(folder)).unwrap();
    let put = |n| match store.accept_now(new(id(n))) {
        Ok(_) | Err(StoreError::Exists(_)) => store.finish_now(large(n, 256 << 10)),
        Err(error) => Err(error),
    };
    // The first refusal is of the log alone: it is renewed, and the next attempt works. In the end the database
    // cannot grow either.
    let n = (0..200)
        .find(|n| put(*n).is_err() && put(*n).is_err())
        .expect("full");
    assert!(n > 5, "{n}");
    assert!(matches!(store.health(), Health::Full { .. }));
    assert_eq!(
        store.summary(id(0)).unwrap().unwrap().stdout.kept_bytes,
        256 << 10
    );
    let lift = command(which("prlimit").unwrap())
        .args(["--pid", &std::process::id().to_string(), "--fsize=unlimited"])
        .status();
    assert!(lift.unwrap().success());
    eventually(Duration::from_secs(5), "healthy again", || {
        store.health() == Health::Healthy
    });
    put(n).unwrap();
    for earlier in 0..=n {
        assert_eq!(
            store.summary(id(earlier)).unwrap().unwrap().stdout.kept_bytes,
            256 << 10,
            "{earlier}"
        );
    }
    println!("recovered");
}

/// A write that fails otherwise than for want of room (here EFBIG) leaves the log in doubt.
#[test]
fn a_disk_that_refuses_is_not_trusted_until_the_log_is_new() {
    let (Some(env), Some(prlimit)) = (which("env"), which("prlimit")) else {
        return skip("env or prlimit is not installed");
    };
    let scratch = Scratch::new();
    let test = this_test("write::tests::full::child");
    let output = command(env)
        .arg("--ignore-signal=XFSZ")
        .arg(prlimit)
        .arg("--fsize=3000000:unlimited")
        .arg(test.get_program())
        .args(test.get_args())
        .env(FOLDER, scratch.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("recovered"),
        "{said}{output:?}"
    );
}

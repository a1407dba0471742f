//! A loss of power, as far as it can be tested without one. Two things are shown: what is lost of the log after the
//! last flush never harms what was flushed; and a durable write makes the system call that flushes, after the log was
//! written and before its answer. That the disk obeys the flush is the disk's promise.

use crate::testing::{Scratch, finished, id, new, skip, this_test, variable, which};
use crate::{Accepted, Change, Durability, Options, State, Store, wait};
use casemate_types::Status;
use std::fs;
use std::io::Write;

const FOLDER: &str = "CASEMATE_STORE_POWER_FOLDER";
const DURABLE: u64 = 20;
const SOFT: u64 = 20;

/// Opens a copy whose log ends differently; answers with how many of the soft executions are there.
fn after_loss(database: &[u8], log: &[u8]) -> u64 {
    let scratch = Scratch::new();
    fs::write(scratch.database(), database).unwrap();
    fs::write(scratch.path().join("state.db-wal"), log).unwrap();
    let store = scratch.store();
    for n in 0..DURABLE {
        let found = store.summary(id(n)).unwrap().expect("a durable execution");
        assert_eq!(found.state, State::Ended(Status::Succeeded));
    }
    let found: Vec<bool> = (DURABLE..DURABLE + SOFT)
        .map(|n| store.summary(id(n)).unwrap().is_some())
        .collect();
    let kept = found.iter().take_while(|found| **found).count();
    assert!(found[kept..].iter().all(|found| !found), "a gap: {found:?}");
    drop(store);
    scratch.sound();
    kept as u64
}

/// The file of the log is longer than the log: zeros follow it.
fn end_of(log: &[u8]) -> usize {
    log.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

#[test]
fn a_lost_end_of_the_log_harms_nothing_before_it() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..DURABLE {
        store.accept_now(new(id(n))).unwrap();
        let end = finished(id(n), Status::Succeeded);
        assert_eq!(
            wait(|callback| store.finish(end, Durability::Durable, callback)).unwrap(),
            Change::Done
        );
    }
    let path = scratch.path().join("state.db-wal");
    let flushed = end_of(&fs::read(&path).unwrap());
    for n in DURABLE..DURABLE + SOFT {
        assert_eq!(store.accept_now(new(id(n))).unwrap(), Accepted::Accepted);
    }
    let (database, log) = (fs::read(scratch.database()).unwrap(), fs::read(&path).unwrap());
    let log = log[..end_of(&log)].to_vec();
    assert!(log.len() > flushed + 4096);
    let tail = log.len() - flushed;
    for part in 0..=16 {
        let cut = flushed + tail * part / 16;
        let kept = after_loss(&database, &log[..cut]);
        assert!(part > 0 || kept == 0, "{kept}");
        // Blocks that came to the disk in another order, or as zeros, or not as they were.
        for junk in [0, 0xff] {
            let mut torn = log.clone();
            torn[cut..].fill(junk);
            after_loss(&database, &torn);
        }
        let mut hole = log.clone();
        hole[cut..(cut + 4096).min(log.len())].fill(0);
        after_loss(&database, &hole);
    }
    assert_eq!(after_loss(&database, &log), SOFT);
}

/// The child whose system calls are watched. Without the variable it is no test.
#[test]
fn child() {
    let Some(folder) = variable(FOLDER) else { return };
    let store = Store::open(&Options::new(folder)).unwrap();
    let mark = |word: &str| {
        let mut out = std::io::stdout().lock();
        out.write_all(format!("mark {word}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    for (n, durability) in [
        (1, Durability::Soft),
        (2, Durability::Durable),
        (3, Durability::Soft),
        (4, Durability::Durable),
    ] {
        mark(&format!("begin {n}"));
        wait(|callback| store.accept(new(id(n)), durability, callback)).unwrap();
        mark(&format!("end {n}"));
    }
}

#[test]
fn a_durable_write_flushes_before_its_answer() {
    let Some(strace) = which("strace") else {
        return skip("strace is not installed");
    };
    let scratch = Scratch::new();
    let trace = scratch.path().join("trace");
    let test = this_test("write::tests::power::child");
    let output = crate::testing::command(strace)
        .args([
            "-f",
            "-y",
            "-s",
            "64",
            "-e",
            "trace=fdatasync,fsync,pwrite64,write",
            "-o",
        ])
        .arg(&trace)
        .arg(test.get_program())
        .args(test.get_args())
        .env(FOLDER, scratch.path().join("store"))
        .output()
        .unwrap();
    if !output.status.success() {
        return skip("strace may not trace here");
    }
    let trace = fs::read_to_string(&trace).unwrap();
    for (n, is_durable) in [(1, false), (2, true), (3, false), (4, true)] {
        let position = |word: &str| trace.find(&format!("mark {word} {n}\\n")).expect(word);
        let during = &trace[position("begin")..position("end")];
        let calls: Vec<&str> = during
            .lines()
            .filter(|line| line.contains("state.db-wal>"))
            .collect();
        let wrote = calls
            .iter()
            .rposition(|line| line.contains("pwrite64("))
            .expect("a write to the log");
        let flushed = calls.iter().rposition(|line| line.contains("sync("));
        assert_eq!(
            flushed.is_some_and(|at| at > wrote),
            is_durable,
            "{n}: {calls:#?}"
        );
        assert_eq!(flushed.is_some(), is_durable, "{n}: {calls:#?}");
    }
}

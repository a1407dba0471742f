//! Another process holds the file.

use crate::testing::{Scratch, eventually, id, new};
use crate::{Accepted, Durability, Health, Options, Store, StoreError};
use rusqlite::Connection;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Another program that writes to the file, and does not end.
fn holder(scratch: &Scratch) -> Connection {
    let connection = Connection::open(scratch.database()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[test]
fn a_write_waits_for_the_limit_and_no_longer() {
    let scratch = Scratch::new();
    let limit = Duration::from_millis(700);
    let options = Options {
        lock_limit: limit,
        probe_interval: Duration::from_millis(100),
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    let holder = holder(&scratch);
    let since = Instant::now();
    let error = store.accept_now(new(id(1))).unwrap_err();
    let waited = since.elapsed();
    assert!(
        matches!(error, StoreError::Locked { .. }) && error.retry_after().is_some(),
        "{error:?}"
    );
    assert!(
        waited >= limit && waited < limit + Duration::from_secs(5),
        "{waited:?}"
    );
    assert_eq!(store.health(), Health::Locked);
    // Reads go on meanwhile.
    assert_eq!(store.counts().unwrap().total, 0);
    holder.execute_batch("ROLLBACK").unwrap();
    // It recovers without a caller.
    eventually(Duration::from_secs(5), "healthy again", || {
        store.health() == Health::Healthy
    });
    assert_eq!(store.accept_now(new(id(1))).unwrap(), Accepted::Accepted);
}

#[test]
fn a_lock_that_ends_in_time_is_waited_out() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let holder = holder(&scratch);
    let (sender, receiver) = channel();
    store.accept(new(id(1)), Durability::Durable, move |result| {
        sender.send(result).unwrap()
    });
    eventually(Duration::from_secs(10), "locked", || {
        store.health() == Health::Locked
    });
    assert!(receiver.try_recv().is_err());
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(receiver.recv().unwrap().unwrap(), Accepted::Accepted);
    assert_eq!(store.health(), Health::Healthy);
}

#[test]
fn a_locked_file_is_not_opened_forever() {
    let scratch = Scratch::new();
    drop(scratch.store());
    let holder = Connection::open(scratch.database()).unwrap();
    holder
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let options = Options {
        lock_limit: Duration::from_millis(300),
        ..scratch.options()
    };
    let error = Store::open(&options).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
}

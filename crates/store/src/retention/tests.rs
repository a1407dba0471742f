//! Tests of retention: each bound, what stays, and that others' writes do not wait.

use super::*;
use crate::testing::{Scratch, at, id, is_postgres, new};
use crate::{Filter, State};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

fn numbers(store: &Store) -> Vec<ExecutionId> {
    store
        .list(&Filter::default(), 200)
        .unwrap()
        .items
        .iter()
        .map(|item| item.id)
        .collect()
}

#[track_caller]
fn check(retention: Retention, expected: &[u64]) {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..6 {
        // The third is still queued.
        if n == 2 {
            store.accept_now(new(id(n))).unwrap();
        } else {
            store.ended(n, vec![b'x'; 200_000]);
        }
    }
    let retained = store.retain(&retention, at(10)).unwrap();
    let expected: Vec<_> = expected.iter().map(|n| id(*n)).collect();
    assert_eq!(numbers(&store), expected, "{retention:?}");
    assert_eq!(retained.removed, 6 - expected.len() as u64);
    assert_eq!(store.retain(&retention, at(10)).unwrap().removed, 0);
}

#[test]
fn each_bound_keeps_the_newest() {
    let none = Retention::default;
    check(none(), &[5, 4, 3, 2, 1, 0]);
    check(
        Retention {
            max_age: Some(Duration::from_millis(6)),
            ..none()
        },
        &[5, 4, 2],
    );
    check(
        Retention {
            max_age: Some(Duration::ZERO),
            ..none()
        },
        &[2],
    );
    check(
        Retention {
            max_age: Some(Duration::MAX),
            ..none()
        },
        &[5, 4, 3, 2, 1, 0],
    );
    check(
        Retention {
            max_count: Some(6),
            ..none()
        },
        &[5, 4, 3, 2, 1, 0],
    );
    check(
        Retention {
            max_count: Some(3),
            ..none()
        },
        &[5, 4, 2],
    );
    check(
        Retention {
            max_count: Some(0),
            ..none()
        },
        &[2],
    );
    check(
        Retention {
            max_bytes: Some(Bytes::mib(2)),
            ..none()
        },
        &[5, 4, 3, 2, 1, 0],
    );
    check(
        Retention {
            max_bytes: Some(Bytes(if is_postgres() { 650_000 } else { 850_000 })),
            ..none()
        },
        &[5, 4, 3, 2],
    );
    check(
        Retention {
            max_bytes: Some(Bytes(0)),
            ..none()
        },
        &[2],
    );
    let both = Retention {
        max_age: Some(Duration::from_millis(9)),
        max_count: Some(2),
        ..none()
    };
    check(both, &[5, 2]);
}

#[test]
fn more_than_a_step_goes() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..300 {
        store.ended(n, vec![]);
    }
    let keep = Retention {
        max_count: Some(10),
        ..Retention::default()
    };
    assert_eq!(store.retain(&keep, at(0)).unwrap().removed, 290);
    assert_eq!(numbers(&store), (290..300).rev().map(id).collect::<Vec<_>>());
}

#[test]
fn space_goes_back_to_the_disk() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..10 {
        store.ended(n, vec![b'x'; 2 << 20]);
    }
    let before = store.sizes().unwrap();
    let retained = store
        .retain(
            &Retention {
                max_count: Some(1),
                ..Retention::default()
            },
            at(0),
        )
        .unwrap();
    let after = store.sizes().unwrap();
    assert!(retained.returned_bytes > 10 << 20, "{retained:?}");
    assert_eq!(
        after.database_bytes,
        before.database_bytes - retained.returned_bytes
    );
    assert!(after.free_bytes <= SPARE_BYTES, "{after:?}");
    assert_eq!(
        store.summary(id(9)).unwrap().unwrap().state,
        State::Ended(casemate_types::Status::Succeeded)
    );
}

#[test]
fn the_log_stays_bounded() {
    let scratch = Scratch::new();
    let options = crate::Options {
        log_limit: Bytes::mib(8),
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    let mut largest = 0;
    for n in 0..60 {
        store.ended(n, vec![b'x'; 2 << 20]);
        largest = largest.max(store.sizes().unwrap().log_bytes);
    }
    // 120 MiB went through it.
    assert!(largest < 32 << 20, "{largest}");
}

#[test]
fn others_write_between_the_steps() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..40 {
        store.ended(n, vec![b'x'; 4 << 20]);
    }
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let keep = Retention {
                max_count: Some(0),
                ..Retention::default()
            };
            assert_eq!(store.retain(&keep, at(0)).unwrap().removed, 40);
            is_done.store(true, Ordering::Relaxed);
        });
        let mut longest = Duration::ZERO;
        let mut n = 1000;
        while !is_done.load(Ordering::Relaxed) {
            let since = Instant::now();
            store.accept_now(new(id(n))).unwrap();
            longest = longest.max(since.elapsed());
            n += 1;
        }
        println!("{} writes meanwhile, the longest took {longest:?}", n - 1000);
        assert!(n > 1003, "{n}");
    });
}

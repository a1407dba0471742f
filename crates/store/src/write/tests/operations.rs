//! What each write does, seen by reading.

use crate::testing::{Scratch, at, finished, id, new};
use crate::{
    Accepted, Change, Durability, Finished, Idempotency, NewExecution, Owner, Started, State, Store,
    StoreError, StoredFile, Stream, StreamFacts, Sweep, bounds, wait,
};
use casemate_types::{Captured, Fault, SandboxId, SessionId, Status};
use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};

fn state(store: &Store, n: u64) -> Option<State> {
    store.summary(id(n)).unwrap().map(|found| found.state)
}

#[test]
fn an_execution_lives_its_life() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let labels = BTreeMap::from([
        ("team".to_owned(), "a".to_owned()),
        ("é".to_owned(), String::new()),
    ]);
    let new = NewExecution {
        labels: labels.clone(),
        session_id: Some(SessionId::from_value(9)),
        ..new(id(1))
    };
    assert_eq!(store.accept_now(new).unwrap(), Accepted::Accepted);
    let found = store.get(id(1)).unwrap().unwrap();
    assert_eq!(
        (found.summary.state, found.summary.created_at),
        (State::Queued, at(1))
    );
    assert_eq!((found.summary.labels, found.result), (labels, None));
    assert_eq!(
        (found.summary.owner, found.summary.session_id),
        (Owner::BUILT_IN, Some(SessionId::from_value(9)))
    );

    let sandbox_id = Some(SandboxId::from_value(3));
    let started = Started {
        id: id(1),
        sandbox_id,
        started_at: at(10),
    };
    assert_eq!(
        wait(|callback| store.start(started, Durability::Soft, callback)).unwrap(),
        Change::Done
    );
    assert_eq!(state(&store, 1), Some(State::Running));

    let file = StoredFile {
        path: "out/a.txt".into(),
        mode: 0o640,
        sha256: [5; 32],
        content: vec![7; 5000],
    };
    let end = Finished {
        reason: Some("compile".into()),
        exit_code: None,
        signal: Some(9),
        stderr: Captured {
            kept: b"warn".to_vec(),
            total_bytes: 400,
        },
        files: vec![file],
        ..finished(id(1), Status::Failed)
    };
    assert_eq!(
        wait(|callback| store.finish(end, Durability::Durable, callback)).unwrap(),
        Change::Done
    );
    let found = store.get(id(1)).unwrap().unwrap();
    assert_eq!(found.summary.state, State::Ended(Status::Failed));
    assert_eq!((found.summary.exit_code, found.summary.signal), (None, Some(9)));
    assert_eq!(
        (found.summary.sandbox_id, found.summary.started_at),
        (sandbox_id, Some(at(10)))
    );
    assert_eq!(found.summary.ended_at, Some(at(5000)));
    assert_eq!(
        found.summary.stderr,
        StreamFacts {
            kept_bytes: 4,
            total_bytes: 400
        }
    );
    assert!(found.summary.stderr.is_truncated() && !found.summary.stdout.is_truncated());
    assert_eq!(found.request, br#"{"args":[]}"#);
    assert_eq!(found.result.as_deref(), Some(&br#"{"usage":{}}"#[..]));
    assert_eq!(store.events(id(1)).unwrap(), Some(vec![1, 6]));
    assert_eq!((found.files[0].mode, found.files[0].size_bytes), (0o640, 5000));
    assert_eq!(
        store
            .read_stream(id(1), Stream::Stderr, 0, 100)
            .unwrap()
            .unwrap()
            .bytes,
        b"warn"
    );
}

#[test]
fn every_status_can_end_an_execution() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for (n, status) in (1..).zip(Status::ALL) {
        store.accept_now(new(id(n))).unwrap();
        assert_eq!(store.finish_now(finished(id(n), status)).unwrap(), Change::Done);
        assert_eq!(state(&store, n), Some(State::Ended(status)));
    }
}

#[test]
fn the_first_end_stands() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.accept_now(new(id(1))).unwrap();
    assert_eq!(
        store.finish_now(finished(id(1), Status::TimedOut)).unwrap(),
        Change::Done
    );
    let before = store.get(id(1)).unwrap();
    let second = Finished {
        result: vec![],
        stdout: Captured::default(),
        ..finished(id(1), Status::Succeeded)
    };
    assert_eq!(
        store.finish_now(second).unwrap(),
        Change::Unchanged(State::Ended(Status::TimedOut))
    );
    assert_eq!(
        store.start_now(id(1)).unwrap(),
        Change::Unchanged(State::Ended(Status::TimedOut))
    );
    assert_eq!(store.get(id(1)).unwrap(), before);
    assert_eq!(
        store
            .read_stream(id(1), Stream::Stdout, 0, 9)
            .unwrap()
            .unwrap()
            .bytes,
        b"hello\n"
    );
}

#[test]
fn of_many_ends_at_once_one_wins() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.store());
    for n in 0..20 {
        store.accept_now(new(id(n))).unwrap();
        let barrier = Arc::new(Barrier::new(Status::ALL.len()));
        let threads = Status::ALL.map(|status| {
            let (store, barrier) = (Arc::clone(&store), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                (status, store.finish_now(finished(id(n), status)).unwrap())
            })
        });
        let answers = threads.map(|thread| thread.join().unwrap());
        let winners: Vec<_> = answers
            .iter()
            .filter(|(_, change)| *change == Change::Done)
            .collect();
        let [(winner, _)] = winners.as_slice() else {
            panic!("{answers:?}")
        };
        let end = State::Ended(*winner);
        assert_eq!(state(&store, n), Some(end));
        for (status, change) in &answers {
            assert!(
                status == winner || *change == Change::Unchanged(end),
                "{answers:?}"
            );
        }
    }
}

#[test]
fn a_start_needs_a_queued_execution() {
    let scratch = Scratch::new();
    let store = scratch.store();
    assert_eq!(store.start_now(id(1)).unwrap(), Change::Missing);
    assert_eq!(
        store.finish_now(finished(id(1), Status::Killed)).unwrap(),
        Change::Missing
    );
    store.accept_now(new(id(1))).unwrap();
    assert_eq!(store.start_now(id(1)).unwrap(), Change::Done);
    assert_eq!(store.start_now(id(1)).unwrap(), Change::Unchanged(State::Running));
}

#[test]
fn a_key_stands_for_one_body() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let keyed = |n, key: &str, hash| NewExecution {
        idempotency: Some(Idempotency {
            key: key.to_owned(),
            body_hash: [hash; 32],
        }),
        ..new(id(n))
    };
    let cases = [
        (keyed(1, "a", 1), Accepted::Accepted),
        (keyed(2, "a", 1), Accepted::Repeated(id(1))),
        (keyed(3, "a", 2), Accepted::Conflict),
        (keyed(4, "b", 2), Accepted::Accepted),
    ];
    for (new, expected) in cases {
        assert_eq!(store.accept_now(new.clone()).unwrap(), expected, "{new:?}");
    }
    assert_eq!(state(&store, 2), None);
    assert_eq!(store.counts().unwrap().total, 2);
    let found = store.idempotency(&Owner::BUILT_IN, "a").unwrap().unwrap();
    assert_eq!(
        (found.execution_id, found.body_hash, found.created_at),
        (id(1), [1; 32], at(1))
    );
    assert_eq!(store.idempotency(&Owner::BUILT_IN, "c").unwrap(), None);
    // The key goes with its execution.
    store.finish_now(finished(id(1), Status::Killed)).unwrap();
    wait(|callback| store.delete(id(1), Durability::Soft, callback)).unwrap();
    assert_eq!(store.idempotency(&Owner::BUILT_IN, "a").unwrap(), None);
    assert_eq!(store.accept_now(keyed(5, "a", 9)).unwrap(), Accepted::Accepted);
}

#[test]
fn keys_of_other_principals_are_others() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let keyed = |n, principal| NewExecution {
        owner: Owner {
            principal_id: casemate_types::PrincipalId::from_value(principal),
            ..Owner::BUILT_IN
        },
        idempotency: Some(Idempotency {
            key: "a".to_owned(),
            body_hash: [principal as u8; 32],
        }),
        ..new(id(n))
    };
    assert_eq!(store.accept_now(keyed(1, 1)).unwrap(), Accepted::Accepted);
    assert_eq!(store.accept_now(keyed(2, 2)).unwrap(), Accepted::Accepted);
}

#[test]
fn an_id_is_recorded_once() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.accept_now(new(id(1))).unwrap();
    let again = store.accept_now(new(id(1)));
    assert!(
        matches!(&again, Err(error @ StoreError::Exists(found)) if *found == id(1) && error.fault() == Fault::Caller)
    );
}

#[test]
fn a_sweep_ends_what_is_open() {
    let scratch = Scratch::new();
    let store = scratch.store();
    store.ended(1, vec![]);
    store.accept_now(new(id(2))).unwrap();
    store.accept_now(new(id(3))).unwrap();
    store.start_now(id(3)).unwrap();
    drop(store);
    let store = scratch.store();
    let sweep = || Sweep {
        reason: "server_died".into(),
        ended_at: at(9),
    };
    let mut swept = wait(|callback| store.sweep_open(sweep(), callback)).unwrap();
    swept.sort();
    assert_eq!(swept, [id(2), id(3)]);
    for n in [2, 3] {
        let found = store.summary(id(n)).unwrap().unwrap();
        assert_eq!(
            (found.state, found.ended_at),
            (State::Ended(Status::Killed), Some(at(9)))
        );
        assert_eq!(found.reason.as_deref(), Some("server_died"));
    }
    assert_eq!(state(&store, 1), Some(State::Ended(Status::Succeeded)));
    assert_eq!(wait(|callback| store.sweep_open(sweep(), callback)).unwrap(), []);
}

#[test]
fn only_what_has_ended_is_removed() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let delete = |n| wait(|callback| store.delete(id(n), Durability::Soft, callback)).unwrap();
    assert_eq!(delete(1), Change::Missing);
    store.accept_now(new(id(1))).unwrap();
    assert_eq!(delete(1), Change::Unchanged(State::Queued));
    let file = StoredFile {
        path: "a".into(),
        mode: 0o644,
        sha256: [0; 32],
        content: vec![1],
    };
    let end = Finished {
        files: vec![file],
        ..finished(id(1), Status::Succeeded)
    };
    store.finish_now(end).unwrap();
    assert_eq!(delete(1), Change::Done);
    assert_eq!(store.get(id(1)).unwrap(), None);
    for table in [
        "executions",
        "labels",
        "requests",
        "results",
        "stdouts",
        "stderrs",
        "files",
        "idempotency",
    ] {
        let rows = store.readers.read("count", |session| {
            session.first(&format!("SELECT count(*) FROM {table}"), &[])
        });
        assert_eq!(rows.unwrap().unwrap().count(0).unwrap(), 0, "{table}");
    }
}

#[test]
fn bounds_name_their_field() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let check = |result: Result<(), StoreError>, expected: &str| match result {
        Err(error @ StoreError::Bound { field, .. }) => {
            assert_eq!(
                (field, error.fault(), error.retry_after()),
                (expected, Fault::Caller, None)
            );
        }
        other => panic!("{expected}: {other:?}"),
    };
    let accept = |change: &dyn Fn(&mut NewExecution)| {
        let mut new = new(id(1));
        change(&mut new);
        store.accept_now(new).map(drop)
    };
    let long = |bytes: usize| "x".repeat(bytes + 1);
    check(
        accept(&|new| new.language = long(bounds::MAX_LANGUAGE_BYTES)),
        "language",
    );
    check(
        accept(&|new| new.request = vec![0; bounds::MAX_FACTS_BYTES + 1]),
        "request",
    );
    check(
        accept(&|new| new.labels = (0..17).map(|n| (n.to_string(), String::new())).collect()),
        "labels",
    );
    check(
        accept(&|new| new.labels = [(long(bounds::MAX_LABEL_NAME_BYTES), String::new())].into()),
        "labels",
    );
    let key = Idempotency {
        key: long(bounds::MAX_KEY_BYTES),
        body_hash: [0; 32],
    };
    check(
        accept(&|new| new.idempotency = Some(key.clone())),
        "idempotency_key",
    );
    let finish = |change: &dyn Fn(&mut Finished)| {
        let mut end = finished(id(1), Status::Killed);
        change(&mut end);
        store.finish_now(end).map(drop)
    };
    check(
        finish(&|end| end.stdout.kept = vec![0; bounds::MAX_STREAM_BYTES + 1]),
        "stdout",
    );
    check(
        finish(&|end| end.stderr.kept = vec![0; bounds::MAX_STREAM_BYTES + 1]),
        "stderr",
    );
    check(
        finish(&|end| end.events = vec![0; bounds::MAX_EVENTS_BYTES + 1]),
        "events",
    );
    check(
        finish(&|end| end.result = vec![0; bounds::MAX_FACTS_BYTES + 1]),
        "result",
    );
    check(
        finish(&|end| end.reason = Some(long(bounds::MAX_REASON_BYTES))),
        "reason",
    );
    let file = |content| StoredFile {
        path: "a".into(),
        mode: 0,
        sha256: [0; 32],
        content,
    };
    check(
        finish(&|end| end.files = vec![file(vec![0; bounds::MAX_FILES_BYTES + 1])]),
        "files",
    );
    check(
        finish(&|end| end.files = vec![file(vec![]); bounds::MAX_FILES + 1]),
        "files",
    );
    assert_eq!(store.counts().unwrap().total, 0);
}

//! Tests of reading: pages, filters, parts of contents, figures, the bound of connections.

use crate::testing::{EPOCH_MS, Scratch, at, finished, id, is_postgres, new};
use crate::{
    Durability, Filter, Finished, NewExecution, State, Store, StoreError, StoredFile, Stream, bounds, wait,
};
use casemate_types::{Captured, ExecutionId, Status};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The ids of every page, and that no page is larger than asked for.
fn pages(store: &Store, filter: &Filter, limit: u32) -> Vec<ExecutionId> {
    let mut filter = filter.clone();
    let mut ids = Vec::new();
    loop {
        let page = store.list(&filter, limit).unwrap();
        assert!(page.items.len() <= limit as usize);
        ids.extend(page.items.iter().map(|item| item.id));
        assert!(ids.len() < 10_000, "pages without end");
        let Some(next) = page.next else { return ids };
        assert_eq!(page.items.len(), limit as usize);
        filter.older_than = Some(next);
    }
}

/// Numbers of executions that a filter holds, newest first.
#[track_caller]
fn check(store: &Store, filter: Filter, expected: &[u64]) {
    let expected: Vec<_> = expected.iter().map(|n| id(*n)).collect();
    assert_eq!(pages(store, &filter, 2), expected, "{filter:?}");
    assert_eq!(pages(store, &filter, 200), expected, "{filter:?}");
}

#[test]
fn filters_hold_what_they_say() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    for n in 0..8u64 {
        let accepted = NewExecution {
            language: if n < 5 { "python" } else { "go" }.to_owned(),
            labels: labels(&[
                ("parity", if n % 2 == 0 { "even" } else { "odd" }),
                ("all", "yes"),
                ("n", &n.to_string()),
            ]),
            ..new(id(n))
        };
        store.accept_now(accepted).unwrap();
    }
    store.finish_now(finished(id(1), Status::Failed)).unwrap();
    store.start_now(id(2)).unwrap();
    let all = Filter::default;
    check(&store, all(), &[7, 6, 5, 4, 3, 2, 1, 0]);
    check(
        &store,
        Filter {
            state: Some(State::Queued),
            ..all()
        },
        &[7, 6, 5, 4, 3, 0],
    );
    check(
        &store,
        Filter {
            state: Some(State::Running),
            ..all()
        },
        &[2],
    );
    check(
        &store,
        Filter {
            state: Some(State::Ended(Status::Failed)),
            ..all()
        },
        &[1],
    );
    check(
        &store,
        Filter {
            language: Some("go".into()),
            ..all()
        },
        &[7, 6, 5],
    );
    check(
        &store,
        Filter {
            language: Some("' OR 1 --".into()),
            ..all()
        },
        &[],
    );
    check(
        &store,
        Filter {
            labels: labels(&[("parity", "even")]),
            ..all()
        },
        &[6, 4, 2, 0],
    );
    check(
        &store,
        Filter {
            labels: labels(&[("parity", "even"), ("all", "yes"), ("n", "4")]),
            ..all()
        },
        &[4],
    );
    check(
        &store,
        Filter {
            labels: labels(&[("parity", "4")]),
            ..all()
        },
        &[],
    );
    check(
        &store,
        Filter {
            created_from: Some(at(5)),
            ..all()
        },
        &[7, 6, 5],
    );
    check(
        &store,
        Filter {
            created_before: Some(at(2)),
            ..all()
        },
        &[1, 0],
    );
    check(
        &store,
        Filter {
            created_from: Some(at(3)),
            created_before: Some(at(5)),
            ..all()
        },
        &[4, 3],
    );
    let every = Filter {
        state: Some(State::Queued),
        language: Some("python".into()),
        labels: labels(&[("all", "yes"), ("parity", "odd")]),
        created_from: Some(at(0)),
        created_before: Some(at(100)),
        older_than: Some(id(7)),
        ..all()
    };
    check(&store, every, &[3]);
    assert_eq!(store.list(&all(), 0).unwrap().items.len(), 1);
    let labels = (0..17).map(|n| (n.to_string(), String::new())).collect();
    assert!(matches!(
        store.list(&Filter { labels, ..all() }, 1),
        Err(StoreError::Bound { field: "labels", .. })
    ));
}

#[test]
fn list_items_know_their_labels() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let labels = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    store
        .accept_now(NewExecution {
            labels: labels.clone(),
            ..new(id(1))
        })
        .unwrap();
    assert_eq!(store.list(&Filter::default(), 9).unwrap().items[0].labels, labels);
    assert_eq!(
        store.list(&Filter::default(), 9).unwrap().items[0],
        store.summary(id(1)).unwrap().unwrap()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if is_postgres() { 4 } else { 24 }))]

    #[test]
    fn pages_visit_every_execution_once(
        numbers in prop::collection::btree_set(0u64..5000, 0..60),
        order in any::<u64>(),
        limit in 1u32..20,
        from in prop::option::of(0u64..5000),
        labelled in any::<bool>(),
    ) {
        let scratch = Scratch::new();
        let store = scratch.store();
        // Ids do not always come in their own order.
        let mut shuffled: Vec<u64> = numbers.iter().copied().collect();
        shuffled.sort_by_key(|n| n.wrapping_mul(order | 1));
        for n in shuffled {
            let labels = BTreeMap::from([("third".to_owned(), (n % 3).to_string())]);
            store.accept(NewExecution { labels, ..new(id(n)) }, Durability::Soft, |_| {});
        }
        wait(|callback| store.start(
            crate::Started { id: id(9999), sandbox_id: None, started_at: at(0) }, Durability::Soft, callback,
        )).unwrap();
        let labels = BTreeMap::from([("third".to_owned(), "1".to_owned())]);
        let filter = Filter {
            created_from: from.map(at),
            labels: if labelled { labels } else { BTreeMap::new() },
            ..Filter::default()
        };
        let expected: Vec<ExecutionId> = numbers
            .iter()
            .rev()
            .filter(|n| from.is_none_or(|from| **n >= from) && (!labelled || *n % 3 == 1))
            .map(|n| id(*n))
            .collect();
        prop_assert_eq!(pages(&store, &filter, limit), expected);
    }
}

#[test]
fn pages_are_steady_while_executions_come_and_go() {
    let scratch = Scratch::new();
    let store = scratch.store();
    for n in 0..30 {
        store.ended(n * 2, vec![]);
    }
    let mut filter = Filter::default();
    let mut seen = BTreeSet::new();
    let mut round = 0;
    loop {
        let page = store.list(&filter, 7).unwrap();
        for item in &page.items {
            assert!(seen.insert(item.id), "{} twice", item.id);
        }
        let Some(next) = page.next else { break };
        filter.older_than = Some(next);
        // A new one, and one that was shown goes: the cursor itself.
        store.ended(1000 + round, vec![]);
        wait(|callback| store.delete(next, Durability::Soft, callback)).unwrap();
        round += 1;
    }
    let expected: BTreeSet<_> = (0..30).map(|n| id(n * 2)).collect();
    assert_eq!(seen, expected);
}

#[test]
fn contents_are_read_in_parts() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let content: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    store.accept_now(new(id(1))).unwrap();
    let file = |path: &str, content: Vec<u8>| StoredFile {
        path: path.into(),
        mode: 0o600,
        sha256: [1; 32],
        content,
    };
    let end = Finished {
        stdout: Captured {
            kept: content.clone(),
            total_bytes: 9_000_000,
        },
        files: vec![
            file("b", content.clone()),
            file("a/c", vec![]),
            file("a", vec![4]),
        ],
        ..finished(id(1), Status::Succeeded)
    };
    store.finish_now(end).unwrap();
    let stdout = |offset, limit| {
        store
            .read_stream(id(1), Stream::Stdout, offset, limit)
            .unwrap()
            .unwrap()
    };
    for (offset, limit, expected) in [
        (0, 10, &content[..10]),
        (1_234_567, 100_000, &content[1_234_567..1_334_567]),
        (2_999_990, 100, &content[2_999_990..]),
        (3_000_000, 100, &[]),
        (u64::MAX, 100, &[]),
        (5, 0, &[]),
        (0, usize::MAX, &content[..bounds::MAX_SLICE_BYTES]),
    ] {
        let slice = stdout(offset, limit);
        assert_eq!(
            (slice.bytes == expected, slice.size_bytes),
            (true, 3_000_000),
            "{offset} {limit}"
        );
    }
    let stderr = store.read_stream(id(1), Stream::Stderr, 0, 10).unwrap().unwrap();
    assert_eq!((stderr.bytes.len(), stderr.size_bytes), (0, 0));
    assert_eq!(store.read_stream(id(2), Stream::Stdout, 0, 10).unwrap(), None);
    let read = store.read_file(id(1), "b", 2_000_000, 50).unwrap().unwrap();
    assert_eq!(
        (read.bytes == content[2_000_000..2_000_050], read.size_bytes),
        (true, 3_000_000)
    );
    assert_eq!(
        store.read_file(id(1), "a/c", 0, 50).unwrap().unwrap().size_bytes,
        0
    );
    assert_eq!(store.read_file(id(1), "c", 0, 50).unwrap(), None);
    assert_eq!(store.read_file(id(2), "b", 0, 50).unwrap(), None);
    assert_eq!(store.file(id(1), "a").unwrap().unwrap().size_bytes, 1);
    assert_eq!(store.file(id(1), "d").unwrap(), None);
    let paths: Vec<String> = store
        .get(id(1))
        .unwrap()
        .unwrap()
        .files
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert_eq!(paths, ["a", "a/c", "b"]);
}

#[test]
fn what_is_not_there_is_none() {
    let scratch = Scratch::new();
    let store = scratch.store();
    assert_eq!(store.get(id(1)).unwrap(), None);
    assert_eq!(store.summary(id(1)).unwrap(), None);
    assert_eq!(store.events(id(1)).unwrap(), None);
    store.accept_now(new(id(1))).unwrap();
    assert_eq!(store.events(id(1)).unwrap(), None);
}

#[test]
fn figures_add_up() {
    let scratch = Scratch::new();
    let store = scratch.store();
    assert_eq!(store.counts().unwrap().total, 0);
    store.ended(1, vec![0; 100_000]);
    store.ended(2, vec![]);
    store.accept_now(new(id(3))).unwrap();
    let counts = store.counts().unwrap();
    assert_eq!(counts.total, 3);
    assert_eq!(counts.of(State::Ended(Status::Succeeded)), 2);
    assert_eq!((counts.of(State::Queued), counts.of(State::Running)), (1, 0));
    let sizes = store.sizes().unwrap();
    assert!(
        sizes.database_bytes > 100_000 && (is_postgres() || sizes.log_bytes > 100_000),
        "{sizes:?}"
    );
    wait(|callback| store.delete(id(1), Durability::Soft, callback)).unwrap();
    assert!(is_postgres() || store.sizes().unwrap().free_bytes >= 96 << 10);
}

#[test]
fn reads_wait_for_a_connection_up_to_the_limit() {
    let scratch = Scratch::new();
    let options = crate::Options {
        readers: 1,
        read_limit: Duration::from_millis(100),
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    let refused = store
        .readers
        .read("hold the only connection", |_| Ok(store.counts()))
        .unwrap();
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    assert_eq!(store.counts().unwrap().total, 0);
}

#[test]
fn a_created_time_is_that_of_the_id() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let last = ExecutionId::from_value(u128::MAX);
    let first = ExecutionId::from_value(0);
    for one in [first, id(5), last] {
        store.accept_now(new(one)).unwrap();
    }
    assert_eq!(pages(&store, &Filter::default(), 1), [last, id(5), first]);
    let created = store.summary(id(5)).unwrap().unwrap().created_at;
    assert_eq!(
        created,
        std::time::UNIX_EPOCH + Duration::from_millis(EPOCH_MS + 5)
    );
}

#[test]
fn any_text_can_be_kept() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let labels = BTreeMap::from([("a\0b".to_owned(), "\u{10ffff}\n\0".to_owned())]);
    let record = NewExecution {
        labels: labels.clone(),
        ..new(id(1))
    };
    store.accept_now(record).unwrap();
    let filter = Filter {
        labels,
        ..Filter::default()
    };
    check(&store, filter, &[1]);
}

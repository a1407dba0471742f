//! How writes share a transaction: levels, savepoints, the bounds of the queue, the end of the writer.

use crate::job::{Callback, Failure, Job, Pending, Request};
use crate::model::change::Durability;
use crate::open::Opened;
use crate::queue::Queue;
use crate::sql::Session;
use crate::testing::{Scratch, finished, id, new};
use crate::write::Writer;
use crate::{Accepted, Finished, Options, Store, StoreError, StoredFile, wait};
use casemate_types::{Bytes, Status};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};

type Answers<T> = Receiver<Result<T, StoreError>>;

/// A writer that the test drives itself.
fn writer(scratch: &Scratch) -> (Writer, std::fs::File) {
    let options = scratch.options();
    let Opened {
        connection,
        condition,
        lock,
    } = Opened::open(&options).unwrap();
    (
        Writer::new(connection, Arc::new(Queue::new(&options)), condition, &options),
        lock,
    )
}

fn job<R: Request + 'static>(request: R, durability: Durability) -> (Box<dyn Job>, Answers<R::Reply>)
where
    R::Reply: 'static,
{
    let (sender, receiver) = channel();
    let callback: Callback<R::Reply> = Box::new(move |result| sender.send(result).unwrap());
    (Box::new(Pending::new(request, durability, callback)), receiver)
}

/// Blocks the writer inside a transaction until the barrier opens; tells when it does so.
struct Hold(Arc<Barrier>, Sender<()>);

impl Request for Hold {
    type Reply = ();
    const OPERATION: &'static str = "hold";

    fn apply(&self, _: &mut dyn Session) -> Result<(), Failure> {
        self.1.send(()).unwrap();
        self.0.wait();
        Ok(())
    }

    fn bytes(&self) -> u64 {
        0
    }
}

/// Dies in the writer.
struct Die;

impl Request for Die {
    type Reply = ();
    const OPERATION: &'static str = "die";

    fn apply(&self, _: &mut dyn Session) -> Result<(), Failure> {
        panic!("a writer that dies")
    }

    fn bytes(&self) -> u64 {
        0
    }
}

impl Store {
    /// Stops the writer for as long as the barrier is closed. It has taken nothing that comes after.
    fn hold(&self) -> Arc<Barrier> {
        let barrier = Arc::new(Barrier::new(2));
        let (sender, receiver) = channel();
        self.submit(Hold(Arc::clone(&barrier), sender), Durability::Soft, |_| {});
        receiver.recv().unwrap();
        barrier
    }
}

#[test]
fn a_batch_with_one_durable_write_is_flushed() {
    let scratch = Scratch::new();
    let (mut writer, _lock) = writer(&scratch);
    let mut n = 0;
    // NORMAL is 1, FULL is 2. What FULL flushes is SQLite's promise; power.rs watches the system calls.
    for (durabilities, expected) in [
        (&[Durability::Soft, Durability::Soft][..], 1),
        (&[Durability::Soft, Durability::Durable, Durability::Soft], 2),
        (&[Durability::Soft], 1),
        (&[Durability::Durable], 2),
        (&[Durability::Durable], 2),
    ] {
        let (jobs, answers): (Vec<_>, Vec<_>) = durabilities
            .iter()
            .map(|durability| {
                n += 1;
                job(new(id(n)), *durability)
            })
            .unzip();
        writer.serve(jobs);
        for answer in answers {
            assert_eq!(answer.try_recv().unwrap().unwrap(), Accepted::Accepted);
        }
        let level: i64 = writer
            .connection
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .unwrap();
        assert_eq!(level, expected, "{durabilities:?}");
    }
}

#[test]
fn a_failing_write_fails_alone() {
    let scratch = Scratch::new();
    let (mut writer, _lock) = writer(&scratch);
    let twice = StoredFile {
        path: "a".into(),
        mode: 0,
        sha256: [0; 32],
        content: vec![],
    };
    let broken = Finished {
        files: vec![twice.clone(), twice],
        ..finished(id(1), Status::Succeeded)
    };
    let (first, first_answer) = job(new(id(1)), Durability::Soft);
    let (broken, broken_answer) = job(broken, Durability::Soft);
    let (again, again_answer) = job(new(id(1)), Durability::Soft);
    let (last, last_answer) = job(new(id(2)), Durability::Durable);
    writer.serve(vec![first, broken, again, last]);
    assert_eq!(first_answer.try_recv().unwrap().unwrap(), Accepted::Accepted);
    assert!(matches!(
        broken_answer.try_recv().unwrap(),
        Err(StoreError::Database { .. })
    ));
    assert!(matches!(
        again_answer.try_recv().unwrap(),
        Err(StoreError::Exists(_))
    ));
    assert_eq!(last_answer.try_recv().unwrap().unwrap(), Accepted::Accepted);
    // Nothing of the broken end is there: neither its state nor its first file.
    let rows = |sql| {
        writer
            .connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(rows("SELECT count(*) FROM executions WHERE status = 'queued'"), 2);
    assert_eq!(
        rows("SELECT (SELECT count(*) FROM files) + (SELECT count(*) FROM results)"),
        0
    );
}

#[test]
fn what_waits_becomes_one_transaction() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let barrier = store.hold();
    let (sender, receiver) = channel();
    for n in 1..=100 {
        let sender = sender.clone();
        store.accept(new(id(n)), Durability::Soft, move |result| {
            sender.send((n, result.unwrap())).unwrap()
        });
    }
    assert!(receiver.try_recv().is_err());
    barrier.wait();
    // Every answer comes in the order of the writes.
    let order: Vec<u64> = receiver.iter().take(100).map(|(n, _)| n).collect();
    assert_eq!(order, (1..=100).collect::<Vec<_>>());
}

#[test]
fn a_full_queue_refuses_at_once() {
    let scratch = Scratch::new();
    let options = Options {
        queue_operations: 4,
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    let barrier = store.hold();
    let (sender, receiver) = channel();
    let mut refused = 0;
    for n in 1..=10 {
        let sender = sender.clone();
        store.accept(new(id(n)), Durability::Soft, move |result| {
            sender.send(result).unwrap()
        });
        if let Ok(answer) = receiver.try_recv() {
            let error = answer.unwrap_err();
            assert!(
                matches!(error, StoreError::Busy) && error.retry_after().is_some(),
                "{error:?}"
            );
            refused += 1;
        }
    }
    assert_eq!(refused, 6);
    barrier.wait();
    let accepted = receiver.iter().take(10 - refused).filter(Result::is_ok).count();
    assert_eq!(accepted, 10 - refused);
    assert_eq!(store.counts().unwrap().total, accepted as u64);
}

#[test]
fn a_queue_is_bounded_in_bytes() {
    let scratch = Scratch::new();
    let options = Options {
        queue_bytes: Bytes::kib(64),
        ..scratch.options()
    };
    let store = Store::open(&options).unwrap();
    let large = |n| {
        let mut new = new(id(n));
        new.request = vec![0; 100 << 10];
        new
    };
    // Alone it goes through, whatever its size.
    assert_eq!(store.accept_now(large(1)).unwrap(), Accepted::Accepted);
    let barrier = store.hold();
    store.accept(new(id(2)), Durability::Soft, |_| {});
    let refused = wait(|callback| store.accept(large(3), Durability::Soft, callback));
    assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
    barrier.wait();
}

#[test]
fn a_closing_store_commits_what_waits() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let barrier = store.hold();
    let (sender, receiver) = channel();
    for n in 1..=50 {
        let sender = sender.clone();
        store.accept(new(id(n)), Durability::Soft, move |result| {
            sender.send(result).unwrap()
        });
    }
    let opener = std::thread::spawn(move || barrier.wait());
    drop(store);
    opener.join().unwrap();
    assert_eq!(receiver.try_iter().filter(Result::is_ok).count(), 50);
    assert_eq!(scratch.store().counts().unwrap().total, 50);
}

#[test]
fn the_last_reference_may_end_in_a_callback() {
    let scratch = Scratch::new();
    let store = Arc::new(scratch.store());
    let (sender, receiver) = channel();
    let held = Arc::clone(&store);
    let barrier = store.hold();
    store.accept(new(id(1)), Durability::Soft, move |result| {
        drop(held);
        sender.send(result).unwrap();
    });
    drop(store);
    barrier.wait();
    assert_eq!(receiver.recv().unwrap().unwrap(), Accepted::Accepted);
}

#[test]
fn a_dead_writer_answers_everybody() {
    let scratch = Scratch::new();
    let store = scratch.store();
    let barrier = store.hold();
    let (sender, receiver) = channel();
    let dying = sender.clone();
    store.submit(Die, Durability::Soft, move |result| {
        dying.send(result.map(|()| Accepted::Conflict)).unwrap()
    });
    for n in 1..=10 {
        let sender = sender.clone();
        store.accept(new(id(n)), Durability::Soft, move |result| {
            sender.send(result).unwrap()
        });
    }
    drop(sender);
    barrier.wait();
    let answers: Vec<_> = receiver.iter().collect();
    assert_eq!(answers.len(), 11);
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::Stopped)), "{answer:?}");
    }
    assert!(matches!(store.accept_now(new(id(11))), Err(StoreError::Stopped)));
    assert_eq!(store.counts().unwrap().total, 0);
}

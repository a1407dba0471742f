//! A process that is killed while it writes: everything that it was told is recorded is there afterwards.

use crate::testing::{Scratch, at, finished, id, new, this_test, variable};
use crate::{Durability, Finished, Idempotency, NewExecution, Owner, State, Store, Stream, Sweep, wait};
use casemate_types::{Captured, Status};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{SystemTime, UNIX_EPOCH};

const FOLDER: &str = "CASEMATE_STORE_CRASH_FOLDER";
const FIRST: &str = "CASEMATE_STORE_CRASH_FIRST";
const ROUNDS: u64 = 12;
/// Writes of the child that are not answered yet.
const IN_FLIGHT: u64 = 64;

/// Mixed, so that every batch has some of both.
fn durability(n: u64) -> Durability {
    if n.is_multiple_of(3) {
        Durability::Durable
    } else {
        Durability::Soft
    }
}

fn output(n: u64) -> Vec<u8> {
    vec![(n % 251) as u8; (n % 40) as usize * 1000]
}

/// The child: writes until it is killed. Without the variable it is no test.
#[test]
fn child() {
    let Some(folder) = variable(FOLDER) else { return };
    let first: u64 = variable(FIRST).unwrap().parse().unwrap();
    let store = Arc::new(Store::open(&crate::Options::new(folder)).unwrap());
    let (sender, receiver) = mpsc::channel::<String>();
    let answered = Arc::new(AtomicU64::new(0));
    std::thread::spawn(move || {
        let mut out = std::io::stdout().lock();
        for line in receiver {
            // One write, so that the parent gets whole lines but for the last.
            out.write_all(line.as_bytes()).unwrap();
            out.flush().unwrap();
        }
    });
    for n in first.. {
        while n - first - answered.load(Ordering::Relaxed) > IN_FLIGHT {
            std::thread::yield_now();
        }
        let key = Idempotency {
            key: n.to_string(),
            body_hash: [1; 32],
        };
        let sent = sender.clone();
        let accepted = NewExecution {
            idempotency: Some(key),
            ..new(id(n))
        };
        store.accept(accepted, durability(n), move |result| {
            result.unwrap();
            sent.send(format!("\naccepted {n}\n")).unwrap();
        });
        let kept = output(n);
        let stdout = Captured {
            total_bytes: kept.len() as u64,
            kept,
        };
        let (sent, count) = (sender.clone(), Arc::clone(&answered));
        let end = Finished {
            stdout,
            ..finished(id(n), Status::Succeeded)
        };
        store.finish(end, durability(n + 1), move |result| {
            result.unwrap();
            sent.send(format!("\nfinished {n}\n")).unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        });
    }
}

#[derive(Default)]
struct Told {
    accepted: BTreeSet<u64>,
    finished: BTreeSet<u64>,
}

impl Told {
    fn hear(&mut self, line: &str) {
        if let Some(n) = line.strip_prefix("accepted ") {
            self.accepted.insert(n.parse().unwrap());
        } else if let Some(n) = line.strip_prefix("finished ") {
            self.finished.insert(n.parse().unwrap());
        }
    }

    /// Runs a child and kills it after so many answers.
    fn listen(&mut self, scratch: &Scratch, first: u64, answers: u64) {
        let mut child = this_test("write::tests::crash::child")
            .env(FOLDER, scratch.path())
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut heard = 0;
        loop {
            let mut line = String::new();
            let bytes = lines.read_line(&mut line).unwrap();
            if bytes == 0 || !line.ends_with('\n') {
                break;
            }
            self.hear(line.trim_end());
            heard += 1;
            if heard == answers {
                child.kill().unwrap();
            }
        }
        assert!(heard >= answers, "the child ended by itself after {heard}");
        child.wait().unwrap();
    }

    fn check(&self, scratch: &Scratch) {
        let store = scratch.store();
        for n in &self.accepted {
            let found = store.summary(id(*n)).unwrap();
            assert!(found.is_some(), "accepted {n} is gone");
            assert!(
                store
                    .idempotency(&Owner::BUILT_IN, &n.to_string())
                    .unwrap()
                    .is_some(),
                "{n}"
            );
        }
        for n in &self.finished {
            let found = store.summary(id(*n)).unwrap().unwrap();
            assert_eq!(found.state, State::Ended(Status::Succeeded), "finished {n}");
            let stdout = store
                .read_stream(id(*n), Stream::Stdout, 0, 1 << 20)
                .unwrap()
                .unwrap();
            assert!(stdout.bytes == output(*n), "{n}");
        }
        let sweep = Sweep {
            reason: "server_died".into(),
            ended_at: at(9),
        };
        wait(|callback| store.sweep_open(sweep, callback)).unwrap();
        drop(store);
        let raw = scratch.sound();
        let broken: i64 = raw
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(broken, 0);
    }
}

#[test]
fn what_was_answered_survives_a_kill() {
    let scratch = Scratch::new();
    let mut told = Told::default();
    let seed = u64::from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .subsec_nanos(),
    );
    println!("seed {seed}");
    for round in 0..ROUNDS {
        // A linear congruence is random enough for moments.
        let moment = (seed + round).wrapping_mul(6_364_136_223_846_793_005) >> 33;
        told.listen(&scratch, round * 100_000, 1 + moment % 600);
        told.check(&scratch);
    }
    assert!(told.finished.len() > 10);
}

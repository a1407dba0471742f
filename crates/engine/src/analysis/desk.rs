//! Where a service has its programs read: one thread for each process that reads, which waits for its answer.
//!
//! The supervisor starts the processes and hands their sockets over; one that is gone, late or malformed is told to it.
//! While none is there, programs wait, as they do without a warden.

use super::cache::{Cache, Hash};
use super::{Reading, Trouble, link, question, worth};
use casemate_analysis::Report;
use casemate_analysis::Submission;
use casemate_analysis::codec::encode_submission;
use casemate_sandbox::analyser::Link;
use casemate_types::ExecutionId;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a thread that has nothing to do looks whether its process still lives.
const LOOK: Duration = Duration::from_secs(1);

/// Processes that may die on a program before it counts as the program's doing: one, or all that there were, may have
/// been ended by somebody else.
const MOST_DEATHS: u8 = 3;

/// Called once with the answer, by another thread; must not block.
pub type Done = Box<dyn FnOnce(Reading) + Send>;
/// Called with the serial number of a process that is of no use any more.
pub type OnLoss = Box<dyn Fn(u64) + Send + Sync>;

/// A process that reads, as it is handed over.
#[derive(Debug)]
pub struct Handed {
    /// Which place it takes.
    pub place: usize,
    /// Its serial number: no two of a service share one.
    pub serial: u64,
    /// Its socket.
    pub socket: OwnedFd,
}

/// A process at its place.
struct Seated {
    serial: u64,
    link: Link,
}

struct Task {
    of: Option<ExecutionId>,
    bytes: Vec<u8>,
    hash: Hash,
    done: Done,
    /// How often a process died on it.
    deaths: u8,
}

#[derive(Default)]
struct Inner {
    queue: VecDeque<Task>,
    /// What was handed over and not taken yet, by its place.
    fresh: Vec<Option<Handed>>,
}

/// What was done since the start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Programs that were read.
    pub read: u64,
    /// Answers that were known already.
    pub known: u64,
    /// Processes that died on a program, or whose answer was none.
    pub crashed: u64,
    /// Programs that took too long.
    pub late: u64,
    /// Programs that wait to be read.
    pub waiting: u64,
}

/// The desk of a service.
pub struct Desk {
    inner: Mutex<Inner>,
    changed: Condvar,
    cache: Mutex<Cache>,
    on_loss: OnLoss,
    read: AtomicU64,
    known: AtomicU64,
    crashed: AtomicU64,
    late: AtomicU64,
}

impl Desk {
    /// A desk with so many places; its threads live as long as the process.
    ///
    /// # Errors
    /// When no thread is to be had.
    pub fn start(places: usize, on_loss: OnLoss) -> io::Result<Arc<Self>> {
        let desk = Arc::new(Self {
            inner: Mutex::new(Inner {
                queue: VecDeque::new(),
                fresh: (0..places).map(|_| None).collect(),
            }),
            changed: Condvar::new(),
            cache: Mutex::default(),
            on_loss,
            read: AtomicU64::new(0),
            known: AtomicU64::new(0),
            crashed: AtomicU64::new(0),
            late: AtomicU64::new(0),
        });
        for place in 0..places {
            let own = desk.clone();
            let thread = std::thread::Builder::new().name(format!("reader-{place}"));
            thread.spawn(move || own.work(place))?;
        }
        Ok(desk)
    }

    /// Uses this process at its place from now on.
    pub fn connect(&self, handed: Handed) {
        if let Some(slot) = self.inner().fresh.get_mut(handed.place) {
            *slot = Some(handed);
        }
        self.changed.notify_all();
    }

    /// Has a submission read; `done` is called at once where the answer is known. `of` names it for [`Desk::withdraw`].
    pub fn ask(&self, of: Option<ExecutionId>, submission: &Submission, done: Done) {
        let bytes = encode_submission(submission);
        let hash: Hash = Sha256::digest(&bytes).into();
        let known = self.cache().get(&hash);
        if let Some(report) = known {
            self.known.fetch_add(1, Ordering::Relaxed);
            return done(Reading::Report(Box::new(Report::clone(&report))));
        }
        self.inner().queue.push_back(Task {
            of,
            bytes,
            hash,
            done,
            deaths: 0,
        });
        // One of them may have no process now: all look.
        self.changed.notify_all();
    }

    /// Takes what waits to be read out of the queue; whether it was there.
    pub fn withdraw(&self, of: ExecutionId) -> bool {
        let mut inner = self.inner();
        let before = inner.queue.len();
        inner.queue.retain(|task| task.of != Some(of));
        inner.queue.len() < before
    }

    /// What was done since the start.
    pub fn counts(&self) -> Counts {
        Counts {
            read: self.read.load(Ordering::Relaxed),
            known: self.known.load(Ordering::Relaxed),
            crashed: self.crashed.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            waiting: self.inner().queue.len() as u64,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole: a panic elsewhere leaves a queue.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, place: usize) {
        let mut own: Option<Seated> = None;
        loop {
            let (task, mut process) = self.next(place, own.take());
            let reading = worth(process.link.ask(&question(&task.bytes), None));
            if let Reading::Trouble(_) = &reading {
                (self.on_loss)(process.serial);
            } else {
                own = Some(process);
            }
            self.settle(task, reading);
        }
    }

    /// Waits until there is a process and something to ask it.
    fn next(&self, place: usize, mut own: Option<Seated>) -> (Task, Seated) {
        let mut inner = self.inner();
        loop {
            if let Some(handed) = inner.fresh.get_mut(place).and_then(Option::take) {
                own = Some(Seated {
                    serial: handed.serial,
                    link: link(handed.socket),
                });
            }
            if let Some(spent) = own.take_if(|process| process.link.is_spent()) {
                (self.on_loss)(spent.serial);
            }
            own = match (own, inner.queue.pop_front()) {
                (Some(process), Some(task)) => return (task, process),
                (own, Some(task)) => {
                    inner.queue.push_front(task);
                    own
                }
                (own, None) => own,
            };
            let waited = self.changed.wait_timeout(inner, LOOK);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn settle(&self, task: Task, reading: Reading) {
        match &reading {
            Reading::Report(report) => {
                self.read.fetch_add(1, Ordering::Relaxed);
                let bytes = casemate_analysis::codec::encode_report(report).len();
                self.cache()
                    .put(task.hash, Arc::new(Report::clone(report)), bytes);
            }
            Reading::Trouble(Trouble::Late) => {
                self.late.fetch_add(1, Ordering::Relaxed);
            }
            Reading::Trouble(_) if task.deaths + 1 < MOST_DEATHS => {
                self.crashed.fetch_add(1, Ordering::Relaxed);
                let deaths = task.deaths + 1;
                self.inner().queue.push_front(Task { deaths, ..task });
                self.changed.notify_all();
                return;
            }
            Reading::Trouble(_) => {
                self.crashed.fetch_add(1, Ordering::Relaxed);
            }
        }
        (task.done)(reading);
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

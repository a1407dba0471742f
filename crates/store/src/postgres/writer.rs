//! The writer over PostgreSQL: one thread, one connection. Everything that waits becomes one transaction.
//!
//! It must never answer a write before its commit is confirmed, and never do again what may have been committed:
//! after a lost connection it looks first.

use super::connection::Connection;
use super::{Server, doubt, schema};
use crate::condition::{Condition, Health};
use crate::error::{Cause, StoreError};
use crate::job::{Failure, Job};
use crate::options::Options;
use crate::queue::{Queue, Taken};
use crate::sql::{DatabaseError, Result};
use crate::trouble::Trouble;
use doubt::Mark;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a caller that may come again waits for a database that is away.
const ENTRY_LIMIT: Duration = Duration::from_secs(2);
/// Between two attempts to connect: doubled from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long a new connection waits for the lock that a lost one may still have.
const LOCK_LIMIT: Duration = Duration::from_secs(2);

/// A transaction whose end is not known.
struct Doubt {
    batch: i64,
    /// What its jobs are answered with, if it was committed.
    results: Vec<Answer>,
}

type Answer = std::result::Result<(), StoreError>;

/// The state of the writing thread.
pub(crate) struct Writer {
    server: Server,
    connection: Option<Connection>,
    /// The server's process of the connection.
    process: i64,
    mark: Mark,
    doubt: Option<Doubt>,
    /// Another instance has taken over.
    is_replaced: bool,
    queue: Arc<Queue>,
    condition: Arc<Condition>,
    lock_limit: Duration,
    probe_interval: Duration,
}

/// Connects, takes the lock, and brings the database to the newest version.
pub(crate) fn open(
    server: &Server,
    options: &Options,
    condition: &Arc<Condition>,
    queue: &Arc<Queue>,
) -> std::result::Result<Writer, StoreError> {
    let note = |operation| move |error: DatabaseError| condition.note(operation, error);
    let path = condition.path();
    let mut connection = patient(server, options.lock_limit).map_err(note("connect to the database"))?;
    let unfit = schema::unfit(&mut connection).map_err(note("ask the database what it is"))?;
    if let Some(what) = unfit {
        return Err(StoreError::Unfit {
            path: path.to_owned(),
            what,
        });
    }
    let limit = options.lock_limit.min(LOCK_LIMIT);
    if !doubt::lock(&mut connection, limit).map_err(note("lock the database"))? {
        return Err(StoreError::InUse {
            path: path.to_owned(),
        });
    }
    schema::migrate(&mut connection, path)?.map_err(note("bring the database up to date"))?;
    let process = doubt::process(&mut connection).map_err(note("begin to write"))?;
    let mark = doubt::take_over(&mut connection).map_err(note("begin to write"))?;
    Ok(Writer {
        server: server.clone(),
        connection: Some(connection),
        process,
        mark,
        doubt: None,
        is_replaced: false,
        queue: Arc::clone(queue),
        condition: Arc::clone(condition),
        lock_limit: options.lock_limit,
        probe_interval: options.probe_interval.min(PAUSES.1),
    })
}

/// Connects to a server that may be starting.
fn patient(server: &Server, limit: Duration) -> Result<Connection> {
    let until = Instant::now() + limit;
    let mut pause = PAUSES.0;
    loop {
        match server.connect() {
            Err(error) if Trouble::of(&error) == Trouble::Away && Instant::now() < until => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(PAUSES.1);
            }
            other => return other,
        }
    }
}

impl Writer {
    /// The life of the thread.
    pub(crate) fn run(mut self) {
        loop {
            match self.queue.take(Some(self.probe_interval)) {
                Taken::Work(jobs) => self.serve(jobs),
                Taken::Nothing => self.probe(),
                Taken::Closed => return,
            }
        }
    }

    /// Finds out that the server is gone, or back, without a caller.
    fn probe(&mut self) {
        let asked = self
            .connected()
            .and_then(|()| self.writing(|connection| connection.batch("SELECT 1")));
        match asked {
            Ok(()) if self.condition.health() != Health::Healthy => self.condition.set_healthy(),
            Ok(()) => {}
            Err(error) => drop(self.note("ask the database", error)),
        }
    }

    /// Commits and answers every job; waits for a server that is away, up to the limit of each.
    fn serve(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        let mut pause = PAUSES.0;
        loop {
            if self.is_replaced || jobs.is_empty() {
                return self.refuse(jobs);
            }
            let Err(error) = self.connected().and_then(|()| self.settle(&mut jobs)) else {
                return self.condition.set_healthy();
            };
            let trouble = Trouble::of(&error);
            let operation = jobs.first().map_or("write", |job| job.operation());
            let error = self.note(operation, error);
            if matches!(trouble, Trouble::Away | Trouble::Locked) {
                self.expire(&mut jobs, &error);
                if !jobs.is_empty() {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSES.1);
                }
            } else if trouble == Trouble::Corrupt || jobs.len() == 1 {
                for job in jobs.drain(..) {
                    job.answer(Err(error.clone()));
                }
            } else {
                // One of them may be at fault: the others must not fail with it.
                for job in jobs {
                    self.serve(vec![job]);
                }
                return;
            }
        }
    }

    fn refuse(&self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs {
            job.answer(Err(StoreError::InUse {
                path: self.condition.path().to_owned(),
            }));
        }
    }

    /// Answers what has waited for long enough. What may have been committed waits on: nobody is told what is not
    /// known.
    fn expire(&self, jobs: &mut Vec<Box<dyn Job>>, error: &StoreError) {
        let limit = self.lock_limit;
        let is_late = |job: &dyn Job| {
            let limit = if job.is_entry() {
                limit.min(ENTRY_LIMIT)
            } else {
                limit
            };
            job.submitted().elapsed() >= limit
        };
        let late = self.queue.remove(&is_late);
        let own = self
            .doubt
            .is_none()
            .then(|| jobs.extract_if(.., |job| is_late(&**job)));
        for job in late.into_iter().chain(own.into_iter().flatten()) {
            job.answer(Err(error.clone()));
        }
    }

    /// Connects where need be: takes the lock, and looks who wrote last.
    fn connected(&mut self) -> Result<()> {
        if self.connection.is_some() {
            return Ok(());
        }
        let mut connection = self.server.connect()?;
        doubt::end(&mut connection, self.process)?;
        if !doubt::lock(&mut connection, LOCK_LIMIT)? {
            return Err(DatabaseError::Lost(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another connection holds the lock of the writer",
            )));
        }
        let process = doubt::process(&mut connection)?;
        if doubt::found(&mut connection)?.instance != self.mark.instance {
            return Err(self.replaced());
        }
        self.process = process;
        self.connection = Some(connection);
        Ok(())
    }

    /// Another instance wrote meanwhile: this one never does again.
    fn replaced(&mut self) -> DatabaseError {
        self.is_replaced = true;
        DatabaseError::Lost(io::Error::other(
            "another instance has taken the database over: start this one again",
        ))
    }

    /// Brings the jobs to their end: by the transaction whose end was not known, or by a new one.
    fn settle(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> Result<()> {
        if let Some(batch) = self.doubt.as_ref().map(|doubt| doubt.batch) {
            let found = self.writing(doubt::found)?;
            if let Some(doubt) = self.doubt.take()
                && found.batch == batch
            {
                answer(jobs, doubt.results);
                return Ok(());
            }
        }
        let results = match self.attempt(jobs, Care::Quick) {
            // Something failed: again, each by itself.
            Ok(None) => self.attempt(jobs, Care::Each)?.unwrap_or_default(),
            Ok(Some(results)) => results,
            Err(error) => return Err(error),
        };
        answer(jobs, results);
        Ok(())
    }

    /// One transaction. `None` when a job failed and none was to be undone alone.
    fn attempt(&mut self, jobs: &mut [Box<dyn Job>], care: Care) -> Result<Option<Vec<Answer>>> {
        self.mark.batch += 1;
        let mark = self.mark;
        if !self.writing(|connection| {
            connection.batch("BEGIN")?;
            doubt::sign(connection, mark)
        })? {
            let _ = self.writing(|connection| connection.batch("ROLLBACK"));
            return Err(self.replaced());
        }
        let applied = self.apply(jobs, care);
        let results = match applied {
            Ok(Some(results)) => results,
            other => {
                // A connection that cannot even undo is given up, which undoes.
                if self.writing(|connection| connection.batch("ROLLBACK")).is_err() {
                    self.connection = None;
                }
                return other;
            }
        };
        let committed = self.writing(|connection| connection.batch("COMMIT"));
        if let Err(error) = committed {
            if Trouble::of(&error) == Trouble::Away {
                self.doubt = Some(Doubt {
                    batch: mark.batch,
                    results,
                });
            }
            return Err(error);
        }
        Ok(Some(results))
    }

    fn apply(&mut self, jobs: &mut [Box<dyn Job>], care: Care) -> Result<Option<Vec<Answer>>> {
        let condition = Arc::clone(&self.condition);
        self.writing(|connection| {
            let mut results = Vec::with_capacity(jobs.len());
            for job in jobs {
                if care == Care::Each {
                    connection.batch("SAVEPOINT job")?;
                }
                let failure = match job.apply(connection) {
                    Ok(()) => {
                        results.push(Ok(()));
                        continue;
                    }
                    Err(failure) => failure,
                };
                if let Failure::Database(error) = &failure
                    && Trouble::of(error) != Trouble::Statement
                {
                    let Failure::Database(error) = failure else {
                        return Ok(None);
                    };
                    return Err(error);
                }
                if care == Care::Quick {
                    return Ok(None);
                }
                connection.batch("ROLLBACK TO SAVEPOINT job")?;
                results.push(Err(match failure {
                    Failure::Refused(error) => error,
                    Failure::Database(error) => condition.note(job.operation(), error),
                }));
            }
            Ok(Some(results))
        })
    }

    /// Uses the connection; one that fails as such is given up.
    fn writing<T>(&mut self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let Some(connection) = &mut self.connection else {
            return Err(DatabaseError::Lost(io::ErrorKind::NotConnected.into()));
        };
        let done = work(connection);
        if let Err(error) = &done
            && Trouble::of(error) == Trouble::Away
        {
            self.connection = None;
        }
        done
    }

    fn note(&self, operation: &'static str, error: DatabaseError) -> StoreError {
        if Trouble::of(&error) == Trouble::Locked {
            // A deadlock or a timeout of the server's: it passes.
            return StoreError::Away {
                path: self.condition.path().to_owned(),
                cause: Cause::new(error),
            };
        }
        self.condition.note(operation, error)
    }
}

/// How jobs share a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    /// None of them is expected to fail: no savepoints, which are two journeys each.
    Quick,
    /// Each can be undone alone.
    Each,
}

fn answer(jobs: &mut Vec<Box<dyn Job>>, results: Vec<Answer>) {
    for (job, result) in jobs.drain(..).zip(results) {
        job.answer(result);
    }
}

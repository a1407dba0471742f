//! The door to the state: every operation that engine and server may ask for. Share it in an `Arc`.

use crate::condition::{Condition, Health};
use crate::error::StoreError;
use crate::job::{Pending, Request};
use crate::model::change::{Accepted, Change, Durability};
use crate::model::execution::{Finished, NewExecution, Started, Sweep};
use crate::open::{self, Opened};
use crate::options::{Database, Options};
use crate::postgres;
use crate::queue::{Queue, Refusal};
use crate::read::{Reader, Readers};
use crate::thread;
use crate::write::Writer;
use crate::write::delete::Delete;
use crate::write::vacuum::Vacuum;
use casemate_types::ExecutionId;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The state of the service.
///
/// A write is handed over and answered by its callback, exactly once: on the writer's thread, or at once on the
/// caller's when it is refused. A callback must be short and must not panic: every other write waits for it.
/// A write that was answered with an error left nothing behind. Dropping the store commits what waits; when another
/// process holds the file that takes as long as the limit of a lock.
pub struct Store {
    pub(crate) readers: Readers,
    condition: Arc<Condition>,
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Held as long as the store is open: one instance for a folder. A database server has a lock of its own.
    _lock: Option<File>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.condition.path())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the state of a folder, and makes it when there is none. Takes as long as the options allow.
    ///
    /// It starts a thread and holds locks that end with its descriptors: processes that are copies of this one, such
    /// as a warden, are started before.
    ///
    /// A damaged file that can still be read opens with [`Health::ReadOnly`].
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::InUse`], [`StoreError::Locked`],
    /// [`StoreError::Corrupt`] when nothing can be read, [`StoreError::Open`], [`StoreError::Full`],
    /// [`StoreError::Database`]: each says what to do.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        match &options.database {
            Database::Sqlite => Self::open_sqlite(options),
            Database::Postgres(server) => Self::open_postgres(options, server),
        }
    }

    fn open_sqlite(options: &Options) -> Result<Self, StoreError> {
        let Opened {
            connection,
            condition,
            lock,
        } = Opened::open(options)?;
        let readers = open::readers(options, &condition)?;
        let queue = Arc::new(Queue::new(options));
        let writer = Writer::new(connection, Arc::clone(&queue), Arc::clone(&condition), options);
        let thread = thread::spawn(&queue, condition.path(), move || writer.run())?;
        Ok(Self::of(options, readers, condition, queue, thread, Some(lock)))
    }

    fn open_postgres(options: &Options, server: &postgres::Server) -> Result<Self, StoreError> {
        let condition = Arc::new(Condition::new(server.address.label().into()));
        let queue = Arc::new(Queue::new(options));
        let writer = postgres::open(server, options, &condition, &queue)?;
        let readers = postgres::readers(server, options.readers);
        let thread = thread::spawn(&queue, condition.path(), move || writer.run())?;
        Ok(Self::of(options, readers, condition, queue, thread, None))
    }

    fn of(
        options: &Options,
        readers: Vec<Box<dyn Reader>>,
        condition: Arc<Condition>,
        queue: Arc<Queue>,
        thread: JoinHandle<()>,
        lock: Option<File>,
    ) -> Self {
        Self {
            readers: Readers::new(readers, options.read_limit, &condition),
            condition,
            queue,
            writer: Mutex::new(Some(thread)),
            _lock: lock,
        }
    }

    /// Closes it: what waits is written, and the log goes into the database, so that the one file is whole. Reads and
    /// writes answer [`StoreError::Stopped`] from then on. Dropping it does the same.
    pub fn close(&self) {
        self.queue.close();
        // Before the writer ends: the last connection to close takes the log away, and a reader could not.
        self.readers.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A callback may hold the last reference: the writer does not wait for itself.
            if writer.thread().id() != std::thread::current().id() {
                let _ = writer.join();
            }
        }
    }

    /// How the store fares.
    pub fn health(&self) -> Health {
        self.condition.health()
    }

    /// Records an execution as queued, or finds the one that its idempotency key stands for.
    ///
    /// # Errors
    /// By the callback: [`StoreError::Bound`], [`StoreError::Exists`], and those of every write:
    /// [`StoreError::Busy`], [`StoreError::Locked`], [`StoreError::Full`], [`StoreError::Corrupt`],
    /// [`StoreError::Stopped`], [`StoreError::Database`].
    pub fn accept(
        &self,
        execution: NewExecution,
        durability: Durability,
        callback: impl FnOnce(Result<Accepted, StoreError>) + Send + 'static,
    ) {
        match execution.check() {
            Ok(()) => self.submit(execution, durability, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Records that a queued execution is running.
    ///
    /// # Errors
    /// By the callback: those of every write.
    pub fn start(
        &self,
        started: Started,
        durability: Durability,
        callback: impl FnOnce(Result<Change, StoreError>) + Send + 'static,
    ) {
        self.submit(started, durability, callback);
    }

    /// Records the end of a queued or running execution. The first end stands: a second one changes nothing and is
    /// answered with [`Change::Unchanged`].
    ///
    /// # Errors
    /// By the callback: [`StoreError::Bound`], and those of every write.
    pub fn finish(
        &self,
        finished: Finished,
        durability: Durability,
        callback: impl FnOnce(Result<Change, StoreError>) + Send + 'static,
    ) {
        match finished.check() {
            Ok(()) => self.submit(finished, durability, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Makes every queued or running execution `killed`, and answers with their ids: at the start of a server,
    /// when nobody runs them any more. Durable.
    ///
    /// # Errors
    /// By the callback: [`StoreError::Bound`], and those of every write.
    pub fn sweep_open(
        &self,
        sweep: Sweep,
        callback: impl FnOnce(Result<Vec<ExecutionId>, StoreError>) + Send + 'static,
    ) {
        match sweep.check() {
            Ok(()) => self.submit(sweep, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Removes an execution that has ended, with all that belongs to it.
    ///
    /// # Errors
    /// By the callback: those of every write.
    pub fn delete(
        &self,
        id: ExecutionId,
        durability: Durability,
        callback: impl FnOnce(Result<Change, StoreError>) + Send + 'static,
    ) {
        self.submit(Delete(id), durability, callback);
    }

    /// Gives free pages back to the disk; answers with how many.
    pub(crate) fn vacuum(
        &self,
        vacuum: Vacuum,
        callback: impl FnOnce(Result<u64, StoreError>) + Send + 'static,
    ) {
        self.submit(vacuum, Durability::Soft, callback);
    }

    pub(crate) fn submit<R: Request + 'static>(
        &self,
        request: R,
        durability: Durability,
        callback: impl FnOnce(Result<R::Reply, StoreError>) + Send + 'static,
    ) {
        let job = Box::new(Pending::new(request, durability, Box::new(callback)));
        match self.queue.push(job) {
            Ok(()) => {}
            Err(Refusal::Busy(job)) => job.answer(Err(StoreError::Busy)),
            Err(Refusal::Closed(job)) => job.answer(Err(StoreError::Stopped)),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

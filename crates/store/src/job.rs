//! A write on its way: the request, and the callback that gets its answer exactly once.

use crate::error::StoreError;
use crate::model::change::Durability;
use crate::sql::{DatabaseError, Session};
use std::sync::mpsc;
use std::time::Instant;

/// What is called with the answer to a write.
pub(crate) type Callback<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// Why a request did not do what it should.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Its own content forbids it; the database is fine.
    Refused(StoreError),
    /// The database failed.
    Database(DatabaseError),
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// One kind of write. It may be applied more than once, always in a transaction that was rolled back before.
pub(crate) trait Request: Send {
    /// Its answer.
    type Reply: Send;
    /// What it does, for messages.
    const OPERATION: &'static str;
    /// Whether its caller waits for it and may as well come again: it is refused soon when the database is away.
    const IS_ENTRY: bool = false;

    /// Does it, inside a transaction.
    fn apply(&self, session: &mut dyn Session) -> Result<Self::Reply, Failure>;

    /// About how many bytes it carries.
    fn bytes(&self) -> u64;
}

/// A write of any kind, as the queue and the writer see it.
pub(crate) trait Job: Send {
    fn operation(&self) -> &'static str;
    /// Whether it is refused soon when the database is away.
    fn is_entry(&self) -> bool;
    fn durability(&self) -> Durability;
    fn bytes(&self) -> u64;
    fn submitted(&self) -> Instant;
    /// Does it and keeps the reply until [`Job::answer`].
    fn apply(&mut self, session: &mut dyn Session) -> Result<(), Failure>;
    /// Calls back: with the reply that was kept, or with the error.
    fn answer(self: Box<Self>, result: Result<(), StoreError>);
}

/// A request with what belongs to it.
pub(crate) struct Pending<R: Request> {
    request: R,
    durability: Durability,
    submitted: Instant,
    reply: Option<R::Reply>,
    callback: Option<Callback<R::Reply>>,
}

impl<R: Request> Pending<R> {
    pub(crate) fn new(request: R, durability: Durability, callback: Callback<R::Reply>) -> Self {
        Self {
            request,
            durability,
            submitted: Instant::now(),
            reply: None,
            callback: Some(callback),
        }
    }
}

impl<R: Request> Job for Pending<R> {
    fn operation(&self) -> &'static str {
        R::OPERATION
    }

    fn is_entry(&self) -> bool {
        R::IS_ENTRY
    }

    fn durability(&self) -> Durability {
        self.durability
    }

    fn bytes(&self) -> u64 {
        // The rows, indexes and the job itself take room as well.
        self.request.bytes() + 1024
    }

    fn submitted(&self) -> Instant {
        self.submitted
    }

    fn apply(&mut self, session: &mut dyn Session) -> Result<(), Failure> {
        self.reply = None;
        self.reply = Some(self.request.apply(session)?);
        Ok(())
    }

    fn answer(mut self: Box<Self>, result: Result<(), StoreError>) {
        let reply = self.reply.take();
        if let Some(callback) = self.callback.take() {
            callback(result.and_then(|()| reply.ok_or(StoreError::Stopped)));
        }
    }
}

impl<R: Request> Drop for Pending<R> {
    /// A job that nobody answers, because the writer has died, is answered here.
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            callback(Err(StoreError::Stopped));
        }
    }
}

/// Submits a write and waits for its answer: for threads that may block.
///
/// # Errors
/// Those of the write.
///
/// # Example
/// ```no_run
/// # fn f(store: &casemate_store::Store, sweep: casemate_store::Sweep) -> Result<(), casemate_store::StoreError> {
/// let swept = casemate_store::wait(|callback| store.sweep_open(sweep, callback))?;
/// # Ok(()) }
/// ```
pub fn wait<T: Send + 'static>(
    submit: impl FnOnce(Box<dyn FnOnce(Result<T, StoreError>) + Send>),
) -> Result<T, StoreError> {
    let (sender, receiver) = mpsc::sync_channel(1);
    submit(Box::new(move |result| {
        // The receiver waits below for as long as the callback lives.
        let _ = sender.try_send(result);
    }));
    receiver.recv().unwrap_or(Err(StoreError::Stopped))
}

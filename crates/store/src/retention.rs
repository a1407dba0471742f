//! Retention: the oldest executions that have ended go, by age, number and size, in steps so small that no write waits
//! long behind one. A maintenance thread of the server calls it from time to time.

use crate::error::StoreError;
use crate::job::wait;
use crate::model::change::{Change, Durability};
use crate::open::connection::PAGE_BYTES;
use crate::read::first_of;
use crate::store::Store;
use crate::write::vacuum::Vacuum;
use casemate_types::{Bytes, ExecutionId};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

/// Most executions in a step.
const STEP_EXECUTIONS: u32 = 64;
/// Most content in a step, unless a single execution has more.
const STEP_BYTES: u64 = 8 << 20;
/// Pages in a step of giving back: 1 MiB.
const STEP_PAGES: u32 = 256;
/// Free pages that are kept for what comes: 4 MiB.
const SPARE_BYTES: u64 = 4 << 20;

/// What is kept. A bound that is `None` is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retention {
    /// How long an execution is kept, counted from its creation.
    pub max_age: Option<Duration>,
    /// How many executions are kept.
    pub max_count: Option<u64>,
    /// How large the database may be, free pages not counted.
    pub max_bytes: Option<Bytes>,
}

/// What a retention run did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retained {
    /// Executions that were removed.
    pub removed: u64,
    /// Bytes that were given back to the disk.
    pub returned_bytes: u64,
}

/// An execution that may go.
struct Candidate {
    id: ExecutionId,
    content_bytes: u64,
}

impl Store {
    /// Removes what a retention does not keep, oldest first; queued and running executions stay. It blocks until it is
    /// done, so it belongs on a thread of its own; writes of others go on between its steps.
    ///
    /// # Errors
    /// Those of reads and writes. What was removed until then stays removed; the next call goes on.
    pub fn retain(&self, retention: &Retention, now: SystemTime) -> Result<Retained, StoreError> {
        let mut retained = Retained::default();
        // The count walks an index, so it is taken once; what is accepted meanwhile is for the next call.
        let mut total = retention
            .max_count
            .map(|_| self.counts())
            .transpose()?
            .map_or(0, |counts| counts.total);
        loop {
            let step = self.step(retention, now, total)?;
            if step.is_empty() {
                break;
            }
            let removed = self.remove(&step)?;
            if removed == 0 {
                break;
            }
            total = total.saturating_sub(removed);
            retained.removed += removed;
        }
        retained.returned_bytes = self.give_back()?;
        Ok(retained)
    }

    /// The next executions to go.
    fn step(
        &self,
        retention: &Retention,
        now: SystemTime,
        total: u64,
    ) -> Result<Vec<ExecutionId>, StoreError> {
        let too_old = retention
            .max_age
            .and_then(|age| now.checked_sub(age))
            .map(first_of);
        let too_many = retention.max_count.map_or(0, |most| total.saturating_sub(most));
        let too_large = match retention.max_bytes {
            Some(most) => {
                let sizes = self.sizes()?;
                sizes
                    .database_bytes
                    .saturating_sub(sizes.free_bytes)
                    .saturating_sub(most.0)
            }
            None => 0,
        };
        let mut step = Vec::new();
        let mut bytes = 0u64;
        for candidate in self.oldest()? {
            let is_needed = too_old.is_some_and(|limit| candidate.id.value() < limit)
                || (step.len() as u64) < too_many
                || bytes < too_large;
            let is_enough = !step.is_empty() && bytes + candidate.content_bytes > STEP_BYTES;
            if !is_needed || is_enough {
                break;
            }
            bytes += candidate.content_bytes;
            step.push(candidate.id);
        }
        Ok(step)
    }

    /// The oldest executions that have ended.
    fn oldest(&self) -> Result<Vec<Candidate>, StoreError> {
        self.readers.read("find old executions", |connection| {
            connection
                .prepare_cached(
                    "SELECT id, content_bytes FROM executions WHERE status NOT IN ('queued', 'running')
                     ORDER BY id LIMIT ?1",
                )?
                .query_map([STEP_EXECUTIONS], |row| {
                    let id: String = row.get(0)?;
                    Ok(Candidate {
                        id: id.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
                        content_bytes: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
                    })
                })?
                .collect()
        })
    }

    /// Removes a step's executions in one commit, or a few; answers with how many went.
    fn remove(&self, step: &[ExecutionId]) -> Result<u64, StoreError> {
        let (sender, receiver) = mpsc::channel();
        for id in step {
            let sender = sender.clone();
            self.delete(*id, Durability::Soft, move |result| drop(sender.send(result)));
        }
        drop(sender);
        // Every answer is awaited, so that a failing step leaves nothing behind in the queue.
        let answers: Vec<Result<Change, StoreError>> = receiver.iter().collect();
        let mut removed = 0;
        for answer in answers {
            removed += u64::from(answer? == Change::Done);
        }
        Ok(removed)
    }

    /// Gives free pages back, but for some.
    fn give_back(&self) -> Result<u64, StoreError> {
        let mut given = 0;
        loop {
            let spare = self.sizes()?.free_bytes.saturating_sub(SPARE_BYTES) / PAGE_BYTES;
            let pages = spare.min(u64::from(STEP_PAGES)) as u32;
            if pages == 0 {
                break;
            }
            let step = wait(|callback| self.vacuum(Vacuum { pages }, callback))?;
            if step == 0 {
                break;
            }
            given += step;
        }
        Ok(given * PAGE_BYTES)
    }
}

#[cfg(test)]
mod tests;

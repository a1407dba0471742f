//! Retention: the oldest executions that have ended go, by age, number and size, in steps so small that no write waits
//! long behind one. A maintenance thread of the server calls it from time to time.

use crate::error::StoreError;
use crate::job::wait;
use crate::model::change::{Change, Durability};
use crate::open::connection::PAGE_BYTES;
use crate::read::first_of;
use crate::sql::{Dialect, malformed};
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
/// What an execution takes beside its contents, about, where only contents can be summed.
const ROW_BYTES: u64 = 4096;
/// Free pages that are kept for what comes: 4 MiB.
const SPARE_BYTES: u64 = 4 << 20;

/// What is kept. A bound that is `None` is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retention {
    /// How long an execution is kept, counted from its creation.
    pub max_age: Option<Duration>,
    /// How many executions are kept.
    pub max_count: Option<u64>,
    /// How large the database may be, free pages not counted; of a server of its own, how large the contents in it may
    /// be.
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

/// How much is kept.
#[derive(Clone, Copy)]
struct Kept {
    bytes: u64,
    /// Whether it can be measured again after each step.
    is_measured: bool,
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
        let mut kept = retention.max_bytes.map(|_| self.kept_bytes()).transpose()?;
        loop {
            let (step, bytes) = self.step(retention, now, total, kept.map_or(0, |kept| kept.bytes))?;
            if step.is_empty() {
                break;
            }
            let removed = self.remove(&step)?;
            if removed == 0 {
                break;
            }
            total = total.saturating_sub(removed);
            retained.removed += removed;
            if let Some(kept) = &mut kept {
                if kept.is_measured {
                    *kept = self.kept_bytes()?;
                } else {
                    kept.bytes = kept.bytes.saturating_sub(bytes + removed * ROW_BYTES);
                }
            }
        }
        retained.returned_bytes = self.give_back()?;
        Ok(retained)
    }

    /// The next executions to go, and what they have.
    fn step(
        &self,
        retention: &Retention,
        now: SystemTime,
        total: u64,
        kept: u64,
    ) -> Result<(Vec<ExecutionId>, u64), StoreError> {
        let too_old = retention
            .max_age
            .and_then(|age| now.checked_sub(age))
            .map(first_of);
        let too_many = retention.max_count.map_or(0, |most| total.saturating_sub(most));
        let too_large = retention.max_bytes.map_or(0, |most| kept.saturating_sub(most.0));
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
        Ok((step, bytes))
    }

    /// How much is kept: of a file what is not free. Another server gives back what was removed at a time of its own,
    /// so there the contents are summed, once.
    fn kept_bytes(&self) -> Result<Kept, StoreError> {
        self.readers
            .read("measure what is kept", |session| match session.dialect() {
                Dialect::Sqlite => {
                    let sizes = session.sizes()?;
                    Ok(Kept {
                        bytes: sizes.database_bytes.saturating_sub(sizes.free_bytes),
                        is_measured: true,
                    })
                }
                Dialect::Postgres => {
                    let sql =
                        "SELECT coalesce(CAST(sum(content_bytes) AS BIGINT), 0), count(*) FROM executions";
                    let row = session.first(sql, &[])?.ok_or_else(|| malformed(0, "no row"))?;
                    Ok(Kept {
                        bytes: row.count(0)? + row.count(1)? * ROW_BYTES,
                        is_measured: false,
                    })
                }
            })
    }

    /// The oldest executions that have ended.
    fn oldest(&self) -> Result<Vec<Candidate>, StoreError> {
        self.readers.read("find old executions", |session| {
            session
                .query(
                    "SELECT id, content_bytes FROM executions WHERE status NOT IN ('queued', 'running')
                     ORDER BY id LIMIT ?1",
                    &[STEP_EXECUTIONS.into()],
                )?
                .iter()
                .map(|row| {
                    Ok(Candidate {
                        id: row.parsed(0)?,
                        content_bytes: row.count(1)?,
                    })
                })
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

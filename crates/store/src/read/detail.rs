//! One execution, and what an idempotency key stands for.

use super::content::file_entry;
use super::row;
use crate::error::StoreError;
use crate::model::identity::Scope;
use crate::model::owner::Owner;
use crate::model::view::{Detail, FileEntry, Recorded, Summary};
use crate::sql::{self, Session, id as id_value, malformed, text};
use crate::store::Store;
use casemate_types::ExecutionId;

impl Store {
    /// What a list shows of one execution.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Locked`], [`StoreError::Corrupt`], [`StoreError::Database`], as of
    /// every read.
    pub fn summary(&self, id: ExecutionId) -> Result<Option<Summary>, StoreError> {
        self.readers.read("read an execution", |session| {
            Ok(find(session, id)?.map(|(_, summary)| summary))
        })
    }

    /// Whose an execution is: what every other read of it by a caller is held against.
    ///
    /// # Errors
    /// Those of every read.
    pub fn owner(&self, id: ExecutionId) -> Result<Option<Owner>, StoreError> {
        self.readers.read("find the owner of an execution", |session| {
            let sql = "SELECT tenant_id, project_id, principal_id FROM executions WHERE id = ?1";
            let found = session.first(sql, &[id_value(id)])?;
            found
                .map(|record| {
                    Ok(Owner {
                        tenant_id: record.parsed(0)?,
                        project_id: record.parsed(1)?,
                        principal_id: record.parsed(2)?,
                    })
                })
                .transpose()
        })
    }

    /// As [`Store::summary`], of what a scope holds: what is another's is not there.
    ///
    /// # Errors
    /// Those of every read.
    pub fn summary_in(&self, scope: &Scope, id: ExecutionId) -> Result<Option<Summary>, StoreError> {
        Ok(self.summary(id)?.filter(|found| scope.holds(&found.owner)))
    }

    /// As [`Store::get`], of what a scope holds: what is another's is not there.
    ///
    /// # Errors
    /// Those of every read.
    pub fn get_in(&self, scope: &Scope, id: ExecutionId) -> Result<Option<Detail>, StoreError> {
        match self.owner(id)? {
            // Nobody's execution becomes another's.
            Some(owner) if scope.holds(&owner) => self.get(id),
            _ => Ok(None),
        }
    }

    /// One execution without its streams and the content of its files.
    ///
    /// # Errors
    /// Those of every read.
    pub fn get(&self, id: ExecutionId) -> Result<Option<Detail>, StoreError> {
        self.readers.read("read an execution", |session| {
            let Some((number, summary)) = find(session, id)? else {
                return Ok(None);
            };
            let key = [number.into()];
            let request = session.first("SELECT request FROM requests WHERE execution = ?1", &key)?;
            let result = session.first("SELECT result FROM results WHERE execution = ?1", &key)?;
            Ok(Some(Detail {
                summary,
                request: request.ok_or_else(|| malformed(0, "no request"))?.into_bytes(0)?,
                result: result.map(|row| row.into_bytes(0)).transpose()?,
                files: files(session, number)?,
            }))
        })
    }

    /// The order and lengths of the chunks of output, as handed in at the end; `None` when there is no such
    /// execution, or it has not ended, or was swept.
    ///
    /// # Errors
    /// Those of every read.
    pub fn events(&self, id: ExecutionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.read("read the events of an execution", |session| {
            session
                .first(
                    "SELECT r.events FROM results r JOIN executions e ON e.number = r.execution WHERE e.id = ?1",
                    &[id_value(id)],
                )?
                .map(|row| row.into_bytes(0))
                .transpose()
        })
    }

    /// What an idempotency key of this owner stands for.
    ///
    /// # Errors
    /// Those of every read.
    pub fn idempotency(&self, owner: &Owner, key: &str) -> Result<Option<Recorded>, StoreError> {
        self.readers.read("read an idempotency key", |session| {
            session
                .first(
                    "SELECT e.id, i.body_hash, i.created_at_ms
                     FROM idempotency i JOIN executions e ON e.number = i.execution
                     WHERE i.tenant_id = ?1 AND i.principal_id = ?2 AND i.key = ?3",
                    &[id_value(owner.tenant_id), id_value(owner.principal_id), text(key)],
                )?
                .map(|row| {
                    Ok(Recorded {
                        execution_id: row.parsed(0)?,
                        body_hash: row.hash(1)?,
                        created_at: row.time(2)?,
                    })
                })
                .transpose()
        })
    }
}

fn find(session: &mut dyn Session, id: ExecutionId) -> sql::Result<Option<(i64, Summary)>> {
    let statement = format!("SELECT {} FROM executions e WHERE e.id = ?1", row::COLUMNS);
    let Some(found) = session.first(&statement, &[id_value(id)])? else {
        return Ok(None);
    };
    let (number, mut summary) = row::summary(&found)?;
    summary.labels = row::labels(session, number)?;
    Ok(Some((number, summary)))
}

fn files(session: &mut dyn Session, number: i64) -> sql::Result<Vec<FileEntry>> {
    // The content is the last column: SQLite does not read on to it.
    session
        .query(
            "SELECT path, mode, size_bytes, sha256 FROM files WHERE execution = ?1 ORDER BY path",
            &[number.into()],
        )?
        .iter()
        .map(file_entry)
        .collect()
}

//! One execution, and what an idempotency key stands for.

use super::row;
use crate::error::StoreError;
use crate::model::identity::Scope;
use crate::model::owner::Owner;
use crate::model::time;
use crate::model::view::{Detail, FileEntry, Recorded, Summary};
use crate::sql::id as id_value;
use crate::store::Store;
use casemate_types::ExecutionId;
use rusqlite::{Connection, OptionalExtension, params};

impl Store {
    /// What a list shows of one execution.
    ///
    /// # Errors
    /// [`StoreError::Busy`], [`StoreError::Locked`], [`StoreError::Corrupt`], [`StoreError::Database`], as of
    /// every read.
    pub fn summary(&self, id: ExecutionId) -> Result<Option<Summary>, StoreError> {
        self.readers.read("read an execution", |connection| {
            Ok(find(connection, id)?.map(|(_, summary)| summary))
        })
    }

    /// Whose an execution is: what every other read of it by a caller is held against.
    ///
    /// # Errors
    /// Those of every read.
    pub fn owner(&self, id: ExecutionId) -> Result<Option<Owner>, StoreError> {
        self.readers.ask("find the owner of an execution", |session| {
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
        self.readers.read("read an execution", |connection| {
            let Some((number, summary)) = find(connection, id)? else {
                return Ok(None);
            };
            let request = connection
                .prepare_cached("SELECT request FROM requests WHERE execution = ?1")?
                .query_row([number], |row| row.get(0))?;
            let result = connection
                .prepare_cached("SELECT result FROM results WHERE execution = ?1")?
                .query_row([number], |row| row.get(0))
                .optional()?;
            let files = files(connection, number)?;
            Ok(Some(Detail {
                summary,
                request,
                result,
                files,
            }))
        })
    }

    /// The order and lengths of the chunks of output, as handed in at the end; `None` when there is no such
    /// execution, or it has not ended, or was swept.
    ///
    /// # Errors
    /// Those of every read.
    pub fn events(&self, id: ExecutionId) -> Result<Option<Vec<u8>>, StoreError> {
        self.readers.read("read the events of an execution", |connection| {
            connection
                .prepare_cached(
                    "SELECT r.events FROM results r JOIN executions e ON e.number = r.execution WHERE e.id = ?1",
                )?
                .query_row([id.to_string()], |row| row.get(0))
                .optional()
        })
    }

    /// What an idempotency key of this owner stands for.
    ///
    /// # Errors
    /// Those of every read.
    pub fn idempotency(&self, owner: &Owner, key: &str) -> Result<Option<Recorded>, StoreError> {
        self.readers.read("read an idempotency key", |connection| {
            connection
                .prepare_cached(
                    "SELECT e.id, i.body_hash, i.created_at_ms
                     FROM idempotency i JOIN executions e ON e.number = i.execution
                     WHERE i.tenant_id = ?1 AND i.principal_id = ?2 AND i.key = ?3",
                )?
                .query_row(
                    params![owner.tenant_id.to_string(), owner.principal_id.to_string(), key],
                    |found| {
                        Ok(Recorded {
                            execution_id: row::parsed(found, 0)?,
                            body_hash: found.get(1)?,
                            created_at: time::from_ms(found.get(2)?),
                        })
                    },
                )
                .optional()
        })
    }
}

fn find(connection: &Connection, id: ExecutionId) -> rusqlite::Result<Option<(i64, Summary)>> {
    let sql = format!("SELECT {} FROM executions e WHERE e.id = ?1", row::COLUMNS);
    let found = connection
        .prepare_cached(&sql)?
        .query_row([id.to_string()], row::summary)
        .optional()?;
    let Some((number, mut summary)) = found else {
        return Ok(None);
    };
    summary.labels = row::labels(connection, number)?;
    Ok(Some((number, summary)))
}

fn files(connection: &Connection, number: i64) -> rusqlite::Result<Vec<FileEntry>> {
    // The content is the last column: SQLite does not read on to it.
    connection
        .prepare_cached(
            "SELECT path, mode, size_bytes, sha256 FROM files WHERE execution = ?1 ORDER BY path",
        )?
        .query_map([number], |found| {
            Ok(FileEntry {
                path: found.get(0)?,
                mode: found.get(1)?,
                size_bytes: row::count(found, 2)?,
                sha256: found.get(3)?,
            })
        })?
        .collect()
}

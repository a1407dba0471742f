//! A new execution.

use crate::error::StoreError;
use crate::job::{Failure, Request};
use crate::model::change::Accepted;
use crate::model::execution::{Idempotency, NewExecution};
use rusqlite::{Connection, OptionalExtension, ffi, params};

impl Request for NewExecution {
    type Reply = Accepted;
    const OPERATION: &'static str = "record an execution";

    fn apply(&self, connection: &Connection) -> Result<Accepted, Failure> {
        if let Some(found) = self
            .idempotency
            .as_ref()
            .map(|one| self.find(one, connection))
            .transpose()?
            .flatten()
        {
            return Ok(found);
        }
        let number = self.insert(connection)?;
        connection
            .prepare_cached("INSERT INTO requests (execution, request) VALUES (?1, ?2)")?
            .execute(params![number, self.request])?;
        for (name, value) in &self.labels {
            connection
                .prepare_cached(
                    "INSERT INTO labels (execution, name, value, execution_id) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![number, name, value, self.id.to_string()])?;
        }
        if let Some(one) = &self.idempotency {
            self.keep(one, number, connection)?;
        }
        Ok(Accepted::Accepted)
    }

    fn bytes(&self) -> u64 {
        let labels: usize = self
            .labels
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        (self.request.len() + labels) as u64
    }
}

impl NewExecution {
    fn find(&self, one: &Idempotency, connection: &Connection) -> Result<Option<Accepted>, Failure> {
        let found: Option<(String, Vec<u8>)> = connection
            .prepare_cached(
                "SELECT e.id, i.body_hash FROM idempotency i JOIN executions e ON e.number = i.execution
                 WHERE i.tenant_id = ?1 AND i.principal_id = ?2 AND i.key = ?3",
            )?
            .query_row(
                params![
                    self.owner.tenant_id.to_string(),
                    self.owner.principal_id.to_string(),
                    one.key
                ],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((id, body_hash)) = found else {
            return Ok(None);
        };
        if body_hash != one.body_hash {
            return Ok(Some(Accepted::Conflict));
        }
        let id = id.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
        Ok(Some(Accepted::Repeated(id)))
    }

    /// Inserts the row and answers with its number.
    fn insert(&self, connection: &Connection) -> Result<i64, Failure> {
        let inserted = connection
            .prepare_cached(
                "INSERT INTO executions (id, tenant_id, project_id, principal_id, session_id, node_id, status,
                     language, content_bytes, created_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9)",
            )?
            .execute(params![
                self.id.to_string(),
                self.owner.tenant_id.to_string(),
                self.owner.project_id.to_string(),
                self.owner.principal_id.to_string(),
                self.session_id.map(|id| id.to_string()),
                self.node_id.to_string(),
                self.language,
                self.request.len() as i64,
                self.created_at_ms(),
            ]);
        match inserted {
            Ok(_) => Ok(connection.last_insert_rowid()),
            Err(rusqlite::Error::SqliteFailure(failure, _))
                if failure.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE =>
            {
                Err(Failure::Refused(StoreError::Exists(self.id)))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn keep(&self, one: &Idempotency, number: i64, connection: &Connection) -> Result<(), Failure> {
        connection
            .prepare_cached(
                "INSERT INTO idempotency (tenant_id, project_id, principal_id, session_id, node_id, key, body_hash,
                     execution, created_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                self.owner.tenant_id.to_string(),
                self.owner.project_id.to_string(),
                self.owner.principal_id.to_string(),
                self.session_id.map(|id| id.to_string()),
                self.node_id.to_string(),
                one.key,
                one.body_hash,
                number,
                self.created_at_ms(),
            ])?;
        Ok(())
    }

    /// The time in its id.
    fn created_at_ms(&self) -> i64 {
        // 48 bits: it fits.
        (self.id.value() >> 80) as i64
    }
}

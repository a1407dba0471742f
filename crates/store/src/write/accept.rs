//! A new execution.

use crate::error::StoreError;
use crate::job::{Failure, Request};
use crate::model::change::Accepted;
use crate::model::execution::{Idempotency, NewExecution};
use crate::sql::{Session, id, text};

impl Request for NewExecution {
    type Reply = Accepted;
    const OPERATION: &'static str = "record an execution";
    /// Its caller waits, and may come again.
    const IS_ENTRY: bool = true;

    fn apply(&self, session: &mut dyn Session) -> Result<Accepted, Failure> {
        if let Some(one) = &self.idempotency
            && let Some(found) = self.find(one, session)?
        {
            return Ok(found);
        }
        let number = self.insert(session)?;
        session.execute(
            "INSERT INTO requests (execution, request) VALUES (?1, ?2)",
            &[number.into(), self.request.as_slice().into()],
        )?;
        for (name, value) in &self.labels {
            session.execute(
                "INSERT INTO labels (execution, name, value, execution_id) VALUES (?1, ?2, ?3, ?4)",
                &[number.into(), text(name), text(value), id(self.id)],
            )?;
        }
        if let Some(one) = &self.idempotency {
            self.keep(one, number, session)?;
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
    fn find(&self, one: &Idempotency, session: &mut dyn Session) -> Result<Option<Accepted>, Failure> {
        let found = session.first(
            "SELECT e.id, i.body_hash FROM idempotency i JOIN executions e ON e.number = i.execution
             WHERE i.tenant_id = ?1 AND i.principal_id = ?2 AND i.key = ?3",
            &[
                id(self.owner.tenant_id),
                id(self.owner.principal_id),
                text(&one.key),
            ],
        )?;
        let Some(found) = found else { return Ok(None) };
        if found.hash(1)? != one.body_hash {
            return Ok(Some(Accepted::Conflict));
        }
        Ok(Some(Accepted::Repeated(found.parsed(0)?)))
    }

    /// Inserts the row and answers with its number.
    fn insert(&self, session: &mut dyn Session) -> Result<i64, Failure> {
        let inserted = session.first(
            "INSERT INTO executions (id, tenant_id, project_id, principal_id, session_id, node_id, status,
                 language, content_bytes, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, ?9) ON CONFLICT DO NOTHING RETURNING number",
            &[
                id(self.id),
                id(self.owner.tenant_id),
                id(self.owner.project_id),
                id(self.owner.principal_id),
                self.session_id.map(id).into(),
                id(self.node_id),
                text(&self.language),
                (self.request.len() as u64).into(),
                self.created_at_ms().into(),
            ],
        )?;
        match inserted {
            Some(row) => Ok(row.integer(0)?),
            None => Err(Failure::Refused(StoreError::Exists(self.id))),
        }
    }

    fn keep(&self, one: &Idempotency, number: i64, session: &mut dyn Session) -> Result<(), Failure> {
        session.execute(
            "INSERT INTO idempotency (tenant_id, project_id, principal_id, session_id, node_id, key, body_hash,
                 execution, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            &[
                id(self.owner.tenant_id),
                id(self.owner.project_id),
                id(self.owner.principal_id),
                self.session_id.map(id).into(),
                id(self.node_id),
                text(&one.key),
                one.body_hash.as_slice().into(),
                number.into(),
                self.created_at_ms().into(),
            ],
        )?;
        Ok(())
    }

    /// The time in its id.
    fn created_at_ms(&self) -> i64 {
        // 48 bits: it fits.
        (self.id.value() >> 80) as i64
    }
}

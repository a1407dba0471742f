//! New principals, and changes to them.

use super::{exists, room};
use crate::job::{Failure, Request};
use crate::model::bounds::MAX_PRINCIPALS;
use crate::model::identity::{Edit, PrincipalChange, PrincipalRecord};
use crate::model::time;
use crate::sql::{self, Session, id, text};
use casemate_types::PrincipalId;

impl Request for PrincipalRecord {
    type Reply = Edit;
    const OPERATION: &'static str = "record a principal";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        let project = "SELECT 1 FROM projects WHERE id = ?1 AND tenant_id = ?2";
        if !exists(session, project, &[id(self.project_id), id(self.tenant_id)])? {
            return Ok(Edit::Missing);
        }
        let count = "SELECT count(*) FROM principals WHERE tenant_id = ?1";
        room(
            session,
            "principals",
            MAX_PRINCIPALS,
            count,
            &[id(self.tenant_id)],
        )?;
        let made = session.execute(
            "INSERT INTO principals (id, tenant_id, project_id, kind, role, name, subject, created_at_ms,
                 disabled_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            &[
                id(self.id),
                id(self.tenant_id),
                id(self.project_id),
                text(self.kind.word()),
                text(self.role.word()),
                text(&self.name),
                self.subject.as_deref().into(),
                time::to_ms(self.created_at).into(),
                self.disabled_at.map(time::to_ms).into(),
            ],
        )?;
        Ok(if made == 1 { Edit::Done } else { Edit::Taken })
    }

    fn bytes(&self) -> u64 {
        (self.name.len() + self.subject.as_ref().map_or(0, String::len)) as u64
    }
}

/// A change to a principal.
pub(crate) struct ChangePrincipal {
    pub(crate) id: PrincipalId,
    pub(crate) change: PrincipalChange,
}

impl Request for ChangePrincipal {
    type Reply = Edit;
    const OPERATION: &'static str = "change a principal";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        let found = session.first("SELECT tenant_id FROM principals WHERE id = ?1", &[id(self.id)])?;
        let Some(found) = found else {
            return Ok(Edit::Missing);
        };
        if self.is_taken(found.text(0)?, session)? {
            return Ok(Edit::Taken);
        }
        let change = &self.change;
        if let Some(name) = &change.name {
            let sql = "UPDATE principals SET name = ?1 WHERE id = ?2";
            session.execute(sql, &[text(name), id(self.id)])?;
        }
        if let Some(subject) = &change.subject {
            let sql = "UPDATE principals SET subject = ?1 WHERE id = ?2";
            session.execute(sql, &[subject.as_deref().into(), id(self.id)])?;
        }
        if let Some(role) = change.role {
            let sql = "UPDATE principals SET role = ?1 WHERE id = ?2";
            session.execute(sql, &[text(role.word()), id(self.id)])?;
        }
        if let Some(disabled_at) = change.disabled_at {
            let sql = "UPDATE principals SET disabled_at_ms = ?1 WHERE id = ?2";
            session.execute(sql, &[disabled_at.map(time::to_ms).into(), id(self.id)])?;
        }
        Ok(Edit::Done)
    }

    fn bytes(&self) -> u64 {
        self.change.name.as_ref().map_or(0, String::len) as u64
    }
}

impl ChangePrincipal {
    /// Whether another has the new name or subject.
    fn is_taken(&self, tenant_id: &str, session: &mut dyn Session) -> sql::Result<bool> {
        if let Some(name) = &self.change.name {
            let sql = "SELECT 1 FROM principals WHERE tenant_id = ?1 AND name = ?2 AND id <> ?3";
            if exists(session, sql, &[text(tenant_id), text(name), id(self.id)])? {
                return Ok(true);
            }
        }
        if let Some(Some(subject)) = &self.change.subject {
            let sql = "SELECT 1 FROM principals WHERE subject = ?1 AND id <> ?2";
            return exists(session, sql, &[text(subject), id(self.id)]);
        }
        Ok(false)
    }
}

//! New projects, and changes to them.

use super::{exists, room};
use crate::job::{Failure, Request};
use crate::model::bounds::MAX_PROJECTS;
use crate::model::identity::{Edit, Project, ProjectChange};
use crate::model::time;
use crate::sql::{Session, id, text};
use casemate_types::ProjectId;

impl Request for Project {
    type Reply = Edit;
    const OPERATION: &'static str = "record a project";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        let tenant = [id(self.tenant_id)];
        if !exists(session, "SELECT 1 FROM tenants WHERE id = ?1", &tenant)? {
            return Ok(Edit::Missing);
        }
        let count = "SELECT count(*) FROM projects WHERE tenant_id = ?1";
        room(session, "projects", MAX_PROJECTS, count, &tenant)?;
        let made = session.execute(
            "INSERT INTO projects (id, tenant_id, name, created_at_ms, disabled_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            &[
                id(self.id),
                id(self.tenant_id),
                text(&self.name),
                time::to_ms(self.created_at).into(),
                self.disabled_at.map(time::to_ms).into(),
            ],
        )?;
        Ok(if made == 1 { Edit::Done } else { Edit::Taken })
    }

    fn bytes(&self) -> u64 {
        self.name.len() as u64
    }
}

/// A change to a project.
pub(crate) struct ChangeProject {
    pub(crate) id: ProjectId,
    pub(crate) change: ProjectChange,
}

impl Request for ChangeProject {
    type Reply = Edit;
    const OPERATION: &'static str = "change a project";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        let found = session.first("SELECT tenant_id FROM projects WHERE id = ?1", &[id(self.id)])?;
        let Some(found) = found else {
            return Ok(Edit::Missing);
        };
        if let Some(name) = &self.change.name {
            let taken = "SELECT 1 FROM projects WHERE tenant_id = ?1 AND name = ?2 AND id <> ?3";
            if exists(session, taken, &[text(found.text(0)?), text(name), id(self.id)])? {
                return Ok(Edit::Taken);
            }
            let sql = "UPDATE projects SET name = ?1 WHERE id = ?2";
            session.execute(sql, &[text(name), id(self.id)])?;
        }
        if let Some(disabled_at) = self.change.disabled_at {
            let sql = "UPDATE projects SET disabled_at_ms = ?2 WHERE id = ?1";
            session.execute(sql, &[id(self.id), disabled_at.map(time::to_ms).into()])?;
        }
        Ok(Edit::Done)
    }

    fn bytes(&self) -> u64 {
        self.change.name.as_ref().map_or(0, String::len) as u64
    }
}

//! New tenants, and changes to them.

use super::{exists, room};
use crate::job::{Failure, Request};
use crate::model::bounds::MAX_TENANTS;
use crate::model::identity::{Edit, Quota, Tenant, TenantChange};
use crate::model::time;
use crate::sql::{Session, Value, id, text};
use casemate_types::TenantId;

impl Request for Tenant {
    type Reply = Edit;
    const OPERATION: &'static str = "record a tenant";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        room(
            session,
            "tenants",
            MAX_TENANTS,
            "SELECT count(*) FROM tenants",
            &[],
        )?;
        let mut values = vec![
            id(self.id),
            text(&self.name),
            time::to_ms(self.created_at).into(),
            self.disabled_at.map(time::to_ms).into(),
        ];
        values.extend(quota(&self.quota));
        let made = session.execute(
            "INSERT INTO tenants (id, name, created_at_ms, disabled_at_ms, quota_concurrent,
                 quota_requests_per_minute, quota_burst, quota_cpu_micros_per_day, quota_memory_mib_ms_per_day,
                 quota_cost_micros_per_day)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            &values,
        )?;
        Ok(if made == 1 { Edit::Done } else { Edit::Taken })
    }

    fn bytes(&self) -> u64 {
        self.name.len() as u64
    }
}

fn quota(quota: &Quota) -> [Value<'static>; 6] {
    [
        quota.concurrent.into(),
        quota.requests_per_minute.into(),
        quota.burst.into(),
        quota.cpu_micros_per_day.into(),
        quota.memory_mib_ms_per_day.into(),
        quota.cost_micros_per_day.into(),
    ]
}

/// A change to a tenant.
pub(crate) struct ChangeTenant {
    pub(crate) id: TenantId,
    pub(crate) change: TenantChange,
}

impl Request for ChangeTenant {
    type Reply = Edit;
    const OPERATION: &'static str = "change a tenant";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        if !exists(session, "SELECT 1 FROM tenants WHERE id = ?1", &[id(self.id)])? {
            return Ok(Edit::Missing);
        }
        if let Some(name) = &self.change.name {
            let taken = "SELECT 1 FROM tenants WHERE name = ?1 AND id <> ?2";
            if exists(session, taken, &[text(name), id(self.id)])? {
                return Ok(Edit::Taken);
            }
            let sql = "UPDATE tenants SET name = ?1 WHERE id = ?2";
            session.execute(sql, &[text(name), id(self.id)])?;
        }
        if let Some(new) = &self.change.quota {
            let mut values = vec![id(self.id)];
            values.extend(quota(new));
            session.execute(
                "UPDATE tenants SET quota_concurrent = ?2, quota_requests_per_minute = ?3, quota_burst = ?4,
                     quota_cpu_micros_per_day = ?5, quota_memory_mib_ms_per_day = ?6, quota_cost_micros_per_day = ?7
                 WHERE id = ?1",
                &values,
            )?;
        }
        if let Some(disabled_at) = self.change.disabled_at {
            let sql = "UPDATE tenants SET disabled_at_ms = ?2 WHERE id = ?1";
            session.execute(sql, &[id(self.id), disabled_at.map(time::to_ms).into()])?;
        }
        Ok(Edit::Done)
    }

    fn bytes(&self) -> u64 {
        self.change.name.as_ref().map_or(0, String::len) as u64
    }
}

//! Tenants and projects.

use super::{Pages, by_id};
use crate::error::StoreError;
use crate::model::identity::{Listed, Project, Quota, Tenant};
use crate::sql::{self, Record};
use crate::store::Store;
use casemate_types::{ProjectId, TenantId};

const TENANTS: &str = "SELECT id, name, created_at_ms, disabled_at_ms, quota_concurrent, quota_requests_per_minute, \
    quota_burst, quota_cpu_micros_per_day, quota_memory_mib_ms_per_day, quota_cost_micros_per_day FROM tenants";

const PROJECTS: &str = "SELECT id, tenant_id, name, created_at_ms, disabled_at_ms FROM projects";

impl Store {
    /// A tenant.
    ///
    /// # Errors
    /// Those of every read.
    pub fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.readers
            .read("read a tenant", |session| by_id(session, TENANTS, id, tenant))
    }

    /// A page of all tenants, of at most `limit` (1 to 200).
    ///
    /// # Errors
    /// Those of every read.
    pub fn tenants(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Listed<Tenant, TenantId>, StoreError> {
        self.readers.read("list tenants", |session| {
            let pages = Pages::new(TENANTS, after.map(|id| id.to_string()), limit);
            pages.run(session, tenant, |tenant| tenant.id)
        })
    }

    /// A project.
    ///
    /// # Errors
    /// Those of every read.
    pub fn project(&self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        self.readers
            .read("read a project", |session| by_id(session, PROJECTS, id, project))
    }

    /// A page of the projects of a tenant, or of all, of at most `limit` (1 to 200).
    ///
    /// # Errors
    /// Those of every read.
    pub fn projects(
        &self,
        tenant_id: Option<TenantId>,
        after: Option<ProjectId>,
        limit: u32,
    ) -> Result<Listed<Project, ProjectId>, StoreError> {
        self.readers.read("list projects", |session| {
            let mut pages = Pages::new(PROJECTS, after.map(|id| id.to_string()), limit);
            pages.only("tenant_id", tenant_id);
            pages.run(session, project, |project| project.id)
        })
    }
}

fn tenant(record: &Record) -> sql::Result<Tenant> {
    Ok(Tenant {
        id: record.parsed(0)?,
        name: record.text(1)?.to_owned(),
        created_at: record.time(2)?,
        disabled_at: record.optional_time(3)?,
        quota: Quota {
            concurrent: record.optional_count(4)?,
            requests_per_minute: record.optional_count(5)?,
            burst: record.optional_count(6)?,
            cpu_micros_per_day: record.optional_count(7)?,
            memory_mib_ms_per_day: record.optional_count(8)?,
            cost_micros_per_day: record.optional_count(9)?,
        },
    })
}

fn project(record: &Record) -> sql::Result<Project> {
    Ok(Project {
        id: record.parsed(0)?,
        tenant_id: record.parsed(1)?,
        name: record.text(2)?.to_owned(),
        created_at: record.time(3)?,
        disabled_at: record.optional_time(4)?,
    })
}

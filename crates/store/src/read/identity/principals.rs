//! Principals.

use super::{Pages, by_id};
use crate::error::StoreError;
use crate::model::identity::{Listed, PrincipalRecord, Scope};
use crate::sql::{self, Record, text};
use crate::store::Store;
use casemate_types::PrincipalId;

pub(super) const PRINCIPALS: &str = "SELECT id, tenant_id, project_id, kind, role, name, subject, created_at_ms, \
    disabled_at_ms FROM principals";

/// Whether a principal, its project and its tenant are all enabled.
pub(super) const ENABLED: &str = "SELECT p.disabled_at_ms IS NULL AND j.disabled_at_ms IS NULL \
    AND t.disabled_at_ms IS NULL FROM principals p JOIN projects j ON j.id = p.project_id \
    JOIN tenants t ON t.id = p.tenant_id WHERE p.id = ?1";

impl Store {
    /// A principal.
    ///
    /// # Errors
    /// Those of every read.
    pub fn principal(&self, id: PrincipalId) -> Result<Option<PrincipalRecord>, StoreError> {
        self.readers.read("read a principal", |session| {
            by_id(session, PRINCIPALS, id, principal)
        })
    }

    /// The principal that an issuer of tokens or certificates calls so, and whether it, its project and its tenant
    /// are all enabled.
    ///
    /// # Errors
    /// Those of every read.
    pub fn principal_by_subject(&self, subject: &str) -> Result<Option<(PrincipalRecord, bool)>, StoreError> {
        self.readers.read("find a principal", |session| {
            let sql = format!("{PRINCIPALS} WHERE subject = ?1");
            let Some(found) = session.first(&sql, &[text(subject)])? else {
                return Ok(None);
            };
            let found = principal(&found)?;
            let is_enabled = super::keys::is_enabled(session, found.id)?;
            Ok(Some((found, is_enabled)))
        })
    }

    /// A page of the principals of a scope, of at most `limit` (1 to 200).
    ///
    /// # Errors
    /// Those of every read.
    pub fn principals(
        &self,
        scope: &Scope,
        after: Option<PrincipalId>,
        limit: u32,
    ) -> Result<Listed<PrincipalRecord, PrincipalId>, StoreError> {
        self.readers.read("list principals", |session| {
            let mut pages = Pages::new(PRINCIPALS, after.map(|id| id.to_string()), limit);
            pages.only("tenant_id", scope.tenant_id);
            pages.only("project_id", scope.project_id);
            pages.only("id", scope.principal_id);
            pages.run(session, principal, |principal| principal.id)
        })
    }
}

pub(super) fn principal(record: &Record) -> sql::Result<PrincipalRecord> {
    Ok(PrincipalRecord {
        id: record.parsed(0)?,
        tenant_id: record.parsed(1)?,
        project_id: record.parsed(2)?,
        kind: record.parsed(3)?,
        role: record.parsed(4)?,
        name: record.text(5)?.to_owned(),
        subject: record.optional_text(6)?.map(str::to_owned),
        created_at: record.time(7)?,
        disabled_at: record.optional_time(8)?,
    })
}

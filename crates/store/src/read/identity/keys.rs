//! Keys, and whom they speak for.

use super::principals::{ENABLED, PRINCIPALS, principal};
use super::{Pages, by_id};
use crate::error::StoreError;
use crate::model::identity::{Key, KeyHolder, Listed, Scope};
use crate::sql::{self, Record, Session, id as id_of};
use crate::store::Store;
use casemate_types::{KeyId, PrincipalId};

const KEYS: &str = "SELECT id, tenant_id, principal_id, name, hash, scopes, created_at_ms, expires_at_ms, \
    last_used_at_ms, revoked_at_ms, replaced_by, grace_until_ms FROM keys";

impl Store {
    /// A key with whom it speaks for, of one moment: what the check of a request needs. Whether it still counts,
    /// and whether its secret is right, is for the caller to find out.
    ///
    /// # Errors
    /// Those of every read.
    pub fn key_holder(&self, id: KeyId) -> Result<Option<KeyHolder>, StoreError> {
        self.readers.read("find a key", |session| {
            let Some(key) = by_id(session, KEYS, id, key)? else {
                return Ok(None);
            };
            let Some(principal) = by_id(session, PRINCIPALS, key.principal_id, principal)? else {
                return Ok(None);
            };
            let is_enabled = is_enabled(session, principal.id)?;
            Ok(Some(KeyHolder {
                key,
                principal,
                is_enabled,
            }))
        })
    }

    /// A key.
    ///
    /// # Errors
    /// Those of every read.
    pub fn key(&self, id: KeyId) -> Result<Option<Key>, StoreError> {
        self.readers
            .read("read a key", |session| by_id(session, KEYS, id, key))
    }

    /// A page of the keys of a tenant or a principal, of at most `limit` (1 to 200). A scope's project is not looked
    /// at.
    ///
    /// # Errors
    /// Those of every read.
    pub fn keys(
        &self,
        scope: &Scope,
        after: Option<KeyId>,
        limit: u32,
    ) -> Result<Listed<Key, KeyId>, StoreError> {
        self.readers.read("list keys", |session| {
            let mut pages = Pages::new(KEYS, after.map(|id| id.to_string()), limit);
            pages.only("tenant_id", scope.tenant_id);
            pages.only("principal_id", scope.principal_id);
            pages.run(session, key, |key| key.id)
        })
    }
}

pub(super) fn is_enabled(session: &mut dyn Session, id: PrincipalId) -> sql::Result<bool> {
    let found = session.first(ENABLED, &[id_of(id)])?;
    Ok(found.map(|record| record.truth(0)).transpose()?.unwrap_or(false))
}

fn key(record: &Record) -> sql::Result<Key> {
    Ok(Key {
        id: record.parsed(0)?,
        tenant_id: record.parsed(1)?,
        principal_id: record.parsed(2)?,
        name: record.text(3)?.to_owned(),
        hash: record.hash(4)?,
        scopes: record.parsed(5)?,
        created_at: record.time(6)?,
        expires_at: record.optional_time(7)?,
        last_used_at: record.optional_time(8)?,
        revoked_at: record.optional_time(9)?,
        replaced_by: record.optional_parsed(10)?,
        grace_until: record.optional_time(11)?,
    })
}

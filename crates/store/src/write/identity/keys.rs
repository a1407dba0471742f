//! New keys, and their end: by another that takes the place, or by revocation.

use super::{exists, room};
use crate::job::{Failure, Request};
use crate::model::bounds::MAX_KEYS;
use crate::model::identity::{Edit, Key, Rotation};
use crate::model::time;
use crate::sql::{Session, id, text};
use casemate_types::KeyId;
use std::time::SystemTime;

impl Request for Key {
    type Reply = Edit;
    const OPERATION: &'static str = "record a key";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        insert(self, session)
    }

    fn bytes(&self) -> u64 {
        self.name.len() as u64
    }
}

fn insert(key: &Key, session: &mut dyn Session) -> Result<Edit, Failure> {
    let principal = "SELECT 1 FROM principals WHERE id = ?1 AND tenant_id = ?2";
    if !exists(session, principal, &[id(key.principal_id), id(key.tenant_id)])? {
        return Ok(Edit::Missing);
    }
    make_room(key, session)?;
    let made = session.execute(
        "INSERT INTO keys (id, tenant_id, principal_id, name, hash, scopes, created_at_ms, expires_at_ms,
             last_used_at_ms, revoked_at_ms, replaced_by, grace_until_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
        &[
            id(key.id),
            id(key.tenant_id),
            id(key.principal_id),
            text(&key.name),
            key.hash.as_slice().into(),
            id(key.scopes),
            time::to_ms(key.created_at).into(),
            key.expires_at.map(time::to_ms).into(),
            key.last_used_at.map(time::to_ms).into(),
            key.revoked_at.map(time::to_ms).into(),
            key.replaced_by.map(id).into(),
            key.grace_until.map(time::to_ms).into(),
        ],
    )?;
    Ok(if made == 1 { Edit::Done } else { Edit::Taken })
}

/// A principal that has as many keys as it may loses those that no longer count; the audit log tells of them.
fn make_room(key: &Key, session: &mut dyn Session) -> Result<(), Failure> {
    let count = "SELECT count(*) FROM keys WHERE principal_id = ?1";
    let principal = [id(key.principal_id)];
    if room(session, "keys", MAX_KEYS, count, &principal).is_ok() {
        return Ok(());
    }
    session.execute(
        "DELETE FROM keys WHERE principal_id = ?1
         AND (revoked_at_ms IS NOT NULL OR expires_at_ms <= ?2 OR grace_until_ms <= ?2)",
        &[id(key.principal_id), time::to_ms(key.created_at).into()],
    )?;
    room(session, "keys", MAX_KEYS, count, &principal)
}

impl Request for Rotation {
    type Reply = Edit;
    const OPERATION: &'static str = "rotate a key";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        let old = session.first(
            "SELECT principal_id, revoked_at_ms, replaced_by FROM keys WHERE id = ?1",
            &[id(self.old)],
        )?;
        let Some(old) = old else { return Ok(Edit::Missing) };
        if old.text(0)? != self.new.principal_id.to_string() {
            return Ok(Edit::Missing);
        }
        if old.optional_integer(1)?.is_some() || old.optional_text(2)?.is_some() {
            return Ok(Edit::Unchanged);
        }
        // First, so that a principal that has as many keys as it may does not lose the one that takes the place.
        session.execute(
            "UPDATE keys SET replaced_by = ?2, grace_until_ms = ?3 WHERE id = ?1",
            &[
                id(self.old),
                id(self.new.id),
                time::to_ms(self.grace_until).into(),
            ],
        )?;
        match insert(&self.new, session)? {
            Edit::Done => Ok(Edit::Done),
            other => {
                session.execute(
                    "UPDATE keys SET replaced_by = NULL, grace_until_ms = NULL WHERE id = ?1",
                    &[id(self.old)],
                )?;
                Ok(other)
            }
        }
    }

    fn bytes(&self) -> u64 {
        self.new.name.len() as u64
    }
}

/// The end of a key, at once.
pub(crate) struct Revocation {
    pub(crate) id: KeyId,
    pub(crate) at: SystemTime,
}

impl Request for Revocation {
    type Reply = Edit;
    const OPERATION: &'static str = "revoke a key";

    fn apply(&self, session: &mut dyn Session) -> Result<Edit, Failure> {
        let revoked = session.execute(
            "UPDATE keys SET revoked_at_ms = ?2 WHERE id = ?1 AND revoked_at_ms IS NULL",
            &[id(self.id), time::to_ms(self.at).into()],
        )?;
        if revoked == 1 {
            return Ok(Edit::Done);
        }
        let is_there = exists(session, "SELECT 1 FROM keys WHERE id = ?1", &[id(self.id)])?;
        Ok(if is_there { Edit::Unchanged } else { Edit::Missing })
    }

    fn bytes(&self) -> u64 {
        0
    }
}

/// When keys were last used.
pub(crate) struct Touches(pub(crate) Vec<(KeyId, SystemTime)>);

impl Request for Touches {
    type Reply = ();
    const OPERATION: &'static str = "record the use of keys";

    fn apply(&self, session: &mut dyn Session) -> Result<(), Failure> {
        for (key, at) in &self.0 {
            session.execute(
                "UPDATE keys SET last_used_at_ms = ?2
                 WHERE id = ?1 AND (last_used_at_ms IS NULL OR last_used_at_ms < ?2)",
                &[id(key), time::to_ms(*at).into()],
            )?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.0.len() as u64 * 64
    }
}

//! The first key of an installation: without one nobody could make another.

use casemate_engine::service::store::{Edit, Key, Scope, Store, StoreError, wait};
use casemate_policy::identity::{ApiKey, Pepper};
use casemate_types::{Credential, Principal, Scopes};
use std::time::SystemTime;

/// Records the key of the built-in principal, when the state holds no key of anybody. Whether it did.
///
/// # Errors
/// When the state cannot be read or written.
pub fn install_first_key(store: &Store, pepper: &Pepper, key: &ApiKey) -> Result<bool, StoreError> {
    if !store.keys(&Scope::default(), None, 1)?.items.is_empty() {
        return Ok(false);
    }
    let admin = Principal::built_in(Credential::Off);
    let record = Key {
        id: key.id(),
        tenant_id: admin.tenant_id,
        principal_id: admin.id,
        name: "admin.key".to_owned(),
        hash: key.hash(pepper),
        scopes: Scopes::ALL,
        created_at: SystemTime::now(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        replaced_by: None,
        grace_until: None,
    };
    let edit = wait(|callback| store.create_key(record, callback))?;
    Ok(edit == Edit::Done)
}

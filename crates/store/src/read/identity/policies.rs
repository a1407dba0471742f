//! Sets of policies.

use crate::error::StoreError;
use crate::model::identity::PolicySet;
use crate::sql::{self, Record};
use crate::store::Store;

const POLICY_SETS: &str = "SELECT version, content, principal_id, created_at_ms FROM policy_sets";

impl Store {
    /// The newest set of policies; `None` when there never was one.
    ///
    /// # Errors
    /// Those of every read.
    pub fn policies(&self) -> Result<Option<PolicySet>, StoreError> {
        self.readers.read("read the policies", |session| {
            let sql = format!("{POLICY_SETS} ORDER BY version DESC LIMIT 1");
            session
                .first(&sql, &[])?
                .map(|record| policy_set(&record))
                .transpose()
        })
    }

    /// The set of policies of a version, as long as it is kept.
    ///
    /// # Errors
    /// Those of every read.
    pub fn policies_of(&self, version: u64) -> Result<Option<PolicySet>, StoreError> {
        self.readers.read("read the policies", |session| {
            let sql = format!("{POLICY_SETS} WHERE version = ?1");
            session
                .first(&sql, &[version.into()])?
                .map(|record| policy_set(&record))
                .transpose()
        })
    }
}

fn policy_set(record: &Record) -> sql::Result<PolicySet> {
    Ok(PolicySet {
        version: record.count(0)?,
        content: record.text(1)?.to_owned(),
        principal_id: record.parsed(2)?,
        created_at: record.time(3)?,
    })
}

//! New sets of policies. The last hundred are kept, so that a decision of yesterday can be explained.

use crate::job::{Failure, Request};
use crate::model::bounds::MAX_POLICY_SETS;
use crate::model::time;
use crate::sql::{Session, id, text};
use casemate_types::PrincipalId;
use std::time::SystemTime;

/// A set that is in force from now on.
pub(crate) struct NewPolicySet {
    pub(crate) content: String,
    pub(crate) principal_id: PrincipalId,
    pub(crate) created_at: SystemTime,
}

impl Request for NewPolicySet {
    /// Its version.
    type Reply = u64;
    const OPERATION: &'static str = "record a set of policies";

    fn apply(&self, session: &mut dyn Session) -> Result<u64, Failure> {
        let last = session.first("SELECT coalesce(max(version), 0) FROM policy_sets", &[])?;
        let version = last.map(|row| row.count(0)).transpose()?.unwrap_or(0) + 1;
        session.execute(
            "INSERT INTO policy_sets (version, content, principal_id, created_at_ms) VALUES (?1, ?2, ?3, ?4)",
            &[
                version.into(),
                text(&self.content),
                id(self.principal_id),
                time::to_ms(self.created_at).into(),
            ],
        )?;
        let oldest_kept = version.saturating_sub(MAX_POLICY_SETS);
        session.execute(
            "DELETE FROM policy_sets WHERE version <= ?1",
            &[oldest_kept.into()],
        )?;
        Ok(version)
    }

    fn bytes(&self) -> u64 {
        self.content.len() as u64
    }
}

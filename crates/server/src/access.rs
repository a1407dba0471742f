//! What a server goes by when it tells callers apart and decides what they may.

use crate::identify::Identity;
use casemate_engine::service::store::{Store, StoreError};
use casemate_policy::authorize::{Base, PolicyError, PolicySet, PolicyText};

/// The name of the policies of an installation, in problems and explanations.
pub(crate) const POLICY_NAME: &str = "policies";

/// What is in force when no policies can be: an admin of the built-in tenant may look at them and put others there.
const REPAIR: &str = r#"
@id("repair")
permit (
    principal in Casemate::Role::"admin",
    action in [Casemate::Action::"policy:read", Casemate::Action::"policy:write"],
    resource
) when {
    principal.tenant == Casemate::Tenant::"00000000000000000000000001"
};
"#;

/// How callers are told apart, and what they may.
pub struct Access {
    /// How they are told apart.
    pub identity: Identity,
    /// What they may.
    pub policies: PolicySet,
}

/// Why nobody can be told what they may.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The state cannot be read.
    #[error("read the policies")]
    Store(#[from] StoreError),
    /// Our own policies do not fit our own schema: a test rules it out.
    #[error("load our own policies")]
    Policies(#[from] PolicyError),
}

/// The policies of an installation: those that are shipped, and those that its state holds. With a sentence for its
/// administrator where these are not valid any more; then nobody may anything but mend them.
///
/// # Errors
/// When the state cannot be read.
pub fn policies_of(store: &Store) -> Result<(PolicySet, Option<String>), AccessError> {
    let kept = store.policies()?;
    let texts: Vec<_> = kept.iter().map(|set| text(&set.content)).collect();
    let problem = match PolicySet::load(Base::Shipped, &texts) {
        Ok(set) => return Ok((set, None)),
        Err(error) => error,
    };
    let repair = PolicySet::load(Base::Empty, &[text(REPAIR)])?;
    Ok((
        repair,
        Some(format!(
            "the policies are not valid, and nobody may do anything but replace them: {problem}"
        )),
    ))
}

/// A text of an installation's policies.
pub(crate) fn text(content: &str) -> PolicyText {
    PolicyText {
        name: POLICY_NAME.to_owned(),
        text: content.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_can_be_mended() {
        assert!(PolicySet::load(Base::Empty, &[text(REPAIR)]).is_ok());
    }
}

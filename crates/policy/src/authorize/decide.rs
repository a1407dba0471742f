//! The decision: allowed or not, and which policies said so.

use super::circumstance::Context;
use super::entity;
use super::load::PolicySet;
use super::resource::Resource;
use casemate_types::{Action, Principal};
use cedar_policy::{Authorizer, PolicyId, Response};
use std::fmt;
use std::sync::Arc;

/// Why somebody may or may not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ground {
    /// Policies permit it, and none forbids it.
    Permitted,
    /// Policies forbid it.
    Forbidden,
    /// No policy permits it.
    NotPermitted,
    /// The credential is not for this action, whatever its owner may.
    OutOfScope,
    /// Something could not be evaluated, and what cannot be evaluated denies. The text is for the log and for who
    /// administers the service, not for who asked.
    Failed(String),
}

/// What was decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Why.
    pub ground: Ground,
    /// The ids of the policies that decided, in order; those that failed when one did.
    pub reasons: Vec<Arc<str>>,
}

impl Decision {
    /// Whether it may be done.
    pub fn allowed(&self) -> bool {
        self.ground == Ground::Permitted
    }

    /// What could not be evaluated.
    pub fn error(&self) -> Option<&str> {
        match &self.ground {
            Ground::Failed(error) => Some(error),
            _ => None,
        }
    }

    fn denied(ground: Ground) -> Self {
        Self {
            ground,
            reasons: Vec::new(),
        }
    }
}

/// One sentence, for a log or an explanation.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = self.reasons.join(", ");
        match &self.ground {
            Ground::Permitted => write!(f, "allowed by {reasons}"),
            Ground::Forbidden => write!(f, "denied by {reasons}"),
            Ground::NotPermitted => f.write_str("denied: no policy permits it"),
            Ground::OutOfScope => f.write_str("denied: the credential is not for this action"),
            Ground::Failed(error) => write!(f, "denied: it could not be decided: {error}"),
        }
    }
}

impl PolicySet {
    /// Whether the principal may do this to that.
    ///
    /// Never fails: what could not be decided is denied, and says so in [`Decision::ground`].
    pub fn decide(
        &self,
        principal: &Principal,
        action: Action,
        resource: &Resource,
        context: &Context,
    ) -> Decision {
        if !principal.scopes.contains(action) {
            return Decision::denied(Ground::OutOfScope);
        }
        let Some(policies) = self.by_action.get(action as usize) else {
            return Decision::denied(Ground::NotPermitted);
        };
        let asked = entity::question(&self.words, principal, action, resource, context);
        let (request, entities) = match asked {
            Ok(asked) => asked,
            Err(error) => return Decision::denied(Ground::Failed(error)),
        };
        self.read(&Authorizer::new().is_authorized(&request, policies, &entities))
    }

    /// Cedar leaves out a policy that fails, which would open what a failing `forbid` closes: here it denies.
    fn read(&self, response: &Response) -> Decision {
        let diagnostics = response.diagnostics();
        let mut failures = diagnostics.errors().map(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(failed) => {
                (self.id(failed.policy_id()), casemate_types::with_causes(failed))
            }
        });
        if let Some((id, error)) = failures.next() {
            return Decision {
                ground: Ground::Failed(error),
                reasons: sorted(std::iter::once(id).chain(failures.map(|(id, _)| id))),
            };
        }
        let reasons = sorted(diagnostics.reason().map(|id| self.id(id)));
        let ground = match response.decision() {
            cedar_policy::Decision::Allow => Ground::Permitted,
            cedar_policy::Decision::Deny if reasons.is_empty() => Ground::NotPermitted,
            cedar_policy::Decision::Deny => Ground::Forbidden,
        };
        Decision { ground, reasons }
    }

    fn id(&self, id: &PolicyId) -> Arc<str> {
        let id: &str = id.as_ref();
        let known = self.policies.get_key_value(id);
        known.map_or_else(|| id.into(), |(known, _)| known.clone())
    }
}

fn sorted(ids: impl Iterator<Item = Arc<str>>) -> Vec<Arc<str>> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids
}

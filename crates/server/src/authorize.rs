//! What a caller may do: the one place where that is decided. Handlers ask here before they read or change anything.
//!
//! What belongs to somebody else is answered like what there is not: nobody learns from an answer that it exists.

use crate::problem::{Denial, Kind, Problem};
use crate::state::State;
use casemate_engine::runtime::language::Table;
use casemate_engine::service::Found;
use casemate_engine::service::store::{Filter, Owner};
use casemate_policy::authorize::{Asked, Context, Decision, Ground, Place, PolicySet, Resource};
use casemate_types::analysis::Mode;
use casemate_types::{Action, ExecutionId, ExecutionRequest, Principal};
use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    principal: Arc<Principal>,
    source: Option<IpAddr>,
}

impl Caller {
    pub(crate) fn new(principal: Arc<Principal>, source: Option<IpAddr>) -> Self {
        Self { principal, source }
    }

    /// Whose the caller's executions are.
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            tenant_id: self.principal.tenant_id,
            project_id: self.principal.project_id,
            principal_id: self.principal.id,
        }
    }

    /// The project that the caller works in.
    pub(crate) fn place(&self) -> Place {
        Place::of(&self.principal)
    }

    /// The circumstances of what is asked for now.
    pub(crate) fn context(&self) -> Context {
        Context {
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            source: self.source,
            asked: None,
        }
    }
}

/// The policies in force. Replaced as a whole.
pub(crate) struct Policies(RwLock<Arc<PolicySet>>);

impl Policies {
    pub(crate) fn new(set: PolicySet) -> Self {
        Self(RwLock::new(Arc::new(set)))
    }

    /// Those of now.
    pub(crate) fn now(&self) -> Arc<PolicySet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Decides. Every decision of the service is made here.
pub(crate) fn decide(
    state: &State,
    caller: &Caller,
    action: Action,
    resource: &Resource,
    context: &Context,
) -> Decision {
    if state.identities.is_off() {
        return Decision {
            ground: Ground::Permitted,
            reasons: Vec::new(),
        };
    }
    state
        .policies
        .now()
        .decide(&caller.principal, action, resource, context)
}

/// Goes on only if the caller may do this.
///
/// # Errors
/// 403, with the policies that said so.
pub(crate) fn allow(
    state: &State,
    caller: &Caller,
    action: Action,
    resource: &Resource,
) -> Result<(), Problem> {
    allow_in(state, caller, action, resource, &caller.context())
}

/// The same in these circumstances.
///
/// # Errors
/// 403, with the policies that said so.
pub(crate) fn allow_in(
    state: &State,
    caller: &Caller,
    action: Action,
    resource: &Resource,
    context: &Context,
) -> Result<(), Problem> {
    let decision = decide(state, caller, action, resource, context);
    match decision.allowed() {
        true => Ok(()),
        false => Err(denied(action, decision)),
    }
}

/// What who asked is told of a decision: the policies, but not what failed in one.
fn denied(action: Action, decision: Decision) -> Problem {
    let detail = match &decision.ground {
        Ground::Failed(_) => format!("{action} is denied: a policy could not be evaluated"),
        _ => format!("{action}: {decision}"),
    };
    let internal = decision.error().map(|error| format!("{action}: {error}").into());
    Problem {
        internal,
        denial: Some(Box::new(Denial {
            action,
            policies: decision.reasons.iter().map(|id| id.to_string()).collect(),
        })),
        ..Problem::new(Kind::Denied, detail)
    }
}

/// Goes on only if the caller's credential is for this at all: the check that costs nothing, before a body is read.
///
/// # Errors
/// 403.
pub(crate) fn in_scope(caller: &Caller, action: Action) -> Result<(), Problem> {
    if caller.principal.scopes.contains(action) {
        return Ok(());
    }
    let decision = Decision {
        ground: Ground::OutOfScope,
        reasons: Vec::new(),
    };
    Err(denied(action, decision))
}

/// Goes on only if the caller may have this program run as asked.
///
/// # Errors
/// 403, with the policies that said so.
pub(crate) fn allow_execution(
    state: &State,
    caller: &Caller,
    id: ExecutionId,
    request: &ExecutionRequest,
) -> Result<(), Problem> {
    let known = Table::builtin().find(&request.language);
    let language = known.map_or(&*request.language, |language| language.name);
    let resource = execution(caller.owner(), id, language);
    let context = Context {
        asked: Some(Asked {
            network: request.network,
            limits: request.limits,
            image: None,
        }),
        ..caller.context()
    };
    allow_in(state, caller, Action::ExecutionCreate, &resource, &context)?;
    match request.mode {
        Some(Mode::Observe) => allow_in(state, caller, Action::ExecutionObserve, &resource, &context),
        _ => Ok(()),
    }
}

/// The execution of this id, if it is there and the caller may do this with it.
///
/// # Errors
/// 403 or 404, the same whether it is not there or is somebody else's.
pub(crate) async fn reach(
    state: &Arc<State>,
    caller: &Caller,
    action: Action,
    id: ExecutionId,
) -> Result<Found, Problem> {
    let found = match state.service.live(id) {
        Some(execution) => Some(Found::Live(execution)),
        None => state.blocking(move |service| Ok(service.find(id)?)).await?,
    };
    let reached = found.filter(|found| may(state, caller, action, found));
    reached.ok_or_else(|| unreached(state, caller, action))
}

fn may(state: &State, caller: &Caller, action: Action, found: &Found) -> bool {
    let (id, language) = match found {
        Found::Live(execution) => (execution.id, execution.language),
        Found::Recorded(recorded) => (recorded.detail.summary.id, &*recorded.detail.summary.language),
    };
    let resource = execution(found.owner(), id, language);
    found.owner().tenant_id == caller.principal.tenant_id
        && decide(state, caller, action, &resource, &caller.context()).allowed()
}

/// What is answered for what a caller cannot reach. It depends on who asks for what, and on no execution: who may do
/// it with none of the own project is told so, everybody else that there is nothing.
fn unreached(state: &State, caller: &Caller, action: Action) -> Problem {
    let made_up = execution(caller.owner(), ExecutionId::from_value(0), "");
    match allow(state, caller, action, &made_up) {
        Ok(()) => Problem::not_found(),
        Err(denied) => denied,
    }
}

/// An execution, as policies see it.
pub(crate) fn execution(owner: Owner, id: ExecutionId, language: &str) -> Resource {
    Resource::Execution {
        place: Place {
            tenant_id: owner.tenant_id,
            project_id: owner.project_id,
        },
        id,
        owner: owner.principal_id,
        language: language.to_owned(),
    }
}

/// Narrows a list to what the caller may see: its tenant, or its project.
///
/// # Errors
/// 403 when it may see neither.
pub(crate) fn narrow(state: &State, caller: &Caller, filter: &mut Filter) -> Result<(), Problem> {
    let action = Action::ExecutionList;
    filter.scope.tenant_id = Some(caller.principal.tenant_id);
    let tenant = Resource::Tenant(caller.principal.tenant_id);
    if decide(state, caller, action, &tenant, &caller.context()).allowed() {
        return Ok(());
    }
    filter.scope.project_id = Some(caller.principal.project_id);
    allow(state, caller, action, &Resource::Project(caller.place()))
}

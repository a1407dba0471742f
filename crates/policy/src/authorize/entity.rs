//! Principals and resources as Cedar's entities, with the tenants and projects that they are in.

use super::circumstance::Context;
use super::resource::{Place, Resource, ResourceKind};
use super::schema::Vocabulary;
use casemate_types::{Action, Limits, Principal, PrincipalId, TenantId};
use cedar_policy::{Entities, Entity, EntityUid, Request, RestrictedExpression};
use std::collections::{HashMap, HashSet};

/// Why a question could not be put: a fault of ours, and a reason to deny.
pub(super) type Unaskable = String;

type Attributes = Vec<(&'static str, RestrictedExpression)>;

/// The question, and the entities that it is about.
pub(super) fn question(
    words: &Vocabulary,
    principal: &Principal,
    action: Action,
    resource: &Resource,
    context: &Context,
) -> Result<(Request, Entities), Unaskable> {
    if !words.takes(action, resource.kind()) {
        return Err(format!("{action} is not done to a {}", resource.kind().name()));
    }
    let account = words.entity(ResourceKind::Account, &principal.id.to_string());
    let own = Names::of(words, Place::of(principal));
    let object = words.entity(resource.kind(), &resource.name());
    let circumstances = circumstances(principal, action, context)?;
    // What the schema asks of a question holds by what stands above and in `circumstances`; tests hold the two
    // together. Cedar's own look at it would cost more than the decision.
    let request = Request::new(
        account.clone(),
        words.action(action),
        object.clone(),
        circumstances,
        None,
    );
    let request = request.map_err(|error| casemate_types::with_causes(&error))?;
    let mut entities = vec![
        principal_entity(words, account.clone(), &own, principal)?,
        own.entity()?,
    ];
    let theirs = resource.place().map(|place| match place {
        same if same == Place::of(principal) => own.clone(),
        other => Names::of(words, other),
    });
    if let Some(theirs) = theirs.as_ref().filter(|theirs| theirs.project != own.project) {
        entities.push(theirs.entity()?);
    }
    // Of somebody who acts on its own account there is one entity, and of a project too.
    if object != account && resource.kind() != ResourceKind::Project {
        entities.extend(object_entity(words, object, theirs.as_ref(), resource)?);
    }
    let entities = Entities::from_entities(entities, None);
    Ok((
        request,
        entities.map_err(|error| casemate_types::with_causes(&error))?,
    ))
}

/// The names of a project and its tenant, made once for a decision.
#[derive(Clone)]
struct Names {
    tenant: EntityUid,
    project: EntityUid,
}

impl Names {
    fn of(words: &Vocabulary, place: Place) -> Self {
        Self {
            tenant: tenant(words, place.tenant_id),
            project: words.entity(ResourceKind::Project, &place.project_id.to_string()),
        }
    }

    /// The attributes of what is in the project.
    fn attributes(&self) -> Attributes {
        vec![
            (
                "tenant",
                RestrictedExpression::new_entity_uid(self.tenant.clone()),
            ),
            (
                "project",
                RestrictedExpression::new_entity_uid(self.project.clone()),
            ),
        ]
    }

    fn parents(&self) -> HashSet<EntityUid> {
        HashSet::from([self.tenant.clone(), self.project.clone()])
    }

    /// The project itself.
    fn entity(&self) -> Result<Entity, Unaskable> {
        let attributes = vec![(
            "tenant",
            RestrictedExpression::new_entity_uid(self.tenant.clone()),
        )];
        entity(
            self.project.clone(),
            attributes,
            HashSet::from([self.tenant.clone()]),
        )
    }
}

fn principal_entity(
    words: &Vocabulary,
    uid: EntityUid,
    own: &Names,
    principal: &Principal,
) -> Result<Entity, Unaskable> {
    let mut attributes = own.attributes();
    attributes.push(("kind", text(principal.kind.word())));
    let mut parents = own.parents();
    parents.insert(words.role(principal.role));
    entity(uid, attributes, parents)
}

/// The entity of a resource; a tenant and the service have nothing that policies could look at.
fn object_entity(
    words: &Vocabulary,
    uid: EntityUid,
    place: Option<&Names>,
    resource: &Resource,
) -> Result<Option<Entity>, Unaskable> {
    let mut attributes = place.map_or_else(Vec::new, Names::attributes);
    let mut parents = place.map_or_else(HashSet::new, Names::parents);
    match resource {
        Resource::Service | Resource::Tenant(_) => return Ok(None),
        Resource::AuditLog(tenant_id) => {
            let tenant = tenant(words, *tenant_id);
            attributes.push(("tenant", RestrictedExpression::new_entity_uid(tenant.clone())));
            parents.insert(tenant);
        }
        Resource::Execution { owner, language, .. } => {
            attributes.push(("owner", owner_of(words, *owner)));
            attributes.push(("language", text(language)));
        }
        Resource::Key { owner, .. } => attributes.push(("owner", owner_of(words, *owner))),
        Resource::Account { kind, role, .. } => {
            attributes.push(("kind", text(kind.word())));
            parents.insert(words.role(*role));
        }
        Resource::Destination {
            host,
            port,
            protocol,
            address,
            ..
        } => {
            attributes.push(("host", text(host)));
            attributes.push(("port", RestrictedExpression::new_long((*port).into())));
            attributes.push(("protocol", text(protocol)));
            if let Some(address) = address {
                attributes.push(("address", RestrictedExpression::new_ip(address.to_string())));
            }
        }
        Resource::DataSource { name, kind, .. } => {
            attributes.push(("name", text(name)));
            attributes.push(("kind", text(kind)));
        }
        Resource::PackageIndex { ecosystem, name, .. } => {
            attributes.push(("ecosystem", text(ecosystem)));
            attributes.push(("name", text(name)));
        }
        Resource::Project(_) => {}
    }
    entity(uid, attributes, parents).map(Some)
}

fn circumstances(
    principal: &Principal,
    action: Action,
    context: &Context,
) -> Result<cedar_policy::Context, Unaskable> {
    let now = i64::try_from(context.now.as_secs()).map_err(|_| "the time is out of range".to_owned())?;
    let mut pairs = vec![
        ("now", RestrictedExpression::new_long(now)),
        ("credential", text(principal.credential.word())),
    ];
    if let Some(source) = context.source {
        pairs.push(("source", RestrictedExpression::new_ip(source.to_string())));
    }
    let wants_asked = matches!(action, Action::ExecutionCreate | Action::ExecutionObserve);
    if wants_asked {
        let asked = context
            .asked
            .as_ref()
            .ok_or("what the execution asks for is missing")?;
        pairs.push(("network", text(asked.network.as_str())));
        pairs.push(("limits", limits(&asked.limits)?));
        if let Some(image) = &asked.image {
            pairs.push(("image", text(image)));
        }
    }
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
    cedar_policy::Context::from_pairs(pairs).map_err(|error| casemate_types::with_causes(&error))
}

fn limits(limits: &Limits) -> Result<RestrictedExpression, Unaskable> {
    let long = |number: u128| {
        let number = i64::try_from(number).map_err(|_| "a limit is out of range".to_owned())?;
        Ok::<_, Unaskable>(RestrictedExpression::new_long(number))
    };
    let mut fields = vec![
        ("wallMs", long(limits.wall.as_millis())?),
        ("cpusMillis", long(limits.cpus.millis.into())?),
        ("memoryBytes", long(limits.memory.0.into())?),
        ("diskBytes", long(limits.disk.0.into())?),
        ("pids", long(limits.pids.into())?),
        ("outputBytes", long(limits.output.0.into())?),
    ];
    if let Some(cpu) = limits.cpu {
        fields.push(("cpuMs", long(cpu.as_millis())?));
    }
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    RestrictedExpression::new_record(fields).map_err(|error| casemate_types::with_causes(&error))
}

fn tenant(words: &Vocabulary, id: TenantId) -> EntityUid {
    words.entity(ResourceKind::Tenant, &id.to_string())
}

fn owner_of(words: &Vocabulary, owner: PrincipalId) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(words.entity(ResourceKind::Account, &owner.to_string()))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn entity(uid: EntityUid, attributes: Attributes, parents: HashSet<EntityUid>) -> Result<Entity, Unaskable> {
    let attributes: HashMap<_, _> = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Entity::new(uid, attributes, parents).map_err(|error| casemate_types::with_causes(&error))
}

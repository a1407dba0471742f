//! The schema, and the names that every decision needs, made once.

use super::problem::PolicyError;
use super::resource::ResourceKind;
use casemate_types::{Action, Role};
use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};
use std::str::FromStr;

/// The text of the schema: what policies can speak of.
pub(super) const SCHEMA: &str = include_str!("../../../../resources/policy/schema.cedarschema");
const NAMESPACE: &str = "Casemate";

/// The schema and its names.
pub(super) struct Vocabulary {
    pub schema: Schema,
    kinds: Vec<EntityTypeName>,
    actions: Vec<EntityUid>,
    roles: Vec<EntityUid>,
    /// For each action, which kinds of resources it is for.
    takes: Vec<Vec<bool>>,
}

impl Vocabulary {
    /// Reads the schema that is compiled in.
    pub fn new() -> Result<Self, PolicyError> {
        let failed = |error: &dyn std::error::Error| PolicyError::Schema(casemate_types::with_causes(error));
        let (schema, warnings) = Schema::from_cedarschema_str(SCHEMA).map_err(|error| failed(&error))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(PolicyError::Schema(warning.to_string()));
        }
        let type_of = |name: &str| {
            EntityTypeName::from_str(&format!("{NAMESPACE}::{name}")).map_err(|error| failed(&error))
        };
        let kinds: Result<Vec<_>, _> = ResourceKind::ALL
            .iter()
            .map(|kind| type_of(kind.name()))
            .collect();
        let action = type_of("Action")?;
        let role = type_of("Role")?;
        let kinds = kinds?;
        let actions: Vec<EntityUid> = Action::ALL.iter().map(|one| uid(&action, one.word())).collect();
        let takes = actions.iter().map(|action| {
            let resources: Vec<_> = schema
                .resources_for_action(action)
                .into_iter()
                .flatten()
                .collect();
            kinds.iter().map(|kind| resources.contains(&kind)).collect()
        });
        Ok(Self {
            takes: takes.collect(),
            kinds,
            actions,
            roles: Role::ALL.iter().map(|one| uid(&role, one.word())).collect(),
            schema,
        })
    }

    /// Whether the action is for resources of this kind.
    pub fn takes(&self, action: Action, kind: ResourceKind) -> bool {
        self.takes[action as usize][kind as usize]
    }

    /// The name of an entity. Kinds, actions and roles are numbered as their `ALL` lists them; a test holds that.
    pub fn entity(&self, kind: ResourceKind, name: &str) -> EntityUid {
        uid(&self.kinds[kind as usize], name)
    }

    /// The name of an action.
    pub fn action(&self, action: Action) -> EntityUid {
        self.actions[action as usize].clone()
    }

    /// The name of a role.
    pub fn role(&self, role: Role) -> EntityUid {
        self.roles[role as usize].clone()
    }
}

fn uid(kind: &EntityTypeName, name: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(name))
}

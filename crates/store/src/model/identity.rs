//! Who may ask: tenants with their projects, principals and keys. A key is a keyed hash; its secret is never here.

use crate::model::owner::Owner;
use casemate_types::{KeyId, PrincipalId, PrincipalKind, ProjectId, Role, Scopes, TenantId};
use std::time::SystemTime;

/// A customer of the installation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name; no two tenants have the same.
    pub name: String,
    /// What it may use.
    pub quota: Quota,
    /// Since when there is it, to the millisecond.
    pub created_at: SystemTime,
    /// Since when nobody of it may do anything.
    pub disabled_at: Option<SystemTime>,
}

/// What a tenant may use; `None` is no bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// Executions at once.
    pub concurrent: Option<u64>,
    /// Requests a minute, in the long run.
    pub requests_per_minute: Option<u64>,
    /// Requests at once beyond that.
    pub burst: Option<u64>,
    /// CPU time a day, microseconds.
    pub cpu_micros_per_day: Option<u64>,
    /// Memory over time a day, MiB-milliseconds: a GiB-second is 1,024,000.
    pub memory_mib_ms_per_day: Option<u64>,
    /// Money a day, in millionths of the price table's unit.
    pub cost_micros_per_day: Option<u64>,
}

/// A project of a tenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// Its name; no two projects of a tenant have the same.
    pub name: String,
    /// Since when there is it, to the millisecond.
    pub created_at: SystemTime,
    /// Since when nobody of it may do anything.
    pub disabled_at: Option<SystemTime>,
}

/// A person or a program of a tenant, as it is recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrincipalRecord {
    /// Its id.
    pub id: PrincipalId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// The project that it works in.
    pub project_id: ProjectId,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// What it is in its tenant.
    pub role: Role,
    /// Its name; no two principals of a tenant have the same.
    pub name: String,
    /// Who it is to an issuer of tokens or certificates; no two principals are the same.
    pub subject: Option<String>,
    /// Since when there is it, to the millisecond.
    pub created_at: SystemTime,
    /// Since when it may do nothing.
    pub disabled_at: Option<SystemTime>,
}

impl PrincipalRecord {
    /// Whose what it makes is.
    pub fn owner(&self) -> Owner {
        Owner {
            tenant_id: self.tenant_id,
            project_id: self.project_id,
            principal_id: self.id,
        }
    }
}

/// An API key without its secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Its id, which its text begins with.
    pub id: KeyId,
    /// The tenant of its principal.
    pub tenant_id: TenantId,
    /// Whom it speaks for.
    pub principal_id: PrincipalId,
    /// A name for people.
    pub name: String,
    /// The keyed hash of its secret.
    pub hash: [u8; 32],
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made, to the millisecond.
    pub created_at: SystemTime,
    /// From when on it does not count.
    pub expires_at: Option<SystemTime>,
    /// When it was last used, about.
    pub last_used_at: Option<SystemTime>,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
    /// The key that took its place.
    pub replaced_by: Option<KeyId>,
    /// Until when it still counts although another took its place.
    pub grace_until: Option<SystemTime>,
}

impl Key {
    /// Whether it counts at this time, its principal left aside.
    pub fn counts_at(&self, now: SystemTime) -> bool {
        let ends = [self.expires_at, self.grace_until].into_iter().flatten().min();
        self.revoked_at.is_none() && ends.is_none_or(|end| now < end)
    }
}

/// A key with whom it speaks for: all that a request's check needs, of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyHolder {
    /// The key.
    pub key: Key,
    /// Its principal.
    pub principal: PrincipalRecord,
    /// Whether principal, project and tenant are all enabled.
    pub is_enabled: bool,
}

/// A change to a tenant; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TenantChange {
    /// Another name.
    pub name: Option<String>,
    /// Another quota, as a whole.
    pub quota: Option<Quota>,
    /// Disabled since, or enabled.
    pub disabled_at: Option<Option<SystemTime>>,
}

/// A change to a project; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProjectChange {
    /// Another name.
    pub name: Option<String>,
    /// Disabled since, or enabled.
    pub disabled_at: Option<Option<SystemTime>>,
}

/// A change to a principal; what is `None` stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PrincipalChange {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Another subject, or none.
    pub subject: Option<Option<String>>,
    /// Disabled since, or enabled.
    pub disabled_at: Option<Option<SystemTime>>,
}

/// A key takes the place of another of the same principal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// The one whose place is taken. It must not be revoked or replaced already.
    pub old: KeyId,
    /// The new one.
    pub new: Key,
    /// Until when the old one still counts.
    pub grace_until: SystemTime,
}

/// What became of a change to tenants, projects, principals or keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edit {
    /// It is done.
    Done,
    /// What is changed, or what the new one belongs to, is not there.
    Missing,
    /// The name, the subject or the id belongs to another. Nothing was recorded.
    Taken,
    /// It was revoked or replaced before. Nothing was recorded.
    Unchanged,
}

/// Which principals or keys a list holds; the default holds all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Only of this tenant.
    pub tenant_id: Option<TenantId>,
    /// Only of this project. Keys belong to none.
    pub project_id: Option<ProjectId>,
    /// Only of this principal.
    pub principal_id: Option<PrincipalId>,
}

impl Scope {
    /// All of one tenant.
    pub fn tenant(id: TenantId) -> Self {
        Self {
            tenant_id: Some(id),
            ..Self::default()
        }
    }

    /// Whether it holds what belongs to this owner.
    pub fn holds(&self, owner: &Owner) -> bool {
        self.tenant_id.is_none_or(|id| id == owner.tenant_id)
            && self.project_id.is_none_or(|id| id == owner.project_id)
            && self.principal_id.is_none_or(|id| id == owner.principal_id)
    }
}

/// A page of a list by id, oldest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed<T, I> {
    /// What is on it.
    pub items: Vec<T>,
    /// What `after` of the next page is; `None` after the last page.
    pub next: Option<I>,
}

/// A set of policies that was in force from its time on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicySet {
    /// Its number; the newest is the largest.
    pub version: u64,
    /// Its text.
    pub content: String,
    /// Who put it there.
    pub principal_id: PrincipalId,
    /// When, to the millisecond.
    pub created_at: SystemTime,
}

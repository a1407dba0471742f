//! The door to who may ask: changes to tenants, projects, principals, keys and policies. Each is durable when its
//! callback says so, but for the times of use.

use crate::error::StoreError;
use crate::model::change::Durability;
use crate::model::identity::{
    Edit, Key, PrincipalChange, PrincipalRecord, Project, ProjectChange, Rotation, Tenant, TenantChange,
};
use crate::store::Store;
use crate::write::identity::{
    ChangePrincipal, ChangeProject, ChangeTenant, NewPolicySet, Revocation, Touches,
};
use casemate_types::{KeyId, PrincipalId, ProjectId, TenantId};
use std::time::SystemTime;

impl Store {
    /// Records a tenant: [`Edit::Taken`] when another has its name or its id.
    ///
    /// # Errors
    /// By the callback: [`StoreError::Bound`], and those of every write, as of all changes here.
    pub fn create_tenant(
        &self,
        tenant: Tenant,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match tenant.check() {
            Ok(()) => self.submit(tenant, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Changes a tenant.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn change_tenant(
        &self,
        id: TenantId,
        change: TenantChange,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match change.check() {
            Ok(()) => self.submit(ChangeTenant { id, change }, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Records a project: [`Edit::Missing`] without its tenant, [`Edit::Taken`] when another of the tenant has its
    /// name.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn create_project(
        &self,
        project: Project,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match project.check() {
            Ok(()) => self.submit(project, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Changes a project.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn change_project(
        &self,
        id: ProjectId,
        change: ProjectChange,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match change.check() {
            Ok(()) => self.submit(ChangeProject { id, change }, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Records a principal: [`Edit::Missing`] without its project in its tenant, [`Edit::Taken`] when another of the
    /// tenant has its name, or another its subject.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn create_principal(
        &self,
        principal: PrincipalRecord,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match principal.check() {
            Ok(()) => self.submit(principal, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Changes a principal.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn change_principal(
        &self,
        id: PrincipalId,
        change: PrincipalChange,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match change.check() {
            Ok(()) => self.submit(ChangePrincipal { id, change }, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Records a key: [`Edit::Missing`] without its principal in its tenant. A principal with as many keys as it
    /// may have loses those that no longer count.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn create_key(&self, key: Key, callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static) {
        match key.check() {
            Ok(()) => self.submit(key, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Lets a new key take the place of another, which counts on for a while: [`Edit::Missing`] without the old one
    /// or when it is another principal's, [`Edit::Unchanged`] when it was revoked or replaced before.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn rotate_key(
        &self,
        rotation: Rotation,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        match rotation.new.check() {
            Ok(()) => self.submit(rotation, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Ends a key at once: [`Edit::Unchanged`] when it was revoked before.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn revoke_key(
        &self,
        id: KeyId,
        at: SystemTime,
        callback: impl FnOnce(Result<Edit, StoreError>) + Send + 'static,
    ) {
        self.submit(Revocation { id, at }, Durability::Durable, callback);
    }

    /// Records when keys were last used, many at once; earlier times than those that are known change nothing.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn touch_keys(
        &self,
        used: Vec<(KeyId, SystemTime)>,
        callback: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) {
        let touches = Touches(used);
        match touches.check() {
            Ok(()) => self.submit(touches, Durability::Soft, callback),
            Err(error) => callback(Err(error)),
        }
    }

    /// Keeps a set of policies as the newest, and answers with its version. The last 100 are kept.
    ///
    /// # Errors
    /// As of all changes here.
    pub fn save_policies(
        &self,
        content: String,
        principal_id: PrincipalId,
        created_at: SystemTime,
        callback: impl FnOnce(Result<u64, StoreError>) + Send + 'static,
    ) {
        let new = NewPolicySet {
            content,
            principal_id,
            created_at,
        };
        match new.check() {
            Ok(()) => self.submit(new, Durability::Durable, callback),
            Err(error) => callback(Err(error)),
        }
    }
}

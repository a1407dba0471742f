//! Whose an execution is. Every record names a tenant, a project and a principal from the first migration on.

use casemate_types::{PrincipalId, ProjectId, TenantId};

/// The tenant, project and principal of a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Owner {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The project of the tenant.
    pub project_id: ProjectId,
    /// Who asked.
    pub principal_id: PrincipalId,
}

impl Owner {
    /// The one owner there is until callers are told apart: `00000000000000000000000001` three times.
    pub const BUILT_IN: Self = Self {
        tenant_id: TenantId::from_value(1),
        project_id: ProjectId::from_value(1),
        principal_id: PrincipalId::from_value(1),
    };
}

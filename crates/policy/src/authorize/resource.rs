//! What an action is on.

use casemate_types::{ExecutionId, KeyId, PrincipalId, PrincipalKind, ProjectId, Role, TenantId};
use std::net::IpAddr;

/// Where something belongs: a project of a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Place {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The project.
    pub project_id: ProjectId,
}

impl Place {
    /// Where a principal works.
    pub fn of(principal: &casemate_types::Principal) -> Self {
        Self {
            tenant_id: principal.tenant_id,
            project_id: principal.project_id,
        }
    }
}

/// One thing that can be acted on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resource {
    /// The service itself, and what belongs to no tenant.
    Service,
    /// A tenant.
    Tenant(TenantId),
    /// A project.
    Project(Place),
    /// A person or a program with credentials.
    Account {
        /// Where it belongs.
        place: Place,
        /// Which one.
        id: PrincipalId,
        /// A person or a program.
        kind: PrincipalKind,
        /// What it is, or is to become.
        role: Role,
    },
    /// An execution, or one that is asked for and has its id already.
    Execution {
        /// Where it belongs.
        place: Place,
        /// Which one.
        id: ExecutionId,
        /// Who asked for it.
        owner: PrincipalId,
        /// Its language, by its own name and not by an alias.
        language: String,
    },
    /// The part of the audit log that is about a tenant.
    AuditLog(TenantId),
    /// An API key.
    Key {
        /// Where its owner belongs.
        place: Place,
        /// Which one.
        id: KeyId,
        /// Whose key it is.
        owner: PrincipalId,
    },
    /// Where a program wants to connect to.
    Destination {
        /// Whose program it is.
        place: Place,
        /// The name as the program asked for it, in lower case.
        host: String,
        /// The port.
        port: u16,
        /// `tcp`, `udp`, `http` or `https`.
        protocol: String,
        /// What the name stands for, once that is known.
        address: Option<IpAddr>,
    },
    /// A source of data.
    DataSource {
        /// Whose program wants it.
        place: Place,
        /// Its configured name.
        name: String,
        /// What it is: `postgres`, `s3` ...
        kind: String,
    },
    /// An index of packages.
    PackageIndex {
        /// Whose program wants it.
        place: Place,
        /// `pypi`, `npm` ...
        ecosystem: String,
        /// Its configured name.
        name: String,
    },
}

/// The kinds of resources, as policies name them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ResourceKind {
    /// The service.
    Service,
    /// A tenant.
    Tenant,
    /// A project.
    Project,
    /// A person or a program.
    Account,
    /// An execution.
    Execution,
    /// A part of the audit log.
    AuditLog,
    /// An API key.
    Key,
    /// Where a program connects to.
    Destination,
    /// A source of data.
    DataSource,
    /// An index of packages.
    PackageIndex,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Service,
        Self::Tenant,
        Self::Project,
        Self::Account,
        Self::Execution,
        Self::AuditLog,
        Self::Key,
        Self::Destination,
        Self::DataSource,
        Self::PackageIndex,
    ];

    /// The name in the schema, without its namespace.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::Tenant => "Tenant",
            Self::Project => "Project",
            Self::Account => "Account",
            Self::Execution => "Execution",
            Self::AuditLog => "AuditLog",
            Self::Key => "Key",
            Self::Destination => "Destination",
            Self::DataSource => "DataSource",
            Self::PackageIndex => "PackageIndex",
        }
    }
}

impl Resource {
    /// Its kind.
    pub fn kind(&self) -> ResourceKind {
        match self {
            Self::Service => ResourceKind::Service,
            Self::Tenant(_) => ResourceKind::Tenant,
            Self::Project(_) => ResourceKind::Project,
            Self::Account { .. } => ResourceKind::Account,
            Self::Execution { .. } => ResourceKind::Execution,
            Self::AuditLog(_) => ResourceKind::AuditLog,
            Self::Key { .. } => ResourceKind::Key,
            Self::Destination { .. } => ResourceKind::Destination,
            Self::DataSource { .. } => ResourceKind::DataSource,
            Self::PackageIndex { .. } => ResourceKind::PackageIndex,
        }
    }

    /// The tenant that it belongs to; the service belongs to none.
    pub fn tenant_id(&self) -> Option<TenantId> {
        match self {
            Self::Service => None,
            Self::Tenant(tenant_id) | Self::AuditLog(tenant_id) => Some(*tenant_id),
            _ => self.place().map(|place| place.tenant_id),
        }
    }

    /// The project that it belongs to, when it belongs to one.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Service | Self::Tenant(_) | Self::AuditLog(_) => None,
            Self::Project(place)
            | Self::Account { place, .. }
            | Self::Execution { place, .. }
            | Self::Key { place, .. }
            | Self::Destination { place, .. }
            | Self::DataSource { place, .. }
            | Self::PackageIndex { place, .. } => Some(*place),
        }
    }

    /// A name for logs: the kind with the id.
    pub fn label(&self) -> String {
        format!("{} {}", self.kind().name(), self.name())
    }

    /// What tells it from others of its kind.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Service => "casemate".to_owned(),
            Self::Tenant(id) | Self::AuditLog(id) => id.to_string(),
            Self::Project(place) => place.project_id.to_string(),
            Self::Account { id, .. } => id.to_string(),
            Self::Execution { id, .. } => id.to_string(),
            Self::Key { id, .. } => id.to_string(),
            Self::Destination {
                host, port, protocol, ..
            } => format!("{protocol}://{host}:{port}"),
            Self::DataSource { name, .. } => name.clone(),
            Self::PackageIndex { ecosystem, name, .. } => format!("{ecosystem}/{name}"),
        }
    }
}

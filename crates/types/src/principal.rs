//! Who asks: a person or a program of one tenant, in one role, by one credential.
//!
//! `policy` makes a principal from a credential, `server` hands it on, and everything that is stored or logged
//! carries its ids. No I/O.

use crate::action::Scopes;
use crate::id::{KeyId, PrincipalId, ProjectId, TenantId};
use std::fmt;
use std::str::FromStr;

/// What somebody is in a tenant; policies say what that allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Everything in the tenant; of the built-in tenant, everything in the service.
    Admin,
    /// Runs, reads and ends everything in the tenant.
    Operator,
    /// Runs programs of a project, and reads and ends the project's own.
    Developer,
    /// Reads the audit log and what was used; runs nothing.
    Auditor,
    /// Reads only.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Operator,
        Self::Developer,
        Self::Auditor,
        Self::Viewer,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::Viewer => "viewer",
        }
    }
}

/// Whether a principal is a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program: a service account.
    Service,
}

impl PrincipalKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::User, Self::Service];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
        }
    }
}

/// A word that names no role or no kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not {0}")]
pub struct UnknownWord(&'static str);

impl FromStr for Role {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|role| role.word() == text);
        found.ok_or(UnknownWord(
            "a role: admin, operator, developer, auditor or viewer",
        ))
    }
}

impl FromStr for PrincipalKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == text);
        found.ok_or(UnknownWord("a kind of principal: user or service"))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What every API key begins with.
pub const API_KEY_PREFIX: &str = "csm_";

/// An expression that finds API keys, and hardly anything else, in any text: for scanners that look for leaked
/// secrets, and for our own logs, which no key may reach. `policy` checks the last six characters, which tell a
/// key from a text that looks like one.
pub const API_KEY_PATTERN: &str = "csm_[0-7][0-9a-hjkmnp-tv-z]{25}_[0-9A-Za-z]{49}";

/// How a principal proved who it is: the name of the credential, never the credential.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Credential {
    /// An API key, by its id.
    Key(KeyId),
    /// A token of an issuer, by its subject.
    Token {
        /// Who issued it.
        issuer: String,
        /// Whom it is about, in the issuer's words.
        subject: String,
    },
    /// A certificate of the connection, by its fingerprint.
    Certificate(String),
    /// None: only a benchmark's own service on loopback runs so.
    Off,
}

impl Credential {
    /// The word for its kind.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Token { .. } => "token",
            Self::Certificate(_) => "certificate",
            Self::Off => "off",
        }
    }
}

/// `key 01jd...`, `token https://issuer subject`: fit for a log.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key {id}"),
            Self::Token { issuer, subject } => write!(f, "token {issuer} {subject}"),
            Self::Certificate(fingerprint) => write!(f, "certificate {fingerprint}"),
            Self::Off => f.write_str("off"),
        }
    }
}

/// Who asks. Made from a credential that was checked, and from nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    /// Its own id.
    pub id: PrincipalId,
    /// Its tenant.
    pub tenant_id: TenantId,
    /// The project that it works in.
    pub project_id: ProjectId,
    /// A person or a program.
    pub kind: PrincipalKind,
    /// What it is in its tenant.
    pub role: Role,
    /// A name for people; decides nothing.
    pub name: String,
    /// How it proved who it is.
    pub credential: Credential,
    /// What this credential may be used for.
    pub scopes: Scopes,
}

impl Principal {
    /// The one principal of the built-in tenant, which is there from the first start: id, tenant and project 1.
    pub fn built_in(credential: Credential) -> Self {
        Self {
            id: PrincipalId::from_value(1),
            tenant_id: TenantId::BUILT_IN,
            project_id: ProjectId::from_value(1),
            kind: PrincipalKind::User,
            role: Role::Admin,
            name: "admin".to_owned(),
            credential,
            scopes: Scopes::ALL,
        }
    }
}

impl TenantId {
    /// The tenant that is there from the first start, whose admins administer the service.
    pub const BUILT_IN: Self = Self::from_value(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        for kind in PrincipalKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for bad in ["", "Admin", "root", "admin "] {
            assert!(bad.parse::<Role>().is_err(), "{bad}");
            assert!(bad.parse::<PrincipalKind>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_credential_is_named_and_not_shown() {
        let token = Credential::Token {
            issuer: "https://id.example".into(),
            subject: "alice".into(),
        };
        assert_eq!(token.to_string(), "token https://id.example alice");
        let key = Credential::Key(KeyId::from_value(1));
        assert_eq!(key.to_string(), "key 00000000000000000000000001");
        assert_eq!(Principal::built_in(Credential::Off).role, Role::Admin);
    }
}

//! An issuer that is trusted: what it may say, and about whom.

use super::error::SettingsError;
use super::keys::Jwks;
use casemate_types::Role;
use casemate_types::units::parse_duration;
use jsonwebtoken::Algorithm as Library;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Algorithms of signatures by a key pair. There is no word for `none`, nor for a shared secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

const WORDS: [(Algorithm, &str, Library); 9] = [
    (Algorithm::Rs256, "RS256", Library::RS256),
    (Algorithm::Rs384, "RS384", Library::RS384),
    (Algorithm::Rs512, "RS512", Library::RS512),
    (Algorithm::Ps256, "PS256", Library::PS256),
    (Algorithm::Ps384, "PS384", Library::PS384),
    (Algorithm::Ps512, "PS512", Library::PS512),
    (Algorithm::Es256, "ES256", Library::ES256),
    (Algorithm::Es384, "ES384", Library::ES384),
    (Algorithm::EdDsa, "EdDSA", Library::EdDSA),
];

impl Algorithm {
    /// Those of a key of RSA.
    pub(super) const RSA: [Self; 6] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
    ];

    /// Its name in tokens and settings.
    pub fn word(self) -> &'static str {
        WORDS[self as usize].1
    }

    fn from_word(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(_, name, _)| *name == word)
            .map(|(one, ..)| *one)
    }

    pub(super) fn of_library(self) -> Library {
        WORDS[self as usize].2
    }

    pub(super) fn from_library(library: Library) -> Option<Self> {
        WORDS
            .iter()
            .find(|(.., one)| *one == library)
            .map(|(one, ..)| *one)
    }
}

/// Settings of an issuer, as a configuration has them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerSettings {
    /// The issuer, exactly as `iss` has it.
    pub issuer: String,
    /// What `aud` must have one of; at least one.
    pub audiences: Vec<String>,
    /// Algorithms that it signs with; RS256, ES256 and EdDSA by default.
    pub algorithms: Vec<String>,
    /// How far its clock and ours may be apart; `60s` by default, at most `5m`.
    pub clock_skew: Option<String>,
    /// How long a token may be valid, and how long ago it may have been issued; `24h` by default.
    pub max_age: Option<String>,
    /// The tenant of everybody that it speaks for: an id, or a name that the service knows.
    pub tenant: Option<String>,
    /// Without `tenant`: the claim that names the tenant.
    pub tenant_claim: Option<String>,
    /// With `tenant_claim`: the only tenants that it may speak for; any but the built-in one by default.
    pub tenants: Vec<String>,
    /// The claim that names the project, when there is one.
    pub project_claim: Option<String>,
    /// The claim with a role or a list of them; `role` by default. One that begins with `/` is a JSON pointer
    /// (RFC 6901).
    pub role_claim: Option<String>,
    /// What values of that claim mean; the names of the roles mean themselves by default.
    pub roles: BTreeMap<String, String>,
    /// The claim that narrows what the token is for, when there is one: actions with spaces between them.
    pub scope_claim: Option<String>,
    /// The claim with a name for people; `name` by default.
    pub name_claim: Option<String>,
}

/// Where the tenant of a token comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TenantRule {
    Fixed(String),
    Claim { name: String, among: Vec<String> },
}

/// An issuer that is trusted, with its keys.
#[derive(Clone, Debug)]
pub struct Issuer {
    pub(super) name: String,
    pub(super) audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    pub(super) skew: Duration,
    pub(super) max_age: Duration,
    pub(super) tenant: TenantRule,
    pub(super) project_claim: Option<String>,
    pub(super) role_claim: String,
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) scope_claim: Option<String>,
    pub(super) name_claim: String,
    pub(super) keys: Jwks,
}

const SKEW: Duration = Duration::from_secs(60);
const MAX_SKEW: Duration = Duration::from_secs(300);
const MAX_AGE: Duration = Duration::from_secs(86_400);
const LONGEST_AGE: Duration = Duration::from_secs(30 * 86_400);

impl Issuer {
    /// The issuer of these settings and keys.
    ///
    /// # Errors
    /// [`SettingsError`] for a setting that is missing, or that would trust more than anybody can want.
    pub fn new(settings: IssuerSettings, keys: Jwks) -> Result<Self, SettingsError> {
        if settings.issuer.is_empty() {
            return Err(SettingsError::new("issuer", "is missing"));
        }
        if settings.audiences.is_empty() || settings.audiences.iter().any(String::is_empty) {
            return Err(SettingsError::new(
                "audiences",
                "at least one is needed, and none may be empty",
            ));
        }
        let algorithms = algorithms(&settings.algorithms)?;
        let skew = duration("clock_skew", settings.clock_skew.as_deref(), SKEW, MAX_SKEW)?;
        let max_age = duration("max_age", settings.max_age.as_deref(), MAX_AGE, LONGEST_AGE)?;
        let tenant = match (settings.tenant, settings.tenant_claim) {
            (Some(tenant), None) if settings.tenants.is_empty() => TenantRule::Fixed(tenant),
            (None, Some(name)) => TenantRule::Claim {
                name,
                among: settings.tenants,
            },
            _ => {
                let problem = "either tenant, or tenant_claim with or without tenants, is needed";
                return Err(SettingsError::new("tenant", problem));
            }
        };
        Ok(Self {
            name: settings.issuer,
            audiences: settings.audiences,
            algorithms,
            skew,
            max_age,
            tenant,
            project_claim: settings.project_claim,
            role_claim: settings.role_claim.unwrap_or_else(|| "role".to_owned()),
            roles: roles(settings.roles)?,
            scope_claim: settings.scope_claim,
            name_claim: settings.name_claim.unwrap_or_else(|| "name".to_owned()),
            keys,
        })
    }

    /// The issuer with other keys: those of today.
    #[must_use]
    pub fn with_keys(&self, keys: Jwks) -> Self {
        Self { keys, ..self.clone() }
    }

    /// Its name, as `iss` has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The algorithm, when this issuer may use it.
    pub(super) fn algorithm(&self, library: Library) -> Option<Algorithm> {
        Algorithm::from_library(library).filter(|one| self.algorithms.contains(one))
    }
}

fn algorithms(words: &[String]) -> Result<Vec<Algorithm>, SettingsError> {
    if words.is_empty() {
        return Ok(vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]);
    }
    let read = words.iter().map(|word| {
        Algorithm::from_word(word).ok_or_else(|| {
            let known: Vec<&str> = WORDS.iter().map(|(_, name, _)| *name).collect();
            SettingsError::new(
                "algorithms",
                format!("{word:?} is not one of {}", known.join(", ")),
            )
        })
    });
    read.collect()
}

fn roles(given: BTreeMap<String, String>) -> Result<BTreeMap<String, Role>, SettingsError> {
    if given.is_empty() {
        return Ok(Role::ALL
            .iter()
            .map(|role| (role.word().to_owned(), *role))
            .collect());
    }
    let read = given.into_iter().map(|(value, role)| {
        let role = role
            .parse::<Role>()
            .map_err(|error| SettingsError::new("roles", format!("{role:?} is {error}")))?;
        Ok((value, role))
    });
    read.collect()
}

fn duration(
    field: &'static str,
    text: Option<&str>,
    usual: Duration,
    most: Duration,
) -> Result<Duration, SettingsError> {
    let Some(text) = text else {
        return Ok(usual);
    };
    let given = parse_duration(text).map_err(|error| SettingsError::new(field, error.to_string()))?;
    if given > most {
        return Err(SettingsError::new(
            field,
            format!("{text} is more than {} s", most.as_secs()),
        ));
    }
    Ok(given)
}

//! From claims to who somebody is here.

use super::error::TokenError;
use super::settings::{Issuer, TenantRule};
use casemate_types::{Credential, Principal, PrincipalId, PrincipalKind, ProjectId, Role, Scopes, TenantId};
use ring::digest;
use serde_json::Value;
use std::time::Duration;

/// Bytes of a subject, a name, a tenant or a project.
const MAX_WORD_BYTES: usize = 256;
/// Values of a role claim that are looked at.
const MAX_ROLES: usize = 256;

/// Who a token says somebody is, all of it checked. Tenant and project are words: the service knows their ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenIdentity {
    /// Who says so.
    pub issuer: String,
    /// About whom, in the issuer's words.
    pub subject: String,
    /// A name for people.
    pub name: String,
    /// The tenant: an id, or a name that the service knows.
    pub tenant: String,
    /// Whether the tenant is the settings' and not the token's: only then it may be the built-in one.
    pub tenant_is_configured: bool,
    /// The project, when the token names one.
    pub project: Option<String>,
    /// The strongest role that it gives.
    pub role: Role,
    /// What it is for.
    pub scopes: Scopes,
    /// When it ends, after 1970-01-01 UTC.
    pub expires: Duration,
}

impl TokenIdentity {
    /// The id of somebody of an issuer: the same for every token about the same subject, and for nobody else.
    pub fn principal_id(&self) -> PrincipalId {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in ["casemate token principal", &self.issuer, &self.subject] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut half = [0; 16];
        half.copy_from_slice(&context.finish().as_ref()[..16]);
        PrincipalId::from_value(u128::from_be_bytes(half))
    }

    /// The principal, in the tenant and project that the service found for the words.
    ///
    /// # Errors
    /// [`TokenError::Tenant`] for the built-in tenant, whose admins administer the service, unless the settings name
    /// it: a token cannot make somebody one.
    pub fn principal(&self, tenant_id: TenantId, project_id: ProjectId) -> Result<Principal, TokenError> {
        if tenant_id == TenantId::BUILT_IN && !self.tenant_is_configured {
            return Err(TokenError::Tenant);
        }
        Ok(Principal {
            id: self.principal_id(),
            tenant_id,
            project_id,
            kind: PrincipalKind::User,
            role: self.role,
            name: self.name.clone(),
            credential: Credential::Token {
                issuer: self.issuer.clone(),
                subject: self.subject.clone(),
            },
            scopes: self.scopes,
        })
    }
}

/// Checks the claims of a token whose signature holds.
pub(super) fn identity(issuer: &Issuer, claims: &Value, now: Duration) -> Result<TokenIdentity, TokenError> {
    if claims.get("iss").and_then(Value::as_str) != Some(&issuer.name) {
        return Err(TokenError::Issuer);
    }
    check_audience(issuer, claims)?;
    let expires = check_times(issuer, claims, now)?;
    let subject = word(claims, "sub").ok_or(TokenError::Claim("sub"))?;
    let (tenant, tenant_is_configured) = match &issuer.tenant {
        TenantRule::Fixed(tenant) => (tenant.clone(), true),
        TenantRule::Claim { name, among } => {
            let tenant = word(claims, name).ok_or(TokenError::Claim("of the tenant"))?;
            let is_named = among.contains(&tenant);
            if !among.is_empty() && !is_named {
                return Err(TokenError::Tenant);
            }
            (tenant, is_named)
        }
    };
    let project = match &issuer.project_claim {
        Some(name) if find(claims, name).is_some() => {
            Some(word(claims, name).ok_or(TokenError::Claim("of the project"))?)
        }
        _ => None,
    };
    Ok(TokenIdentity {
        issuer: issuer.name.clone(),
        name: word(claims, &issuer.name_claim).unwrap_or_else(|| subject.clone()),
        subject,
        tenant,
        tenant_is_configured,
        project,
        role: role(issuer, claims).ok_or(TokenError::NoRole)?,
        scopes: scopes(issuer, claims)?,
        expires,
    })
}

fn check_audience(issuer: &Issuer, claims: &Value) -> Result<(), TokenError> {
    let is_ours = |value: &Value| {
        value
            .as_str()
            .is_some_and(|one| issuer.audiences.iter().any(|ours| ours == one))
    };
    let is_for_us = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if is_for_us {
        Ok(())
    } else {
        Err(TokenError::Audience)
    }
}

/// When the token ends. It must say so, and must not be valid for longer than is taken.
fn check_times(issuer: &Issuer, claims: &Value, now: Duration) -> Result<Duration, TokenError> {
    let expires = time(claims, "exp")?.ok_or(TokenError::Claim("exp"))?;
    let issued = time(claims, "iat")?;
    let not_before = time(claims, "nbf")?;
    if now >= expires.saturating_add(issuer.skew) {
        return Err(TokenError::Expired);
    }
    let soon = now.saturating_add(issuer.skew);
    if [issued, not_before]
        .into_iter()
        .flatten()
        .any(|begins| begins > soon)
    {
        return Err(TokenError::NotYet);
    }
    let oldest = issued
        .unwrap_or(now)
        .saturating_add(issuer.max_age)
        .saturating_add(issuer.skew);
    if now > oldest || expires > soon.saturating_add(issuer.max_age) {
        return Err(TokenError::TooOld);
    }
    Ok(expires)
}

/// A time of RFC 7519, section 2: seconds, which may have a fraction.
fn time(claims: &Value, name: &'static str) -> Result<Option<Duration>, TokenError> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let seconds = value.as_f64().ok_or(TokenError::Claim(name))?;
    Duration::try_from_secs_f64(seconds)
        .map(Some)
        .map_err(|_| TokenError::Claim(name))
}

/// The strongest of the roles that the claim names; words that mean nothing here are somebody else's.
fn role(issuer: &Issuer, claims: &Value) -> Option<Role> {
    let meaning = |value: &Value| issuer.roles.get(value.as_str()?).copied();
    match find(claims, &issuer.role_claim)? {
        Value::Array(all) => all.iter().take(MAX_ROLES).filter_map(meaning).min(),
        one => meaning(one),
    }
}

/// The words of the claim that are actions; others are somebody else's. No word, no action.
fn scopes(issuer: &Issuer, claims: &Value) -> Result<Scopes, TokenError> {
    let Some(name) = &issuer.scope_claim else {
        return Ok(Scopes::ALL);
    };
    match find(claims, name) {
        None => Ok(Scopes::NONE),
        Some(Value::String(words)) => Ok(known(words.split_ascii_whitespace())),
        Some(Value::Array(words)) => Ok(known(words.iter().filter_map(Value::as_str))),
        Some(_) => Err(TokenError::Claim("of the scopes")),
    }
}

fn known<'a>(words: impl Iterator<Item = &'a str>) -> Scopes {
    Scopes::of(words.filter_map(|word| word.parse().ok()))
}

fn word(claims: &Value, name: &str) -> Option<String> {
    let word = find(claims, name)?.as_str()?;
    let is_fine = (1..=MAX_WORD_BYTES).contains(&word.len()) && !word.chars().any(char::is_control);
    is_fine.then(|| word.to_owned())
}

fn find<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    if name.starts_with('/') {
        return claims.pointer(name);
    }
    claims.get(name)
}

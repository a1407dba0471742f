//! Bearer tokens of other issuers (JWT, RFC 7519): their signature, their claims, and who that makes somebody here.
//!
//! Called for every credential that is not an API key. The keys of an issuer are given, as bytes that the caller
//! fetched; the time is given. A token is refused unless everything about it was checked: the algorithm is on the
//! issuer's list, where neither `none` nor a shared secret can stand; the key is the issuer's and is for that
//! algorithm; the audience is ours; it has an end, and that is not far. Follows RFC 8725 (best practices) and RFC 9068.

mod claims;
mod error;
mod keys;
#[cfg(test)]
mod rsa_tokens;
mod settings;
mod signature;
#[cfg(test)]
mod tests;

pub use claims::TokenIdentity;
pub use error::{SettingsError, TokenError};
pub use keys::{Jwks, MAX_JWKS_BYTES, MAX_KEYS};
pub use settings::{Algorithm, Issuer, IssuerSettings};

use serde_json::Value;
use std::time::Duration;

/// Bytes of a token.
pub const MAX_TOKEN_BYTES: usize = 8192;
/// Issuers of an installation.
pub const MAX_ISSUERS: usize = 16;

/// The issuers that are trusted, with their keys. Never changed: new keys make a new one, which is swapped in.
#[derive(Debug)]
pub struct TokenVerifier {
    issuers: Vec<Issuer>,
}

impl TokenVerifier {
    /// Trusts these issuers.
    ///
    /// # Errors
    /// [`SettingsError`] for too many, for one that stands twice, and when another part of this program chose who
    /// checks signatures.
    pub fn new(issuers: Vec<Issuer>) -> Result<Self, SettingsError> {
        if issuers.len() > MAX_ISSUERS {
            return Err(SettingsError::new("issuers", format!("more than {MAX_ISSUERS}")));
        }
        for (place, issuer) in issuers.iter().enumerate() {
            if issuers[..place].iter().any(|other| other.name == issuer.name) {
                return Err(SettingsError::new(
                    "issuer",
                    format!("{} stands twice", issuer.name),
                ));
            }
        }
        signature::install()?;
        Ok(Self { issuers })
    }

    /// Who the token says somebody is, when all of it holds at this time after 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`TokenError`]. On [`TokenError::UnknownKey`] the caller may fetch the issuer's keys again, not too often.
    pub fn verify(&self, token: &str, now: Duration) -> Result<TokenIdentity, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        check_header(&header)?;
        // Read unchecked to find the issuer, whose key must have signed it, and read again when that holds.
        let unchecked: Value =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| TokenError::Malformed)?;
        let name = unchecked
            .get("iss")
            .and_then(Value::as_str)
            .ok_or(TokenError::Issuer)?;
        let issuer = self
            .issuers
            .iter()
            .find(|issuer| issuer.name == name)
            .ok_or(TokenError::Issuer)?;
        let algorithm = issuer.algorithm(header.alg).ok_or(TokenError::Algorithm)?;
        let key = issuer.keys.find(header.kid.as_deref(), algorithm)?;
        let claims = signature::checked_claims(token, key, algorithm)?;
        claims::identity(issuer, &claims, now)
    }
}

/// Extensions that must be understood (`crit`) are not, and of the other kinds of tokens none is a credential:
/// RFC 8725, section 3.11.
fn check_header(header: &jsonwebtoken::Header) -> Result<(), TokenError> {
    let is_plain = header.crit.is_none() && header.enc.is_none() && header.zip.is_none();
    if !is_plain || header.extras.inner().contains_key("b64") {
        return Err(TokenError::Extension);
    }
    let Some(kind) = &header.typ else {
        return Ok(());
    };
    let kind = kind.to_ascii_lowercase();
    let kind = kind.strip_prefix("application/").unwrap_or(&kind);
    if matches!(kind, "jwt" | "at+jwt") {
        return Ok(());
    }
    Err(TokenError::Kind)
}

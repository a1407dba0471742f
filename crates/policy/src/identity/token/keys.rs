//! The public keys of an issuer (JWKS, RFC 7517).

use super::error::{SettingsError, TokenError};
use super::settings::Algorithm;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// Bytes of a set of keys.
pub const MAX_JWKS_BYTES: usize = 256 * 1024;
/// Keys of a set.
pub const MAX_KEYS: usize = 64;
/// Bytes of a key's id.
const MAX_ID_BYTES: usize = 256;

/// The keys that signatures can be checked with. Others of the set (secrets, keys for encryption, kinds that are not
/// known) are passed over, as RFC 7517 asks: they can never be chosen.
#[derive(Clone, Default)]
pub struct Jwks(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl Jwks {
    /// Reads a set from the bytes of its document.
    ///
    /// # Errors
    /// [`SettingsError`] when it is too large, is no set of keys, or has none that can be used.
    pub fn read(bytes: &[u8]) -> Result<Self, SettingsError> {
        let wrong = |problem: String| SettingsError::new("jwks", problem);
        if bytes.len() > MAX_JWKS_BYTES {
            return Err(wrong(format!("more than {MAX_JWKS_BYTES} bytes")));
        }
        let document: Document =
            serde_json::from_slice(bytes).map_err(|error| wrong(format!("not a set of keys: {error}")))?;
        if document.keys.len() > MAX_KEYS {
            return Err(wrong(format!("more than {MAX_KEYS} keys")));
        }
        let keys = document
            .keys
            .into_iter()
            .filter_map(|value| usable(&serde_json::from_value(value).ok()?));
        let keys: Vec<Key> = keys.collect();
        if keys.is_empty() {
            return Err(wrong(
                "no key in it can check a signature of an allowed algorithm".to_owned(),
            ));
        }
        Ok(Self(keys))
    }

    /// How many can be used.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none can be used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key of this id, for this algorithm; without an id the only key that there is for it.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&DecodingKey, TokenError> {
        let fits =
            |key: &&Key| key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id);
        let mut fitting = self.0.iter().filter(fits);
        let first = fitting.next().ok_or(TokenError::UnknownKey)?;
        match fitting.next() {
            Some(_) => Err(TokenError::AmbiguousKey),
            None => Ok(&first.key),
        }
    }
}

/// Public keys are no secret, and say nothing to who reads a log.
impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwks({} keys)", self.0.len())
    }
}

fn usable(jwk: &Jwk) -> Option<Key> {
    let common = &jwk.common;
    if common
        .public_key_use
        .as_ref()
        .is_some_and(|purpose| *purpose != PublicKeyUse::Signature)
    {
        return None;
    }
    if common
        .key_operations
        .as_ref()
        .is_some_and(|all| !all.contains(&KeyOperations::Verify))
    {
        return None;
    }
    if common.key_id.as_ref().is_some_and(|id| id.len() > MAX_ID_BYTES) {
        return None;
    }
    let mut algorithms = of_kind(&jwk.algorithm);
    if let Some(only) = common.key_algorithm {
        let only = jsonwebtoken::Algorithm::try_from(only)
            .ok()
            .and_then(Algorithm::from_library);
        algorithms.retain(|one| Some(*one) == only);
    }
    if algorithms.is_empty() {
        return None;
    }
    Some(Key {
        id: common.key_id.clone(),
        algorithms,
        key: DecodingKey::from_jwk(jwk).ok()?,
    })
}

/// The algorithms that a key of this kind can check.
fn of_kind(parameters: &AlgorithmParameters) -> Vec<Algorithm> {
    match parameters {
        AlgorithmParameters::RSA(_) => Algorithm::RSA.to_vec(),
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => vec![Algorithm::Es256],
            EllipticCurve::P384 => vec![Algorithm::Es384],
            _ => Vec::new(),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            vec![Algorithm::EdDsa]
        }
        _ => Vec::new(),
    }
}

//! Signatures, checked by ring: the library of tokens has no cryptography of its own in this build.

use super::error::{SettingsError, TokenError};
use super::settings::Algorithm;
use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{DecodingKey, DecodingKeyKind, Validation};
use ring::signature as ring_signature;
use serde_json::Value;
use std::sync::OnceLock;

/// Makes ring check every signature of this process.
///
/// # Errors
/// [`SettingsError`] when somebody else was chosen before: that is a fault of this program, and no token is taken.
pub(super) fn install() -> Result<(), SettingsError> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    if *INSTALLED.get_or_init(|| PROVIDER.install_default().is_ok()) {
        return Ok(());
    }
    Err(SettingsError::new(
        "issuers",
        "signatures are checked by another library",
    ))
}

/// The claims of a token that this key signed by this algorithm. Nothing else of them is checked.
pub(super) fn checked_claims(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<Value, TokenError> {
    let mut validation = Validation::new(algorithm.of_library());
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    let checked = jsonwebtoken::decode::<Value>(token, key, &validation);
    checked
        .map(|data| data.claims)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let algorithm =
            Algorithm::from_library(*algorithm).ok_or(Error::from(ErrorKind::InvalidAlgorithm))?;
        Ok(Box::new(RingVerifier {
            algorithm,
            key: key.clone(),
        }))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> jsonwebtoken::Algorithm {
        self.algorithm.of_library()
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let checked = match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => {
                let parameters = rsa(self.algorithm).ok_or_else(signature::Error::new)?;
                let key = ring_signature::RsaPublicKeyComponents {
                    n: without_zeros(n),
                    e: without_zeros(e),
                };
                key.verify(parameters, message, signature)
            }
            DecodingKeyKind::SecretOrDer(point) => {
                let parameters = curve(self.algorithm).ok_or_else(signature::Error::new)?;
                ring_signature::UnparsedPublicKey::new(parameters, point).verify(message, signature)
            }
        };
        checked.map_err(|_| signature::Error::new())
    }
}

/// RSA with at least 2048 bits.
fn rsa(algorithm: Algorithm) -> Option<&'static ring_signature::RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&ring_signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&ring_signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&ring_signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => None,
    }
}

fn curve(algorithm: Algorithm) -> Option<&'static dyn ring_signature::VerificationAlgorithm> {
    match algorithm {
        Algorithm::Es256 => Some(&ring_signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => Some(&ring_signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDsa => Some(&ring_signature::ED25519),
        _ => None,
    }
}

/// ring takes no number with zeros before it, which some issuers write.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

//! The service's own secret, without which the stored hashes of keys are of no use to whoever reads the database.

use super::key::KeyHash;
use ring::hmac;
use std::fmt;

/// Bytes of a pepper.
pub const PEPPER_BYTES: usize = 32;

/// A key of HMAC-SHA256 (RFC 2104). The secrets that it hashes are of 256 random bits, so that a slow hash would
/// protect nothing and cost every request.
#[derive(Clone)]
pub struct Pepper(hmac::Key);

impl Pepper {
    /// The pepper of these random bytes.
    pub fn new(bytes: &[u8; PEPPER_BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The keyed hash.
    pub(super) fn hash(&self, message: &[u8]) -> KeyHash {
        let tag = hmac::sign(&self.0, message);
        let mut hash = [0; 32];
        // SHA-256 has 32 bytes.
        hash.copy_from_slice(tag.as_ref());
        hash
    }

    /// Whether the hash is the message's, in constant time.
    pub(super) fn verify(&self, message: &[u8], hash: &KeyHash) -> bool {
        hmac::verify(&self.0, message, hash).is_ok()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(not shown)")
    }
}

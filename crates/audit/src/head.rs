//! Signed heads of the tree: how many records there are, and the root over them. One that is kept elsewhere shows that
//! the log was cut or rewritten.

use crate::error::AuditError;
use crate::hash::{Hash, decode_hex, encode_hex};
use crate::key::{EpochKey, PublicKey};
use serde::{Deserialize, Serialize};

/// Longest head as text, bytes.
pub const MAX_HEAD_BYTES: usize = 1024;

/// A signed tree head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TreeHead {
    /// Records in the tree.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was signed, in milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// The epoch whose key signed it.
    pub epoch: u64,
    /// That key.
    pub key: PublicKey,
    /// The signature.
    pub signature: [u8; 64],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    tree_size: u64,
    root: String,
    time_ms: u64,
    epoch: u64,
    public_key: String,
    signature: String,
}

impl TreeHead {
    /// Signs a head.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn sign(key: &EpochKey, size: u64, root: Hash, time_ms: u64) -> Result<Self, AuditError> {
        let signature = key.sign(&message(size, &root, time_ms, key.epoch))?;
        Ok(Self {
            size,
            root,
            time_ms,
            epoch: key.epoch,
            key: key.public(),
            signature,
        })
    }

    /// Whether its own key signed it. That the key is the log's is another question.
    pub fn is_signed(&self) -> bool {
        let message = message(self.size, &self.root, self.time_ms, self.epoch);
        self.key.has_signed(&message, &self.signature)
    }

    /// One line of JSON, without its end.
    pub fn to_json(&self) -> String {
        let wire = Wire {
            tree_size: self.size,
            root: self.root.to_string(),
            time_ms: self.time_ms,
            epoch: self.epoch,
            public_key: self.key.to_string(),
            signature: encode_hex(&self.signature),
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// Reads a line of JSON; `None` when it is not a head. Its signature is not looked at.
    pub fn from_json(text: &str) -> Option<Self> {
        if text.len() > MAX_HEAD_BYTES {
            return None;
        }
        let wire: Wire = serde_json::from_str(text).ok()?;
        let mut signature = [0; 64];
        decode_hex(&wire.signature, &mut signature).then_some(())?;
        Some(Self {
            size: wire.tree_size,
            root: Hash::from_hex(&wire.root)?,
            time_ms: wire.time_ms,
            epoch: wire.epoch,
            key: PublicKey::from_hex(&wire.public_key)?,
            signature,
        })
    }
}

/// What is signed.
fn message(size: u64, root: &Hash, time_ms: u64, epoch: u64) -> Vec<u8> {
    format!("casemate-audit-head-v1\n{size}\n{root}\n{time_ms}\n{epoch}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_and_any_change_shows() {
        let key = EpochKey::generate(3).expect("a key");
        let head = TreeHead::sign(&key, 7, Hash::leaf(b"x"), 5).expect("a head");
        assert!(head.is_signed());
        assert_eq!(TreeHead::from_json(&head.to_json()), Some(head.clone()));
        for changed in [
            TreeHead {
                size: 8,
                ..head.clone()
            },
            TreeHead {
                root: Hash::ZERO,
                ..head.clone()
            },
            TreeHead {
                time_ms: 6,
                ..head.clone()
            },
            TreeHead {
                epoch: 2,
                ..head.clone()
            },
            TreeHead {
                key: EpochKey::generate(3).expect("a key").public(),
                ..head.clone()
            },
        ] {
            assert!(!changed.is_signed(), "{changed:?}");
        }
    }
}

//! The key that signs heads, and how it evolves: each epoch has a key of its own, whose public half the key before it
//! signs inside the log. The old private half is overwritten and removed. So whoever takes the key of today can sign
//! for today, and nothing that came before.
//!
//! The key files belong to the recorder alone. What of an old key may remain in freed memory of the recorder ends with
//! its process.

use crate::error::{At, AuditError};
use crate::hash::{Hash, decode_hex, encode_hex};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// An Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        Hash::from_hex(text).map(|hash| Self(hash.0))
    }

    /// Whether it signed these bytes.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Hash(self.0).fmt(f)
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Hash(self.0).fmt(f)
    }
}

/// The private key of an epoch.
pub struct EpochKey {
    /// The epoch, from 0.
    pub epoch: u64,
    seed: [u8; 32],
    public: PublicKey,
}

impl EpochKey {
    /// A new key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(epoch: u64) -> Result<Self, AuditError> {
        let mut seed = [0; 32];
        SystemRandom::new()
            .fill(&mut seed)
            .map_err(|_| AuditError::Key("no randomness is to be had"))?;
        Self::from_seed(epoch, seed)
    }

    fn from_seed(epoch: u64, seed: [u8; 32]) -> Result<Self, AuditError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| AuditError::Key("not a key"))?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Ok(Self {
            epoch,
            seed,
            public: PublicKey(public),
        })
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs bytes.
    ///
    /// # Errors
    /// Never for a key that was made here.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], AuditError> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&self.seed).map_err(|_| AuditError::Key("not a key"))?;
        let mut signature = [0; 64];
        signature.copy_from_slice(pair.sign(message).as_ref());
        Ok(signature)
    }

    /// Writes it to a file that only we can read, and to the disk.
    pub(crate) fn save(&self, path: &Path) -> Result<(), AuditError> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .at("write", path)?;
        let text = format!(
            "casemate-audit-key 1\n{}\n{}\n",
            self.epoch,
            encode_hex(&self.seed)
        );
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .at("write", path)
    }

    /// Reads a file of [`EpochKey::save`]; `None` when there is none.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, AuditError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.at("open", path)?,
        };
        let mut text = String::new();
        file.take(256).read_to_string(&mut text).at("read", path)?;
        let mut lines = text.lines();
        let (first, epoch, seed_text) = (lines.next(), lines.next(), lines.next());
        let mut seed = [0; 32];
        let is_whole = first == Some("casemate-audit-key 1")
            && seed_text.is_some_and(|text| decode_hex(text, &mut seed));
        match epoch.and_then(|text| text.parse().ok()) {
            Some(epoch) if is_whole => Self::from_seed(epoch, seed).map(Some),
            _ => Err(AuditError::Key("its file is not one of ours")),
        }
    }
}

impl Drop for EpochKey {
    fn drop(&mut self) {
        self.seed = [0; 32];
        // Keeps the compiler from leaving out a write that nobody reads.
        std::hint::black_box(&self.seed);
    }
}

impl std::fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EpochKey")
            .field("epoch", &self.epoch)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// Overwrites a key's file, so that its blocks hold it no longer, and removes it.
pub(crate) fn erase(path: &Path) -> Result<(), AuditError> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened.at("overwrite", path)?,
    };
    let length = file.metadata().at("overwrite", path)?.len().min(4096);
    let zeros = vec![0; usize::try_from(length).unwrap_or(0)];
    file.write_all(&zeros)
        .and_then(|()| file.sync_all())
        .at("overwrite", path)?;
    std::fs::remove_file(path).at("remove", path)
}

/// What the key of an epoch signs for the key of the next one; the first key signs for itself.
pub fn succession(epoch: u64, public: &PublicKey, sequence: u64, previous: &Hash) -> Vec<u8> {
    format!("casemate-audit-epoch-v1\n{epoch}\n{public}\n{sequence}\n{previous}\n").into_bytes()
}

//! One key takes over from another.
//!
//! The order makes a crash harmless: the new key is on the disk, then the record by which the old one hands over, then
//! the old key goes. With both keys there, the record decides which of them is to stay.

use super::layout::Layout;
use super::writer::Writer;
use crate::error::{At, AuditError};
use crate::event::{Event, Kind};
use crate::hash::{decode_hex, encode_hex};
use crate::key::{EpochKey, PublicKey, erase, succession};
use crate::record::Header;
use std::time::Instant;

/// What an epoch's record says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Succession {
    pub(crate) epoch: u64,
    pub(crate) key: PublicKey,
    signature: [u8; 64],
}

impl Succession {
    /// Reads the record of an epoch.
    pub(crate) fn read(record: &[u8]) -> Option<Self> {
        let json: serde_json::Value = serde_json::from_slice(record).ok()?;
        let unmapped = json.get("unmapped")?;
        let mut signature = [0; 64];
        decode_hex(unmapped.get("signature")?.as_str()?, &mut signature).then_some(())?;
        Some(Self {
            epoch: unmapped.get("epoch")?.as_u64()?,
            key: PublicKey::from_hex(unmapped.get("public_key")?.as_str()?)?,
            signature,
        })
    }

    /// Whether the key before it, or for the first one itself, signed it at this place.
    pub(crate) fn is_signed_by(&self, key: &PublicKey, header: &Header) -> bool {
        let message = succession(self.epoch, &self.key, header.sequence, &header.previous);
        key.has_signed(&message, &self.signature)
    }
}

impl Writer {
    /// Changes the key if its epoch is over.
    ///
    /// # Errors
    /// When that cannot be written: open the log again.
    pub fn tend_epoch(&mut self) -> Result<(), AuditError> {
        let (since, began) = self.epoch_since;
        let length = self.options.epoch;
        if self.size() - since >= length.records || began.elapsed() >= length.time {
            self.change_key()?;
        }
        Ok(())
    }

    /// Gives the next epoch its key.
    ///
    /// # Errors
    /// As [`Writer::tend_epoch`].
    pub fn change_key(&mut self) -> Result<(), AuditError> {
        let next = EpochKey::generate(self.key.epoch + 1)?;
        next.save(&self.layout.file("key.next"))?;
        self.layout.sync_folder("")?;
        self.append_epoch(&next, None)?;
        self.sync_point().sync(&*self.options.disk)?;
        settle_key(&self.layout)?;
        self.key = next;
        self.epoch_since = (self.size(), Instant::now());
        Ok(())
    }

    /// The record of a key: signed by the one before it, or by itself.
    pub(super) fn append_epoch(
        &mut self,
        key: &EpochKey,
        signer: Option<&EpochKey>,
    ) -> Result<(), AuditError> {
        let message = succession(key.epoch, &key.public(), self.size(), &self.position.last_hash);
        let signature = signer.unwrap_or(&self.key).sign(&message)?;
        let event = Event::new(Kind::Epoch)
            .number("epoch", key.epoch)
            .shown("public_key", key.public())
            .word("signature", &encode_hex(&signature));
        self.append_own(event).map(drop)
    }
}

/// The next key takes the old one's place; the old one is overwritten.
pub(super) fn settle_key(layout: &Layout) -> Result<(), AuditError> {
    let (key, next, old) = (
        layout.file("key"),
        layout.file("key.next"),
        layout.file("key.old"),
    );
    // The blocks of a file that is renamed over are freed and not overwritten, so the old one goes by another name.
    if key.exists() {
        std::fs::rename(&key, &old).at("rename", &key)?;
    }
    std::fs::rename(&next, &key).at("rename", &next)?;
    layout.sync_folder("")?;
    erase(&old)?;
    layout.sync_folder("")
}

//! The audit log: what happened, in an order that nobody can rewrite unseen.
//!
//! A record is one line of JSON in the shape of OCSF. Each names the hash of the one before it, all of them are the
//! leaves of a Merkle tree (RFC 6962), and the heads of that tree are signed by a key that changes and whose old halves
//! are erased. `docs/audit.md` says how anyone can check that without this code.
//!
//! [`log`] writes and reads the files, [`event`] is what there is to say. Nothing here decides whether something may
//! happen.

pub mod error;
pub mod event;
pub mod hash;
pub mod head;
pub mod key;
pub mod log;
pub mod merkle;
pub mod record;
pub mod redact;
pub mod retention;
pub mod search;
pub mod verify;

#[cfg(test)]
mod testing;

pub use error::AuditError;
pub use event::{Event, Kind};
pub use hash::Hash;
pub use head::TreeHead;

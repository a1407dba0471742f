//! The binary form of events, between the collector and the engine.
//!
//! A byte for the kind and the mark, then numbers as LEB128 and texts with their length. Both sides are ours, and still
//! every length is checked before it is believed: the collector reads what programs wrote.

mod read;
mod write;

pub use read::{EventError, decode};
pub use write::encode;

/// No event is longer.
pub const MAX_EVENT_BYTES: usize = 2048;

/// The mark of evidence in the first byte.
const EVIDENCE: u8 = 0x80;

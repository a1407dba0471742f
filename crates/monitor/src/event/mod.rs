//! The normalised event: one thing that a watched program did, or that was measured of its sandbox.
//!
//! Made by `collect`, folded by `threat`, kept and shown by the engine, written to traces. It has a compact binary form
//! (`codec`) between processes and a form in words (serde) for the API and for traces. Every text and every list in it is
//! bounded: what a program can make long is cut, and said to be cut.

mod codec;
mod resources;
mod text;
mod what;

pub use codec::{EventError, MAX_EVENT_BYTES, decode, encode};
pub use resources::{Pressure, Resources};
pub use text::{Argv, MAX_ARGUMENTS, MAX_ARGV_BYTES, MAX_TEXT_BYTES, Text};
pub use what::{Access, Address, Class, Family, What};

use serde::{Deserialize, Serialize};

/// One event of one execution.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds since the program was started, of the monotonic clock.
    pub at_ns: u64,
    /// The process that did it, as the host numbers processes; 0 for what concerns the whole sandbox.
    pub pid: u32,
    /// A text in it was read from memory that the program can write, after the kernel had read it or before: it is
    /// evidence for people and for scores, never the ground of an intervention. Scalars, results, and texts of events
    /// without this mark are the kernel's own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub evidence: bool,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// An event of which every word is the kernel's.
    pub fn new(at_ns: u64, pid: u32, what: What) -> Self {
        Self {
            at_ns,
            pid,
            evidence: false,
            what,
        }
    }

    /// The same, marked as resting on the program's own memory.
    #[must_use]
    pub fn as_evidence(mut self) -> Self {
        self.evidence = true;
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it by reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests;

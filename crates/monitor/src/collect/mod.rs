//! From the kernel to events: one program in the kernel and one process for all sandboxes of a host.
//!
//! [`Program`] is loaded by a process that is privileged and becomes the collector: it gives up what it was, and holds
//! from then on the ring and nothing else ([`collector`]). Whoever starts sandboxes holds a [`Registrar`] and says by it
//! which control groups are watched: one system call, before a sandbox's program starts.
//! Nothing here decides anything, and nothing waits for an event: the ring is looked at every few milliseconds.

pub mod collector;
mod error;
mod program;
mod record;
mod registrar;

pub use error::CollectError;
pub use program::{Program, missing};
pub use record::Told;
pub use registrar::{Begin, Dropped, Registrar};

#[cfg(test)]
mod tests;

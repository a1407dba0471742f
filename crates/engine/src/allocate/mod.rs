//! Who gets memory, and how much is held ready: how many idle sandboxes a kind of work needs ([`demand`]), what the
//! host has left ([`memory`]), and whether one more execution may start ([`admission`]).
//!
//! The engine's thread asks. Nothing here starts or ends anything, reads a clock, or reads more than two open files:
//! time is an argument, so that every decision can be repeated.

pub mod admission;
pub mod demand;
pub mod memory;

#[cfg(test)]
mod simulation;

pub use admission::{Admission, Policy, Running, Shortage, Step, Verdict, Work};
pub use demand::{Bounds, Demand, Demands, PoolKey, Target};
pub use memory::{HostMemory, MemoryError, Reading};

//! What the store takes and what it gives: plain data, checked at the door.

pub mod bounds;
pub mod change;
pub mod execution;
pub mod identity;
pub mod owner;
pub mod state;
pub(crate) mod time;
pub mod usage;
pub mod view;

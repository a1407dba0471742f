//! What a program does while it runs, as events, and what to think of it.
//!
//! Nothing here decides what happens to a program: the engine asks, and the warden acts.

pub mod collect;
pub mod evaluate;
pub mod event;
pub mod threat;
pub mod trace;

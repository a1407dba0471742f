//! The real server over a real engine without a warden: what was accepted stays queued, so nothing here runs a
//! program. What has ended is put into the state by hand.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod bounds;
mod client;
mod events;
mod executions;
mod foreign;
mod identity;
mod inputs;
mod matrix;
mod owners;
mod server;
mod texts;

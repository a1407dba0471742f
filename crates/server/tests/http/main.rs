//! The real server over a real engine without a warden: what was accepted stays queued, so nothing here runs a
//! program. What has ended is put into the state by hand.

mod bounds;
mod client;
mod events;
mod executions;
mod foreign;
mod inputs;
mod server;
mod texts;

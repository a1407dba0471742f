//! HTTP before the engine: requests come in, results and events go out.
//!
//! [`serve()`] is the door. It must never run a program by itself, and trusts nothing that a client sent
//! before it was checked against a bound.

mod access;
mod answer;
mod authorize;
mod config;
mod connection;
mod docs;
mod guard;
mod identify;
mod intake;
mod lifecycle;
mod metrics;
mod openapi;
mod percent;
pub mod problem;
pub mod query;
mod ready;
mod reply;
pub mod request;
mod route;
mod serve;
mod slices;
mod state;
mod submission;
mod time;
mod watch;
pub mod wire;

pub use access::{Access, AccessError, policies_of};
pub use config::Config;
pub use identify::{Identity, install_first_key};
pub use lifecycle::{Lifecycle, Pulse, Report, Stop};
pub use serve::serve;

//! HTTP before the engine: requests come in, results and events go out.
//!
//! [`serve()`] is the door. It must never run a program by itself, and trusts nothing that a client sent
//! before it was checked against a bound.

mod config;
mod lifecycle;
mod percent;
pub mod problem;
pub mod query;
pub mod request;
mod serve;
mod time;

pub use config::Config;
pub use lifecycle::{Lifecycle, Report, Stop};
pub use serve::serve;

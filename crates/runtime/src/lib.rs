//! Languages and how their programs run over a sandbox.
//!
//! [`language`] is the table and what of it the host has; [`oneshot`] runs one program from start to
//! end in a sandbox of its own.

pub mod environment;
pub mod error;
pub mod language;
pub mod oneshot;

pub use error::RuntimeError;

//! The engine: one execution from request to outcome.
//!
//! [`pipeline`] is the spine in code, for the one run of `casemate run`; [`service`] runs many at once.

pub mod admission;
pub mod allocate;
pub mod analysis;
pub mod detonation;
pub mod error;
pub mod layers;
pub mod outcome;
pub mod pipeline;
pub mod service;
pub mod stages;
pub mod survey;

pub use casemate_monitor as monitor;
pub use casemate_runtime as runtime;
pub use casemate_sandbox as sandbox;
pub use error::EngineError;
pub use pipeline::{Engine, Settings, execute};

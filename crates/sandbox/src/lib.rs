//! Builds sandboxes.
//!
//! [`plan`] turns what a language needs into the walls of one kind of sandbox; the [`warden`] is the
//! process that holds the privilege to build; [`client`] is how everyone else talks to it and to
//! the init of a living sandbox.

pub mod analyser;
pub mod cgroup;
pub mod client;
pub mod confine;
pub mod error;
pub mod ids;
pub mod image;
pub mod plan;
pub mod rootless;
pub mod seccomp;
pub mod warden;
pub mod watcher;

pub use casemate_sys::random;

pub use casemate_init::stream::{Collected, Harvest};
pub use client::{Link, Prepared, Sandbox, SandboxEvent, SpawnOrder, Warden};
pub use error::SandboxError;
pub use plan::{Blueprint, Ground};
pub use warden::message::{Bind, Cause, Create, Ended};
pub use warden::{Setup, WallSet};

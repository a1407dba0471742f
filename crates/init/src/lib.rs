//! What runs inside the walls before the user's program.
//!
//! The binary `casemate-init` is pid 1 of every sandbox. This library holds what it shares with the
//! `sandbox` crate, which writes what init reads: the [`plan`] of the walls, the [`spec`] of a
//! spawn, and the [`protocol`] of both sockets. Everything is single-threaded.
//!
//! The product embeds the program without the feature `std`: no standard library, no C library.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod build;
pub mod child;
pub mod codec;
pub mod collect;
pub mod forge;
pub mod glob;
pub mod mason;
pub mod plan;
pub mod protocol;
pub mod serve;
pub mod spawn;
pub mod spec;
pub mod stream;
pub mod walls;
mod warm;
pub mod witness;
pub mod worker;
mod zygote;

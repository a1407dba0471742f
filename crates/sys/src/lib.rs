//! Every system call wrapper and every `unsafe` block of Casemate.
//!
//! Each module wraps one group of calls of man section 2 with owned descriptors and `io::Result`.
//! Nothing here decides policy: callers say what they want, this crate says how the kernel is asked.
//!
//! Without the feature `std` it needs neither the standard library nor a C library, and brings what a
//! program then lacks (`bare`): that is how `casemate-init` is built.
#![cfg_attr(not(feature = "std"), no_std)]
#![allow(unsafe_code)]

extern crate alloc;

pub mod credentials;
pub mod epoll;
pub mod event;
pub mod fd;
pub mod fs;
pub mod handle;
#[cfg(feature = "std")]
pub mod host;
pub mod io;
pub mod landlock;
pub mod memfd;
pub mod mount;
pub mod namespace;
pub mod net;
pub mod process;
pub mod random;
pub mod resource;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod terminal;

mod arch;
#[cfg(not(feature = "std"))]
mod bare;
mod call;
mod entry;
#[cfg(feature = "hosted")]
pub mod hosted;

#[cfg(feature = "std")]
pub use entry::prepare;

pub use libc;

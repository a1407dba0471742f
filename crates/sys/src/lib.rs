//! Every system call wrapper and every `unsafe` block of Casemate.
//!
//! Each module wraps one group of calls of man section 2 with owned descriptors and `io::Result`.
//! Nothing here decides policy: callers say what they want, this crate says how the kernel is asked.
#![allow(unsafe_code)]

pub mod credentials;
pub mod epoll;
pub mod event;
pub mod fd;
pub mod fs;
pub mod host;
pub mod landlock;
pub mod memfd;
pub mod mount;
pub mod namespace;
pub mod net;
pub mod process;
pub mod resource;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod terminal;

mod call;
mod entry;

pub use libc;

//! Every system call wrapper and every `unsafe` block of Casemate.
//!
//! Each module wraps one group of calls of man section 2 with owned descriptors and `io::Result`.
//! Nothing here decides policy: callers say what they want, this crate says how the kernel is asked.
#![allow(unsafe_code)]

pub mod credentials;
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

/// Makes `fn() -> i32` the C entry point of a program with `#![no_main]`.
#[macro_export]
macro_rules! entry_point {
    ($run:path) => {
        /// C's entry point; the arguments are not looked at.
        // SAFETY: `main` is the one symbol of this name, and its signature is C's.
        #[unsafe(no_mangle)]
        pub extern "C" fn main(_count: i32, _arguments: *const *const u8) -> i32 {
            $run()
        }
    };
}

pub use libc;

//! The entry points of our programs, which start without the runtime of the standard library.
//!
//! `casemate` starts at C's `main`: the runtime would read `/proc/self/maps` for the guard page of the main
//! thread at every start. What else it does is done by [`prepare`].
//!
//! As the product builds it (without the feature `std`) it has neither a C library nor the runtime of
//! the standard library (`docs/decisions/0007-init-without-libc.md`): the kernel jumps to `_start`,
//! in the module of the same feature. With `std` it starts at C's `main`, so that a workspace build and its
//! lints cover the program too.

#[cfg(feature = "std")]
use crate::handle::AsFd;

/// Does what the runtime of the standard library would: the descriptors 0 to 2 are open, to `/dev/null` if to
/// nothing else, so that no file of ours is taken for one of them; and a reader that went away is an error,
/// not the end.
#[cfg(feature = "std")]
pub fn prepare() -> std::io::Result<()> {
    for number in 0..3 {
        // SAFETY: F_GETFD takes no pointer.
        let answer = unsafe { crate::call::syscall!(libc::SYS_fcntl, number, libc::F_GETFD) };
        if crate::call::check(answer).is_err() {
            // The lowest free number is this one, since those below are open.
            let null = crate::fs::open_at(None, b"/dev/null", libc::O_RDWR, 0, crate::fs::Resolve::Host)?;
            crate::fd::duplicate_to(null.as_fd(), number)?;
            core::mem::forget(null);
        }
    }
    crate::signal::ignore(libc::SIGPIPE);
    Ok(())
}

/// Makes `fn() -> i32` the entry of a program with `#![no_main]`.
#[cfg(feature = "std")]
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

/// Makes `fn() -> i32` the entry of a program with `#![no_main]`.
#[cfg(not(feature = "std"))]
#[macro_export]
macro_rules! entry_point {
    ($run:path) => {
        /// Called by `_start`.
        // SAFETY: this is the one symbol of this name, with the signature that its caller declares.
        #[unsafe(no_mangle)]
        pub extern "C" fn casemate_main() -> i32 {
            $run()
        }
    };
}

//! The entry point of `casemate-init`.
//!
//! As the product builds it (without the feature `std`) it has neither a C library nor the runtime of
//! the standard library (`docs/decisions/0007-init-without-libc.md`): the kernel jumps to `_start`,
//! in the module of the same feature. With `std` it starts at C's `main`, so that a workspace build and its
//! lints cover the program too.

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

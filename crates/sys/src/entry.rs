//! The C entry point of a program that starts without the runtime of the standard library.
//!
//! Only the binary `casemate-init` uses it (`docs/decisions/0003-init-entry-and-static-libc.md`). What it
//! calls must not rely on what that runtime prepares: arguments, or SIGPIPE being ignored.

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

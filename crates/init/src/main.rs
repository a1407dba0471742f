//! `casemate-init`: pid 1 of a sandbox. It takes no arguments; see the library.
//!
//! It starts at C's `main`, without the runtime of the standard library: that would read
//! `/proc/self/maps` for the main thread's guard page and pull in 100 KiB of libc for it.
#![no_main]

casemate_sys::entry_point!(casemate_init::serve::run);

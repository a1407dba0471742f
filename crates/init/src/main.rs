//! `casemate-init`: pid 1 of a sandbox. It takes no arguments; see the library.
//!
//! The product embeds it without the feature `std`: no runtime, no C library, a tenth of the size.
#![cfg_attr(not(feature = "std"), no_std)]
#![no_main]

casemate_sys::entry_point!(casemate_init::serve::run);

//! What makes a started interpreter a zygote: it forks a child into each sandbox that asks for one.
//!
//! A library that the sandbox's builder preloads into the interpreter of a template
//! (`LD_PRELOAD`). It takes the place of the program's `main`: starts the interpreter as that would, warms it, and
//! serves until nobody is left who could ask. It runs no tenant's code, reads no tenant's data, and has one thread: with a
//! second one it refuses to fork.
//!
//! Built for the product without the standard library and without a C library of its own; see
//! `docs/decisions/0011-zygotes.md`.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "hosted")]
mod program;
#[cfg(feature = "hosted")]
mod serve;

//! Who asks, what they may, and how much of it.
//!
//! No I/O and no clock: files, records and the time are the caller's. Everything here fails closed: what cannot
//! be read, checked or decided is refused.

pub mod authorize;
pub mod identity;
pub mod profile;
pub mod quota;

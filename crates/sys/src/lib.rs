#![allow(unsafe_code)]
//! See ARCHITECTURE.md.

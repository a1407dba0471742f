//! Bounded decoders of what programs hide text and code in.

mod base;

pub use base::{Alphabet85, base16, base32, base64, base85};

/// Why something could not be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It is no such encoding.
    Malformed,
    /// It yields more than the bound.
    TooLarge,
}

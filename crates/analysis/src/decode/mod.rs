//! Bounded decoders of what programs hide text and code in. Models of libraries use them.

mod base;
mod deflate;
mod plain;

pub use base::{Alphabet85, base16, base32, base64, base85};
pub use deflate::{any, deflate, gzip, zlib};
pub use plain::{marshal_texts, rot13, xor};

/// Why something could not be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// It is no such encoding.
    Malformed,
    /// It yields more than the bound.
    TooLarge,
}

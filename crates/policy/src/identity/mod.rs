//! Who asks: from a credential to a principal. Called by the service for every request.
//!
//! A credential is checked here and nowhere else. What is fetched or looked up (records of keys, documents of
//! issuers) is given by the caller.

mod base62;
pub mod key;
pub mod pepper;
pub mod token;

pub use key::{ApiKey, KeyError, KeyHash};
pub use pepper::Pepper;
pub use token::{TokenError, TokenIdentity, TokenVerifier};

//! Why a token is refused, and why an issuer cannot be trusted as configured.

/// A token that is refused. Nothing of the token is in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenError {
    /// More bytes than a token may have.
    #[error("the token is longer than {} bytes", super::MAX_TOKEN_BYTES)]
    TooLong,
    /// Not a signed token of three parts, or of an algorithm that nobody may use.
    #[error("not a signed token (JWT)")]
    Malformed,
    /// Its header asks for something that is not done here.
    #[error("the token's header asks for an extension that is not supported")]
    Extension,
    /// Another kind of token than one that says who asks.
    #[error("the token is of another kind than JWT or at+jwt")]
    Kind,
    /// An issuer that is not trusted, or none.
    #[error("the token's issuer is not trusted")]
    Issuer,
    /// An algorithm that is not on the issuer's list.
    #[error("the token's algorithm is not allowed for its issuer")]
    Algorithm,
    /// A key that the issuer does not have, or had not when its keys were fetched.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// No key is named, and the issuer has several that would fit.
    #[error("the token does not say which key signed it")]
    AmbiguousKey,
    /// Signed by another key, or changed.
    #[error("the token's signature is wrong")]
    Signature,
    /// For somebody else.
    #[error("the token is not for this service (aud)")]
    Audience,
    /// A claim that is missing or not of its form.
    #[error("the token's claim {0} is missing or malformed")]
    Claim(&'static str),
    /// Over.
    #[error("the token has expired")]
    Expired,
    /// Not valid yet, or from the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// Valid for longer, or issued longer ago, than is taken.
    #[error("the token is too old, or valid for too long")]
    TooOld,
    /// Nothing in it is a role here.
    #[error("the token gives no role")]
    NoRole,
    /// A tenant that this issuer may not speak for.
    #[error("the token's issuer may not speak for that tenant")]
    Tenant,
}

/// Settings of an issuer, or a set of keys, that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct SettingsError {
    /// Which setting.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl SettingsError {
    pub(super) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self {
            field,
            problem: problem.into(),
        }
    }
}

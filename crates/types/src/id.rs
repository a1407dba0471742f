//! Ids: 128 bits, time-ordered, written as 26 characters of lowercase Crockford base32 (ULID), valid
//! in a DNS label. One type for each thing, so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;
/// Random bytes in an id.
pub const RANDOM_BYTES: usize = 10;

/// A text that is not an id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an id: 26 characters of 0-9 and a-z without i, l, o, u are expected")]
pub struct MalformedId;

fn encode(value: u128) -> [u8; LENGTH] {
    std::array::from_fn(|i| ALPHABET[(value >> (5 * (LENGTH - 1 - i)) & 31) as usize])
}

fn decode(text: &str) -> Result<u128, MalformedId> {
    // 26 x 5 = 130 bits: the first character carries only 3.
    if text.len() != LENGTH || text.as_bytes()[0] > b'7' {
        return Err(MalformedId);
    }
    text.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|a| *a == byte).ok_or(MalformedId)?;
        Ok(value << 5 | digit as u128)
    })
}

/// A new value: 48 bits of milliseconds since 1970, 80 random bits.
fn at(since_epoch: std::time::Duration, random: [u8; RANDOM_BYTES]) -> u128 {
    let millis = since_epoch.as_millis() & ((1 << 48) - 1);
    let mut low = [0; 16];
    low[16 - RANDOM_BYTES..].copy_from_slice(&random);
    millis << 80 | u128::from_be_bytes(low)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// A new id for something that begins at this time after 1970-01-01 UTC, of random bytes that
            /// were never used before.
            pub fn at(since_epoch: std::time::Duration, random: [u8; RANDOM_BYTES]) -> Self {
                Self(at(since_epoch, random))
            }

            /// The id of these 128 bits.
            pub const fn from_value(value: u128) -> Self {
                Self(value)
            }

            /// The 128 bits.
            pub fn value(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode(self.0).iter().try_for_each(|b| write!(f, "{}", char::from(*b)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                decode(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// One execution of a program.
    ExecutionId;
    /// One sandbox.
    SandboxId;
    /// One machine that runs sandboxes.
    NodeId;
    /// One customer of an installation.
    TenantId;
    /// One project of a tenant.
    ProjectId;
    /// One person or program that asks.
    PrincipalId;
    /// One session: executions that share a sandbox.
    SessionId;
    /// One API key.
    KeyId;
    /// One record of the audit log.
    AuditId;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_sort_by_time() {
        let early = ExecutionId::at(std::time::Duration::from_millis(5), [255; 10]);
        let late = ExecutionId::at(std::time::Duration::from_millis(6), [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn malformed_ids_are_refused() {
        for bad in [
            "",
            "0",
            "8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "0000000000000000000000000u",
            "0000000000000000000000000A",
        ] {
            assert_eq!(bad.parse::<ExecutionId>(), Err(MalformedId), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_and_value_agree(value: u128) {
            let id = SandboxId::from_value(value);
            prop_assert_eq!(id.to_string().parse::<SandboxId>(), Ok(id));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,40}") {
            let _ = text.parse::<NodeId>();
        }
    }
}

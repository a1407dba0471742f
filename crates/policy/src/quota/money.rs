//! Money, in whole billionths of a unit of its currency: prices of a second are small, and sums must be exact.

use std::fmt;
use std::str::FromStr;

/// Digits behind the point.
const DIGITS: usize = 9;
const NANOS: u64 = 1_000_000_000;

/// An amount in a currency that is known from elsewhere. At most 18 thousand million units; sums stay there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Money {
    /// Billionths of a unit.
    pub nanos: u64,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self { nanos: 0 };

    /// The sum, or the largest amount.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
        }
    }

    /// What is left, or nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_sub(other.nanos),
        }
    }

    /// The price of so many parts of a unit, when this is the price of a unit: rounded up, never beyond the largest.
    #[must_use]
    pub(super) fn times(self, parts: u128, parts_of_unit: u128) -> Self {
        let nanos = u128::from(self.nanos)
            .saturating_mul(parts)
            .div_ceil(parts_of_unit);
        Self {
            nanos: u64::try_from(nanos).unwrap_or(u64::MAX),
        }
    }
}

/// As a decimal number without needless zeros, such as `0.0000116`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:09}", self.nanos % NANOS);
        match part.trim_end_matches('0') {
            "" => write!(f, "{}", self.nanos / NANOS),
            part => write!(f, "{}.{part}", self.nanos / NANOS),
        }
    }
}

/// A text that is no amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "not an amount: a decimal number with at most 9 digits behind the point is expected, such as 0.0000116"
)]
pub struct MalformedMoney;

impl FromStr for Money {
    type Err = MalformedMoney;

    fn from_str(text: &str) -> Result<Self, MalformedMoney> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(part) || part.len() > DIGITS {
            return Err(MalformedMoney);
        }
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| MalformedMoney);
        let part = number(&format!("{part:0<9}"))?;
        let nanos = number(whole)?
            .checked_mul(NANOS)
            .and_then(|nanos| nanos.checked_add(part));
        nanos.map(|nanos| Self { nanos }).ok_or(MalformedMoney)
    }
}

/// The code of a currency: three capital letters, as ISO 4217 has them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Currency([u8; 3]);

impl FromStr for Currency {
    type Err = MalformedMoney;

    fn from_str(text: &str) -> Result<Self, MalformedMoney> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| MalformedMoney)?;
        let is_code = code.iter().all(u8::is_ascii_uppercase);
        is_code.then_some(Self(code)).ok_or(MalformedMoney)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{}", char::from(*b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_exact() {
        let nanos = |text: &str| text.parse::<Money>().map(|m| m.nanos);
        assert_eq!(nanos("0.0000116"), Ok(11_600));
        assert_eq!(nanos("5"), Ok(5 * NANOS));
        assert_eq!(nanos("18446744073.709551615"), Ok(u64::MAX));
        for bad in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "0.0000000001",
            "18446744073.709551616",
            "1,5",
        ] {
            assert_eq!(nanos(bad), Err(MalformedMoney), "{bad}");
        }
        assert_eq!(Money { nanos: 3 }.times(1, 1000), Money { nanos: 1 });
        assert_eq!(Money { nanos: u64::MAX }.times(u128::MAX, 1).nanos, u64::MAX);
        assert!("EU".parse::<Currency>().is_err() && "eur".parse::<Currency>().is_err());
        assert_eq!("EUR".parse::<Currency>().unwrap().to_string(), "EUR");
    }

    proptest! {
        #[test]
        fn shown_amounts_read_back(nanos: u64) {
            prop_assert_eq!(Money { nanos }.to_string().parse(), Ok(Money { nanos }));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,30}") {
            let _ = (text.parse::<Money>(), text.parse::<Currency>());
        }
    }
}

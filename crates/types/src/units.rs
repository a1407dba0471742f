//! Sizes and durations as people write them: `64K`, `512M`, `2G` are binary; `1500ms`, `60s`, `2m`, `1h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub u64);

impl Bytes {
    /// So many KiB.
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }

    /// So many MiB.
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    /// So many GiB.
    pub const fn gib(n: u64) -> Self {
        Self(n << 30)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 1 << 30 && n.is_multiple_of(1 << 30) => write!(f, "{}G", n >> 30),
            n if n >= 1 << 20 && n.is_multiple_of(1 << 20) => write!(f, "{}M", n >> 20),
            n if n >= 1 << 10 && n.is_multiple_of(1 << 10) => write!(f, "{}K", n >> 10),
            n => write!(f, "{n}"),
        }
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no size.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a size: a whole number of bytes, or one with K, M or G, is expected, such as 512M")]
pub struct MalformedSize;

impl FromStr for Bytes {
    type Err = MalformedSize;

    fn from_str(text: &str) -> Result<Self, MalformedSize> {
        let (digits, shift) = match text.as_bytes().last().ok_or(MalformedSize)? {
            b'K' | b'k' => (&text[..text.len() - 1], 10),
            b'M' | b'm' => (&text[..text.len() - 1], 20),
            b'G' | b'g' => (&text[..text.len() - 1], 30),
            _ => (text, 0),
        };
        whole(digits)
            .and_then(|n| n.checked_mul(1 << shift))
            .map(Bytes)
            .ok_or(MalformedSize)
    }
}

/// A text that is no duration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a duration: a whole number with ms, s, m or h is expected, such as 1500ms or 60s")]
pub struct MalformedDuration;

/// Reads a duration; the unit is required.
///
/// # Errors
/// [`MalformedDuration`].
pub fn parse_duration(text: &str) -> Result<Duration, MalformedDuration> {
    let (digits, unit) = match text {
        t if t.ends_with("ms") => (&t[..t.len() - 2], 1),
        t if t.ends_with('s') => (&t[..t.len() - 1], 1_000),
        t if t.ends_with('m') => (&t[..t.len() - 1], 60_000),
        t if t.ends_with('h') => (&t[..t.len() - 1], 3_600_000),
        _ => return Err(MalformedDuration),
    };
    let millis = whole(digits)
        .and_then(|n| n.checked_mul(unit))
        .ok_or(MalformedDuration)?;
    Ok(Duration::from_millis(millis))
}

fn whole(digits: &str) -> Option<u64> {
    // `u64::from_str` takes a leading plus, which we do not.
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_and_durations_are_read() {
        assert_eq!("64K".parse(), Ok(Bytes(65_536)));
        assert_eq!("2G".parse(), Ok(Bytes::gib(2)));
        assert_eq!("7".parse(), Ok(Bytes(7)));
        assert_eq!(parse_duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        for bad in [
            "",
            "K",
            "-1",
            "+1",
            "1.5M",
            "1T",
            "99999999999999999999",
            "18446744073709551615G",
            "é",
        ] {
            assert_eq!(bad.parse::<Bytes>(), Err(MalformedSize), "{bad}");
        }
        for bad in ["", "5", "s", "ms", "-1s", "1d", "18446744073709551615h"] {
            assert_eq!(parse_duration(bad), Err(MalformedDuration), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn shown_sizes_read_back(n: u64) {
            prop_assert_eq!(Bytes(n).to_string().parse::<Bytes>(), Ok(Bytes(n)));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,24}") {
            let _ = (text.parse::<Bytes>(), parse_duration(&text));
        }
    }
}

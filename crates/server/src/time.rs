//! Times as clients write and read them: RFC 3339.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time to the millisecond, in UTC.
pub(crate) fn show(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// Reads a `date-time` of RFC 3339, section 5.6, with any offset; what is before 1970 counts as 1970.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    if !text.is_ascii() || bytes.len() < 20 || !matches!(bytes[10], b'T' | b't') {
        return None;
    }
    let separated = bytes[4] == b'-' && bytes[7] == b'-' && bytes[13] == b':' && bytes[16] == b':';
    let field = |from: usize, to: usize| number(&text[from..to]);
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    let within = separated
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        // 60 is a leap second; it counts as the one after.
        && second <= 60;
    if !within {
        return None;
    }
    let (nanos, rest) = fraction(&text[19..])?;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset(rest)?;
    let since = u64::try_from(seconds).map_or(Duration::ZERO, |seconds| Duration::new(seconds, nanos));
    UNIX_EPOCH.checked_add(since)
}

fn number(digits: &str) -> Option<i64> {
    let all = digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}

/// The nanoseconds of `.123`, if that is there, and what follows.
fn fraction(text: &str) -> Option<(u32, &str)> {
    let Some(text) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    if end == 0 {
        return None;
    }
    let kept = &text[..end.min(9)];
    let nanos = number(kept)? * 10i64.pow(9 - kept.len() as u32);
    Some((u32::try_from(nanos).ok()?, &text[end..]))
}

/// The seconds of `Z` or `+02:00`.
fn offset(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'Z' | b'z' if text.len() == 1 => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if text.len() != 6 || text.as_bytes()[3] != b':' {
        return None;
    }
    let (hours, minutes) = (number(&text[1..3])?, number(&text[4..6])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_of(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01: <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Option<(u64, u32)>) {
        let expected = expected.map(|(s, n)| UNIX_EPOCH + Duration::new(s, n));
        assert_eq!(parse(text), expected, "{text}");
    }

    #[test]
    fn offsets_fractions_and_leap_seconds_are_read() {
        check("1970-01-01T00:00:00Z", Some((0, 0)));
        check("2000-02-29t12:30:01.5z", Some((951_827_401, 500_000_000)));
        check(
            "2026-01-02T03:04:05.123456789123+05:30",
            Some((1_767_303_245, 123_456_789)),
        );
        check("2016-12-31T23:59:60Z", Some((1_483_228_800, 0)));
        check("1900-01-01T00:00:00Z", Some((0, 0)));
        check("0000-01-01T00:00:00-23:59", Some((0, 0)));
        for bad in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-13-02T03:04:05Z",
            "2026-02-29T03:04:05Z",
            "2026-01-02T24:04:05Z",
            "2026-01-02T03:04:61Z",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05+0530",
            "2026-01-02T03:04:05Zx",
            "+026-01-02T03:04:05Z",
            "2026-01-02T03:04:05é",
        ] {
            check(bad, None);
        }
    }

    proptest! {
        #[test]
        fn shown_times_read_back(ms in 0u64..253_402_300_799_000) {
            let time = UNIX_EPOCH + Duration::from_millis(ms);
            prop_assert_eq!(parse(&show(time)), Some(time));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,40}", near in "[0-9Tt:Zz.+-]{18,30}") {
            let _ = (parse(&text), parse(&near));
        }
    }
}

//! Secrets that are known by nothing but their randomness.

use std::ops::Range;

/// Characters of a token that may be a secret: keys of 128 to 768 bits. What is longer is data.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=128;
/// Bits for a character: random base64 of 24 characters has about 4.2, of 40 about 4.8; words and names have 3 to 4.
const LEAST_BITS: f64 = 3.9;
/// What stands before a hash or embedded data in base64.
const DATA_BEFORE: [&str; 7] = [
    "sha1-", "sha256-", "sha384-", "sha512-", "h1:", "base64,", "sha256:",
];
/// How files of known formats begin in base64: PNG, GIF, JPEG, WebP and WAV, PDF, gzip, zip, ELF, WebAssembly, fonts.
const DATA_BEGINS: [&str; 11] = [
    "iVBORw0KGgo",
    "R0lGOD",
    "/9j/",
    "UklGR",
    "JVBERi",
    "H4sI",
    "UEsDB",
    "f0VMR",
    "AGFzbQ",
    "d09GR",
    "T1RUT",
];

/// Adds every place that looks random and is nothing known.
pub(super) fn find(text: &str, found: &mut Vec<(Range<usize>, &'static str)>) {
    let known = found.len();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_part(bytes[at]) {
            at += 1;
            continue;
        }
        let end = bytes[at..]
            .iter()
            .position(|byte| !is_part(*byte))
            .map_or(bytes.len(), |n| at + n);
        let is_taken = found[..known]
            .iter()
            .any(|(range, _)| range.start < end && at < range.end);
        if LENGTHS.contains(&(end - at)) && !is_taken && is_secret(text, at..end) {
            found.push((at..end, "high_entropy"));
        }
        at = end;
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-')
}

fn is_secret(text: &str, range: Range<usize>) -> bool {
    let token = &text[range.clone()];
    let before = &text.as_bytes()[..range.start];
    let is_data = DATA_BEFORE
        .iter()
        .any(|word| before.ends_with(word.as_bytes()) || token.starts_with(word))
        || DATA_BEGINS.iter().any(|word| token.starts_with(word));
    !is_data && is_mixed(token) && bits(token) >= LEAST_BITS && !is_name(token) && !is_block(text, range)
}

/// Upper case, lower case and digits: neither hexadecimal, nor an id in base32, nor a word.
fn is_mixed(token: &str) -> bool {
    let count = |is: fn(&u8) -> bool| token.bytes().filter(is).count();
    count(u8::is_ascii_uppercase) >= 2 && count(u8::is_ascii_lowercase) >= 2 && count(u8::is_ascii_digit) >= 1
}

/// Shannon's entropy of its characters.
fn bits(token: &str) -> f64 {
    let mut counts = [0u32; 256];
    token.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = token.len() as f64;
    let part = |count: &u32| {
        let share = f64::from(*count) / all;
        -share * share.log2()
    };
    counts.iter().filter(|count| **count > 0).map(part).sum()
}

/// Paths, and names of words: they change between upper case, lower case, digits and signs far less often than what is
/// random, which does so at two of three characters.
fn is_name(token: &str) -> bool {
    let class = |byte: u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let pairs = token.as_bytes().windows(2);
    let changes = pairs.filter(|pair| class(pair[0]) != class(pair[1])).count();
    changes * 5 < token.len() * 2
}

/// One of several lines of the same kind: embedded data, wrapped.
fn is_block(text: &str, range: Range<usize>) -> bool {
    if range.len() < 60 {
        return false;
    }
    let is_line = |line: &str| line.len() >= 60 && line.bytes().all(|byte| is_part(byte) || byte == b'=');
    let before = text[..range.start]
        .strip_suffix('\n')
        .and_then(|rest| rest.lines().next_back());
    let after = text[range.end..]
        .strip_prefix('\n')
        .and_then(|rest| rest.lines().next());
    before.is_some_and(is_line) || after.is_some_and(is_line)
}

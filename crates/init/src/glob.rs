//! Patterns of output files: `*` and `?` stay within a folder, `**` crosses folders, `[a-z]` and
//! `[!a-z]` are sets, `\` takes the next byte as it is.
//!
//! The names matched were chosen by a hostile program, so matching takes at most
//! (pattern length x path length) steps and no recursion beyond the number of `**` and `*`, which
//! is handled by remembered positions.

use alloc::vec;
use alloc::vec::Vec;

/// Longest pattern, bytes.
pub const MAX_PATTERN_BYTES: usize = 1024;

/// Tells whether a relative path, parts parted by `/`, matches a pattern.
pub fn matches(pattern: &[u8], path: &[u8]) -> bool {
    if pattern.len() > MAX_PATTERN_BYTES {
        return false;
    }
    // reach[i]: pattern[..p] can match path[..i]. One row is kept for each token of the pattern.
    let mut reach = vec![false; path.len() + 1];
    reach[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let (token, length) = next_token(&pattern[at..]);
        reach = step(&token, &reach, path);
        at += length;
    }
    reach[path.len()]
}

enum Token<'a> {
    Byte(u8),
    AnyByte,
    AnyRun,
    AnyFolders,
    AnyPath,
    Set { negated: bool, body: &'a [u8] },
}

fn next_token(pattern: &[u8]) -> (Token<'_>, usize) {
    match pattern {
        [b'*', b'*', b'/', ..] => (Token::AnyFolders, 3),
        [b'*', b'*', ..] => (Token::AnyPath, 2),
        [b'*', ..] => (Token::AnyRun, 1),
        [b'?', ..] => (Token::AnyByte, 1),
        [b'\\', byte, ..] => (Token::Byte(*byte), 2),
        [b'[', rest @ ..] => set_token(rest),
        [byte, ..] => (Token::Byte(*byte), 1),
        [] => (Token::AnyPath, 1),
    }
}

fn set_token(rest: &[u8]) -> (Token<'_>, usize) {
    let negated = matches!(rest.first(), Some(b'!' | b'^'));
    let start = usize::from(negated);
    // A `]` right at the start belongs to the set (glob(7)).
    let close = rest
        .iter()
        .skip(start + 1)
        .position(|b| *b == b']')
        .map(|p| p + start + 1);
    match close {
        Some(close) => (
            Token::Set {
                negated,
                body: &rest[start..close],
            },
            close + 2,
        ),
        None => (Token::Byte(b'['), 1),
    }
}

fn in_set(body: &[u8], byte: u8) -> bool {
    let mut at = 0;
    while at < body.len() {
        if at + 2 < body.len() && body[at + 1] == b'-' {
            if (body[at]..=body[at + 2]).contains(&byte) {
                return true;
            }
            at += 3;
        } else {
            if body[at] == byte {
                return true;
            }
            at += 1;
        }
    }
    false
}

fn step(token: &Token<'_>, reach: &[bool], path: &[u8]) -> Vec<bool> {
    let mut next = vec![false; reach.len()];
    let mut reached_before = false;
    for i in 0..reach.len() {
        match token {
            Token::AnyRun => {
                next[i] = reach[i] || (i > 0 && next[i - 1] && path[i - 1] != b'/');
            }
            Token::AnyPath => next[i] = reach[i] || (i > 0 && next[i - 1]),
            // `**/` matches nothing, or any run that ends in a slash.
            Token::AnyFolders => {
                let slash_before = i > 0 && path[i - 1] == b'/';
                next[i] = reach[i] || (slash_before && reached_before);
            }
            Token::Byte(b) => next[i] = i > 0 && reach[i - 1] && path[i - 1] == *b,
            Token::AnyByte => next[i] = i > 0 && reach[i - 1] && path[i - 1] != b'/',
            Token::Set { negated, body } => {
                next[i] =
                    i > 0 && reach[i - 1] && path[i - 1] != b'/' && in_set(body, path[i - 1]) != *negated;
            }
        }
        reached_before |= reach[i];
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expected: bool) {
        assert_eq!(
            matches(pattern.as_bytes(), path.as_bytes()),
            expected,
            "{pattern} on {path}"
        );
    }

    #[test]
    fn patterns_match_as_documented() {
        check("*.txt", "a.txt", true);
        check("*.txt", "d/a.txt", false);
        check("**/*.txt", "d/e/a.txt", true);
        check("**/*.txt", "a.txt", true);
        check("out/**", "out/a/b", true);
        check("out/**", "other/a", false);
        check("**", "any/thing", true);
        check("a?c", "abc", true);
        check("a?c", "a/c", false);
        check("[a-c]x", "bx", true);
        check("[!a-c]x", "bx", false);
        check("[]]", "]", true);
        check("[", "[", true);
        check("\\*", "*", true);
        check("\\*", "a", false);
        check("", "", true);
        check("", "a", false);
    }

    #[test]
    fn hostile_patterns_stay_cheap() {
        let path = "a".repeat(4000);
        let start = std::time::Instant::now();
        check(&("*a".repeat(500) + "b"), &path, false);
        check(&("**/".repeat(300) + "b"), &path.replace("aa", "a/"), false);
        assert!(start.elapsed().as_secs() < 5);
    }
}

//! Patterns of output files against names that a hostile program chose.
//!
//! The caller chose the pattern. Matching never panics and stays within its steps (the runner's limit
//! of time per input); for short input it agrees with a reader of the same language that only recurses.
#![no_main]

use casemate_init::glob::{MAX_PATTERN_BYTES, matches};

/// Longer input is matched but not compared: the plain reader takes exponential time.
const COMPARED: usize = 12;

/// The language of patterns said as plainly as can be: each case tries all ways to go on.
fn plainly(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', b'/', rest @ ..] => {
            let ends = path
                .iter()
                .enumerate()
                .filter(|(_, b)| **b == b'/')
                .map(|(i, _)| i + 1);
            std::iter::once(0)
                .chain(ends)
                .any(|start| plainly(rest, &path[start..]))
        }
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|start| plainly(rest, &path[start..])),
        [b'*', rest @ ..] => {
            let run = path.iter().position(|b| *b == b'/').unwrap_or(path.len());
            (0..=run).any(|start| plainly(rest, &path[start..]))
        }
        [b'?', rest @ ..] => one(path, |b| b != b'/').is_some_and(|path| plainly(rest, path)),
        [b'\\', byte, rest @ ..] => one(path, |b| b == *byte).is_some_and(|path| plainly(rest, path)),
        [b'[', rest @ ..] => match split_set(rest) {
            Some((negated, members, rest)) => one(path, |b| b != b'/' && holds(members, b) != negated)
                .is_some_and(|path| plainly(rest, path)),
            None => one(path, |b| b == b'[').is_some_and(|path| plainly(rest, path)),
        },
        [byte, rest @ ..] => one(path, |b| b == *byte).is_some_and(|path| plainly(rest, path)),
    }
}

fn one(path: &[u8], fits: impl Fn(u8) -> bool) -> Option<&[u8]> {
    path.split_first()
        .filter(|(first, _)| fits(**first))
        .map(|(_, rest)| rest)
}

/// What stands between `[` and its `]`: negated or not, the members, what follows.
fn split_set(rest: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (negated, body) = match rest {
        [b'!' | b'^', body @ ..] => (true, body),
        body => (false, body),
    };
    // A `]` that comes first is a member (glob(7)).
    let close = (1..body.len()).find(|i| body[*i] == b']')?;
    Some((negated, &body[..close], &body[close + 1..]))
}

fn holds(members: &[u8], byte: u8) -> bool {
    match members {
        [from, b'-', to, rest @ ..] => (*from <= byte && byte <= *to) || holds(rest, byte),
        [member, rest @ ..] => *member == byte || holds(rest, byte),
        [] => false,
    }
}

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (pattern, path) = input;
    let found = matches(&pattern, &path);
    if pattern.len() > MAX_PATTERN_BYTES {
        assert!(!found, "a pattern beyond the bound matches nothing");
    } else if pattern.len() <= COMPARED && path.len() <= COMPARED {
        assert_eq!(
            found,
            plainly(&pattern, &path),
            "{:?} on {:?}",
            pattern.escape_ascii(),
            path.escape_ascii()
        );
    }
});

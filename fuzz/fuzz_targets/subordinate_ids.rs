//! `/etc/subuid` and `/etc/subgid` (subuid(5)): which ids an ordinary account may map.
//!
//! The administrator writes them, tools append to them. A range is found only for its owner, is worth a
//! map, and is bounded; the helpers that map it refuse what the file does not grant.
#![no_main]

use casemate_sandbox::rootless::subordinate_range;
use libfuzzer_sys::arbitrary;

const NAME: &str = "alice";

/// A line of the file: well formed in most, so that the numbers are what is varied.
#[derive(arbitrary::Arbitrary, Debug)]
enum Line<'a> {
    Ours { base: u32, count: u32 },
    Named { base: u32, count: u16 },
    AtTheEnd { below: u16, count: u32 },
    Others { uid: u32, base: u64, count: u64 },
    Any(&'a str),
}

fn write(line: &Line<'_>, uid: u32) -> String {
    match line {
        Line::Ours { base, count } => format!("{uid}:{base}:{count}\n"),
        Line::Named { base, count } => format!("{NAME}:{base}:{count}\n"),
        Line::AtTheEnd { below, count } => format!("{uid}:{}:{count}\n", u32::MAX - u32::from(*below)),
        Line::Others { uid, base, count } => format!("{uid}:{base}:{count}\n"),
        Line::Any(text) => format!("{text}\n"),
    }
}

libfuzzer_sys::fuzz_target!(|input: (u32, bool, Vec<Line>)| {
    let (uid, is_named, lines) = input;
    let text: String = lines.iter().map(|line| write(line, uid)).collect();
    let name = is_named.then_some(NAME);
    let Some(range) = subordinate_range(&text, uid, name) else {
        return;
    };
    assert!((16..=65_536).contains(&range.count));
    assert!(
        range.base.checked_add(range.count).is_some(),
        "the range ends before the last id"
    );
    let granted = |line: &str| {
        let mut parts = line.trim().split(':');
        let owner = parts.next();
        let base = parts.next().and_then(|t| t.parse::<u32>().ok());
        let count = parts.next().and_then(|t| t.parse::<u32>().ok());
        (owner == Some(&uid.to_string()) || owner == name.filter(|_| is_named))
            && base == Some(range.base)
            && count.is_some_and(|c| c >= range.count)
    };
    assert!(text.lines().any(granted), "{range:?} is not in {text:?}");
});

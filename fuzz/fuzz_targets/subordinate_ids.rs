//! `/etc/subuid` and `/etc/subgid` (subuid(5)): which ids an ordinary account may map.
//!
//! The administrator writes them, tools append to them. A range is found only for its owner, is worth a
//! map, and is bounded; the helpers that map it refuse what the file does not grant.
#![no_main]

use casemate_sandbox::rootless::subordinate_range;

libfuzzer_sys::fuzz_target!(|input: (&str, u32, Option<&str>)| {
    let (text, uid, name) = input;
    let Some(range) = subordinate_range(text, uid, name) else { return };
    assert!((16..=65_536).contains(&range.count));
    assert!(range.base.checked_add(range.count).is_some(), "the range ends before the last id");
    let owners = [Some(uid.to_string()), name.map(str::to_owned)];
    let owned = |line: &str| owners.iter().flatten().any(|o| line.trim().split(':').next() == Some(o));
    assert!(text.lines().any(|line| owned(line) && line.contains(':')));
});

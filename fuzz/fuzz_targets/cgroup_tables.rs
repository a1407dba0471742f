//! The kernel's tables of control groups: `/proc/self/mountinfo`, `/proc/self/cgroup`, and the small files
//! of numbers and fields.
//!
//! Names in the tables come from whoever may mount or make groups. No path that is found leaves the
//! mount that it was found below, and the tables hold no more than their bounds.
#![no_main]
#![expect(dead_code, reason = "the parsers are compiled in by path, for no crate shows them; most of each goes unused")]

#[path = "../../crates/sandbox/src/cgroup/error.rs"]
mod error;
#[path = "../../crates/sandbox/src/cgroup/files.rs"]
mod files;
#[path = "../../crates/sandbox/src/cgroup/mounts.rs"]
mod mounts;

use std::path::Component;

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8], &str)| {
    let (table, own, key) = input;
    if let Some(number) = files::field(table, key) {
        let line = format!("{key} ");
        assert!(table.windows(line.len()).any(|w| w == line.as_bytes()));
        let mut buffer = [0; 20];
        assert_eq!(files::parse_number(files::decimal(number, &mut buffer)), Some(number));
    }
    let (Ok(table), Ok(own)) = (std::str::from_utf8(table), std::str::from_utf8(own)) else { return };
    let (mounts, own) = (mounts::parse_mounts(table), mounts::parse_own(own));
    assert!(mounts.len() <= table.lines().count().min(256));
    assert!(own.v1.len() <= 256);
    let paths = own.v1.iter().map(|(_, path)| path).chain(&own.v2);
    for path in paths {
        assert!(path.is_absolute());
        for mount in &mounts {
            if let Some(found) = mount.locate(path) {
                let below = found.strip_prefix(&mount.point).expect("below the mount");
                assert!(below.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
});

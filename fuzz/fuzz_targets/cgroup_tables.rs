//! The kernel's tables of control groups: `/proc/self/mountinfo`, `/proc/self/cgroup`, and the small files
//! of numbers and fields.
//!
//! Names in the tables come from whoever may mount or make groups. No path that is found leaves the
//! mount that it was found below, and the tables hold no more than their bounds.
#![no_main]
#![expect(
    dead_code,
    reason = "the parsers are compiled in by path, for no crate shows them; most of each goes unused"
)]

#[path = "../../crates/sandbox/src/cgroup/error.rs"]
mod error;
#[path = "../../crates/sandbox/src/cgroup/files.rs"]
mod files;
#[path = "../../crates/sandbox/src/cgroup/mounts.rs"]
mod mounts;

use libfuzzer_sys::arbitrary;
use std::path::Component;

/// A line of `mountinfo` or of `cgroup`: well formed in most, so that the names are what is varied.
#[derive(arbitrary::Arbitrary, Debug)]
enum Line<'a> {
    Mount {
        two: bool,
        root: &'a str,
        point: &'a str,
        options: u8,
    },
    Own {
        two: bool,
        path: &'a str,
        controllers: u8,
    },
    Any(&'a str),
}

const OPTIONS: [&str; 6] = [
    "rw",
    "ro",
    "rw,memory",
    "rw,cpu,cpuacct",
    "rw,pids,freezer",
    "rw,memory,ro",
];
const CONTROLLERS: [&str; 5] = ["", "memory", "cpu,cpuacct", "name=systemd", "pids,freezer,memory"];

fn write(line: &Line<'_>) -> String {
    match line {
        Line::Mount {
            two,
            root,
            point,
            options,
        } => {
            let options = OPTIONS[usize::from(*options) % OPTIONS.len()];
            let kind = if *two { "cgroup2" } else { "cgroup" };
            format!("30 24 0:27 /{root} /{point} rw,nosuid shared:9 - {kind} none {options}\n")
        }
        Line::Own {
            two,
            path,
            controllers,
        } => {
            let controllers = CONTROLLERS[usize::from(*controllers) % CONTROLLERS.len()];
            if *two {
                format!("0::/{path}\n")
            } else {
                format!("7:{controllers}:/{path}\n")
            }
        }
        Line::Any(text) => format!("{text}\n"),
    }
}

/// What is found for a path lies below the mount, and names nothing but plain folders.
fn check_places(mounts: &[mounts::Mount], own: &mounts::Own) {
    for path in own.v1.iter().map(|(_, path)| path).chain(&own.v2) {
        assert!(path.is_absolute());
        for mount in mounts {
            if let Some(found) = mount.locate(path) {
                let below = found.strip_prefix(&mount.point).expect("below the mount");
                assert!(
                    below
                        .components()
                        .all(|part| matches!(part, Component::Normal(_)))
                );
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|input: (Vec<Line>, &[u8], &str)| {
    let (lines, fields, key) = input;
    if let Some(number) = files::field(fields, key) {
        let line = format!("{key} ");
        assert!(fields.windows(line.len()).any(|w| w == line.as_bytes()));
        let mut buffer = [0; 20];
        assert_eq!(
            files::parse_number(files::decimal(number, &mut buffer)),
            Some(number)
        );
    }
    let text: String = lines.iter().map(write).collect();
    let (mounts, own) = (mounts::parse_mounts(&text), mounts::parse_own(&text));
    assert!(mounts.len() <= text.lines().count().min(256));
    assert!(own.v1.len() <= 256);
    check_places(&mounts, &own);
});

//! The compiled filters against the policies: equal answers everywhere, and bounds
//! on their size and depth.

use super::compiler::arch::{Architecture, SyscallTable};
use super::compiler::compile::ranges;
use super::compiler::policy::{Entry, Policy};
use super::compiler::{self, POLICIES};
use super::interpreter::{Call, Program};
use super::{Random, filter, naive, policy, resources, table};

/// Argument vectors tried where arguments decide, and where they must not.
const TRIES: [usize; 2] = [300, 4];

/// Arguments near what the entry looks at: its values, one bit off, with a foreign
/// upper half; else noise.
fn arguments(random: &mut Random, entry: Option<&Entry>) -> [u64; 6] {
    let mut arguments = [0; 6].map(|_: u64| random.next() >> random.below(64));
    let Some(Entry::Rules { rules, .. }) = entry else {
        return arguments;
    };
    for condition in rules.iter().flat_map(|rule| &rule.when) {
        if random.below(3) == 0 {
            continue;
        }
        let mut value = condition.values[random.below(condition.values.len())];
        match random.below(4) {
            0 => value ^= 1 << random.below(64),
            1 => value |= random.next() << 32,
            2 => value |= random.next() & !condition.mask,
            _ => {}
        }
        arguments[usize::from(condition.argument)] = value;
    }
    arguments
}

/// Compares filter and policy for one call.
pub fn compare(program: &Program, policy: &Policy, table: &SyscallTable, arch: Architecture, call: &Call) {
    let expected = naive::action(policy, table, arch, call);
    let (seen, _) = program.run(call);
    assert_eq!(seen, expected, "{} {}: {call:x?}", policy.file, arch.name());
}

/// Compares filter and policy for every number below `numbers`.
pub fn compare_all(
    program: &Program,
    policy: &Policy,
    table: &SyscallTable,
    arch: Architecture,
    numbers: u32,
) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..numbers {
        let entry = policy
            .entries
            .iter()
            .find(|(name, _)| table.number(name, arch).unwrap() == Some(number))
            .map(|(_, entry)| entry);
        for _ in 0..TRIES[usize::from(!matches!(entry, Some(Entry::Rules { .. })))] {
            let call = Call {
                arch: arch.audit(),
                number,
                arguments: arguments(&mut random, entry),
            };
            compare(program, policy, table, arch, &call);
        }
    }
}

#[test]
fn the_tree_answers_as_the_policy_says() {
    let table = table();
    for name in POLICIES {
        for arch in Architecture::ALL {
            compare_all(&filter(name, arch), &policy(name), &table, arch, 1024);
        }
    }
}

#[test]
fn the_tree_is_right_at_the_edges_of_every_range() {
    let (table, policy) = (table(), policy("program"));
    for arch in Architecture::ALL {
        let program = filter("program", arch);
        let ranges = ranges(&policy, &table, arch).unwrap();
        assert!(ranges.len() > 40, "{} ranges cannot be this policy", ranges.len());
        assert_eq!(ranges[0].start, 0);
        for range in &ranges {
            for number in [range.start.wrapping_sub(1), range.start, range.start + 1] {
                let call = Call {
                    arch: arch.audit(),
                    number,
                    arguments: [0; 6],
                };
                compare(&program, &policy, &table, arch, &call);
            }
        }
        for number in [0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            let call = Call {
                arch: arch.audit(),
                number,
                arguments: [0; 6],
            };
            compare(&program, &policy, &table, arch, &call);
        }
    }
}

#[test]
fn filters_stay_small_and_shallow() {
    for (name, instructions) in [
        ("program", 360),
        ("collector", 70),
        ("server", 180),
        ("analyser", 70),
        ("witness", 70),
        ("watcher", 70),
    ] {
        for arch in Architecture::ALL {
            let program = filter(name, arch);
            assert!(
                program.len() <= instructions,
                "{name} {}: {}",
                arch.name(),
                program.len()
            );
            let (policy, table) = (policy(name), table());
            let ranges = ranges(&policy, &table, arch).unwrap();
            let levels = ranges.len().next_power_of_two().ilog2() as usize;
            // Two loads, two tests, the levels, the return; a long jump here and there.
            let bound = 4 + levels + 1 + 3;
            for range in ranges
                .iter()
                .filter(|range| !matches!(range.entry, Some(Entry::Rules { .. })))
            {
                let call = Call {
                    arch: arch.audit(),
                    number: range.start,
                    arguments: [0; 6],
                };
                let (_, steps) = program.run(&call);
                assert!(
                    steps <= bound,
                    "{name} {}: {steps} steps for {}",
                    arch.name(),
                    range.start
                );
            }
        }
    }
}

/// A change of a filter must be seen in review.
#[test]
fn the_filters_are_the_ones_that_were_reviewed() {
    let reviewed = [
        ("program", include_str!("program.x86_64.txt")),
        ("collector", include_str!("collector.x86_64.txt")),
        ("server", include_str!("server.x86_64.txt")),
        ("analyser", include_str!("analyser.x86_64.txt")),
        ("witness", include_str!("witness.x86_64.txt")),
        ("watcher", include_str!("watcher.x86_64.txt")),
    ];
    for (name, expected) in reviewed {
        let seen = filter(name, Architecture::X86_64).disassembly();
        if seen != expected {
            let file = std::env::temp_dir().join(format!("{name}.x86_64.txt"));
            std::fs::write(&file, &seen).unwrap();
            panic!(
                "{name}: the filter is now {}; review it and put it beside this test",
                file.display()
            );
        }
    }
}

#[test]
fn the_embedded_filters_are_these_and_the_build_repeats() {
    let folder = std::env::temp_dir().join(format!("casemate-seccomp-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let written = || {
        compiler::generate(&resources(), &folder).unwrap();
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        names
            .into_iter()
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect::<Vec<_>>()
    };
    let (first, second) = (written(), written());
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(first, second);
    assert_eq!(
        first.len(),
        28,
        "six policies and one variant, two architectures, filter and count"
    );
    let file = |name: &str| {
        let name = format!("{name}.{}.bpf", std::env::consts::ARCH);
        first
            .iter()
            .find(|(path, _)| path.ends_with(&name))
            .map(|(_, bytes)| bytes.as_slice())
    };
    assert_eq!(file("program"), Some(super::super::program()));
    assert_eq!(file("program-offline"), Some(super::super::program_offline()));
    assert_eq!(file("collector"), Some(super::super::collector()));
    assert_eq!(file("server"), Some(super::super::server()));
    assert_eq!(file("analyser"), Some(super::super::analyser()));
    assert_eq!(file("witness"), Some(super::super::witness()));
    assert_eq!(file("watcher"), Some(super::super::watcher()));
}

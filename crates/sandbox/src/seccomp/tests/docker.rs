//! The claim "a strict subset of what Docker's default profile allows freely".

use super::compiler::arch::Architecture;
use super::compiler::policy::{Entry, Policy, Verdict};
use super::interpreter::Call;
use super::{Random, filter, naive, policy, table};

fn docker() -> Policy {
    Policy::parse("docker.toml", include_str!("docker.toml")).unwrap()
}

#[test]
fn every_allowed_name_is_allowed_by_docker_and_not_the_other_way() {
    let (ours, docker) = (policy("program"), docker());
    assert!(docker.entries.len() > 290, "the list of Docker has lost names");
    for (name, entry) in &ours.entries {
        if entry.may_allow() {
            assert!(
                docker.entries.contains_key(name),
                "{name} is allowed here and not by Docker"
            );
        }
    }
    let more = docker
        .entries
        .keys()
        .filter(|name| !ours.entries.get(*name).is_some_and(Entry::may_allow));
    assert!(more.count() > 100, "the subset must be strict");
}

#[test]
fn arguments_that_docker_refuses_are_refused() {
    let (docker, table, program) = (docker(), table(), filter("program", Architecture::X86_64));
    let mut random = Random(0x1234_5678_9abc_def1);
    for name in ["clone", "personality", "socket"] {
        let entry = &docker.entries[name];
        let number = table.number(name, Architecture::X86_64).unwrap().unwrap();
        let mut allowed = 0;
        for round in 0..20_000_u64 {
            let mut arguments = [0; 6].map(|_: u64| random.next() >> random.below(64));
            if round % 2 == 0 {
                arguments = [round % 64, random.next() % 8, random.next() % 3, 0, 0, 0];
            }
            let call = Call {
                arch: Architecture::X86_64.audit(),
                number,
                arguments,
            };
            if program.run(&call).0 == Verdict::Allow.action() {
                allowed += 1;
                assert_eq!(
                    naive::verdict(entry, &arguments),
                    Verdict::Allow,
                    "{name} {arguments:x?}"
                );
            }
        }
        assert!(
            allowed > 0,
            "{name} is never allowed: the comparison says nothing"
        );
    }
}

#[test]
fn fewer_than_180_syscalls_are_allowed() {
    let (policy, table) = (policy("program"), table());
    for arch in Architecture::ALL {
        let program = filter("program", arch);
        let named = policy
            .entries
            .iter()
            .filter(|(name, entry)| entry.may_allow() && table.number(name, arch).unwrap().is_some())
            .count();
        assert!((100..180).contains(&named), "{named} on {}", arch.name());
        // Counted once more, in the filter itself: numbers that zeroed arguments pass.
        let passed = (0..1024)
            .filter(|number| {
                let call = Call {
                    arch: arch.audit(),
                    number: *number,
                    arguments: [0; 6],
                };
                program.run(&call).0 == Verdict::Allow.action()
            })
            .count();
        assert!(
            passed <= named && passed + 10 > named,
            "{passed} of {named} on {}",
            arch.name()
        );
        if arch.name() == std::env::consts::ARCH {
            assert_eq!(named, super::super::allowed_count());
        }
    }
}

//! Made-up machines: tables of mounts, trees in a temporary directory, judgements.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::scene::Scratch;
use crate::cgroup::mounts::{Mount, Own, Set, Version, parse_mounts, parse_own};
use crate::cgroup::place::{Facts, Verdict, judge};
use crate::cgroup::v1::{quota_us, share_out};
use crate::cgroup::{CgroupError, Hierarchy, Kind, Limits, Options, check_name, discover, files};

const LIMITS: Limits = Limits {
    memory_bytes: 32 << 20,
    pids: 16,
    cpu_millis: 500,
};

fn mount(version: Version, root: &str, point: &str) -> Mount {
    Mount {
        version,
        root: root.into(),
        point: point.into(),
        read_only: false,
    }
}

#[test]
fn mountinfo_is_parsed() {
    let text = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct
40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
35 31 0:32 /docker/abc /mnt/with\\040space\\134 ro,nosuid - cgroup cgroup rw,memory
41 31 0:38 /../.. /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
a line of nothing
42 31 0:39 / /short - cgroup";
    let mut expected = vec![
        mount(
            Version::One(Set::CPU.with(Set::CPUACCT)),
            "/",
            "/sys/fs/cgroup/cpu,cpuacct",
        ),
        mount(Version::One(Set::default()), "/", "/sys/fs/cgroup/systemd"),
        Mount {
            read_only: true,
            ..mount(Version::One(Set::MEMORY), "/docker/abc", "/mnt/with space\\")
        },
        mount(Version::Two, "/../..", "/sys/fs/cgroup/unified"),
    ];
    expected.reverse();
    assert_eq!(parse_mounts(text), expected);
}

#[test]
fn own_groups_are_parsed() {
    let text = "9:name=systemd:/init.scope\n4:memory:/a:b\n2:cpuacct,cpu:/\n1:pids:relative\n0::/user.slice\nnonsense\n";
    let own = parse_own(text);
    let expected = Own {
        v1: vec![
            (Set::default(), "/init.scope".into()),
            (Set::MEMORY, "/a:b".into()),
            (Set::CPU.with(Set::CPUACCT), "/".into()),
        ],
        v2: Some("/user.slice".into()),
    };
    assert_eq!(own, expected);
    assert_eq!(own.v1_path(Set::CPU), Some(Path::new("/")));
    assert_eq!(own.v1_path(Set::PIDS), None);
}

#[test]
fn a_group_is_located_below_its_mount_only() {
    let check = |root: &str, path: &str, expected: Option<&str>| {
        let found = mount(Version::Two, root, "/m").locate(Path::new(path));
        assert_eq!(found, expected.map(PathBuf::from), "{root} {path}");
    };
    check("/", "/", Some("/m"));
    check("/", "/a/b", Some("/m/a/b"));
    check("/docker/abc", "/docker/abc", Some("/m"));
    check("/docker/abc", "/docker/abc/x", Some("/m/x"));
    check("/docker/abc", "/docker/abcd", None);
    check("/docker/abc", "/", None);
    check("/..", "/", None);
    check("/", "/../other", None);
    check("/", "/a/../../b", None);
}

#[test]
fn a_place_on_v2_is_judged() {
    let fine = Facts {
        is_root: false,
        is_domain: true,
        is_writable: true,
        offered: Set::LIMITS,
        enabled: Set::default(),
        members: vec![],
    };
    let check = |facts: Facts, expected: Verdict| assert_eq!(judge(&facts, &[7, 8]), expected, "{facts:?}");
    check(fine.clone(), Verdict::Fits);
    check(
        Facts {
            is_root: true,
            members: vec![1, 2, 3],
            ..fine.clone()
        },
        Verdict::Fits,
    );
    check(
        Facts {
            enabled: Set::LIMITS,
            ..fine.clone()
        },
        Verdict::Fits,
    );
    check(
        Facts {
            members: vec![7],
            ..fine.clone()
        },
        Verdict::FitsAfterMove,
    );
    check(
        Facts {
            members: vec![8, 7],
            enabled: Set::MEMORY,
            ..fine.clone()
        },
        Verdict::FitsAfterMove,
    );
    let refused = |facts: Facts, word: &str| match judge(&facts, &[7, 8]) {
        Verdict::No(reason) => assert!(reason.contains(word), "{reason}"),
        other => panic!("{other:?} for {facts:?}"),
    };
    refused(
        Facts {
            members: vec![7, 9],
            ..fine.clone()
        },
        "not ours (1)",
    );
    refused(
        Facts {
            members: vec![0],
            ..fine.clone()
        },
        "not ours (1)",
    );
    refused(
        Facts {
            is_writable: false,
            ..fine.clone()
        },
        "not writable",
    );
    refused(
        Facts {
            is_domain: false,
            ..fine.clone()
        },
        "cgroup.type",
    );
    refused(
        Facts {
            offered: Set::MEMORY,
            ..fine
        },
        "lacks cpu, pids",
    );
}

/// A v1 machine in a directory: every controller on its own mount, our own group `/own`.
fn v1_machine(scratch: &Scratch) -> Options {
    let mut options = Options::default();
    for (number, name) in ["cpu", "cpuacct", "memory", "pids", "freezer"].iter().enumerate() {
        scratch.file(&format!("{name}/own/cgroup.procs"), "");
        options.mountinfo += &scratch.mount_line(name, &format!("cgroup cgroup rw,{name}"));
        options.own_cgroup += &format!("{}:{name}:/own\n", number + 1);
    }
    options
}

fn add_v2_tree(scratch: &Scratch, options: &mut Options) {
    scratch.file("unified/own/cgroup.procs", "");
    scratch.file("unified/own/casemate/cgroup.procs", "");
    scratch.file("unified/own/casemate/cgroup.type", "domain\n");
    options.mountinfo += &scratch.mount_line("unified", "cgroup2 cgroup2 rw");
    options.own_cgroup += "0::/own\n";
}

fn found(options: &Options) -> Box<dyn Hierarchy> {
    discover(options).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(options: &Options) -> String {
    match discover(options) {
        Ok(hierarchy) => panic!("found {}", hierarchy.base()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn v1_is_found_below_our_own_group() {
    let scratch = Scratch::new();
    let options = v1_machine(&scratch);
    let hierarchy = found(&options);
    assert_eq!(hierarchy.kind(), Kind::V1);
    assert!(
        hierarchy
            .base()
            .contains(&format!("{}/memory/own/casemate+*", scratch.path().display()))
    );
    let rows = hierarchy.controllers();
    assert_eq!(rows.iter().filter(|row| row.in_force).count(), 5, "{rows:?}");
    assert_eq!(
        rows.last().map(|row| (row.name, row.in_force)),
        Some(("cgroup2", false))
    );
}

#[test]
fn a_limit_that_is_refused_takes_the_group_with_it() {
    let scratch = Scratch::new();
    let hierarchy = found(&v1_machine(&scratch));
    // A plain directory has no cpu.cfs_quota_us to write to.
    let error = hierarchy
        .create("one", &LIMITS)
        .err()
        .map(|error| error.to_string());
    assert!(
        error
            .as_ref()
            .is_some_and(|text| text.contains("cpu.cfs_quota_us")),
        "{error:?}"
    );
    for name in ["cpu", "cpuacct", "memory", "pids", "freezer"] {
        assert!(
            !scratch.path().join(name).join("own/casemate+one").exists(),
            "{name}"
        );
    }
}

#[test]
fn hybrid_leaves_the_life_cycle_to_v2_when_it_can_kill() {
    let scratch = Scratch::new();
    let mut options = v1_machine(&scratch);
    add_v2_tree(&scratch, &mut options);
    let hierarchy = found(&options);
    assert_eq!(hierarchy.kind(), Kind::V1);
    let rows = hierarchy.controllers();
    assert!(
        rows.iter()
            .any(|row| row.note.as_ref().is_some_and(|note| note.contains("cgroup.kill"))),
        "{rows:?}"
    );

    scratch.file("unified/own/casemate/cgroup.kill", "");
    let hierarchy = found(&options);
    assert_eq!(hierarchy.kind(), Kind::Hybrid);
    assert!(!hierarchy.base().contains("freezer"), "{}", hierarchy.base());
    assert!(hierarchy.controllers().iter().all(|row| row.in_force));
}

#[test]
fn a_missing_or_unwritable_v1_controller_is_named() {
    let scratch = Scratch::new();
    let options = v1_machine(&scratch);
    let without = |word: &str| {
        let lines = options.mountinfo.lines().filter(|line| !line.ends_with(word));
        Options {
            mountinfo: lines.collect::<Vec<_>>().join("\n"),
            ..options.clone()
        }
    };
    assert!(refused(&without(",pids")).contains("cgroup v1 has no pids"));
    assert!(refused(&without(",cpuacct")).contains("controller cpuacct is not mounted"));
    assert_eq!(found(&without(",freezer")).kind(), Kind::V1);

    let read_only = Options {
        mountinfo: options.mountinfo.replace(" rw ", " ro "),
        ..options.clone()
    };
    let text = refused(&read_only);
    assert!(
        text.contains("read-only") && text.contains("--allow-missing cgroup"),
        "{text}"
    );
    // A directory cannot be written.
    let procs = scratch.path().join("memory/own/cgroup.procs");
    fs::remove_file(&procs).unwrap();
    fs::create_dir(&procs).unwrap();
    let text = refused(&options);
    assert!(
        text.contains("memory/own") && text.contains("systemd-run"),
        "{text}"
    );
    assert!(refused(&Options::default()).contains("no cgroup file system is mounted"));
}

/// One group of a made-up v2 machine; its `enabled` controllers cannot change, as no kernel is behind it.
fn v2_group(scratch: &Scratch, path: &str, enabled: &str, members: &str) {
    let base = format!("v2/{path}");
    scratch.file(&format!("{base}/cgroup.type"), "domain\n");
    scratch.file(
        &format!("{base}/cgroup.controllers"),
        "cpuset cpu io memory pids\n",
    );
    scratch.file(&format!("{base}/cgroup.subtree_control"), enabled);
    scratch.file(&format!("{base}/cgroup.procs"), members);
}

fn v2_options(scratch: &Scratch, root: &str, own: &str) -> Options {
    let line = scratch.mount_line("v2", "cgroup2 cgroup2 rw,nsdelegate");
    Options {
        mountinfo: line.replacen(" / ", &format!(" {root} "), 1),
        own_cgroup: format!("0::{own}\n"),
        own_pids: vec![4242],
        base: None,
    }
}

#[test]
fn v2_under_systemd_uses_the_first_delegated_group_above() {
    let scratch = Scratch::new();
    v2_group(&scratch, "user.slice/app.slice", "cpu io memory pids\n", "");
    v2_group(&scratch, "user.slice/app.slice/casemate", "cpu memory pids\n", "");
    v2_group(&scratch, "user.slice/app.slice/shell.scope", "", "17\n4242\n");
    let options = v2_options(&scratch, "/", "/user.slice/app.slice/shell.scope");
    let hierarchy = found(&options);
    assert_eq!(hierarchy.kind(), Kind::V2);
    let expected = scratch.path().join("v2/user.slice/app.slice/casemate");
    assert_eq!(hierarchy.base(), expected.display().to_string());
    // What was moved to its leaf by an earlier start is found again, and not nested.
    v2_group(&scratch, "user.slice/app.slice/casemate-self", "", "4242\n");
    let hierarchy = found(&v2_options(&scratch, "/", "/user.slice/app.slice/casemate-self"));
    assert_eq!(hierarchy.base(), expected.display().to_string());
}

#[test]
fn v2_in_a_container_with_company_says_who_is_in_the_way() {
    let scratch = Scratch::new();
    v2_group(&scratch, "", "", "1\n9\n4242\n");
    let text = refused(&v2_options(&scratch, "/", "/"));
    assert!(
        text.contains("not ours (2)") && text.contains("Delegate=yes"),
        "{text}"
    );
    // Mounted in another cgroup namespace: our own group cannot be found below it.
    let text = refused(&v2_options(&scratch, "/..", "/"));
    assert!(text.contains("not below the mount"), "{text}");
}

#[test]
fn of_several_mounts_the_one_that_serves_is_taken() {
    let scratch = Scratch::new();
    v2_group(&scratch, "jobs", "cpu memory pids", "");
    v2_group(&scratch, "jobs/casemate", "cpu memory pids", "");
    let mut options = v2_options(&scratch, "/", "/jobs");
    // Newer ones: made in another namespace, empty because covered, read-only.
    options.mountinfo += &scratch
        .mount_line("elsewhere", "cgroup2 cgroup2 rw")
        .replacen(" / ", " /.. ", 1);
    options.mountinfo += &scratch.mount_line("covered", "cgroup2 cgroup2 rw");
    options.mountinfo += &scratch.mount_line("v2", "cgroup2 cgroup2 ro");
    assert!(found(&options).base().ends_with("v2/jobs/casemate"));
}

#[test]
fn v2_without_delegation_lists_every_group_that_was_tried() {
    let scratch = Scratch::new();
    v2_group(&scratch, "user.slice", "memory pids\n", "");
    scratch.file("v2/user.slice/cgroup.controllers", "memory pids\n");
    v2_group(&scratch, "user.slice/session", "", "4242\n");
    fs::remove_file(
        scratch
            .path()
            .join("v2/user.slice/session/cgroup.subtree_control"),
    )
    .unwrap();
    let text = refused(&v2_options(&scratch, "/", "/user.slice/session"));
    assert!(
        text.contains("lacks cpu") && text.contains("session: read"),
        "{text}"
    );
}

#[test]
fn a_configured_base_is_checked_the_same_way() {
    let scratch = Scratch::new();
    v2_group(&scratch, "", "cpu memory pids", "");
    v2_group(&scratch, "jobs", "cpu memory pids", "");
    v2_group(&scratch, "jobs/casemate", "cpu memory pids", "");
    v2_group(&scratch, "busy", "", "5\n");
    let at = |base: &str| Options {
        base: Some(base.into()),
        ..v2_options(&scratch, "/", "/")
    };
    assert!(found(&at("/jobs")).base().ends_with("v2/jobs/casemate"));
    assert!(refused(&at("/busy")).contains("not ours (1)"));
    assert!(refused(&at("/jobs/../busy")).contains("not a group"));
    assert!(refused(&at("jobs")).contains("not a group"));
}

#[test]
fn names_are_checked() {
    for name in ["a", "01J8Z6-x_Y", &"n".repeat(64)] {
        assert!(check_name(name).is_ok(), "{name}");
    }
    for name in [
        "",
        ".",
        "..",
        "a/b",
        "cgroup.procs",
        "a b",
        "ä",
        "a\0",
        &"n".repeat(65),
    ] {
        assert!(
            matches!(check_name(name), Err(CgroupError::Name { .. })),
            "{name}"
        );
    }
}

#[test]
fn numbers_and_fields() {
    let mut buffer = [0u8; 20];
    for value in [0, 7, 10, 1_234_567, u64::MAX] {
        assert_eq!(files::decimal(value, &mut buffer), value.to_string().as_bytes());
    }
    let text = b"shmem 4096\nshmem_thp 1\ntotal_shmem 8192\noom_kill 3\nbad x\n";
    assert_eq!(files::field(text, "shmem"), Some(4096));
    assert_eq!(files::field(text, "total_shmem"), Some(8192));
    assert_eq!(files::field(text, "oom"), None);
    assert_eq!(files::field(text, "bad"), None);
    assert_eq!(
        [quota_us(1000), quota_us(50), quota_us(0), quota_us(64_000)],
        [100_000, 5_000, 1_000, 6_400_000]
    );
    let split = |total, user, system| share_out(total, user, system);
    assert_eq!(
        split(900, 4, 8),
        (Duration::from_nanos(300), Duration::from_nanos(600))
    );
    assert_eq!(split(900, 0, 0), (Duration::from_nanos(900), Duration::ZERO));
    assert_eq!(
        split(u64::MAX, 0, u64::MAX),
        (Duration::ZERO, Duration::from_nanos(u64::MAX))
    );
}

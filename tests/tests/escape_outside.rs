//! Escape tests, judged from outside: what the host says of a program while it runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use casemate_tests::{
    HostFacts, NAMESPACES, Process, Run, Running, find_inside, marker, need_cgroup, need_root, rootless,
};

/// A program that sleeps, with limits that can be told from any default.
struct Asleep {
    running: Running,
    process: Process,
}

impl Asleep {
    fn new() -> Self {
        let word = marker();
        let run = Run::python("import time\ntime.sleep(600)")
            .memory("96M")
            .disk("32M")
            .pids(77)
            .cpus(0.5);
        let running = run.arg(&word).observed().start();
        Self {
            running,
            process: find_inside(&word),
        }
        .settled()
    }

    /// The interpreter has started: what it opens in passing is closed again.
    fn settled(self) -> Self {
        self.process.settle();
        self
    }

    #[track_caller]
    fn end(self) {
        assert!(self.process.exists(), "the program ended while it was looked at");
        self.running.signal("TERM");
        assert_eq!(self.running.outcome().status(), "cancelled");
    }
}

/// Our own processes inside and the program itself: all that has another process namespace.
fn all_inside(process: &Process) -> Vec<Process> {
    let space = process.namespace("pid");
    Process::all()
        .into_iter()
        .filter(|other| other.namespace("pid") == space)
        .collect()
}

/// The user id on the host is that of nobody else.
#[test]
fn user_id_is_of_the_range() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let asleep = Asleep::new();
    let uids: BTreeSet<u32> = asleep.process.uids().into_iter().collect();
    assert_eq!(uids.len(), 1, "{uids:?}");
    assert!(
        uids.iter().all(|uid| *uid > 65_535 && *uid < u32::MAX - 1),
        "{uids:?}"
    );
    let accounts = std::fs::read_to_string("/etc/passwd").expect("passwd");
    let taken: BTreeSet<u32> = accounts
        .lines()
        .filter_map(|line| line.split(':').nth(2)?.parse().ok())
        .collect();
    assert!(uids.is_disjoint(&taken), "{uids:?}");
    let gid = asleep.process.field("Gid");
    assert!(
        gid.split_whitespace()
            .all(|id| id.parse::<u32>().is_ok_and(|id| id > 65_535)),
        "{gid}"
    );
    let groups = asleep.process.field("Groups");
    assert!(groups.split_whitespace().all(|id| id != "0"), "groups {groups}");
    asleep.end();
}

/// Rootless the program is at least never root on the host.
#[test]
fn user_id_is_never_root() {
    let asleep = Asleep::new();
    assert!(
        asleep.process.uids().iter().all(|uid| *uid != 0),
        "{:?}",
        asleep.process.uids()
    );
    asleep.end();
}

/// The host sees no capability, a filter, and no way to new privileges.
#[test]
fn privileges_are_gone() {
    let asleep = Asleep::new();
    for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let value = asleep.process.field(name);
        assert_eq!(u64::from_str_radix(&value, 16), Ok(0), "{name} {value}");
    }
    assert_eq!(asleep.process.field("NoNewPrivs"), "1");
    assert_eq!(asleep.process.field("Seccomp"), "2");
    asleep.end();
}

/// init holds no capability over the host and is itself behind a filter while the program runs.
#[test]
fn init_is_weak_too() {
    let asleep = Asleep::new();
    let init = asleep.process.init();
    assert_ne!(init.pid, asleep.process.pid, "the program is not init");
    assert_eq!(init.field("NoNewPrivs"), "1");
    assert!(
        init.uids().iter().all(|uid| *uid != 0) || rootless(),
        "{:?}",
        init.uids()
    );
    // A time namespace takes in the children of who makes it (time_namespaces(7)): init may stay out.
    for kind in NAMESPACES.into_iter().filter(|kind| *kind != "time") {
        if let Some(space) = init.namespace(kind) {
            assert_ne!(space, HostFacts::namespace(kind), "init shares the host's {kind}");
        }
    }
    asleep.end();
}

/// init has an empty environment and tells it to nobody.
#[test]
fn init_has_an_empty_environment() {
    let asleep = Asleep::new();
    let init = asleep.process.init();
    let environment = std::fs::read(init.path("environ")).unwrap_or_default();
    assert!(
        environment.iter().all(|byte| *byte == 0),
        "{:?}",
        String::from_utf8_lossy(&environment)
    );
    asleep.end();
}

/// init is not dumpable: its files in /proc belong to root of its user namespace, or to the host's
/// root where its namespace has none (proc(5)), never to an id that programs have.
#[test]
fn init_is_not_dumpable() {
    use std::os::unix::fs::MetadataExt;
    let asleep = Asleep::new();
    let owner = asleep
        .process
        .init()
        .path("environ")
        .metadata()
        .expect("the file is there")
        .uid();
    assert!(
        !asleep.process.uids().contains(&owner),
        "environ belongs to {owner}, as the program"
    );
    asleep.end();
}

/// init runs from a sealed memory file, not from a file of the host (CVE-2019-5736).
#[test]
fn init_runs_from_memory() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let asleep = Asleep::new();
    let init = asleep.process.init();
    let program = std::fs::read_link(init.path("exe")).expect("root may read the link");
    assert!(
        program.to_string_lossy().contains("memfd:"),
        "init runs from {}",
        program.display()
    );
    asleep.end();
}

/// Only descriptors 0, 1 and 2 are open, and they are pipes, /dev/null or memory.
#[test]
fn three_descriptors_are_open() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let asleep = Asleep::new();
    let entries = std::fs::read_dir(asleep.process.path("fd")).expect("root may list them");
    let open: Vec<(String, PathBuf)> = entries
        .flatten()
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                std::fs::read_link(entry.path()).unwrap_or_default(),
            )
        })
        .collect();
    let foreign = |(number, target): &&(String, PathBuf)| {
        !["0", "1", "2"].contains(&number.as_str()) && !target.starts_with("/workspace")
    };
    assert!(!open.iter().any(|entry| foreign(&entry)), "{open:?}");
    for (number, target) in &open {
        let target = target.to_string_lossy();
        assert!(!target.starts_with("socket:"), "{number} is {target}");
    }
    asleep.end();
}

/// When memory runs out the kernel takes the program before the host's own processes.
#[test]
fn oom_score_is_raised() {
    let asleep = Asleep::new();
    let text = std::fs::read_to_string(asleep.process.path("oom_score_adj")).expect("the score");
    let score: i32 = text.trim().parse().expect("a number");
    assert!(score > 0, "{score}");
    asleep.end();
}

/// All eight namespaces are the program's own.
#[test]
fn namespaces_are_own() {
    let asleep = Asleep::new();
    for kind in NAMESPACES {
        let inside = asleep.process.namespace(kind);
        assert!(inside.is_some(), "no {kind} namespace to read");
        assert_ne!(inside, Some(HostFacts::namespace(kind)), "{kind}");
    }
    assert!(asleep.process.nested_pids().len() >= 2);
    asleep.end();
}

/// Where a controller's group is on the host.
fn group(process: &Process, controller: &str) -> Option<PathBuf> {
    let path = process.cgroup(controller)?;
    let roots = [
        format!("/sys/fs/cgroup/{controller}"),
        "/sys/fs/cgroup/unified".into(),
        "/sys/fs/cgroup".into(),
    ];
    roots
        .iter()
        .map(|root| PathBuf::from(format!("{root}{path}")))
        .find(|path| path.join("cgroup.procs").exists())
}

/// The first of these files that is there, read as text.
fn limit(process: &Process, v1: (&str, &str), v2: &str) -> String {
    let first = group(process, v1.0).map(|group| group.join(v1.1));
    let second = group(process, "").map(|group| group.join(v2));
    let text = [first, second]
        .into_iter()
        .flatten()
        .find_map(|path| std::fs::read_to_string(path).ok());
    text.unwrap_or_else(|| panic!("neither {} nor {v2} is there", v1.1))
        .trim()
        .to_owned()
}

/// The program is in a cgroup of its own, with the limits that were asked for.
#[test]
fn cgroup_holds_the_limits() {
    if let Some(skip) = need_cgroup() {
        return skip.report();
    }
    let asleep = Asleep::new();
    let process = &asleep.process;
    assert_eq!(
        limit(process, ("pids", "pids.max"), "pids.max")
            .parse::<u64>()
            .expect("a number")
            / 10,
        7
    );
    let memory: u64 = limit(process, ("memory", "memory.limit_in_bytes"), "memory.max")
        .parse()
        .expect("a number");
    // Memory plus disk, and at most a little for our own processes.
    assert!((96 << 20..=(96 + 32 + 16) << 20).contains(&memory), "{memory}");
    let own = std::fs::read_to_string("/proc/self/cgroup").expect("own groups");
    let theirs = std::fs::read_to_string(process.path("cgroup")).expect("its groups");
    assert_ne!(own, theirs);
    let quota = limit(process, ("cpu", "cpu.cfs_quota_us"), "cpu.max");
    let quota: f64 = quota
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a quota");
    let period = limit(process, ("cpu", "cpu.cfs_period_us"), "cpu.max");
    let period: f64 = period
        .split_whitespace()
        .next_back()
        .and_then(|word| word.parse().ok())
        .expect("a period");
    assert!((quota / period - 0.5).abs() < 0.01, "{quota} of {period}");
    asleep.end();
}

/// No process inside is outside the group: also init is counted.
#[test]
fn everything_inside_is_in_a_group() {
    if let Some(skip) = need_cgroup() {
        return skip.report();
    }
    let asleep = Asleep::new();
    let own = Process {
        pid: std::process::id(),
    };
    for inside in all_inside(&asleep.process) {
        for controller in ["memory", "pids"] {
            if let Some(path) = inside.cgroup(controller) {
                assert_ne!(
                    Some(path),
                    own.cgroup(controller),
                    "{} {controller}",
                    inside.name()
                );
            }
        }
    }
    asleep.end();
}

/// Inside there are init and the program, and no other process of ours.
#[test]
fn two_processes_are_inside() {
    let asleep = Asleep::new();
    let inside = all_inside(&asleep.process);
    let names: Vec<String> = inside.iter().map(Process::name).collect();
    assert!(inside.len() <= 2, "{names:?}");
    asleep.end();
}

/// The root of the program is not the host's, and no mount of it is the host's disk to write.
#[test]
fn mounts_are_tight_from_outside() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let asleep = Asleep::new();
    let text = std::fs::read_to_string(asleep.process.path("mountinfo")).expect("its mounts");
    assert!(!text.is_empty());
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (target, options) = (fields[4], fields[5]);
        let kind = line
            .split(" - ")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .expect("a type");
        assert!(options.contains("nosuid"), "{line}");
        let own = ["tmpfs", "proc", "devpts", "mqueue"].contains(&kind);
        assert!(
            own || options.split(',').any(|word| word == "ro") || target.starts_with("/dev/"),
            "{line}"
        );
        assert!(
            !line.contains("shared:") && !line.contains("master:"),
            "the mount is tied to the host: {line}"
        );
        assert!(
            ![
                "sysfs",
                "cgroup",
                "cgroup2",
                "debugfs",
                "tracefs",
                "securityfs",
                "overlay"
            ]
            .contains(&kind),
            "{line}"
        );
    }
    asleep.end();
}

/// No limit of a resource is left open that the host would have to pay for.
#[test]
fn resource_limits_are_set() {
    let asleep = Asleep::new();
    let text = std::fs::read_to_string(asleep.process.path("limits")).expect("its limits");
    let value = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("no {name}: {text}"));
        line[name.len()..]
            .split_whitespace()
            .nth(1)
            .expect("a hard limit")
            .to_owned()
    };
    // Not 0: a core_pattern that pipes would still be run, by the host's root, on every crash.
    assert_eq!(value("Max core file size"), "1");
    for name in [
        "Max open files",
        "Max locked memory",
        "Max msgqueue size",
        "Max pending signals",
    ] {
        assert_ne!(value(name), "unlimited", "{name}");
    }
    for name in ["Max nice priority", "Max realtime priority"] {
        assert_eq!(value(name), "0", "{name}");
    }
    asleep.end();
}

/// The program has a session of its own without a terminal.
#[test]
fn session_has_no_terminal() {
    let asleep = Asleep::new();
    let stat = std::fs::read_to_string(asleep.process.path("stat")).expect("stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    // After the state: parent, group, session, terminal (proc_pid_stat(5)).
    assert_eq!(fields[4], "0", "terminal {stat}");
    let own = std::fs::read_to_string("/proc/self/stat").expect("own stat");
    let own_session = own
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.split(' ').nth(3).map(str::to_owned));
    assert_ne!(Some(fields[3].to_owned()), own_session);
    asleep.end();
}

/// The environment of the program holds nothing of the caller's.
#[test]
fn environment_is_clean_from_outside() {
    let word = marker();
    let secret = marker();
    let run = Run::python("import time\ntime.sleep(600)")
        .outside_env("PLANTED_SECRET", &secret)
        .arg(&word);
    let running = run.observed().start();
    let process = find_inside(&word);
    for inside in all_inside(&process) {
        let environment = std::fs::read(inside.path("environ")).unwrap_or_default();
        assert!(
            !String::from_utf8_lossy(&environment).contains(&secret),
            "process {}",
            inside.pid
        );
    }
    running.signal("TERM");
    assert_eq!(running.outcome().status(), "cancelled");
}

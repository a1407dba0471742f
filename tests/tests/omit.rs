//! Proof that the escape tests can fail: with one wall left out, its program gets through.
//!
//! `CASEMATE_BIN_OMIT` names a binary built with the feature `test-omit-walls`, which alone knows
//! `--omit-wall`. Where walls overlap, those behind which the wall in question stands are left out
//! too, and the same program is shown to hold with all of them in place but that one.

use std::os::linux::net::SocketAddrExt;
use std::path::PathBuf;

use casemate_tests::{
    HostFacts, Probe, Process, Verdict, casemate_omit, find_inside, marker, need_cgroup, need_root, probe,
    skip, until,
};

/// The binary, or a reported skip.
fn binary() -> Option<PathBuf> {
    let found = casemate_omit();
    if found.is_none() {
        skip("CASEMATE_BIN_OMIT names no binary built with the feature test-omit-walls");
    }
    found
}

/// The program gets through without these walls, and holds with them.
#[track_caller]
fn flips(program: &dyn Fn() -> Probe, walls: &[&str]) {
    let Some(binary) = binary() else { return };
    let without = walls
        .iter()
        .fold(program(), |probe, wall| probe.with(|run| run.omit(&binary, wall)));
    without.escapes();
    program().held();
}

/// The last of these walls is what holds when the others are left out already.
#[track_caller]
fn flips_last(program: &dyn Fn() -> Probe, others: &[&str], last: &str) {
    let Some(binary) = binary() else { return };
    let leave_out = |probe: Probe, walls: &[&str]| {
        walls
            .iter()
            .fold(probe, |probe, wall| probe.with(|run| run.omit(&binary, wall)))
    };
    leave_out(program(), others).held();
    leave_out(leave_out(program(), others), &[last]).escapes();
}

fn namespace(kind: &'static str) -> impl Fn() -> Probe {
    move || {
        probe("namespaces/own.py")
            .arg(kind)
            .arg(HostFacts::namespace(kind))
    }
}

fn number(name: &'static str, words: &'static [&'static str]) -> impl Fn() -> Probe {
    move || {
        words
            .iter()
            .fold(probe("syscalls/number.py").arg(name), |probe, word| {
                probe.arg(*word)
            })
    }
}

/// Leaving these out takes a builder that is root on the host.
fn as_root_only() -> bool {
    let rootless = casemate_tests::rootless();
    if rootless {
        println!("skipped: without the wall an ordinary user cannot build a sandbox at all");
    }
    rootless
}

#[test]
fn user() {
    if as_root_only() {
        return;
    }
    flips(&namespace("user"), &["user"]);
}

#[test]
fn pid() {
    if as_root_only() {
        return;
    }
    // A user namespace of its own may not mount /proc of a process namespace that is not its own.
    flips_last(&namespace("pid"), &["user"], "pid");
    flips_last(&|| probe("processes/list.py"), &["user"], "pid");
}

#[test]
fn mount() {
    if as_root_only() {
        return;
    }
    flips(&namespace("mnt"), &["mount"]);
    flips(
        &|| probe("files/homes.py"),
        &["mount", "landlock", "user", "capabilities"],
    );
}

#[test]
fn net() {
    flips(&namespace("net"), &["net"]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a TCP listener");
    let port = listener.local_addr().expect("its address").port().to_string();
    flips(&|| probe("sockets/host_port.py").arg(&port), &["net", "landlock"]);
}

#[test]
fn ipc() {
    flips(&namespace("ipc"), &["ipc"]);
}

#[test]
fn uts() {
    flips(&namespace("uts"), &["uts"]);
}

#[test]
fn cgroup_namespace() {
    flips(&namespace("cgroup"), &["cgroup-ns"]);
    flips(&|| probe("kernel/cgroup_names.py"), &["cgroup-ns"]);
}

#[test]
fn time() {
    flips(&namespace("time"), &["time"]);
    let uptime = HostFacts::now().uptime.to_string();
    flips(&|| probe("kernel/clocks.py").arg(&uptime), &["time"]);
}

#[test]
fn cgroup() {
    if let Some(skip) = need_cgroup() {
        return skip.report();
    }
    flips(
        &|| probe("resources/fork_bomb.py").with(|run| run.pids(32)).arg("32"),
        &["cgroup", "rlimits"],
    );
    flips(
        &|| {
            probe("resources/thread_bomb.py")
                .with(|run| run.pids(32))
                .arg("32")
        },
        &["cgroup", "rlimits"],
    );
}

#[test]
fn seccomp() {
    flips(&number("modify_ldt", &["154", "0", "0", "0"]), &["seccomp"]);
    flips(&number("io_uring_setup", &["425", "1", "0"]), &["seccomp"]);
    flips(&number("personality", &["135", "0x40000"]), &["seccomp"]);
    flips(&|| probe("syscalls/i386.c"), &["seccomp"]);
    flips(&|| probe("processes/ptrace_child.py"), &["seccomp"]);
    flips(&|| probe("syscalls/clone3.py"), &["seccomp"]);
    flips(&|| probe("privileges/seccomp.py"), &["seccomp"]);
    flips(&|| probe("sockets/netlink.py"), &["seccomp"]);
    flips(&|| probe("namespaces/unshare.py").arg("0x10000000"), &["seccomp"]);
}

#[test]
fn landlock() {
    flips(&|| probe("sockets/landlock_tcp.py"), &["landlock"]);
}

#[test]
fn landlock_on_abstract_sockets() {
    // Without a network namespace of its own, Landlock's scope (ABI 6) is what holds.
    let name = marker();
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("an abstract name");
    let _listener = std::os::unix::net::UnixListener::bind_addr(&address).expect("a listener");
    flips_last(&|| probe("sockets/abstract.py").arg(&name), &["net"], "landlock");
}

#[test]
fn capabilities() {
    flips(&|| probe("privileges/capabilities.py"), &["capabilities"]);
    flips(&|| probe("privileges/bounding.py"), &["capabilities"]);
}

#[test]
fn no_new_privs() {
    // Without privilege, Landlock and seccomp want no_new_privs to be set (landlock(7), seccomp(2)).
    flips_last(
        &|| probe("privileges/new_privileges.py"),
        &["landlock", "seccomp"],
        "no-new-privs",
    );
}

#[test]
fn proc_mask() {
    let id = HostFacts::now().boot_id;
    flips(&|| probe("kernel/facts.py").arg(&id), &["proc-mask"]);
    flips(&|| probe("kernel/interrupts.py"), &["proc-mask"]);
    flips(&|| probe("kernel/hardware.py"), &["proc-mask"]);
}

#[test]
fn rlimits() {
    flips(&|| probe("processes/core_dump.py"), &["rlimits"]);
    flips(&|| probe("privileges/limits_raise.py"), &["rlimits"]);
}

#[test]
fn closed_descriptors() {
    let scratch = casemate_tests::Scratch::new();
    let secret = scratch.write("secret", "of the host");
    // Far above the numbers at which a sandbox's own descriptors are placed: how many depends on the host.
    let opened = format!("exec 200<{};", secret.display());
    flips(
        &|| probe("privileges/descriptors_c.c").with(|run| run.after_shell(&opened)),
        &["closed-descriptors"],
    );
}

/// As an ordinary user without further ids, init and program share one id: only there the wall
/// shows from outside. Files of an undumpable process then belong to the host's root (proc(5)).
#[test]
fn dumpable() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let Some(binary) = binary() else { return };
    let home = casemate_tests::Scratch::new();
    let owner =
        |walls: &[&str]| {
            let word = marker();
            let sleeping = casemate_tests::Run::python("import time\ntime.sleep(600)").arg(&word);
            let sleeping = sleeping.flag("--allow-missing").flag("cgroup");
            let mut run = walls
                .iter()
                .fold(sleeping.binary(&binary), |run, wall| run.omit(&binary, wall));
            if need_root().is_none() {
                // An id that no account and no /etc/subuid has.
                let folder = home.folder(&word);
                std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).expect("a mode");
                std::os::unix::fs::chown(&folder, Some(60_123), Some(60_123)).expect("an owner");
                run = run.outside_env("HOME", &folder.display().to_string()).after_shell(
                "set -- setpriv --reuid=60123 --regid=60123 --clear-groups \"$0\" \"$@\"; exec \"$@\";",
            );
            }
            let running = run.start();
            let init = find_inside(&word).init();
            let owner = init.path("environ").metadata().expect("the file is there").uid();
            running.signal("TERM");
            drop(running.output());
            owner
        };
    let (with, without) = (owner(&[]), owner(&["dumpable"]));
    assert_eq!(with, 0, "with the wall the files belong to the host's root");
    assert_ne!(without, 0, "without the wall they belong to the user");
}

/// The filter of the process that collects files, seen from outside while it works: once the
/// program is dead, whatever lives beside init in its process namespace is the collector.
#[test]
fn collector_filter() {
    let Some(binary) = binary() else { return };
    if let Some(skip) = need_root() {
        return skip.report();
    }
    // More than the collector's pipe holds: with its reader stopped, the collector stays.
    let program = "open('large.txt', 'wb').write(b'x' * 4_000_000)\nimport time\ntime.sleep(0.5)";
    let filtered = |walls: &[&str]| {
        let word = marker();
        let run = casemate_tests::Run::python(program).out("*.txt").arg(&word);
        let running = walls
            .iter()
            .fold(run, |run, wall| run.omit(&binary, wall))
            .start();
        let process = find_inside(&word);
        running.signal("STOP");
        let (space, init) = (process.namespace("pid"), process.init());
        let mode = until(casemate_tests::seconds(8), || {
            let beside = |other: &Process| other.pid != init.pid && other.namespace("pid") == space;
            if process.exists() {
                return None;
            }
            let found = Process::all().into_iter().find(beside)?;
            // It takes its filter last of all, so it may still be on the way there.
            let mode = found.status().get("Seccomp")?.clone();
            (mode == "2" || found.waits_on_a_pipe()).then_some(mode)
        });
        running.signal("CONT");
        drop(running.outcome().succeeded());
        mode.expect("the collector was never seen at work") == "2"
    };
    assert!(
        !filtered(&["collector-filter"]),
        "there is a filter without the wall"
    );
    assert!(filtered(&[]), "there is no filter with the wall");
}

/// Leaving out a wall is impossible with the real product: it does not know the flag.
#[test]
fn the_product_omits_nothing() {
    let output = casemate_tests::raw(&["run", "--omit-wall", "seccomp", "--language", "bash", "/dev/null"]);
    assert!([2, 125].contains(&output.code), "{output:?}");
    assert!(
        output.stderr.contains("--omit-wall"),
        "another reason: {output:?}"
    );
    let help = casemate_tests::raw(&["run", "--help"]);
    assert!(help.code == 0 && !help.stdout.contains("omit-wall"), "{help:?}");
}

/// A build that can leave walls out holds as the product does when it is not asked to.
#[test]
fn the_test_build_holds() {
    if binary().is_none() {
        return;
    }
    let (verdict, outcome) = probe("privileges/capabilities.py").verdict();
    assert_eq!(verdict, Verdict::Held, "{outcome}");
}

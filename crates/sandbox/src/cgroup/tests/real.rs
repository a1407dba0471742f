//! Real processes in real groups, on every kind of control groups that the machine has. Needs root, or a delegated
//! subtree; what cannot be tested is said and skipped.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use casemate_sys::event::wait_one;
use casemate_sys::process::{Exit, Side, Wait, clone_into, exit, kill, reap};
use casemate_sys::{fd, libc};

use super::scene::{Program, Scene, group_at, remove, until};
use crate::cgroup::{Arrival, CgroupError, Group, Kind, Limits, Options, Usage, discover};

const LIMITS: Limits = Limits {
    memory_bytes: 64 << 20,
    pids: 32,
    cpu_millis: 1000,
};

const SPIN: &str = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";

/// A new group, and a program that waits in it.
fn start(scene: &Scene, limits: Limits, script: &str) -> (Box<dyn Group>, Program) {
    let group = scene.hierarchy.create("one", &limits).unwrap();
    let program = Program::new(script);
    group.attach(program.pid(), Arrival::Moved).unwrap();
    (group, program)
}

fn is_alive(pid: u32) -> bool {
    kill(pid.cast_signed(), 0).is_ok()
}

#[test]
fn every_limit_is_set_and_removal_leaves_nothing() {
    for scene in Scene::each() {
        let limits = Limits {
            memory_bytes: 48 << 20,
            pids: 7,
            cpu_millis: 250,
        };
        let mut group = scene.hierarchy.create("one", &limits).unwrap();
        let read = |file| scene.read("one", file);
        let bytes = (48u64 << 20).to_string();
        assert_eq!(read("pids.max"), "7");
        if scene.kind() == Kind::V2 {
            assert_eq!(read("memory.max"), bytes);
            assert_eq!(read("memory.swap.max"), "0");
            assert_eq!(read("memory.oom.group"), "1");
            assert_eq!(read("cpu.max"), "25000 100000");
        } else {
            assert_eq!(read("memory.limit_in_bytes"), bytes);
            assert_eq!(read("memory.memsw.limit_in_bytes"), bytes);
            assert_eq!(read("cpu.cfs_quota_us"), "25000");
            assert_eq!(read("cpu.cfs_period_us"), "100000");
        }
        assert_eq!(group.clone_target().is_some(), scene.kind() != Kind::V1);
        assert!(!group.is_populated());
        group.remove().unwrap();
        assert!(!scene.has("one"));
        group.remove().unwrap();
        assert_eq!(
            group.usage(),
            Usage::default(),
            "nothing can be told of a group that is gone"
        );
    }
}

#[test]
fn a_name_in_use_is_refused_and_its_owner_is_left_alone() {
    for scene in Scene::each() {
        let (mut group, program) = start(&scene, LIMITS, "true");
        let again = scene.hierarchy.create("one", &LIMITS).err();
        let exists = matches!(&again, Some(CgroupError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists);
        assert!(exists, "{again:?}");
        assert!(group.is_populated());
        assert!(program.finish().success());
        remove(&mut *group);
    }
}

#[test]
fn usage_is_measured() {
    for scene in Scene::each() {
        let script = format!("(:) & {SPIN}; wait; head -c 4000000 /dev/zero | tail -c 4000000 > /dev/null");
        let (mut group, program) = start(&scene, LIMITS, &script);
        let before = group.cpu_total().unwrap();
        assert!(program.finish().success());
        let usage = group.usage();
        let (user, system) = (usage.cpu_user.unwrap(), usage.cpu_system.unwrap());
        assert!(group.cpu_total().unwrap() > before);
        assert!(
            user + system > Duration::from_millis(2) && user + system < Duration::from_secs(50),
            "{usage:?}"
        );
        let has_peak = |file: &str| {
            scene
                .bases()
                .iter()
                .any(|base| group_at(base, "one").join(file).exists())
        };
        if scene.kind() != Kind::V2 || has_peak("memory.peak") {
            let peak = usage.memory_peak_bytes.unwrap();
            assert!((4_000_000..=LIMITS.memory_bytes).contains(&peak), "{usage:?}");
        }
        assert_eq!(usage.pids_peak.is_some(), has_peak("pids.peak"));
        assert!(
            usage.pids_peak.is_none_or(|peak| (2..=4).contains(&peak)),
            "{usage:?}"
        );
        assert_eq!(group.oom_kills(), Some(0));
        remove(&mut *group);
    }
}

#[test]
fn processes_beyond_the_limit_are_refused() {
    for scene in Scene::each() {
        let script = "for i in 1 2 3 4 5 6 7 8; do sleep 50 & done; wait";
        let (mut group, mut program) = start(&scene, Limits { pids: 5, ..LIMITS }, script);
        program.go();
        // The shell gives up at the first fork that fails, and leaves four.
        assert!(!program.wait().success());
        assert_eq!(scene.read("one", "pids.current"), "4");
        group.kill().unwrap();
        until("all are dead", || !group.is_populated());
        remove(&mut *group);
    }
}

#[test]
fn processor_time_is_rationed() {
    for scene in Scene::each() {
        let (mut group, mut program) = start(
            &scene,
            Limits {
                cpu_millis: 100,
                ..LIMITS
            },
            "while :; do :; done",
        );
        let start = Instant::now();
        program.go();
        until("it has used 60 ms", || {
            group.cpu_total().unwrap() >= Duration::from_millis(60)
        });
        let (used, passed) = (group.cpu_total().unwrap(), start.elapsed());
        // A tenth, plus the slices that each CPU may have left over, 5 ms each, plus the first period.
        let most = passed / 10 + Duration::from_millis(10 + 5 * 4);
        assert!(used <= most, "{used:?} in {passed:?}, {:?}", scene.kind());
        group.kill().unwrap();
        drop(program);
        remove(&mut *group);
    }
}

#[test]
fn a_tighter_quota_above_is_kept_on_v1() {
    for scene in Scene::each().iter().filter(|scene| scene.kind() != Kind::V2) {
        let base = scene
            .bases()
            .into_iter()
            .find(|base| base.with_file_name("cpu.cfs_quota_us").exists())
            .unwrap();
        fs::write(base.parent().unwrap().join("cpu.cfs_quota_us"), "20000").unwrap();
        let mut group = scene.hierarchy.create("one", &LIMITS).unwrap();
        assert_eq!(scene.read("one", "cpu.cfs_quota_us"), "20000");
        group.remove().unwrap();
        let mut group = scene
            .hierarchy
            .create(
                "one",
                &Limits {
                    cpu_millis: 150,
                    ..LIMITS
                },
            )
            .unwrap();
        assert_eq!(scene.read("one", "cpu.cfs_quota_us"), "15000");
        group.remove().unwrap();
    }
}

#[test]
fn an_oom_is_told_by_the_kernel() {
    for scene in Scene::each() {
        let limits = Limits {
            memory_bytes: 24 << 20,
            ..LIMITS
        };
        // The victim is not the shell itself, which goes on.
        let (mut group, mut program) = start(&scene, limits, "head -c 200m /dev/zero | tail; sleep 50");
        let event = group.oom_event().unwrap();
        assert!(
            !wait_one(event.fd, event.events, Some(Duration::ZERO)).unwrap(),
            "nothing has happened yet"
        );
        assert_eq!(group.oom_kills(), Some(0));
        program.go();
        assert!(wait_one(event.fd, event.events, Some(Duration::from_secs(60))).unwrap());
        until("the kill is counted", || group.oom_kills() > Some(0));
        if scene.kind() == Kind::V2 {
            assert_eq!(
                program.wait().signal(),
                Some(libc::SIGKILL),
                "memory.oom.group takes everybody"
            );
        } else {
            assert!(is_alive(program.pid()));
            // One OOM may be told twice, as the charge is tried again before the victim is gone.
            until("the count has quieted the event", || {
                !wait_one(event.fd, event.events, Some(Duration::ZERO)).unwrap()
                    || group.oom_kills().is_none()
            });
            group.kill().unwrap();
            program.wait();
        }
        let peak = group.usage().memory_peak_bytes;
        assert!(peak.is_none_or(|peak| peak <= limits.memory_bytes), "{peak:?}");
        remove(&mut *group);
    }
}

#[test]
fn an_exit_that_looks_like_an_oom_is_none() {
    for scene in Scene::each() {
        let (mut group, program) = start(&scene, LIMITS, "kill -9 $$");
        let event = group.oom_event().unwrap();
        assert_eq!(program.finish().signal(), Some(libc::SIGKILL));
        assert!(!wait_one(event.fd, event.events, Some(Duration::ZERO)).unwrap());
        assert_eq!(group.oom_kills(), Some(0));
        remove(&mut *group);
    }
}

#[test]
fn shared_memory_is_told_apart() {
    for scene in Scene::each() {
        let file = format!("/dev/shm/casemate-test-{}-{:?}", std::process::id(), scene.kind());
        let (mut group, mut program) = start(
            &scene,
            LIMITS,
            &format!("head -c 8000000 /dev/zero > {file}; sleep 50"),
        );
        program.go();
        let shmem = || group.memory_now().unwrap().shmem_bytes;
        until("the file is written", || shmem() >= 7_900_000);
        let now = group.memory_now().unwrap();
        assert!(
            now.total_bytes >= now.shmem_bytes && now.anon_bytes < 4_000_000,
            "{now:?}"
        );
        fs::remove_file(&file).unwrap();
        group.kill().unwrap();
        drop(program);
        remove(&mut *group);
    }
}

#[test]
fn kill_ends_what_forks_and_what_is_stopped() {
    for scene in Scene::each() {
        let script = "sleep 50 & kill -STOP $! ; trap '' TERM HUP; (while :; do (:) & wait; done) & \
                      (setsid sleep 51 &) ; while :; do :; done";
        let (mut group, mut program) = start(&scene, LIMITS, script);
        program.go();
        let members = || scene.read("one", "cgroup.procs").lines().count();
        until("it has spread", || members() >= 4);
        assert!(
            matches!(group.remove(), Err(error) if error.is_retryable()),
            "{:?}",
            scene.kind()
        );
        assert!(group.is_populated());
        group.kill().unwrap();
        assert_eq!(program.wait().signal(), Some(libc::SIGKILL));
        until("all are dead", || !group.is_populated());
        remove(&mut *group);
        assert!(!scene.has("one"));
    }
}

#[test]
fn kill_thaws_what_was_frozen() {
    for scene in Scene::each() {
        let (mut group, mut program) = start(&scene, LIMITS, "while :; do :; done");
        program.go();
        let freeze = [("freezer.state", "FROZEN"), ("cgroup.freeze", "1")];
        let frozen = scene.bases().iter().any(|base| {
            freeze.iter().any(|(file, value)| {
                let path = group_at(base, "one").join(file);
                path.exists() && fs::write(path, value).is_ok()
            })
        });
        assert!(frozen);
        group.kill().unwrap();
        assert_eq!(program.wait().signal(), Some(libc::SIGKILL));
        remove(&mut *group);
    }
}

#[test]
fn a_sweep_takes_the_dead_and_spares_the_living() {
    for scene in Scene::each() {
        let begin = |name: &str| {
            let group = scene.hierarchy.create(name, &LIMITS).unwrap();
            let mut program = Program::new("sleep 50 & while :; do :; done");
            group.attach(program.pid(), Arrival::Moved).unwrap();
            program.go();
            (group, program)
        };
        let (mut alive, living) = begin("alive");
        let (_, dying) = begin("dead");
        scene.hierarchy.create("empty", &LIMITS).unwrap();
        for base in scene.bases() {
            fs::create_dir(group_at(&base, "dead").join("inner")).unwrap();
            // Not a name of ours: whoever made it keeps it.
            fs::create_dir(group_at(&base, "not.ours")).unwrap();
            fs::create_dir(base.with_file_name("not-ours")).unwrap();
        }
        let swept = scene.hierarchy.sweep(&|name| name == "alive").unwrap();
        assert_eq!(swept, ["dead", "empty"]);
        assert!(!scene.has("dead") && !scene.has("empty") && scene.has("not.ours"));
        assert_eq!(dying.wait().signal(), Some(libc::SIGKILL));
        assert!(is_alive(living.pid()) && alive.is_populated());
        assert!(scene.hierarchy.sweep(&|name| name == "alive").unwrap().is_empty());
        for base in scene.bases() {
            fs::remove_dir(group_at(&base, "not.ours")).unwrap();
            fs::remove_dir(base.with_file_name("not-ours")).unwrap();
        }
        alive.kill().unwrap();
        drop(living);
        remove(&mut *alive);
    }
}

#[test]
fn a_base_that_was_retired_is_made_again() {
    for scene in Scene::each() {
        scene.hierarchy.retire();
        assert!(scene.bases().iter().all(|base| !base.exists()));
        let (mut group, program) = start(&scene, LIMITS, "true");
        assert!(program.finish().success());
        scene.hierarchy.retire();
        assert!(scene.has("one"), "a base with a group in it stays");
        remove(&mut *group);
    }
}

/// A process made inside the group behind `dir`; it ends with 7 when a byte comes.
fn be_born(dir: BorrowedFd<'_>) -> (i32, OwnedFd) {
    let (wait, go) = fd::pipe().unwrap();
    match clone_into(0, Some(dir)).unwrap() {
        Side::Child => {
            // Nothing but system calls: the parent has threads.
            let read = fd::read(wait.as_fd(), &mut [0u8; 1]);
            exit(if matches!(read, Ok(1)) { 7 } else { 8 });
        }
        Side::Parent { pid, .. } => (pid, go),
    }
}

fn end_of(pid: i32) -> Exit {
    let mut ended = None;
    until("it ends", || {
        ended = reap(pid, Wait::Look).unwrap();
        ended.is_some()
    });
    ended.unwrap().exit
}

#[test]
fn a_process_can_be_born_inside() {
    for scene in Scene::each() {
        let mut group = scene.hierarchy.create("one", &LIMITS).unwrap();
        let Some(dir) = group.clone_target() else { continue };
        let (pid, go) = be_born(dir);
        assert!(group.is_populated());
        group.attach(pid.cast_unsigned(), Arrival::Cloned).unwrap();
        let text = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap();
        let inside = text
            .lines()
            .filter(|line| line.ends_with("/casemate/one") || line.ends_with("/casemate+one"))
            .count();
        assert_eq!(inside, scene.bases().len(), "{text}");
        fd::write_all(go.as_fd(), b"!").unwrap();
        assert_eq!(end_of(pid), Exit::Code(7));
        remove(&mut *group);
    }
}

#[test]
fn the_place_of_this_process_serves() {
    let options = Options::of_host(None).unwrap();
    let hierarchy = match discover(&options) {
        Ok(hierarchy) => hierarchy,
        Err(error) => return eprintln!("skipped: {error}"),
    };
    let name = format!("test-{}", std::process::id());
    let mut group = hierarchy.create(&name, &LIMITS).unwrap();
    let program = Program::new("true");
    group.attach(program.pid(), Arrival::Moved).unwrap();
    assert!(group.is_populated());
    assert!(program.finish().success());
    if let Some(dir) = group.clone_target() {
        let (pid, go) = be_born(dir);
        fd::write_all(go.as_fd(), b"!").unwrap();
        assert_eq!(end_of(pid), Exit::Code(7));
    }
    remove(&mut *group);
    eprintln!("{:?} at {}", hierarchy.kind(), hierarchy.base());
    // No sweep: other processes may be at work there.
    hierarchy.retire();
}

/// cgroup v2 alone: our own group is delegated and holds only ourselves, as in a service with `Delegate=yes`.
#[test]
fn a_delegated_group_of_our_own_is_used_after_moving_to_a_leaf() {
    for scene in Scene::each().iter().filter(|scene| scene.kind() == Kind::V2) {
        let base = scene.bases().remove(0);
        // A group as a service manager makes it: controllers offered, none turned on for its children.
        let (name, host) = ("service", Options::of_host(None).unwrap());
        let service = base.join(name);
        fs::create_dir(&service).unwrap();
        let (program, other) = (Program::new("true"), Program::new("true"));
        fs::write(service.join("cgroup.procs"), program.pid().to_string()).unwrap();
        let mount = host
            .mountinfo
            .lines()
            .find(|line| line.contains(" - cgroup2 "))
            .unwrap();
        let point = mount.split(' ').nth(4).unwrap();
        let own = service.strip_prefix(point).unwrap().display().to_string();
        let options = Options {
            own_cgroup: format!("0::/{own}\n"),
            own_pids: vec![program.pid()],
            base: None,
            ..host
        };

        let hierarchy = discover(&options).unwrap();
        assert_eq!(hierarchy.base(), service.join("casemate").display().to_string());
        let in_leaf = fs::read_to_string(service.join("casemate-self/cgroup.procs")).unwrap();
        assert_eq!(in_leaf.trim(), program.pid().to_string());
        let mut group = hierarchy.create("one", &LIMITS).unwrap();
        group.attach(other.pid(), Arrival::Moved).unwrap();
        assert!(other.finish().success() && program.finish().success());
        remove(&mut *group);
        hierarchy.retire();
        until("the leaf is empty", || {
            fs::remove_dir(service.join("casemate-self")).is_ok()
        });
        fs::remove_dir(&service).unwrap();
    }
}

/// Not a test: prints what one sandbox costs. `cargo test --release -p casemate-sandbox cost -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn cost_of_one_group() {
    let start = Instant::now();
    for _ in 0..100 {
        let hierarchy = discover(&Options::of_host(None).unwrap()).unwrap();
        hierarchy.sweep(&|_| true).unwrap();
        hierarchy.retire();
    }
    eprintln!(
        "discovery, a sweep of nothing and retirement: {:?}",
        start.elapsed() / 100
    );
    for scene in Scene::each() {
        let mut samples: Vec<[Duration; 6]> = Vec::new();
        for round in 0..500 {
            let name = format!("n{round}");
            let program = Program::new("true");
            let t0 = Instant::now();
            let mut group = scene.hierarchy.create(&name, &LIMITS).unwrap();
            let t1 = Instant::now();
            group.oom_event().unwrap();
            let t2 = Instant::now();
            group.attach(program.pid(), Arrival::Cloned).unwrap();
            let t3 = Instant::now();
            program.finish();
            let t4 = Instant::now();
            group.usage();
            let t5 = Instant::now();
            remove(&mut *group);
            let t6 = Instant::now();
            samples.push([
                t1 - t0,
                t2 - t1,
                t3 - t2,
                t5 - t4,
                t6 - t5,
                t6 - t5 + (t5 - t4) + (t3 - t0),
            ]);
        }
        for (at, what) in ["create", "oom event", "attach", "usage", "remove", "all"]
            .iter()
            .enumerate()
        {
            let mut column: Vec<Duration> = samples.iter().map(|row| row[at]).collect();
            column.sort();
            eprintln!(
                "{:?} {what}: best {:?}, median {:?}, p99 {:?}",
                scene.kind(),
                column[0],
                column[250],
                column[495]
            );
        }
    }
}

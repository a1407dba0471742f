//! What thousands of runs leave behind on the host: nothing. And what is left when processes of a
//! run are killed at random moments: nothing either, a few seconds later.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use casemate_tests::{
    Process, Random, Residue, Run, environment, marker, processes_with, seconds, slowness, until,
};

/// The tests of this file count all that is on the host: they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn count(name: &str, default: u64) -> u64 {
    environment(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Ends where it began, after a short while for the kernel's own cleaning up.
#[track_caller]
fn nothing_beyond(before: &Residue, limit: Duration) {
    let clean = until(limit, || Residue::now().beyond(before).is_empty().then_some(()));
    if clean.is_none() {
        let left = Residue::now().beyond(before);
        panic!(
            "{} left: {:#?}",
            left.len(),
            left.iter().take(20).collect::<Vec<_>>()
        );
    }
}

/// Proof that the count can see something: a run that lives shows in every kind it must.
#[test]
fn a_living_run_is_seen() {
    let _alone = alone();
    let before = Residue::now();
    let word = marker();
    let running = Run::python("import time\ntime.sleep(600)")
        .arg(&word)
        .observed()
        .start();
    casemate_tests::find_inside(&word).settle();
    let seen = Residue::now().beyond(&before);
    running.signal("TERM");
    assert_eq!(running.outcome().status(), "cancelled");
    let mut kinds = vec!["namespaces", "processes"];
    if !casemate_tests::rootless() {
        kinds.extend(["cgroups", "user ids"]);
    }
    for kind in kinds {
        assert!(
            seen.iter().any(|entry| entry.starts_with(kind)),
            "no {kind} among {seen:?}"
        );
    }
    nothing_beyond(&before, seconds(5));
}

/// One run of many, of several kinds: good ones, bad ones, ended ones.
fn one(number: u64) {
    match number % 10 {
        0 => drop(
            Run::python("import sys; sys.exit(3)")
                .observed()
                .go()
                .ended("failed", 3),
        ),
        1 => drop(
            Run::bash("sleep 600 & sleep 600 & echo left")
                .observed()
                .go()
                .succeeded(),
        ),
        2 => drop(
            Run::bash("echo out > out.txt")
                .out("*.txt")
                .observed()
                .go()
                .succeeded(),
        ),
        3 => drop(
            Run::bash("echo loopback")
                .network("loopback")
                .observed()
                .go()
                .succeeded(),
        ),
        4 if number % 40 == 4 => {
            let limit = format!("{}ms", 100 * slowness());
            drop(
                Run::bash("sleep 600")
                    .timeout(&limit)
                    .observed()
                    .go()
                    .ended("timed_out", 124),
            );
        }
        5 => drop(Run::bash("kill -9 $$").observed().go().ended("failed", 137)),
        6 => drop(
            Run::python("open('/dev/shm/x', 'w').write('x'); open('/tmp/y', 'w').write('y')")
                .observed()
                .go()
                .succeeded(),
        ),
        _ => drop(Run::bash("exit 0").observed().go().succeeded()),
    }
}

/// 2,000 runs, four at a time: cgroups, mounts, namespaces, processes, zombies, temporary entries
/// and user ids end where they began.
#[test]
fn many_runs_leave_nothing() {
    let _alone = alone();
    one(0);
    let before = Residue::now();
    let runs = count("CASEMATE_LEAK_RUNS", 2000);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= runs {
                    break;
                }
                one(number);
            }
        };
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    nothing_beyond(&before, seconds(5));
}

/// Every process of the tree below `casemate run`, itself included.
fn tree(root: u32) -> Vec<u32> {
    let all = Process::all();
    let parent = |process: &Process| {
        process
            .status()
            .get("PPid")
            .and_then(|text| text.parse::<u32>().ok())
    };
    let parents: Vec<(u32, Option<u32>)> = all.iter().map(|process| (process.pid, parent(process))).collect();
    let mut found = vec![root];
    // A child may have a smaller id than its parent: grow until nothing is added.
    loop {
        let more: Vec<u32> = parents
            .iter()
            .filter(|(pid, parent)| parent.is_some_and(|id| found.contains(&id)) && !found.contains(pid))
            .map(|(pid, _)| *pid)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// kill -9 of any process of a run at any moment leaves nothing 5 s later.
#[test]
fn kills_at_random_moments_leave_nothing() {
    let _alone = alone();
    let seed = count("CASEMATE_LEAK_SEED", 20_240_607);
    eprintln!("CASEMATE_LEAK_SEED={seed}");
    let mut random = Random::seeded(seed);
    let before = Residue::now();
    for moment in 0..count("CASEMATE_KILL_MOMENTS", 100) {
        let word = marker();
        let program = "import subprocess, time\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\n\
                       open('/tmp/x', 'w').write('x' * 100000)\ntime.sleep(600)";
        let running = Run::python(program).arg(&word).start();
        // The whole start takes some tens of milliseconds: most moments fall within it.
        std::thread::sleep(Duration::from_micros(random.below(90_000)) * slowness());
        let processes = tree(running.pid());
        let victim = processes[random.below(processes.len() as u64) as usize];
        Process { pid: victim }.kill();
        if victim != running.pid() {
            // The run must notice by itself that a part of it is gone, or go on and be ended.
            std::thread::sleep(Duration::from_millis(20));
            Process { pid: running.pid() }.kill();
        }
        let output = running.output();
        assert!(output.elapsed < seconds(20), "moment {moment}: {output:?}");
        if moment % 10 == 9 {
            let gone = until(seconds(5), || processes_with(&word).is_empty().then_some(()));
            assert!(
                gone.is_some(),
                "moment {moment}: left {:?}",
                processes_with(&word)
            );
        }
    }
    // The next start sweeps what only a later process can: cgroups of the dead.
    let gone = until(seconds(5), || {
        Residue::now()
            .beyond(&before)
            .iter()
            .all(|entry| entry.starts_with("cgroups") || entry.starts_with("temporary"))
            .then_some(())
    });
    assert!(gone.is_some(), "left: {:#?}", Residue::now().beyond(&before));
    Run::bash("true").observed().go().succeeded();
    nothing_beyond(&before, seconds(5));
}

/// When init dies the run ends by itself, soon, and says that it was not the program's doing.
#[test]
fn death_of_init_ends_the_run() {
    let _alone = alone();
    let before = Residue::now();
    for _ in 0..5 {
        let word = marker();
        let running = Run::python("import time\ntime.sleep(600)").arg(&word).start();
        let process = casemate_tests::find_inside(&word);
        process.init().kill();
        let outcome = running.output();
        assert!(outcome.elapsed < seconds(10), "{outcome:?}");
        assert!([125, 137].contains(&outcome.code), "{outcome:?}");
        assert!(processes_with(&word).is_empty());
    }
    nothing_beyond(&before, seconds(5));
}

/// kill -9 of `casemate run` itself: its program is dead within half a second or so.
#[test]
fn death_of_casemate_ends_the_program() {
    let _alone = alone();
    for _ in 0..10 {
        let word = marker();
        let running = Run::python("import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(600)")
            .arg(&word)
            .start();
        let process = casemate_tests::find_inside(&word);
        Process { pid: running.pid() }.kill();
        let gone = until(Duration::from_millis(1000) * slowness(), || {
            processes_with(&word).is_empty().then_some(())
        });
        assert!(gone.is_some(), "process {} lives on", process.pid);
        drop(running.output());
    }
}

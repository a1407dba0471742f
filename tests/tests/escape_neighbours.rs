//! Escape tests: other runs, at the same time and before.

use casemate_tests::{Process, Run, Running, find_inside, marker, need_root, probe, processes_with};

fn split(word: &str) -> String {
    let (head, tail) = word.split_at(word.len() / 2);
    format!("{head}+{tail}")
}

/// A neighbour that sits in every place it can, found from outside.
fn neighbour(network: &str) -> (Running, Process, String) {
    let word = marker();
    let running = probe("neighbours/leave.py")
        .with(|run| run.network(network).arg(&word).arg("300"))
        .start();
    let process = find_inside(&word);
    (running, process, word)
}

fn stop(running: Running) {
    running.signal("TERM");
    let outcome = running.outcome();
    assert!(
        outcome.stdout().contains("LEFT"),
        "the neighbour was not there: {outcome}"
    );
    assert_eq!(outcome.status(), "cancelled");
}

/// Two runs at the same time cannot see, signal or reach each other.
#[test]
fn neighbours_are_strangers() {
    let (running, process, word) = neighbour("none");
    process.settle();
    probe("neighbours/reach.py")
        .arg(split(&word))
        .arg(process.pid.to_string())
        .held();
    assert!(process.exists(), "the neighbour is gone");
    stop(running);
}

/// With `loopback` each has a loopback of its own.
#[test]
fn neighbours_do_not_share_a_loopback() {
    let (running, process, word) = neighbour("loopback");
    process.settle();
    probe("neighbours/reach.py")
        .with(|run| run.network("loopback"))
        .arg(split(&word))
        .held();
    stop(running);
}

/// The same names in /tmp, the same keys and the same ports do not collide.
#[test]
fn same_names_do_not_collide() {
    let (running, process, word) = neighbour("loopback");
    process.settle();
    let outcome = probe("neighbours/leave.py")
        .with(|run| run.network("loopback").arg(&word))
        .start()
        .outcome();
    let outcome = outcome.succeeded();
    assert!(
        outcome.stdout().contains("'port'"),
        "the port was taken: {outcome}"
    );
    assert!(outcome.stdout().contains("/tmp"), "{outcome}");
    stop(running);
}

/// As root, two runs at the same time have different user and group ids on the host.
#[test]
fn neighbours_have_their_own_ids() {
    if let Some(skip) = need_root() {
        return skip.report();
    }
    let (first, one, _) = neighbour("none");
    let (second, other, _) = neighbour("none");
    assert_ne!(one.uids(), other.uids());
    assert_ne!(one.field("Gid"), other.field("Gid"));
    for process in [&one, &other] {
        assert!(
            process.uids().iter().all(|uid| *uid > 65_535),
            "{:?}",
            process.uids()
        );
    }
    one.settle();
    other.settle();
    stop(first);
    stop(second);
}

/// No two runs at the same time share a namespace.
#[test]
fn neighbours_share_no_namespace() {
    let (first, one, _) = neighbour("none");
    let (second, other, _) = neighbour("none");
    for kind in casemate_tests::NAMESPACES {
        assert_ne!(one.namespace(kind), other.namespace(kind), "{kind}");
    }
    one.settle();
    other.settle();
    stop(first);
    stop(second);
}

/// A kill(-1) of one run leaves the other alive.
#[test]
fn kill_all_spares_the_neighbour() {
    let (running, process, _) = neighbour("none");
    process.settle();
    probe("processes/signal_all.py").held();
    probe("processes/signal_every_id.py").held();
    assert!(process.exists(), "the neighbour is gone");
    stop(running);
}

/// Nothing of the run before is found by the next: files, shared memory, queues, sockets.
#[test]
fn residue_of_the_run_before_is_gone() {
    let word = marker();
    let outcome = probe("neighbours/leave.py")
        .with(|run| run.arg(&word))
        .start()
        .outcome()
        .succeeded();
    assert!(
        outcome.stdout().contains("/dev/shm"),
        "nothing was left to look for: {outcome}"
    );
    probe("neighbours/residue.py").arg(split(&word)).held();
}

/// Nothing of a run that was ended by its time limit is found by the next.
#[test]
fn residue_of_an_ended_run_is_gone() {
    let word = marker();
    let limit = format!("{}ms", 700 * casemate_tests::slowness());
    let run = probe("neighbours/leave.py").with(|run| run.timeout(&limit).arg(&word).arg("600"));
    run.start().outcome().ended("timed_out", 124);
    probe("neighbours/residue.py").arg(split(&word)).held();
    assert!(processes_with(&word).is_empty());
}

/// What one run wrote into its view of the system is not what the next one sees.
#[test]
fn views_are_fresh() {
    let write = "import os\nfor p in ('/tmp', '/workspace', '/dev/shm'): os.chmod(p, 0o777)\n\
                 os.makedirs('/tmp/a/b/c'); os.umask(0); open('/tmp/sitecustomize.py', 'w').write('print(\"owned\")')\n\
                 open('/workspace/os.py', 'w').write('print(\"owned\")')";
    Run::python(write).observed().go();
    let outcome = Run::python("import os; print(sorted(os.listdir('/tmp')), os.umask(0))")
        .observed()
        .go()
        .succeeded();
    assert!(!outcome.stdout().contains("owned"), "{outcome}");
    assert!(
        outcome.stdout().trim_end().ends_with("18"),
        "umask 022: {outcome}"
    );
}

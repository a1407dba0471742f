//! Escape tests: time limits, and what tries to live on past the end of its run.

use std::time::Duration;

use casemate_tests::{
    Outcome, Run, environment, find_inside, marker, probe, processes_with, seconds, slowness, until,
};

const FOREVER: &str = "import time\nwhile True: time.sleep(600)";

/// Half a second on ordinary hardware.
fn short() -> String {
    format!("{}ms", 500 * slowness())
}

#[track_caller]
fn times_out(run: Run, word: &str) -> Outcome {
    let outcome = run
        .timeout(&short())
        .arg(word)
        .observed()
        .go()
        .ended("timed_out", 124);
    let limit = Duration::from_millis(500) * slowness();
    assert!(
        outcome.elapsed >= limit && outcome.elapsed < limit + seconds(2),
        "{outcome}"
    );
    assert!(processes_with(word).is_empty(), "left {:?}", processes_with(word));
    outcome
}

macro_rules! times_out {
    ($($(#[doc = $claim:literal])+ $name:ident => $code:expr;)+) => {
        $($(#[doc = $claim])+ #[test] fn $name() {
            times_out(Run::python($code), &marker());
        })+
    };
}

times_out! {
    /// A sleeping program is ended.
    sleeper_is_ended => FOREVER;
    /// A burning program is ended.
    burner_is_ended => "while True: pass";
    /// A program that ignores SIGTERM, SIGINT and SIGHUP is ended.
    deaf_program_is_ended => "import signal, time\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\n\
                              while True: time.sleep(600)";
    /// A program that ignores or blocks every signal is ended.
    all_blocking_program_is_ended => "import signal, time\n\
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n\
        for n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n  except (OSError, ValueError): pass\n\
        while True: time.sleep(600)";
    /// A program that stops itself is ended.
    stopped_program_is_ended => "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)";
    /// A program that stops everything it may is ended.
    stopping_all_is_ended => "import os, signal\nos.kill(-1, signal.SIGSTOP) if os.fork() else signal.pause()\n\
                              os.kill(os.getpid(), signal.SIGSTOP)";
    /// A program that has closed its output is ended.
    closed_output_is_ended => "import os, time\nos.closerange(0, 64)\nwhile True: time.sleep(600)";
    /// A parent that waits for a child without end is ended, and the child too.
    waiting_parent_is_ended => "import os, time\nif os.fork() == 0: time.sleep(600)\nos.wait()";
    /// A program that waits for input that never comes is ended.
    reader_of_a_pipe_is_ended => "import os\nr, w = os.pipe()\nos.read(r, 1)";
    /// A program that waits for a FIFO without a writer is ended.
    reader_of_a_fifo_is_ended => "import os\nos.mkfifo('/tmp/f')\nopen('/tmp/f').read()";
    /// A program with many burning threads is ended.
    burning_threads_are_ended => "import threading\n\
        for _ in range(20): threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()";
    /// A program that keeps forking and dying is ended.
    forking_chain_is_ended => "import os, time\nif os.fork() == 0:\n  while True:\n    if os.fork(): os._exit(0)\n    \
                               os.setsid()\ntime.sleep(600)";
    /// A regular expression that runs away within one C call is ended.
    runaway_expression_is_ended => "import re\nre.match('(a+)+$', 'a' * 64 + 'b')";
    /// One operation on a huge number, within one C call, is ended.
    huge_power_is_ended => "x = 7 ** (10 ** 9)";
    /// A program that handles SIGALRM over and over is ended.
    alarm_loop_is_ended => "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\n\
                            signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\nwhile True: signal.pause()";
    /// A child in vfork holds its parent, and both are ended.
    vfork_is_ended => "import subprocess\nsubprocess.run(['sleep', '600'])";
}

/// A daemon with two forks, its own session, closed descriptors and ignored signals does not live on.
#[test]
fn daemon_dies_with_the_run() {
    let word = marker();
    let outcome = probe("time/daemon.py").arg(&word).held();
    assert!(outcome.elapsed < seconds(8), "{outcome}");
    assert!(
        processes_with(&word).is_empty(),
        "left {:?}",
        processes_with(&word)
    );
}

/// Stopped, sleeping, burning and breeding processes do not live on.
#[test]
fn everything_left_dies_with_the_run() {
    let word = marker();
    let outcome = probe("time/many_left.py").arg(&word).held();
    assert!(outcome.elapsed < seconds(8), "{outcome}");
    assert!(
        processes_with(&word).is_empty(),
        "left {:?}",
        processes_with(&word)
    );
}

/// A grandchild that holds stdout does not hold up the result, and what was written counts.
#[test]
fn held_output_does_not_stall() {
    let word = marker();
    let program = "import subprocess, sys\n\
                   subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])\n\
                   print('done')";
    let outcome = Run::python(program).arg(&word).observed().go().succeeded();
    assert_eq!(outcome.stdout(), "done\n");
    assert!(outcome.elapsed < seconds(5), "{outcome}");
    assert!(
        processes_with(&word).is_empty(),
        "left {:?}",
        processes_with(&word)
    );
}

/// A grandchild that floods stdout after the end does not get into the result for long.
#[test]
fn flooding_grandchild_does_not_stall() {
    let program = "import subprocess\nprint('done', flush=True)\nsubprocess.Popen(['yes'])";
    let outcome = Run::python(program).observed().go();
    assert!(
        ["succeeded", "output_exceeded"].contains(&outcome.status()),
        "{outcome}"
    );
    assert!(outcome.stdout().starts_with("done\n"), "{outcome}");
    assert!(outcome.elapsed < seconds(5), "{outcome}");
}

/// Everything written before the end is in the result, whatever still lives.
#[test]
fn output_is_complete_at_the_end() {
    let program = "import os, sys\nos.write(1, b'x' * 900_000)\nos.write(2, b'y' * 900_000)";
    let outcome = Run::python(program).observed().go().succeeded();
    assert_eq!(
        (outcome.stdout().len(), outcome.stderr().len()),
        (900_000, 900_000)
    );
}

/// Output written before a time limit is kept.
#[test]
fn output_before_the_limit_is_kept() {
    let outcome = times_out(
        Run::python("print('early', flush=True)\nimport time\ntime.sleep(600)"),
        &marker(),
    );
    assert_eq!(outcome.stdout(), "early\n");
}

/// Overshoot of a time limit: p99 at most 100 ms, by the result's own clock and nearly so by ours.
#[test]
fn overshoot_is_small() {
    let runs = environment("CASEMATE_OVERSHOOT_RUNS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(30);
    let limit = 300 * u64::from(slowness());
    let mut over: Vec<f64> = Vec::new();
    for _ in 0..runs {
        let outcome = Run::python(FOREVER)
            .timeout(&format!("{limit}ms"))
            .observed()
            .go()
            .ended("timed_out", 124);
        let wall = outcome.usage("wall_ms").expect("the wall time is measured");
        assert!(
            outcome.elapsed.as_secs_f64() * 1000.0 >= limit as f64,
            "ended early: {outcome}"
        );
        over.push(wall - limit as f64);
    }
    over.sort_by(f64::total_cmp);
    let rank = (over.len() * 99).div_ceil(100) - 1;
    assert!(
        over[rank] <= 100.0 * f64::from(slowness()),
        "p99 of {} runs: {} ms: {over:?}",
        over.len(),
        over[rank]
    );
}

/// A run that timed out had the time that was asked for, by the result's own word.
#[test]
fn timed_out_runs_had_their_time() {
    let limit = 300 * u64::from(slowness());
    for _ in 0..5 {
        let outcome = Run::python(FOREVER)
            .timeout(&format!("{limit}ms"))
            .observed()
            .go()
            .ended("timed_out", 124);
        let wall = outcome.usage("wall_ms").expect("the wall time is measured");
        assert!(wall >= limit as f64, "{wall} of {limit} ms: {outcome}");
    }
}

/// The limit counts wall time also while the program sleeps and its CPU time stands still.
#[test]
fn wall_wins_over_cpu() {
    let outcome = Run::python(FOREVER)
        .timeout(&short())
        .cpu_time("60s")
        .observed()
        .go();
    assert_eq!(outcome.status(), "timed_out", "{outcome}");
}

/// A program may end just before its limit and is not said to have been ended.
#[test]
fn ending_in_time_is_success() {
    Run::python("print(1)")
        .timeout(&format!("{}s", seconds(10).as_secs()))
        .observed()
        .go()
        .succeeded();
}

/// Closing what `casemate` writes to does not leave a program behind.
#[test]
fn cancelled_run_leaves_nothing() {
    let word = marker();
    let running = Run::python(FOREVER).arg(&word).start();
    let process = find_inside(&word);
    running.signal("INT");
    assert_eq!(running.outcome().ended("cancelled", 130).status(), "cancelled");
    assert!(
        until(seconds(2), || (!process.exists()).then_some(())).is_some(),
        "the program lives on"
    );
}

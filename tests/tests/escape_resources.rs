//! Escape tests: bombs. Each limit must end or refuse what it bounds, and say which limit it was.

use casemate_tests::{Outcome, Process, find_inside, held, marker, need_cgroup, probe, seconds, slowness};

held! {
    /// /dev/shm ends at 64 MiB.
    shm_is_bounded => "resources/shm_bomb.py";
    /// Files are bounded in number.
    inodes_are_bounded => "resources/inode_bomb.py";
    /// Descriptors are bounded.
    descriptors_are_bounded => "resources/descriptor_bomb.py";
    /// Little memory can be pinned.
    pinned_memory_is_bounded => "resources/lock_memory.py";
    /// Message queues are bounded.
    queues_are_bounded => "resources/queues.py";
    /// The program cannot save itself from the OOM killer.
    oom_score_cannot_be_lowered => "resources/oom_score.py";
    /// No cgroup file is there to be written.
    cgroups_cannot_be_written => "resources/cgroup_write.py";
    /// No swap can be added.
    swap_cannot_be_added => "resources/swap.py";
}

macro_rules! needs_cgroup {
    () => {
        if let Some(skip) = need_cgroup() {
            return skip.report();
        }
    };
}

/// Every fork past the limit of processes is refused.
#[test]
fn processes_are_bounded() {
    needs_cgroup!();
    let outcome = probe("resources/fork_bomb.py")
        .with(|run| run.pids(32))
        .arg("32")
        .held();
    let peak = outcome.usage("pids_peak");
    assert!(peak.is_none_or(|peak| (2.0..=32.0).contains(&peak)), "{outcome}");
}

/// Threads count as processes do.
#[test]
fn threads_are_bounded() {
    needs_cgroup!();
    probe("resources/thread_bomb.py")
        .with(|run| run.pids(32))
        .arg("32")
        .held();
}

/// A fork bomb ends with the sandbox, within its limit, and the host keeps answering.
#[test]
fn fork_bomb_ends_with_the_sandbox() {
    needs_cgroup!();
    let timeout = format!("{}s", seconds(4).as_secs());
    let outcome = casemate_tests::Run::bash("bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 600")
        .pids(64)
        .timeout(&timeout)
        .observed()
        .go();
    assert!(["timed_out", "failed"].contains(&outcome.status()), "{outcome}");
    assert!(outcome.elapsed < seconds(15), "{outcome}");
}

fn memory_ends(program: &str, megabytes: u32) {
    let outcome = run_bomb(program, megabytes);
    assert!(!outcome.stdout().contains("ESCAPED"), "{outcome}");
    let outcome = outcome.ended("memory_exceeded", 137);
    let peak = outcome.usage("memory_peak_bytes");
    assert!(
        peak.is_none_or(|peak| peak <= f64::from(128_u32 << 20)),
        "{outcome}"
    );
}

fn run_bomb(program: &str, megabytes: u32) -> Outcome {
    let code = [
        casemate_tests::programs().join("prelude.py"),
        casemate_tests::programs().join(program),
    ]
    .map(|path| std::fs::read_to_string(path).expect("a program"));
    casemate_tests::Run::python(code.join("\n"))
        .memory("64M")
        .disk("16M")
        .arg(megabytes.to_string())
        .observed()
        .go()
}

/// Too much memory ends the program, and the result says so.
#[test]
fn memory_is_bounded() {
    needs_cgroup!();
    memory_ends("resources/memory_bomb.py", 400);
}

/// Memory of all processes counts together.
#[test]
fn memory_of_children_counts() {
    needs_cgroup!();
    memory_ends("resources/memory_children.py", 40);
}

/// Memory files count as memory.
#[test]
fn memory_files_count() {
    needs_cgroup!();
    memory_ends("resources/memfd_bomb.py", 400);
}

/// System V shared memory counts as memory, where it can be had at all.
#[test]
fn shared_memory_counts() {
    needs_cgroup!();
    let outcome = run_bomb("resources/shared_memory_bomb.py", 400);
    assert!(!outcome.stdout().contains("ESCAPED"), "{outcome}");
    let refused = outcome.stdout().contains("HELD") && outcome.status() == "succeeded";
    assert!(refused || outcome.status() == "memory_exceeded", "{outcome}");
}

/// Buffers of pipes are bounded.
#[test]
fn pipes_are_bounded() {
    needs_cgroup!();
    let outcome = run_bomb("resources/pipe_bomb.py", 400);
    assert!(!outcome.stdout().contains("ESCAPED"), "{outcome}");
    assert!(
        ["succeeded", "memory_exceeded"].contains(&outcome.status()),
        "{outcome}"
    );
}

/// Buffers of sockets are bounded.
#[test]
fn socket_buffers_are_bounded() {
    needs_cgroup!();
    let outcome = run_bomb("resources/socket_bomb.py", 400);
    assert!(!outcome.stdout().contains("ESCAPED"), "{outcome}");
    assert!(
        ["succeeded", "memory_exceeded"].contains(&outcome.status()),
        "{outcome}"
    );
}

/// Timers of the kernel are bounded.
#[test]
fn timers_are_bounded() {
    needs_cgroup!();
    let outcome = run_bomb("resources/timers.py", 1);
    assert!(!outcome.stdout().contains("ESCAPED"), "{outcome}");
    assert!(
        ["succeeded", "memory_exceeded"].contains(&outcome.status()),
        "{outcome}"
    );
}

/// A full disk refuses further writing.
#[test]
fn disk_is_bounded() {
    probe("resources/disk_fill.py")
        .with(|run| run.disk("16M"))
        .arg("17")
        .held();
}

/// A program that dies of its full disk is told apart.
#[test]
fn full_disk_is_reported() {
    let code = std::fs::read(casemate_tests::programs().join("resources/disk_fail.py")).expect("a program");
    casemate_tests::Run::python(code)
        .disk("8M")
        .observed()
        .go()
        .ended("disk_exceeded", 123);
}

/// Output past the limit is dropped and counted, and the program may end well.
#[test]
fn output_is_truncated() {
    let program = "import os\nfor _ in range(16): os.write(1, b'x' * 4096)";
    let outcome = casemate_tests::Run::python(program)
        .output_limit("16K")
        .observed()
        .go()
        .succeeded();
    assert!(outcome.flag("stdout_truncated"), "{outcome}");
    assert_eq!(outcome.stdout().len(), 16 << 10, "{outcome}");
    assert_eq!(outcome.number("stdout_bytes"), 64 << 10, "{outcome}");
}

/// At sixteen times the limit the program is killed.
#[test]
fn endless_output_is_killed() {
    let code = std::fs::read(casemate_tests::programs().join("resources/output_bomb.py")).expect("a program");
    let code = [b"import os\n".to_vec(), code].concat();
    let outcome = casemate_tests::Run::python(code)
        .output_limit("64K")
        .observed()
        .go()
        .ended("output_exceeded", 123);
    assert!(outcome.flag("stdout_truncated"), "{outcome}");
    assert_eq!(outcome.stdout().len(), 64 << 10);
    assert!(outcome.number("stdout_bytes") >= 16 * (64 << 10), "{outcome}");
}

/// stderr has a limit of its own.
#[test]
fn endless_errors_are_killed() {
    let program = "import os\nwhile True: os.write(2, b'x' * 65536)";
    let outcome = casemate_tests::Run::python(program)
        .output_limit("64K")
        .observed()
        .go()
        .ended("output_exceeded", 123);
    assert!(
        outcome.flag("stderr_truncated") && !outcome.flag("stdout_truncated"),
        "{outcome}"
    );
}

/// Processor time of all processes together has a limit.
#[test]
fn cpu_time_is_bounded() {
    needs_cgroup!();
    let code =
        std::fs::read_to_string(casemate_tests::programs().join("resources/burn.py")).expect("a program");
    let limit = format!("{}ms", 400 * slowness());
    let outcome = casemate_tests::Run::python(format!("import os\n{code}"))
        .cpu_time(&limit)
        .observed()
        .go();
    let outcome = outcome.ended("cpu_exceeded", 124);
    let used = outcome.usage("cpu_user_ms").unwrap_or(0.0) + outcome.usage("cpu_system_ms").unwrap_or(0.0);
    assert!(
        used >= f64::from(380 * slowness()) && used < f64::from(1200 * slowness()),
        "{used}: {outcome}"
    );
}

/// Half a processor is half a processor, also for many processes.
#[test]
fn share_of_processors_is_bounded() {
    needs_cgroup!();
    let code =
        std::fs::read(casemate_tests::programs().join("resources/apart_from_cpu.py")).expect("a program");
    let wall = 3.0 * f64::from(slowness().min(4));
    let outcome = casemate_tests::Run::python(code)
        .cpus(0.5)
        .arg(wall.to_string())
        .observed()
        .go()
        .succeeded();
    let used: f64 = outcome.stdout().trim().parse().expect("seconds");
    assert!(used / wall < 0.65, "{used} of {wall} s: {outcome}");
    assert!(used / wall > 0.05, "{used} of {wall} s: {outcome}");
}

/// While a bomb goes off the host's own processes are not the ones that are ended.
#[test]
fn bombs_end_themselves_only() {
    needs_cgroup!();
    let before: Vec<u32> = Process::all().iter().map(|process| process.pid).collect();
    let own = std::process::id();
    memory_ends("resources/memory_bomb.py", 400);
    assert!(before.contains(&own) && Process { pid: own }.exists());
    let outcome = casemate_tests::Run::python("print('still here')")
        .observed()
        .go()
        .succeeded();
    assert_eq!(outcome.stdout(), "still here\n");
}

/// What a stuck program has is taken back at once when the run is ended.
#[test]
fn memory_is_given_back() {
    needs_cgroup!();
    let word = marker();
    let program =
        "import time; kept = bytearray(b'x') * (100 << 20); print('full', flush=True); time.sleep(600)";
    let running = casemate_tests::Run::python(program)
        .memory("256M")
        .arg(&word)
        .start();
    let process = find_inside(&word);
    running.signal("TERM");
    assert_eq!(running.outcome().status(), "cancelled");
    assert!(
        !process.exists() || process.field("State").starts_with('Z'),
        "still there"
    );
}

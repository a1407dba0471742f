//! Escape tests: the processes of the host, of the harness and of the sandbox itself.

use std::process::{Child, Stdio};

use casemate_tests::{HostFacts, Run, command, held, marker, probe, processes_with};

held! {
    /// A program sees init and itself in /proc, and nothing else.
    sees_only_itself_and_init => "processes/list.py";
    /// No process id but init's and its own answers a signal.
    no_other_id_answers => "processes/signal_every_id.py";
    /// init survives every signal of the program.
    init_cannot_be_signalled_away => "processes/signal_init.py";
    /// init cannot be traced.
    init_cannot_be_traced => "processes/ptrace_init.py";
    /// There is no ptrace, not even of a child.
    children_cannot_be_traced => "processes/ptrace_child.py";
    /// The environment of init gives nothing.
    init_has_no_environment => "processes/init_environ.py";
    /// The memory of init cannot be opened.
    init_memory_is_closed => "processes/init_mem.py";
    /// Where the memory of init lies is not told.
    init_layout_is_hidden => "processes/init_maps.py";
    /// The root and the working directory of init are no way out.
    init_root_is_no_door => "processes/init_root.py";
    /// The program file of init can be neither read nor overwritten (CVE-2019-5736).
    init_program_is_unreachable => "processes/init_exe.py";
    /// The interpreter's own file cannot be changed.
    own_interpreter_is_read_only => "processes/own_exe_write.py";
    /// The descriptors of init are out of reach.
    init_descriptors_are_closed => "processes/init_fd.py";
    /// Nothing of init can be set through /proc.
    init_settings_are_read_only => "processes/init_write.py";
    /// The system calls on another process's memory meet a wall.
    memory_calls_are_walled => "processes/init_memory_syscalls.py";
    /// pidfd_getfd meets a wall.
    pidfd_getfd_is_walled => "processes/getfd_init.py";
    /// Parent, group and session lie inside, without a terminal.
    session_is_its_own => "processes/parent.py";
    /// A crash dumps no core.
    no_core_is_dumped => "processes/core_dump.py";
    /// init is not dumpable.
    init_is_not_dumpable => "processes/init_dumpable.py";
}

/// A process of the host that lives until dropped.
struct Victim(Child);

impl Victim {
    fn new() -> Self {
        let child = command("sleep")
            .arg("600")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        Self(child.expect("a victim"))
    }

    fn lives(&mut self) -> bool {
        self.0.try_wait().expect("the victim's state").is_none()
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn against_victim(program: &str, claim: &str) {
    let mut victim = Victim::new();
    probe(program).claim(claim).arg(victim.0.id().to_string()).held();
    assert!(victim.lives(), "{program}: the host's process is gone");
}

#[test]
fn host_process_cannot_be_killed() {
    against_victim(
        "processes/signal_host.py",
        "A process of the host cannot be signalled by its id.",
    );
}

#[test]
fn kill_all_stays_inside() {
    against_victim("processes/signal_all.py", "kill(-1) reaches nothing outside.");
}

#[test]
fn pidfd_of_the_host_is_refused() {
    against_victim(
        "processes/pidfd_host.py",
        "No handle of a host process can be had.",
    );
}

#[test]
fn priorities_cannot_be_raised() {
    against_victim(
        "processes/priority.py",
        "Neither its own priority nor the host's can be changed.",
    );
}

#[test]
fn host_priority_is_untouched() {
    let victim = Victim::new();
    let before = std::fs::read_to_string(format!("/proc/{}/stat", victim.0.id())).expect("stat");
    probe("processes/priority.py")
        .arg(victim.0.id().to_string())
        .held();
    let after = std::fs::read_to_string(format!("/proc/{}/stat", victim.0.id())).expect("stat");
    let nice = |stat: &str| {
        stat.rsplit(')')
            .next()
            .and_then(|rest| rest.split_whitespace().nth(16).map(str::to_owned))
    };
    assert_eq!(nice(&before), nice(&after));
}

/// A secret in the environment of `casemate` reaches no process inside.
#[test]
fn ancestors_environment_is_secret() {
    let secret = marker().replace(['-', '_'], "x");
    let (head, tail) = secret.split_at(6);
    let split = format!("{head}_{tail}");
    probe("processes/every_environ.py")
        .with(|run| run.outside_env("PLANTED_SECRET", &secret).arg(split))
        .held();
}

/// The arguments of the harness and of `casemate` are not to be seen inside.
#[test]
fn host_command_lines_are_hidden() {
    let word = marker();
    let program = "import os\nfor p in os.listdir('/proc'):\n  if p.isdigit() and int(p) != os.getpid():\n    \
                   print(p, open(f'/proc/{p}/cmdline').read())";
    let outcome = Run::python(program)
        .env("WORD", &word)
        .observed()
        .go()
        .succeeded();
    assert!(!outcome.stdout().contains(&word), "{outcome}");
    assert!(!outcome.stdout().contains("casemate run"), "{outcome}");
}

/// Whatever the program starts and leaves is gone when the result is there.
#[test]
fn nothing_lives_after_the_result() {
    let word = marker();
    let program = "import subprocess, sys\nfor _ in range(5):\n  \
                   subprocess.Popen(['sleep', '600'], start_new_session=True)\n  \
                   subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])";
    Run::python(program).arg(&word).observed().go().succeeded();
    assert!(
        processes_with(&word).is_empty(),
        "left {:?}",
        processes_with(&word)
    );
}

/// The process namespace differs from the host's: the same number names another process.
#[test]
fn process_ids_are_not_the_hosts() {
    let outcome = Run::python("import os; print(os.readlink('/proc/self/ns/pid'))")
        .observed()
        .go();
    assert_ne!(outcome.stdout().trim(), HostFacts::namespace("pid"), "{outcome}");
}

//! One test for each fault that an attack on the product found and that is mended.

use casemate_tests::{Run, Scratch, casemate, command, need_cgroup, rootless, seconds};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Instant;

/// A reader who stops reading must not keep `casemate run` from a signal.
#[test]
fn a_stalled_reader_does_not_hold_off_a_signal() {
    let scratch = Scratch::new();
    let program = scratch.path().join("flood.sh");
    std::fs::write(
        &program,
        "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
    )
    .unwrap();
    let mut run = command(casemate());
    run.args(["run", "--timeout", "60s", "--output-limit", "16M"]);
    if rootless() {
        run.args(["--allow-missing", "cgroup"]);
    }
    let mut child = run
        .arg(&program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0u8; 64];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    let killed = command("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(begun.elapsed() < seconds(10), "the signal was not taken");
        std::thread::yield_now();
    };
    assert_eq!(status.code(), Some(130));
}

/// The end of a sandbox is not rationed by its own CPU quota.
#[test]
fn a_starved_sandbox_ends_in_time() {
    if let Some(skip) = need_cgroup() {
        return skip.report();
    }
    let code =
        "import os\nfor _ in range(60):\n    if os.fork() == 0:\n        while True: pass\nwhile True: pass";
    let begun = Instant::now();
    let outcome = Run::python(code)
        .cpus(0.05)
        .timeout("500ms")
        .out("nothing")
        .observed()
        .go();
    assert_eq!(outcome.status(), "timed_out", "{outcome}");
    assert!(begun.elapsed() < seconds(3), "{:?}", begun.elapsed());
}

/// A program that ended by itself is not called timed out for what is collected afterwards.
#[test]
fn collecting_does_not_count_as_running() {
    let code = "for i in range(8000):\n    open(f'{i:05}' + 'a' * 200, 'w').close()";
    let run = Run::python(code).timeout("20s").deadline(60);
    let outcome = run.out("**/*a*a*a*a*a*a*a*a*a*a*b").observed().go().succeeded();
    assert_eq!(outcome.files().len(), 0);
}

/// Nothing is written or made outside the folder, also over a link that lies in it already.
#[test]
fn returned_files_stay_beneath_their_folder() {
    let scratch = Scratch::new();
    let (inside, outside) = (scratch.path().join("in"), scratch.path().join("out"));
    std::fs::create_dir_all(&inside).unwrap();
    std::fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, inside.join("a")).unwrap();
    let code = "import os\nos.makedirs('a/b/c')\nopen('a/b/c/f', 'w').write('x')";
    let output = Run::python(code).out("**/f").out_dir(&inside).start().output();
    assert_eq!(output.code, 125, "{output:?}");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

/// What a sandbox wrote never becomes a program of the host's, also under the name of one.
#[test]
fn returned_files_are_never_executable() {
    let scratch = Scratch::new();
    let tool = scratch.path().join("tool.sh");
    std::fs::write(&tool, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    Run::python("open('tool.sh', 'w').write('evil')")
        .out("tool.sh")
        .out_dir(scratch.path())
        .observed()
        .go()
        .succeeded();
    assert_eq!(std::fs::read_to_string(&tool).unwrap(), "evil");
    assert_eq!(std::fs::metadata(&tool).unwrap().permissions().mode() & 0o111, 0);
}

/// Netlink queues are charged to nobody, so a run without a network has no netlink socket.
#[test]
fn no_netlink_without_a_network() {
    let code = "import socket\ntry:\n    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)\n    print('open')\n\
                except OSError as e:\n    print('refused')";
    assert_eq!(
        Run::python(code).observed().go().succeeded().stdout(),
        "refused\n"
    );
    assert_eq!(
        Run::python(code)
            .network("loopback")
            .observed()
            .go()
            .succeeded()
            .stdout(),
        "open\n"
    );
}

/// A program cannot make itself less of a victim for the OOM killer.
#[test]
fn the_oom_score_stays() {
    let code = "try:\n    open('/proc/self/oom_score_adj', 'w').write('0')\nexcept OSError:\n    pass\n\
                print(open('/proc/self/oom_score_adj').read().strip())";
    assert_eq!(Run::python(code).observed().go().succeeded().stdout(), "900\n");
}

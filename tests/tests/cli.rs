//! The command line: flags, exit codes, messages and signals of `casemate` itself.

use std::time::Duration;

use casemate_tests::{
    RawOutput, Residue, Run, Scratch, find_inside, marker, need_cgroup, processes_with, raw, raw_with,
    rootless, seconds, until,
};
use serde_json::Value;

/// `casemate run` of a file with these flags before it and these arguments after it.
#[track_caller]
fn run_file(name: &str, code: &str, flags: &[&str], arguments: &[&str]) -> RawOutput {
    let scratch = Scratch::new();
    let path = scratch.write(name, code).display().to_string();
    let mut words = run_words();
    words.extend(flags.iter().map(|flag| (*flag).to_owned()));
    words.push(path);
    if !arguments.is_empty() {
        words.push("--".to_owned());
        words.extend(arguments.iter().map(|word| (*word).to_owned()));
    }
    raw(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn run_words() -> Vec<String> {
    let mut words = vec!["run".to_owned()];
    if rootless() {
        words.extend(["--allow-missing".to_owned(), "cgroup".to_owned()]);
    }
    words
}

/// The program never started, our own failure was reported, and the message names these words;
/// `a|b` is one or the other.
#[track_caller]
fn refused(output: &RawOutput, words: &[&str]) {
    assert!(
        [2, 125].contains(&output.code),
        "exit code {}: {output:?}",
        output.code
    );
    assert!(!output.stdout.contains("RAN"), "the program ran: {output:?}");
    let message = output.stderr.to_lowercase();
    for word in words {
        let named = word.split('|').any(|word| message.contains(&word.to_lowercase()));
        assert!(named, "the message does not name {word}: {}", output.stderr);
    }
    assert!(
        output.stderr.lines().count() <= 12,
        "the message is long: {}",
        output.stderr
    );
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
}

#[test]
fn output_streams_pass_through() {
    let output = run_file(
        "p.py",
        "import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\nsys.exit(3)",
        &[],
        &[],
    );
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (3, "to stdout\n"),
        "{output:?}"
    );
    assert!(output.stderr.contains("to stderr"), "{output:?}");
}

#[test]
fn output_streams_as_it_comes() {
    let word = marker();
    let scratch = Scratch::new();
    let path = scratch
        .write("p.py", "print('early', flush=True)\nimport time\ntime.sleep(600)")
        .display()
        .to_string();
    let log = scratch.path().join("log");
    let mut command = casemate_tests::command("bash");
    let script = "out=$1; shift; exec \"$@\" >\"$out\"";
    command
        .args(["-c", script, "bash"])
        .arg(&log)
        .arg(casemate_tests::casemate())
        .args(run_words());
    command.arg(path).args(["--", &word]);
    let mut child = command.spawn().expect("casemate");
    let seen = until(seconds(20), || {
        std::fs::read_to_string(&log)
            .is_ok_and(|text| text == "early\n")
            .then_some(())
    });
    let process = casemate_tests::Process { pid: child.id() };
    casemate_tests::command("kill")
        .arg(process.pid.to_string())
        .status()
        .expect("kill(1)");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(seen.is_some(), "the output was held back");
}

#[test]
fn language_by_extension() {
    assert_eq!(
        run_file("p.sh", "echo ${BASH_VERSION:+bash}", &[], &[]).stdout,
        "bash\n"
    );
    assert_eq!(run_file("p.py", "print('python')", &[], &[]).stdout, "python\n");
}

#[test]
fn language_by_shebang() {
    assert_eq!(
        run_file("program", "#!/usr/bin/env python3\nprint('python')", &[], &[]).stdout,
        "python\n"
    );
    assert_eq!(
        run_file("program", "#!/bin/bash\necho ${BASH_VERSION:+bash}", &[], &[]).stdout,
        "bash\n"
    );
}

#[test]
fn language_by_flag_wins() {
    assert_eq!(
        run_file("p.txt", "print('python')", &["--language", "python"], &[]).stdout,
        "python\n"
    );
    assert_eq!(
        run_file("p.sh", "print('python')", &["--language", "python"], &[]).stdout,
        "python\n"
    );
    assert_eq!(
        run_file("p.txt", "print('alias')", &["--language", "py"], &[]).stdout,
        "alias\n"
    );
}

#[test]
fn language_unknown_is_refused() {
    refused(&run_file("p.txt", "RAN", &[], &[]), &["language"]);
    refused(
        &run_file("p.py", "print('RAN')", &["--language", "klingon"], &[]),
        &["klingon"],
    );
}

#[test]
fn program_from_stdin() {
    let words = run_words();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.extend(["--language", "python", "-", "--", "x"]);
    let output = raw_with(
        &words,
        Some(b"import sys\nprint(sys.argv[1:], repr(sys.stdin.read()))"),
        |_| (),
    );
    assert_eq!(output.stdout, "['x'] ''\n", "{output:?}");
}

#[test]
fn missing_file_is_refused() {
    refused(&raw(&["run", "/nowhere/program.py"]), &["/nowhere/program.py"]);
    refused(&raw(&["run", "/"]), &[]);
    refused(&raw(&["run"]), &[]);
}

#[test]
fn json_prints_only_the_object() {
    let output = run_file(
        "p.py",
        "print('x')\nimport sys\nprint('y', file=sys.stderr)",
        &["--json"],
        &[],
    );
    let json: Value = serde_json::from_str(&output.stdout).expect("one object");
    assert_eq!(json.get("stdout").and_then(Value::as_str), Some("x\n"));
    assert_eq!(json.get("stderr").and_then(Value::as_str), Some("y\n"));
    assert!(!output.stdout.trim_end().contains("\u{1b}"), "{output:?}");
}

#[test]
fn quiet_says_nothing_of_its_own() {
    let output = run_file("p.py", "import sys\nsys.exit(5)", &["--quiet"], &[]);
    assert_eq!(
        (output.code, output.stdout.as_str(), output.stderr.as_str()),
        (5, "", ""),
        "{output:?}"
    );
}

#[test]
fn exit_codes_of_the_contract() {
    if let Some(skip) = need_cgroup() {
        return skip.report();
    }
    let slow = format!("{}ms", 400 * casemate_tests::slowness());
    let check = |code: &str, flags: &[&str], expected: i32| {
        let output = run_file("p.py", code, flags, &[]);
        assert_eq!(output.code, expected, "{code}: {output:?}");
    };
    check("pass", &[], 0);
    check("raise SystemExit(77)", &[], 77);
    check("import os; os.kill(os.getpid(), 15)", &[], 143);
    check("while True: pass", &["--timeout", &slow], 124);
    check("while True: pass", &["--cpu-time", &slow], 124);
    check("x = bytearray(b'x') * (400 << 20)", &["--memory", "64M"], 137);
    check("open('f', 'wb').write(b'x' * (20 << 20))", &["--disk", "4M"], 123);
    check(
        "import os\nwhile True: os.write(1, b'x' * 65536)",
        &["--output-limit", "4K"],
        123,
    );
}

#[test]
fn files_arrive_under_their_names() {
    let scratch = Scratch::new();
    let path = scratch.write("data.txt", "content").display().to_string();
    let output = run_file("p.py", "print(open('data.txt').read())", &["--file", &path], &[]);
    assert_eq!(output.stdout, "content\n", "{output:?}");
    let output = run_file(
        "p.py",
        "print(open('a/b.txt').read())",
        &["--file", &format!("{path}:a/b.txt")],
        &[],
    );
    assert_eq!(output.stdout, "content\n", "{output:?}");
}

#[test]
fn special_files_are_not_given() {
    let scratch = Scratch::new();
    let path = scratch.path().join("fifo");
    assert!(
        casemate_tests::command("mkfifo")
            .arg(&path)
            .status()
            .expect("mkfifo(1)")
            .success()
    );
    let option = format!("{}:fifo", path.display());
    let output = run_file("p.py", "print('RAN')", &["--file", &option], &[]);
    refused(&output, &[]);
    assert!(output.elapsed < seconds(10), "it waited for the FIFO: {output:?}");
}

#[test]
fn doctor_names_every_wall() {
    let output = raw(&["doctor", "--json"]);
    assert!([0, 1].contains(&output.code), "{output:?}");
    let json: Value = serde_json::from_str(&output.stdout).expect("an object");
    let text = json.to_string().to_lowercase();
    for word in [
        "user", "pid", "mount", "net", "ipc", "uts", "cgroup", "time", "seccomp", "landlock", "apparmor",
        "python", "kernel",
    ] {
        assert!(text.contains(word), "doctor does not speak of {word}: {text}");
    }
    let plain = raw(&["doctor"]);
    assert_eq!(plain.code, output.code, "{plain:?}");
    assert!(plain.stdout.lines().count() > 10, "{plain:?}");
    if !rootless() {
        assert_eq!(output.code, 0, "a required wall is missing here: {text}");
    }
}

#[test]
fn doctor_prints_the_apparmor_profile() {
    let output = raw(&["doctor", "--apparmor"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.stdout.contains("profile") && output.stdout.contains("userns"),
        "{output:?}"
    );
}

#[test]
fn languages_are_listed() {
    let output = raw(&["languages"]);
    assert_eq!(output.code, 0, "{output:?}");
    for name in ["python", "bash"] {
        assert!(output.stdout.contains(name), "{output:?}");
    }
}

#[test]
fn configuration_is_shown_with_its_source() {
    let output = raw(&["config", "show"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stdout.lines().count() >= 3, "{output:?}");
    assert!(output.stdout.to_lowercase().contains("default"), "{output:?}");
}

#[test]
fn completions_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        let output = raw(&["completions", shell]);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(
            output.stdout.contains("casemate") && output.stdout.contains("run"),
            "{shell}"
        );
    }
}

#[test]
fn help_has_examples() {
    for words in [
        &["--help"][..],
        &["run", "--help"],
        &["doctor", "--help"],
        &["languages", "--help"],
        &["config", "show", "--help"],
    ] {
        let output = raw(words);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(
            output.stdout.to_lowercase().contains("example"),
            "{words:?}: {}",
            output.stdout
        );
    }
    assert!(raw(&["--version"]).stdout.starts_with("casemate "));
}

fn cancelled_by(signal: &str) {
    let word = marker();
    let before = Residue::now();
    let running = Run::python("import time\ntime.sleep(600)").arg(&word).start();
    let process = find_inside(&word);
    let init = process.init();
    let groups: Vec<_> = ["memory", "pids", "cpu", ""]
        .iter()
        .filter_map(|name| process.cgroup(name))
        .collect();
    running.signal(signal);
    let outcome = running.outcome().ended("cancelled", 130);
    assert!(outcome.elapsed < seconds(30), "{outcome}");
    let gone = until(seconds(5), || (!process.exists() && !init.exists()).then_some(()));
    assert!(
        gone.is_some() && processes_with(&word).is_empty(),
        "the program lives on after SIG{signal}"
    );
    // Other tests make groups too: only those that this run had are looked for.
    let left: Vec<String> = Residue::now()
        .beyond(&before)
        .into_iter()
        .filter(|entry| {
            groups
                .iter()
                .any(|group| group.len() > 1 && entry.ends_with(group.as_str()))
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn interrupt_cancels() {
    cancelled_by("INT");
}

#[test]
fn termination_cancels() {
    cancelled_by("TERM");
}

#[test]
fn closed_terminal_cancels() {
    cancelled_by("HUP");
}

#[test]
fn two_interrupts_do_no_harm() {
    let word = marker();
    let running = Run::python("import signal, time\nsignal.signal(2, signal.SIG_IGN)\ntime.sleep(600)")
        .arg(&word)
        .start();
    let process = find_inside(&word);
    running.signal("INT");
    let _ = casemate_tests::command("kill")
        .args(["-s", "INT", &running.pid().to_string()])
        .output();
    let output = running.output();
    assert_eq!(output.code, 130, "{output:?}");
    assert!(until(seconds(5), || (!process.exists()).then_some(())).is_some());
}

#[test]
fn closed_output_ends_the_run() {
    // `casemate run … | head -n 1`: the reader goes away, the program writes on.
    let word = marker();
    let scratch = Scratch::new();
    let path = scratch.write("p.py", "while True: print('line', flush=True)");
    let mut command = casemate_tests::command("bash");
    let script = "\"$@\" | head -n 1";
    command
        .args(["-c", script, "bash"])
        .arg(casemate_tests::casemate())
        .args(run_words())
        .arg(path)
        .args(["--", &word]);
    let output = command.output().expect("bash(1)");
    assert_eq!(output.stdout, b"line\n");
    let gone = until(seconds(35), || processes_with(&word).is_empty().then_some(()));
    assert!(gone.is_some(), "left {:?}", processes_with(&word));
}

#[test]
fn terminal_codes_are_neutralised_on_a_terminal() {
    // script(1) gives a terminal; without it the harness has none to offer.
    let Some(script) = casemate_tests::which("script") else {
        return casemate_tests::skip("script(1) is not installed");
    };
    let scratch = Scratch::new();
    let path = scratch
        .write("p.py", "print('a\\x1b]0;owned\\x07b\\x1b[2Jc')")
        .display()
        .to_string();
    let on_terminal = |flags: &str| {
        let allow = if rootless() { "--allow-missing cgroup" } else { "" };
        let line = format!(
            "{} run --quiet {allow} {flags} {path}",
            casemate_tests::casemate().display()
        );
        let mut command = casemate_tests::command(&script);
        command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm");
        command.stdin(std::process::Stdio::null());
        String::from_utf8_lossy(&command.output().expect("script(1)").stdout).into_owned()
    };
    let plain = on_terminal("");
    assert!(plain.contains('a') && plain.contains('c'), "{plain:?}");
    assert!(
        !plain.contains("\u{1b}]0;owned") && !plain.contains("\u{1b}[2J"),
        "{plain:?}"
    );
    assert!(on_terminal("--raw").contains("\u{1b}[2J"));
}

#[test]
fn time_limit_is_the_default_of_the_contract() {
    // 30 s: too long to wait for, so the result of a fast run must not have been ended by it.
    let outcome = Run::python("import time\ntime.sleep(1.5)")
        .no_timeout()
        .go()
        .succeeded();
    assert!(outcome.elapsed >= Duration::from_millis(1500), "{outcome}");
}

#[test]
fn given_environment_is_replaced_by_nothing_of_ours() {
    let output = run_file(
        "p.py",
        "import os\nprint(os.environ['PATH'], os.environ['A'])",
        &["--env", "PATH=/usr/bin", "--env", "A=1"],
        &[],
    );
    assert_eq!(output.stdout, "/usr/bin 1\n", "{output:?}");
}

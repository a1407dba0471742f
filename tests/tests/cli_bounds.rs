//! The command line's bounds: what lies outside is refused before anything runs, and the message
//! names the field and the bound.

use casemate_tests::{RawOutput, Scratch, raw, rootless};

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

macro_rules! refuses {
    ($($name:ident: $($flag:literal = [$($value:literal),+] naming $words:expr;)+)+) => {
        $(#[test] fn $name() {
            $($(refused(&run_file("p.py", "print('RAN')", &[concat!($flag, "=", $value)], &[]), &$words);)+)+
        })+
    };
}

refuses! {
    timeout_out_of_bounds: "--timeout" = ["0", "0s", "0ms", "3601s", "2h", "-1s", "x", "", "1e9s", "99999999999999999999s"] naming ["timeout|wall_ms"];
    cpu_time_out_of_bounds: "--cpu-time" = ["0", "3601s", "-1s", "x"] naming ["cpu-time|cpu_ms"];
    cpus_out_of_bounds: "--cpus" = ["0", "0.01", "100000", "-1", "nan", "inf", "x"] naming ["cpus"];
    memory_out_of_bounds: "--memory" = ["0", "15M", "9G", "-1", "x", "1T", "18446744073709551616", "16E"] naming ["memory"];
    disk_out_of_bounds: "--disk" = ["0", "1K", "5G", "-1", "x"] naming ["disk"];
    pids_out_of_bounds: "--pids" = ["0", "4097", "-1", "x", "1.5"] naming ["pids"];
    output_limit_out_of_bounds: "--output-limit" = ["0", "1", "17M", "-1", "x"] naming ["output-limit|output_bytes"];
    network_unknown: "--network" = ["host", "all", ""] naming ["network"];
    env_names_bad: "--env" = ["1A=x", "A-B=x", "=x", "A B=x", "Ä=x"] naming ["env"];
    out_globs_bad: "--out" = ["../x", "/etc/passwd", "a/../../b"] naming ["out"];
    flags_unknown: "--privileged" = ["true"] naming ["privileged"];
    layers_unknown: "--allow-missing" = ["everything"] naming ["everything"];
}

#[test]
fn bounds_are_named() {
    refused(
        &run_file("p.py", "print('RAN')", &["--pids", "4097"], &[]),
        &["pids", "4"],
    );
    let output = run_file("p.py", "print('RAN')", &["--memory", "9G"], &[]);
    refused(&output, &["memory", "8"]);
    let output = run_file("p.py", "print('RAN')", &["--timeout", "3601s"], &[]);
    assert!(
        output.stderr.contains("3600")
            || output.stderr.contains("3,600")
            || output.stderr.contains("1h")
            || output.stderr.contains("60m"),
        "{output:?}"
    );
}

#[test]
fn bounds_themselves_are_accepted() {
    let flags: &[&[&str]] = &[
        &["--timeout", "3600s"],
        &["--cpu-time", "1h"],
        &["--memory", "16M"],
        &["--memory", "8G"],
        &["--disk", "1M"],
        &["--disk", "4G"],
        &["--pids", "4096"],
        &["--output-limit", "1K"],
        &["--output-limit", "16M"],
        &["--cpus", "0.05"],
        &["--timeout", "1m"],
        &["--memory", "268435456"],
    ];
    for words in flags {
        let output = run_file("p.sh", "echo RAN", words, &[]);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (0, "RAN\n"),
            "{words:?}: {output:?}"
        );
    }
}

#[test]
fn too_many_arguments_are_refused() {
    let words = vec!["x"; 257];
    refused(&run_file("p.py", "print('RAN')", &[], &words), &["arg", "256"]);
    let long = "x".repeat(100 * 1024);
    refused(
        &run_file("p.py", "print('RAN')", &[], &[&long, &long]),
        &["arg", "128|131072"],
    );
}

#[test]
fn too_many_variables_are_refused() {
    let flags: Vec<String> = (0..257).map(|n| format!("--env=V{n}=x")).collect();
    refused(
        &run_file(
            "p.py",
            "print('RAN')",
            &flags.iter().map(String::as_str).collect::<Vec<_>>(),
            &[],
        ),
        &["env", "256"],
    );
}

#[test]
fn large_programs_are_refused() {
    let code = format!("print('RAN')\n#{}", "x".repeat(1 << 20));
    refused(&run_file("p.py", &code, &[], &[]), &["code"]);
}

#[test]
fn large_stdin_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.write("stdin", vec![b'x'; (8 << 20) + 1]);
    refused(
        &run_file(
            "p.py",
            "print('RAN')",
            &["--stdin", &path.display().to_string()],
            &[],
        ),
        &["stdin"],
    );
}

#[test]
fn bad_file_names_are_refused() {
    let scratch = Scratch::new();
    let path = scratch.write("data", "x").display().to_string();
    for name in ["../x", "/etc/x", "a/../../x", "a/./../..", ""] {
        let option = format!("{path}:{name}");
        let output = run_file("p.py", "print('RAN')", &["--file", &option], &[]);
        refused(&output, &[]);
    }
    refused(
        &run_file("p.py", "print('RAN')", &["--file", "/nowhere/x"], &[]),
        &["/nowhere/x"],
    );
}

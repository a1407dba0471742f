//! Asks a program for its version and reads the answer.
//!
//! `detect` calls it when the cache has no answer. It must never run anything but the resolved
//! program of an installation, and never waits longer, nor reads more, than its bounds.

use super::error::ProbeFault;
use super::table::VersionRule;
use std::io::{self, PipeReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take to answer.
pub const LIMIT: Duration = Duration::from_secs(5);
/// How much of its answer is read; then the pipe is closed.
const ANSWER_LIMIT_BYTES: u64 = 4096;
/// A version is no longer than this.
const VERSION_LIMIT_BYTES: usize = 64;
/// The pause between two looks at whether the program has ended.
const POLL: Duration = Duration::from_millis(2);

/// Runs the program with an empty environment in `/`, without input, and reads its version.
///
/// # Errors
/// When it does not start, does not end within `limit` (it is killed), or names no version.
pub fn version(program: &Path, rule: &VersionRule, limit: Duration) -> Result<String, ProbeFault> {
    let deadline = Instant::now() + limit;
    let answer = ask(program, rule.arguments, deadline).map_err(ProbeFault::Start)?;
    let answer = answer.ok_or(ProbeFault::TimedOut(limit))?;
    let text = String::from_utf8_lossy(&answer);
    read(&text, rule.after).ok_or_else(|| ProbeFault::Unreadable(text.chars().take(80).collect()))
}

/// What the program says on stdout and stderr, or nothing when it is too slow.
fn ask(program: &Path, arguments: &[&str], deadline: Instant) -> io::Result<Option<Vec<u8>>> {
    let (reader, writer) = io::pipe()?;
    let mut command = casemate_sys::host::command(program);
    command.args(arguments).env_clear().current_dir("/");
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer);
    let mut child = command.spawn()?;
    // The command holds the pipe's other end: without this the reader would never see its end.
    drop(command);
    let answer = listen(reader);
    let ended = wait(&mut child, deadline);
    if !matches!(ended, Ok(true)) {
        // Both may fail only because it has just ended by itself.
        _ = child.kill();
        _ = child.wait();
    }
    if !ended? {
        return Ok(None);
    }
    // A grandchild may hold the pipe open: what it says is not waited for past the deadline.
    Ok(answer
        .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        .ok())
}

fn listen(reader: PipeReader) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut answer = Vec::new();
        // What was read before an error is still an answer; the receiver may be gone by now.
        _ = reader.take(ANSWER_LIMIT_BYTES).read_to_end(&mut answer);
        _ = sender.send(answer);
    });
    receiver
}

/// Whether the child ended before the deadline.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<bool> {
    loop {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
}

/// The word after the first marker that is followed by a digit.
fn read(answer: &str, markers: &[&str]) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".+-_~".contains(c);
    let word = |rest: &str| -> Option<String> {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        let fits = word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= VERSION_LIMIT_BYTES;
        fits.then(|| word.to_owned())
    };
    let all = |marker: &&str| {
        answer
            .match_indices(*marker)
            .find_map(|(at, found)| word(&answer[at + found.len()..]))
    };
    markers.iter().find_map(all)
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;
    use proptest::prelude::*;

    fn check(language: &str, answer: &str, expected: Option<&str>) {
        let language = Table::builtin().find(language).unwrap();
        assert_eq!(
            read(answer, language.version.after).as_deref(),
            expected,
            "{answer:?}"
        );
    }

    #[test]
    fn each_programs_answer_is_read() {
        check("python", "Python 3.11.2\n", Some("3.11.2"));
        check("javascript", "v20.20.2\n", Some("20.20.2"));
        check("typescript", "v18.20.4\n", Some("18.20.4"));
        check(
            "bash",
            "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n",
            Some("5.2.15"),
        );
        check(
            "c",
            "gcc (Debian 12.2.0-14+deb12u1) 12.2.0\nCopyright (C) 2022 Free\n",
            Some("12.2.0"),
        );
        check(
            "c",
            "gcc (GCC) 13.2.1 20231011 (Red Hat 13.2.1-4)\n",
            Some("13.2.1"),
        );
        check(
            "c",
            "Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n",
            Some("14.0.6"),
        );
        check("cpp", "g++ (Ubuntu 13.2.0-23ubuntu4) 13.2.0\n", Some("13.2.0"));
        check("rust", "rustc 1.95.0 (59807616e 2026-04-14)\n", Some("1.95.0"));
        check(
            "rust",
            "rustc 1.97.0-nightly (abc 2026-05-01)\n",
            Some("1.97.0-nightly"),
        );
        check("go", "go version go1.19.8 linux/amd64\n", Some("1.19.8"));
        check(
            "java",
            "openjdk version \"17.0.15\" 2025-04-15\n",
            Some("17.0.15"),
        );
        check("java", "java version \"1.8.0_202\"\n", Some("1.8.0_202"));
        check(
            "ruby",
            "ruby 3.1.7p261 (2025-03-26 revision 0a3704f218)\n",
            Some("3.1.7p261"),
        );
        check(
            "php",
            "PHP 8.2.36 (cli) (built: Nov 18 2026 20:02:04) (NTS)\n",
            Some("8.2.36"),
        );
        check(
            "perl",
            "\nThis is perl 5, version 36, subversion 0 (v5.36.0) built\n",
            Some("5.36.0"),
        );
        check(
            "lua",
            "Lua 5.4.4  Copyright (C) 1994-2022 Lua.org, PUC-Rio\n",
            Some("5.4.4"),
        );
        check("lua", "LuaJIT 2.1.0-beta3 -- Copyright\n", Some("2.1.0-beta3"));
        check(
            "r",
            "Rscript (R) version 4.2.2 Patched (2022-11-10 r83330)\n",
            Some("4.2.2"),
        );
    }

    #[test]
    fn an_answer_without_a_version_is_none() {
        check("python", "pyenv: version `3.9' is not installed\n", None);
        check("python", "Python \u{1b}[31m3.11", None);
        check("python", &format!("Python {}", "3".repeat(65)), None);
        check("rust", "", None);
    }

    const ECHO: VersionRule = VersionRule {
        arguments: &["-c", "echo tool 1.2; env"],
        after: &["tool "],
    };

    #[test]
    fn the_program_is_run_with_an_empty_environment() {
        let rule = VersionRule {
            arguments: &[
                "-c",
                "read -r x; test -z \"$x$CARGO$HOME\" && echo tool 1.$PWD.2 >&2",
            ],
            after: &["tool 1."],
        };
        // bash sets PWD by itself: it must be the root folder.
        assert!(
            matches!(version(Path::new("/bin/bash"), &rule, LIMIT), Err(ProbeFault::Unreadable(answer)) if answer.contains("1./.2"))
        );
        assert_eq!(version(Path::new("/bin/sh"), &ECHO, LIMIT).unwrap(), "1.2");
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let rule = VersionRule {
            arguments: &["-c", "echo tool 1.2; exec sleep 60"],
            after: &["tool "],
        };
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        assert!(matches!(
            version(Path::new("/bin/sh"), &rule, limit),
            Err(ProbeFault::TimedOut(_))
        ));
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn an_endless_answer_is_cut_off() {
        let rule = VersionRule {
            arguments: &["-c", "while echo tool 1.2; do :; done"],
            after: &["tool "],
        };
        assert_eq!(version(Path::new("/bin/sh"), &rule, LIMIT).unwrap(), "1.2");
    }

    #[test]
    fn a_grandchild_with_the_pipe_does_not_hold_us_up() {
        let rule = VersionRule {
            arguments: &["-c", "sleep 3 & echo tool 1.2"],
            after: &["tool "],
        };
        let limit = Duration::from_millis(200);
        let start = Instant::now();
        assert!(matches!(
            version(Path::new("/bin/sh"), &rule, limit),
            Err(ProbeFault::TimedOut(_))
        ));
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_missing_program_is_told() {
        assert!(matches!(
            version(Path::new("/nonexistent"), &ECHO, LIMIT),
            Err(ProbeFault::Start(_))
        ));
    }

    proptest! {
        #[test]
        fn a_version_is_short_and_plain(answer in ".{0,200}") {
            if let Some(version) = read(&answer, &["v", " "]) {
                prop_assert!(version.len() <= VERSION_LIMIT_BYTES);
                prop_assert!(version.starts_with(|c: char| c.is_ascii_digit()));
                prop_assert!(version.chars().all(|c| c.is_ascii_graphic()));
            }
        }
    }
}

//! The one place that reads the tests' environment and starts processes. Every module calls it.
//! It must never hand the tests' environment to a program by accident: `command` starts clean.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A variable of the tests' environment, if it is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests are configured by environment variables"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A command with a clean environment: PATH, HOME and the temporary directory only.
#[expect(
    clippy::disallowed_methods,
    reason = "end to end tests start the product as a process"
)]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"] {
        if let Some(value) = environment(name) {
            command.env(name, value);
        }
    }
    command
}

/// The binary under test.
pub fn casemate() -> PathBuf {
    if let Some(path) = environment("CASEMATE_BIN") {
        return PathBuf::from(path);
    }
    let target = environment("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    for profile in ["release", "debug"] {
        let candidate = target.join(profile).join("casemate");
        if candidate.exists() {
            return candidate;
        }
    }
    panic!(
        "no casemate binary below {}: build it or set CASEMATE_BIN",
        target.display()
    );
}

/// The build that accepts `--omit-wall`, when there is one.
pub fn casemate_omit() -> Option<PathBuf> {
    environment("CASEMATE_BIN_OMIT").map(PathBuf::from)
}

/// The folder of the programs that run inside.
pub fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs")
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// How many times slower than ordinary hardware this machine may be.
pub fn slowness() -> u32 {
    if environment("VM_GUEST").is_some_and(|value| value == "1") {
        20
    } else {
        1
    }
}

/// A duration widened by `slowness`.
pub fn seconds(plain: u64) -> Duration {
    Duration::from_secs(plain) * slowness()
}

/// Whether the tests run as an ordinary user by intent.
pub fn rootless() -> bool {
    environment("CASEMATE_TEST_ROOTLESS").is_some_and(|value| value == "1")
}

/// Whether a skip is a failure.
pub fn no_skip() -> bool {
    environment("CASEMATE_TEST_NO_SKIP").is_some_and(|value| value == "1")
}

/// Whether the effective user id of the tests is 0.
pub fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("own status");
    let line = status
        .lines()
        .find(|line| line.starts_with("Uid:"))
        .expect("a Uid line");
    line.split_whitespace().nth(2) == Some("0")
}

/// A program of the usual folders of the host.
pub fn which(name: &str) -> Option<PathBuf> {
    [
        "/usr/bin",
        "/bin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/local/go/bin",
    ]
    .iter()
    .map(|folder| Path::new(folder).join(name))
    .find(|path| path.exists())
}

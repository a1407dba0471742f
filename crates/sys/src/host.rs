//! The host's processes and environment: the only doors through which product code may start a
//! host program or read its own environment (clippy bans the others).

use crate::credentials;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Reads one variable of our own environment.
#[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
pub fn env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Prepares a host program to be started with an empty environment.
///
/// Callers pass absolute paths: nothing is looked up in `PATH`.
#[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}

/// Lets a program end when the thread that starts it ends (prctl(2), `PR_SET_PDEATHSIG`).
pub fn die_with_us(command: &mut Command) {
    // SAFETY: after the fork the closure makes one system call and allocates nothing.
    unsafe { command.pre_exec(credentials::die_with_parent) };
}

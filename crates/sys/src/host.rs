//! The host's processes and environment: the only doors through which product code may start a
//! host program or read its own environment (clippy bans the others).

use std::ffi::{OsStr, OsString};
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

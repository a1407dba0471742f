//! `xtask ci`: the same phases as CI, by calling the same script. It must never hold a list of its own,
//! or the two would drift apart.

use std::path::Path;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

/// Runs `.ci/run`, or `scripts/test.sh` with these arguments when only some phases are wanted.
pub fn run(root: &Path, arguments: &[&str]) -> Result<ExitCode> {
    let script = root.join(if arguments.is_empty() {
        ".ci/run"
    } else {
        "scripts/test.sh"
    });
    let mut command = command(&script);
    command
        .args(arguments)
        .current_dir(root)
        .env("CI", "true")
        .stdin(Stdio::null());
    let status = command
        .status()
        .with_context(|| format!("start {}", script.display()))?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build tool starts the project's own script"
)]
fn command(script: &Path) -> std::process::Command {
    std::process::Command::new(script)
}

//! A process that reads tries what its walls forbid: for the tests of a test build alone.

use super::readers;
use crate::config::Loaded;
use anyhow::Result;
use casemate_engine::analysis::link;
use casemate_engine::sandbox::analyser::{Asked, Kind};
use std::time::Duration;

/// Prints what became of it, and how the process ended.
pub fn run(what: &str, loaded: &Loaded) -> Result<u8> {
    let started = readers(loaded)?.start()?;
    let asked = Asked {
        kind: Kind::Trial,
        bytes: what.as_bytes(),
        limit: Duration::from_secs(5),
    };
    let told = match link(started.socket).ask(&asked, None) {
        Ok(answer) => format!("answered {}", String::from_utf8_lossy(&answer)),
        Err(error) => error.to_string(),
    };
    // One that is stuck does not end by itself.
    let _ = casemate_sys::process::kill_fd(
        std::os::fd::AsFd::as_fd(&started.pidfd),
        casemate_sys::libc::SIGKILL,
    );
    let reaped = casemate_sys::process::reap(started.pid, casemate_sys::process::Wait::Block)?;
    let exit = reaped
        .map(|reaped| format!("{:?}", reaped.exit))
        .unwrap_or_default();
    crate::output::print(format!("{told}; {exit}\n").as_bytes())?;
    Ok(0)
}

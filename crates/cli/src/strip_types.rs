//! `casemate strip-types`: the compiler of TypeScript. `casemate run` starts it inside a sandbox, as it
//! does with every compiler; nobody types it, so no help names it.
//!
//! A source that nests too deeply ends the process that reads it. That is a child, so that the author of
//! the source is told in words. It must never be called where the sources are not to be read.

use crate::args;
use anyhow::{Context, Result};
use casemate_sys::process::{self, Exit, Wait};
use casemate_typescript::{Refusal, WorkspaceError, strip_workspace};

/// The exit code of a compiler that found a mistake.
const REFUSED: u8 = 1;

/// Runs the command; the exit code.
pub fn run(args: &args::StripTypes) -> Result<u8> {
    let Some(pid) = process::fork().context("start a process")? else {
        process::exit(work(args).into())
    };
    let reaped = process::reap(pid, Wait::Block).context("wait for a process")?;
    match reaped.map(|reaped| reaped.exit) {
        Some(Exit::Code(code)) => Ok(code),
        Some(Exit::Signal(signal)) => {
            eprintln!(
                "error: the source could not be worked through; it may nest too deeply (signal {signal})"
            );
            Ok(REFUSED)
        }
        None => Err(anyhow::anyhow!("the process is gone")),
    }
}

/// The child's part.
fn work(args: &args::StripTypes) -> u8 {
    match strip_workspace(&args.workspace, &args.entry) {
        Ok(()) => 0,
        Err(WorkspaceError::Refused(Refusal::Program(text))) => {
            eprint!("{text}");
            REFUSED
        }
        Err(error) => {
            eprintln!("error: {:#}", anyhow::Error::from(error));
            REFUSED
        }
    }
}

//! `casemate doctor`: filled in next.

use crate::args;
use anyhow::Result;
use std::path::Path;

/// Runs the command.
pub fn run(_args: &args::Doctor, _explicit: Option<&Path>) -> Result<u8> {
    Ok(0)
}

//! `casemate policy`: policies looked at before they are in force, and asked why.
//!
//! Nothing here talks to a service: files, and the decision that a service would make by them.

mod check;
mod explain;
mod files;

use anyhow::Result;
use casemate_policy::authorize::PolicyInfo;
use clap::{Args, Subcommand};
use serde::Serialize;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  casemate policy check /etc/casemate/policy\n  \
                  casemate policy explain --role developer --action execution:create --language bash")]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say whether policies can be put in force, and where they are wrong
    Check(check::Options),
    /// Say whether somebody may do something, and which policies decide that
    Explain(Box<explain::Options>),
}

/// Runs the command.
pub fn run(options: &Options) -> Result<u8> {
    match &options.command {
        Command::Check(options) => check::run(options),
        Command::Explain(options) => explain::run(options),
    }
}

/// A policy, as both commands name it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    effect: &'static str,
    file: &'a str,
    line: usize,
}

impl<'a> Row<'a> {
    fn of(policy: &'a PolicyInfo) -> Self {
        Self {
            id: &policy.id,
            effect: if policy.permits { "permit" } else { "forbid" },
            file: &policy.file,
            line: policy.line,
        }
    }
}

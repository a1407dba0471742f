//! The flags of `casemate analyze`.

use crate::args::ModeArg;
use casemate_types::analysis::Severity;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  casemate analyze script.py                  what it does, how weak it is, and whether it would run
  casemate analyze src '*.sh'                 every source below a folder; a pattern, by extension
  curl -s example.org/install.sh | casemate analyze --language bash -
  casemate analyze --sarif --fail-on high src > findings.sarif
  casemate analyze --together main.py helper.py
  casemate analyze --dynamic setup.py         run in a sandbox of its own first, with decoys
  casemate analyze --rules mine.toml src
  casemate analyze --evaluate corpus.jsonl.gz --errors 20

A line with `casemate: ignore[RULE] REASON` in a comment, or the line below it, keeps a finding of that rule
from the report and the exit code; REASON is needed. It is never heeded in programs that are handed in to run.

Exit codes:
  0    nothing that --fail-on names
  1    something that it names
  125  casemate itself failed
  2    wrong flags or input";

/// Flags with which nothing has to be named.
#[cfg(feature = "test-omit-walls")]
const NOT_NEEDED_WITH: [&str; 2] = ["evaluate", "worker_try"];
#[cfg(not(feature = "test-omit-walls"))]
const NOT_NEEDED_WITH: [&str; 1] = ["evaluate"];

/// Reads programs before they run: findings, taint flows, risk.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Files, folders, patterns such as 'src/**/*.py'; `-` reads standard input
    #[arg(value_name = "PATH", required_unless_present_any = NOT_NEEDED_WITH)]
    pub paths: Vec<PathBuf>,
    /// Language of every file, where extension and shebang do not say it
    #[arg(long, short, value_name = "NAME")]
    pub language: Option<String>,
    /// Read all files as one program: they may import each other, and the first is where it starts
    #[arg(long)]
    pub together: bool,
    /// Run each program too, in a sandbox of its own with decoys and without a network, and judge what it did
    #[arg(long, conflicts_with = "evaluate")]
    pub dynamic: bool,
    /// How long each may run then, 1ms to 10m
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "5s", requires = "dynamic")]
    pub dynamic_timeout: std::time::Duration,
    /// Rules of your own beside ours; may be given again
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// What makes the exit code 1: a finding at least so grave, or a program that would be refused
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = FailOn::Risk)]
    pub fail_on: FailOn,
    /// With observe a refusal is reported and changes no exit code; as configured (enforce) when not given
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Print the report as JSON
    #[arg(long, conflicts_with = "sarif")]
    pub json: bool,
    /// Print the report as SARIF 2.1.0
    #[arg(long)]
    pub sarif: bool,
    /// Measure decisions on labelled programs: JSON lines, perhaps by gzip; may be given again
    #[arg(long, value_name = "CORPUS", num_args = 1.., conflicts_with_all = ["paths", "sarif", "together"])]
    pub evaluate: Vec<PathBuf>,
    /// List so many of the worst mistakes of an evaluation
    #[arg(long, value_name = "N", default_value_t = 0, requires = "evaluate")]
    pub errors: usize,
    /// Programs that are read at once; the CPUs that there are when not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Let a process that reads try what its walls forbid (tests only)
    #[cfg(feature = "test-omit-walls")]
    #[arg(long, hide = true, value_name = "WHAT")]
    pub worker_try: Option<String>,
}

/// What makes the exit code 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum FailOn {
    /// Nothing
    Never,
    /// A program that would be refused
    Risk,
    /// Any finding
    Info,
    /// A finding of low severity or above
    Low,
    /// Of medium severity or above
    Medium,
    /// Of high severity or above
    High,
    /// Of critical severity
    Critical,
}

impl FailOn {
    /// The least severity that fails, where one does.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Never | Self::Risk => None,
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
        }
    }
}

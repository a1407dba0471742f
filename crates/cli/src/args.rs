//! The command line: flags become values here, once.

use casemate_types::analysis::Mode;
use casemate_types::units::parse_duration;
use casemate_types::{Bytes, Cpus};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Runs code that nobody trusts, behind every wall this machine can offer.
#[derive(Debug, Parser)]
#[command(
    name = "casemate",
    version,
    after_help = "Examples:\n  casemate run hello.py\n  casemate analyze hello.py\n  casemate doctor\n  casemate run --help"
)]
pub struct Cli {
    /// Configuration file, in place of the usual ones
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program in a sandbox of its own
    Run(Box<Run>),
    /// Read programs without running them: findings, taint flows, risk
    Analyze(Box<crate::analyze::Options>),
    /// Judge recorded runs, and say how often that is right
    Detect(Box<crate::detect::Options>),
    /// Run programs for others by HTTP, on this machine
    Serve(Serve),
    /// Record what programs do while they run
    Trace(Trace),
    /// Measure the service on this machine, beside other ways to run programs
    Bench(crate::bench::Options),
    /// Say which walls this machine offers, and what to do about missing ones
    Doctor(Doctor),
    /// List the languages and what of them this machine has
    Languages(Languages),
    /// Check policies, and ask who may do what
    Policy(crate::policy::Options),
    /// Show the configuration and where each value came from
    Config(Config),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  casemate completions bash > /etc/bash_completion.d/casemate")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const RUN_EXAMPLES: &str = "\
Examples:
  casemate run hello.py                       language from the extension
  casemate run main.c -- --flag value         compiled and run, with arguments
  echo 'print(6 * 7)' | casemate run --language python -
  casemate run --timeout 5s --memory 512M --stdin in.txt solve.py
  casemate run --file data.csv --out '*.png' --out-dir plots plot.py
  casemate run --json hello.py                the whole result as JSON
  casemate run --watch build.sh               what it does, as it does it
  casemate run --server http://127.0.0.1:8484 hello.py

Exit codes:
  the program's own; 128 + signal    it ended by itself
  123  its disk was full, or it wrote more than 16 times its output limit
  124  the wall clock or CPU limit ended it
  125  casemate itself failed
  126  refused before it ran
  130  you ended it
  137  out of memory, or killed by casemate
  2    wrong flags or input";

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct Run {
    /// The program; `-` reads it from standard input, and its own input is then empty
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,
    /// Language, where extension and shebang do not say it
    #[arg(long, short, value_name = "NAME")]
    pub language: Option<String>,
    /// File that the program reads as standard input (at most 8M)
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// Variable in the program's environment; may be given again
    #[arg(long = "env", short, value_name = "NAME=VALUE")]
    pub env: Vec<String>,
    /// File to put into the workspace, under NAME; may be given again
    #[arg(long = "file", short, value_name = "HOST[:NAME]")]
    pub files: Vec<String>,
    /// Pattern of files to bring back, such as '**/*.png'; may be given again
    #[arg(long = "out", short, value_name = "GLOB")]
    pub outputs: Vec<String>,
    /// Folder that they are written to
    #[arg(long, value_name = "DIR", requires = "outputs")]
    pub out_dir: Option<PathBuf>,
    /// Wall clock limit, 1ms to 1h
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s")]
    pub timeout: Duration,
    /// CPU time limit of all processes together, 1ms to 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub cpu_time: Option<Duration>,
    /// CPUs to be had at once, 0.05 to those of the host
    #[arg(long, value_name = "N", value_parser = cpus, default_value = "1")]
    pub cpus: Cpus,
    /// Memory, 16M to 8G
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256M")]
    pub memory: Bytes,
    /// /tmp and /workspace together, 1M to 4G
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "128M")]
    pub disk: Bytes,
    /// Processes and threads, 1 to 4096
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub pids: u32,
    /// Output kept of each stream, 1K to 16M; at 16 times that the program is ended
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "1M")]
    pub output_limit: Bytes,
    /// What the program may reach
    #[arg(long, value_enum, default_value_t = NetworkArg::None)]
    pub network: NetworkArg,
    /// How the program may be started; by itself casemate always starts it afresh, a server may have it ready
    #[arg(long, value_enum, default_value_t = ProfileArg::Default)]
    pub profile: ProfileArg,
    /// Whether a program that reading finds dangerous is refused; as configured (enforce) when not given
    #[arg(long, value_enum)]
    pub mode: Option<ModeArg>,
    /// Run although this wall is missing here; the result says so
    #[arg(long, value_enum, value_name = "WALL")]
    pub allow_missing: Vec<MissingArg>,
    /// Let the service at this address run it: its languages, its walls, its limits
    #[arg(long, value_name = "URL", conflicts_with = "allow_missing")]
    pub server: Option<String>,
    /// File with the key for that service; else CASEMATE_KEY, else admin.key of the data folder
    #[arg(long, value_name = "FILE", requires = "server")]
    pub key_file: Option<PathBuf>,
    /// Tell what the program does while it runs, one JSON object a line on standard error; takes root
    #[arg(long, conflicts_with = "server")]
    pub watch: bool,
    /// Print the result object as JSON and nothing else on standard output
    #[arg(long)]
    pub json: bool,
    /// Say nothing but what the program says
    #[arg(long, short)]
    pub quiet: bool,
    /// Pass the program's control sequences to the terminal as they are
    #[arg(long)]
    pub raw: bool,
    /// Leave a wall out (tests only)
    #[cfg(feature = "test-omit-walls")]
    #[arg(long = "omit-wall", hide = true)]
    pub omit_walls: Vec<String>,
}

impl Run {
    /// Walls to leave out: none, but in a test build.
    pub fn omitted(&self) -> Vec<String> {
        #[cfg(feature = "test-omit-walls")]
        return self.omit_walls.clone();
        #[cfg(not(feature = "test-omit-walls"))]
        Vec::new()
    }
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  casemate serve\n  casemate serve --listen 127.0.0.1:9000\n  \
                  curl -s localhost:8484/v1/executions -H \"Authorization: Bearer $(cat ~/.local/share/casemate/admin.key)\" \\\n       \
                  -H 'Content-Type: application/json' \
                  -d '{\"language\": \"python\", \"code\": \"print(6 * 7)\"}'\n\n\
                  Ctrl-C lets what runs end for a while; a second one ends it at once."
)]
pub struct Serve {
    /// Where clients connect: a loopback address with a port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<std::net::SocketAddr>,
    /// Ask nobody who they are: for the service of `casemate bench` alone
    #[arg(long, hide = true)]
    pub without_identity: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NetworkArg {
    /// Nothing, not even itself
    None,
    /// Its own loopback interface
    Loopback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileArg {
    /// By whatever is fastest
    Default,
    /// By a fresh exec, which shares nothing with another program
    Fresh,
    /// As fresh, after it ran in a sandbox of its own with decoys, where what it did decides too; not by --server
    Detonate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeArg {
    /// It is refused, or runs with less
    Enforce,
    /// It runs as asked, and the decision is reported
    Observe,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Enforce => Self::Enforce,
            ModeArg::Observe => Self::Observe,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MissingArg {
    /// Limits on CPU, memory and processes
    Cgroup,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  casemate doctor\n  casemate doctor --json\n  casemate doctor --apparmor | sudo apparmor_parser -r\n\nExit code 1 when a required wall is missing."
)]
pub struct Doctor {
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Print the AppArmor profile of programs
    #[arg(long, conflicts_with_all = ["json", "apparmor_userns"])]
    pub apparmor: bool,
    /// Print the AppArmor profile that lets casemate make user namespaces (Ubuntu)
    #[arg(long, conflicts_with = "json")]
    pub apparmor_userns: bool,
}

/// Makes JavaScript of a workspace's TypeScript; casemate runs it inside a sandbox.
///
/// It is no [`Command`]: neither help nor completions name it.
#[derive(Debug, Parser)]
#[command(name = "casemate strip-types")]
pub struct StripTypes {
    /// The folder of the program's files
    #[arg(long, value_name = "DIR")]
    pub workspace: PathBuf,
    /// The program's first file, in that folder
    #[arg(value_name = "FILE")]
    pub entry: PathBuf,
}

/// Reads programs before they run; casemate starts it behind walls of its own.
///
/// It is no [`Command`]: neither help nor completions name it.
#[derive(Debug, Parser)]
#[command(name = "casemate analysis-worker")]
pub struct AnalysisWorker {
    /// The user and group id that it takes when it is root
    #[arg(long, value_name = "ID")]
    pub id: Option<u32>,
    /// Take a network namespace too
    #[arg(long)]
    pub network_namespace: bool,
    /// End after so many programs
    #[arg(long, value_name = "N", default_value_t = u32::MAX)]
    pub most: u32,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  casemate languages\n  casemate languages --json")]
pub struct Languages {
    /// Print the list as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  casemate config show\n  CASEMATE_MAX_MEMORY=1G casemate config show --json"
)]
pub struct Config {
    #[command(subcommand)]
    pub command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print each value and where it came from
    #[command(after_help = "Examples:\n  casemate config show\n  casemate config show --json")]
    Show {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
}

impl StripTypes {
    /// The arguments of our own, if they are those of `strip-types`.
    pub fn given() -> Option<Self> {
        let mut words = std::env::args_os().skip(1).peekable();
        (words.peek()? == "strip-types").then(|| Self::parse_from(words))
    }
}

/// Reads the kernel's ring of events; casemate starts it.
///
/// It is no [`Command`]: neither help nor completions name it.
#[derive(Debug, Parser)]
#[command(name = "casemate watch-worker")]
pub struct WatchWorker {
    /// The user and group id that it takes when it is root
    #[arg(long, value_name = "ID")]
    pub id: Option<u32>,
}

impl WatchWorker {
    /// The arguments of our own, if they are those of `watch-worker`.
    pub fn given() -> Option<Self> {
        let mut words = std::env::args_os().skip(1).peekable();
        (words.peek()? == "watch-worker").then(|| Self::parse_from(words))
    }
}

/// Traces of programs.
#[derive(Debug, Args)]
pub struct Trace {
    #[command(subcommand)]
    pub command: TraceCommand,
}

#[derive(Debug, Subcommand)]
pub enum TraceCommand {
    /// Run a program behind all walls, and write what it did as one line of JSON
    Record(Box<Record>),
}

const RECORD_EXAMPLES: &str = "\
Examples:
  casemate trace record --trace runs.jsonl hello.py
  casemate trace record --trace runs.jsonl --label malicious --source own --category miner loop.py
  casemate trace record --trace - --quiet build.sh | jq '.events | length'

The program runs as with `casemate run`, whose exit codes are the same; reading it refuses nothing unless --mode says
so. It takes root.";

#[derive(Debug, Args)]
#[command(after_help = RECORD_EXAMPLES)]
pub struct Record {
    /// File to which the line is appended; `-` is standard output, and the program's own output is then not shown
    #[arg(long, value_name = "FILE")]
    pub trace: PathBuf,
    /// What the program is: benign, malicious, or another word
    #[arg(long, value_name = "WORD", default_value = "benign")]
    pub label: String,
    /// Where it is from
    #[arg(long, value_name = "WORD", default_value = "own")]
    pub source: String,
    /// What kind of program it is
    #[arg(long, value_name = "WORD", default_value = "")]
    pub category: String,
    /// What is alike enough to stay on one side of a split; the category when not given
    #[arg(long, value_name = "WORD", default_value = "")]
    pub family: String,
    #[command(flatten)]
    pub run: Run,
}

impl AnalysisWorker {
    /// The arguments of our own, if they are those of `analysis-worker`.
    pub fn given() -> Option<Self> {
        let mut words = std::env::args_os().skip(1).peekable();
        (words.peek()? == "analysis-worker").then(|| Self::parse_from(words))
    }
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|e| e.to_string())
}

fn size(text: &str) -> Result<Bytes, String> {
    text.parse::<Bytes>().map_err(|e| e.to_string())
}

fn cpus(text: &str) -> Result<Cpus, String> {
    let number = text.parse::<f64>().ok().and_then(Cpus::from_number);
    number.ok_or_else(|| "not a number of CPUs: a positive number such as 0.5 is expected".into())
}

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "casemate", &mut script);
    crate::output::print(&script)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bad_numbers_are_refused() {
        for bad in ["-1", "nan", "inf", "x", ""] {
            assert!(cpus(bad).is_err(), "{bad}");
        }
    }
}

//! The flags of `casemate bench`, with their bounds.

use crate::exit::usage;
use anyhow::Result;
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};

/// Levels of parallelism in one bench.
const MOST_LEVELS: usize = 16;

const EXAMPLES: &str = "\
Examples:
  casemate bench                              latency of Python, beside what is installed here
  casemate bench all --language python,javascript,bash
  casemate bench throughput --in-flight 1,8 --seconds 10
  casemate bench memory density --count 200
  casemate bench --compare none --server http://127.0.0.1:8484
  casemate bench latency --rounds 1000 --json > latency.json

Every output is checked. Exit codes:
  0    no run failed
  1    a run failed; the report says which
  125  casemate itself failed
  130  you ended it
  2    wrong flags";

/// Measures a service on this machine, beside other ways to run the same programs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// What is measured
    #[arg(value_enum, value_name = "MEASURE", default_values_t = [MeasureArg::Latency])]
    pub measures: Vec<MeasureArg>,
    /// Languages of the programs; a list
    #[arg(long, short, value_enum, value_delimiter = ',', default_values_t = [LanguageArg::Python])]
    pub language: Vec<LanguageArg>,
    /// What to compare with, where it is installed; a list. The bare program always takes part
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [CompareArg::All])]
    pub compare: Vec<CompareArg>,
    /// Measure the service at this address; otherwise one is started, and stopped at the end
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the key for that service; else CASEMATE_KEY, else admin.key of the data folder
    #[arg(long, value_name = "FILE", requires = "server")]
    pub key_file: Option<std::path::PathBuf>,
    /// The service of the bench's own asks nobody who they are: what identity costs is seen beside it
    #[arg(long, hide = true, conflicts_with = "server")]
    pub without_identity: bool,
    /// Rounds of latency (200) and interactive (100), 1 to 100000
    #[arg(long, value_name = "N", value_parser = within(1, 100_000))]
    pub rounds: Option<u32>,
    /// Executions at once for throughput; a list, each 1 to 1024
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = within(1, 1024), default_values_t = [1, 2, 8, 64])]
    pub in_flight: Vec<u32>,
    /// Seconds for each figure of throughput, 1 to 3600
    #[arg(long, value_name = "N", value_parser = within(1, 3600), default_value_t = 5)]
    pub seconds: u32,
    /// Sandboxes held at once for memory (100) and density (1000), 1 to 16000
    #[arg(long, value_name = "N", value_parser = within(1, 16_000))]
    pub count: Option<u32>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// One thing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum MeasureArg {
    /// Time of one run, on a connection that is kept
    Latency,
    /// Runs a second
    Throughput,
    /// Memory of a sandbox, idle and running
    Memory,
    /// Time to interactive: from nothing to the first command's output
    Interactive,
    /// Many sandboxes at once
    Density,
    /// All of these
    All,
}

/// A language that the bench has programs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LanguageArg {
    /// print(1)
    Python,
    /// console.log(1)
    Javascript,
    /// echo 1
    Bash,
}

/// Another way to run a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareArg {
    /// bwrap: namespaces alone
    Bubblewrap,
    /// An OCI runtime
    Crun,
    /// An OCI runtime
    Runc,
    /// Containers by a daemon
    Docker,
    /// gVisor's OCI runtime
    Runsc,
    /// Each of these that is installed
    All,
    /// The bare program alone
    None,
}

impl Options {
    /// Every measure asked for, once, in a fixed order.
    pub fn measures(&self) -> Vec<MeasureArg> {
        let wants_all = self.measures.contains(&MeasureArg::All);
        let every = MeasureArg::value_variants().iter().copied();
        every
            .filter(|one| *one != MeasureArg::All && (wants_all || self.measures.contains(one)))
            .collect()
    }

    /// Every language asked for, once.
    pub fn languages(&self) -> Vec<LanguageArg> {
        let every = LanguageArg::value_variants().iter().copied();
        every.filter(|one| self.language.contains(one)).collect()
    }

    /// Whether a way to run programs is to be compared with.
    pub fn compares(&self, one: CompareArg) -> bool {
        self.compare.contains(&one) || self.compare.contains(&CompareArg::All)
    }

    /// Rounds of latency.
    pub fn latency_rounds(&self) -> u32 {
        self.rounds.unwrap_or(200)
    }

    /// Rounds of interactive.
    pub fn interactive_rounds(&self) -> u32 {
        self.rounds.unwrap_or(100)
    }

    /// Sandboxes held for memory.
    pub fn memory_count(&self) -> u32 {
        self.count.unwrap_or(100)
    }

    /// Sandboxes held for density.
    pub fn density_count(&self) -> u32 {
        self.count.unwrap_or(1000)
    }

    /// The most executions that will be there at once.
    pub fn most_at_once(&self) -> u32 {
        let measures = self.measures();
        let needs = |one, count| if measures.contains(&one) { count } else { 0 };
        let level = self.in_flight.iter().copied().max().unwrap_or(1);
        needs(MeasureArg::Throughput, level)
            .max(needs(MeasureArg::Memory, self.memory_count()))
            .max(needs(MeasureArg::Density, self.density_count()))
    }

    /// Checks what the parser of flags cannot.
    ///
    /// # Errors
    /// Flags that contradict each other, or a list that is too long.
    pub fn check(&self) -> Result<()> {
        if self.in_flight.len() > MOST_LEVELS {
            let given = self.in_flight.len();
            return Err(usage(format!(
                "--in-flight: {given} values; at most {MOST_LEVELS}"
            )));
        }
        if self.compare.contains(&CompareArg::None) && self.compare.len() > 1 {
            return Err(usage("--compare: none stands alone"));
        }
        Ok(())
    }
}

/// A parser whose error names the flag and the bounds.
fn within(least: u64, most: u64) -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(least..=most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn parse(words: &[&str]) -> Result<Options, String> {
        let line = Line::try_parse_from([&["bench"], words].concat()).map_err(|e| e.to_string())?;
        line.options.check().map_err(|e| e.to_string())?;
        Ok(line.options)
    }

    #[test]
    fn bounds_are_told_with_their_flag() {
        let check = |words: &[&str], flag: &str, bound: &str| {
            let error = parse(words).unwrap_err();
            assert!(
                error.contains(flag) && error.contains(bound),
                "{words:?}: {error}"
            );
        };
        check(&["--rounds", "0"], "--rounds", "1..=100000");
        check(&["--rounds", "100001"], "--rounds", "1..=100000");
        check(&["--in-flight", "1,1025"], "--in-flight", "1..=1024");
        check(&["--seconds", "0"], "--seconds", "1..=3600");
        check(&["--count", "16001"], "--count", "1..=16000");
        check(&["--count", "-1"], "-1", "");
        check(
            &["--in-flight", &["1"; 17].join(",")],
            "--in-flight",
            "at most 16",
        );
        check(&["--compare", "none,docker"], "--compare", "none");
        check(&["--language", "cobol"], "--language", "bash");
        check(&["speed"], "MEASURE", "density");
    }

    #[test]
    fn lists_are_sets_in_order() {
        let options = parse(&["density", "latency", "density", "--language", "bash,python,bash"]).unwrap();
        assert_eq!(options.measures(), [MeasureArg::Latency, MeasureArg::Density]);
        assert_eq!(options.languages(), [LanguageArg::Python, LanguageArg::Bash]);
        assert_eq!(parse(&["all"]).unwrap().measures().len(), 5);
        assert_eq!(parse(&[]).unwrap().measures(), [MeasureArg::Latency]);
    }

    #[test]
    fn the_service_gets_places_for_what_is_measured() {
        assert_eq!(parse(&["latency"]).unwrap().most_at_once(), 0);
        assert_eq!(parse(&["throughput"]).unwrap().most_at_once(), 64);
        assert_eq!(parse(&["all", "--count", "70"]).unwrap().most_at_once(), 70);
        assert_eq!(parse(&["density"]).unwrap().most_at_once(), 1000);
    }
}

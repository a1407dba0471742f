//! `casemate detect --evaluate`: how often judgements of recorded runs are right.
//!
//! Recorded runs are read and judged; nothing of them is run.

use crate::exit::usage;
use crate::output;
use anyhow::{Context, Result};
use casemate_monitor::evaluate::{Ratios, Report, Train, evaluate};
use casemate_monitor::trace;
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  casemate detect --evaluate traces.jsonl.gz                 recorded runs, by the rules and weights that are shipped
  casemate detect --evaluate traces.jsonl.gz --errors 20     with the worst mistakes
  casemate detect --evaluate adfa.jsonl.gz --train all       sequences of system calls: learned from and judged within the rows
  casemate detect --evaluate seen.jsonl.gz held.jsonl.gz --train normal --json

Rows with `held_kind`, or with a `split` other than `train`, are judged by what was learned from the others; without such
rows it is cross-validation. docs/threat-detection.md describes the form of a row and the protocol.

Exit codes:
  0    evaluated
  125  casemate itself failed
  2    wrong flags or input";

/// Judges recorded runs.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// Measure judgements of labelled runs: JSON lines, perhaps by gzip; several files count as one
    #[arg(long, value_name = "TRACES", num_args = 1.., required = true)]
    pub evaluate: Vec<PathBuf>,
    /// What sequences of system calls are learned from; no use with events
    #[arg(long, value_enum, default_value_t = TrainArg::All)]
    pub train: TrainArg,
    /// List so many of the worst mistakes
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub errors: usize,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is learned from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TrainArg {
    /// Normal rows alone
    Normal,
    /// Normal rows and attacks
    All,
}

/// Runs the command; the exit code.
pub fn run(options: &Options) -> Result<u8> {
    let mut runs = Vec::new();
    for path in &options.evaluate {
        let read =
            trace::read(path).map_err(|error| usage(format!("{}: {}", path.display(), chain(&error))))?;
        runs.extend(read);
    }
    let train = match options.train {
        TrainArg::Normal => Train::Normal,
        TrainArg::All => Train::All,
    };
    let report = evaluate(&runs, train, options.errors).map_err(|error| usage(error.to_string()))?;
    let text = if options.json {
        output::harmless_json(&serde_json::to_string(&report).context("write the report")?) + "\n"
    } else {
        String::from_utf8_lossy(&output::harmless(text(&report).as_bytes())).into_owned()
    };
    output::print(text.as_bytes()).context("write the report")?;
    Ok(0)
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

fn number(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.4}"))
}

fn text(report: &Report) -> String {
    let mut text = format!(
        "{:<44} {:>6} {:>8} {:>8} {:>8} {:>8}\n",
        "", "n", "recall", "fpr", "accuracy", "youden"
    );
    let mut line = |name: &str, ratios: &Ratios| {
        let [recall, fpr, accuracy, youden] =
            [ratios.recall, ratios.fpr, ratios.accuracy, ratios.youden].map(number);
        let n = ratios.n;
        let _ = writeln!(
            text,
            "{name:<44} {n:>6} {recall:>8} {fpr:>8} {accuracy:>8} {youden:>8}"
        );
    };
    line("overall", &report.overall);
    for (kind, group) in [
        ("source", &report.by_source),
        ("category", &report.by_category),
        ("held", &report.by_held_kind),
        ("unseen family", &report.by_unseen_family),
    ] {
        for (key, ratios) in group {
            line(&format!("{kind} {key}"), ratios);
        }
    }
    for (label, counts) in &report.uncounted {
        let _ = writeln!(
            text,
            "not counted: {label}: {} called of {}",
            counts.called, counts.n
        );
    }
    let (recall, auc) = (number(report.recall_at_5_percent), number(report.auc));
    let _ = writeln!(
        text,
        "recall at 5 % false positives {recall}, area under the curve {auc}"
    );
    let _ = writeln!(
        text,
        "{}\n{:.3} s, {} rows, {} events",
        report.protocol, report.seconds, report.rows, report.events
    );
    for error in &report.errors {
        let _ = writeln!(
            text,
            "wrong ({}): {} [{}, {}] score {:.3}: {}",
            error.label,
            error.id,
            error.source,
            error.category,
            error.score,
            error.reasons.join(", ")
        );
    }
    text
}

//! `casemate policy check`: whether policies can be put in force.

use super::{Row, files};
use crate::{exit, output};
use anyhow::Result;
use casemate_policy::authorize::{PolicyError, PolicySet, Problem};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "Policies are held against the schema as the service does at its start and when it reads them again:\n\
                  all of them together, strictly, on the policies that are shipped.\n\n\
                  Examples:\n  casemate policy check site.cedar\n  casemate policy check --json /etc/casemate/policy\n\n\
                  Exit codes:\n  0  they can be put in force\n  2  they cannot; each problem names file, line and column"
)]
pub struct Options {
    /// Files of policies, or folders with *.cedar
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    which: files::Which,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    valid: bool,
    digest: Option<String>,
    policies: Vec<Row<'a>>,
    problems: Vec<ProblemRow<'a>>,
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    help: Option<&'a str>,
}

impl<'a> ProblemRow<'a> {
    fn of(problem: &'a Problem) -> Self {
        Self {
            file: Some(&problem.file),
            line: Some(problem.line),
            column: Some(problem.column),
            message: problem.message.clone(),
            help: problem.help.as_deref(),
        }
    }
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<u8> {
    let loaded = files::load(&options.paths, &options.which)?;
    let code = if loaded.is_ok() { 0 } else { exit::USAGE };
    let text = if options.json {
        serde_json::to_string_pretty(&answer(&loaded))? + "\n"
    } else {
        match &loaded {
            Ok(set) => format!("{} policies, all valid\n", set.policies().count()),
            Err(error) => format!("{error}\n"),
        }
    };
    output::print(text.as_bytes())?;
    Ok(code)
}

fn answer(loaded: &Result<PolicySet, PolicyError>) -> Answer<'_> {
    let problems = match loaded {
        Ok(set) => {
            return Answer {
                valid: true,
                digest: Some(set.digest().iter().map(|byte| format!("{byte:02x}")).collect()),
                policies: set.policies().map(Row::of).collect(),
                problems: Vec::new(),
            };
        }
        Err(PolicyError::Invalid(problems)) => problems.iter().map(ProblemRow::of).collect(),
        Err(error) => vec![ProblemRow {
            file: None,
            line: None,
            column: None,
            message: error.to_string(),
            help: None,
        }],
    };
    Answer {
        valid: false,
        digest: None,
        policies: Vec::new(),
        problems,
    }
}

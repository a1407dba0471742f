//! The project's own checks, run by `make tidy` and by CI.
//!
//! It reads the repository and prints what breaks a rule of CONTRIBUTING.md. It must never change a file,
//! and it must stay fast (well under a second), so that it can run before every commit.

mod ci;
mod finding;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const HELP: &str = "\
xtask: checks of the Casemate repository

Usage: cargo run -q -p xtask -- COMMAND

Commands:
  tidy          check layers, sizes, the unsafe fence, forbidden calls, documentation and paths
  tidy --rules  list the rules
  ci [ARGS]     run exactly what CI runs; ARGS go to scripts/test.sh (for example: --only unit,e2e)
  help          print this

tidy prints one finding a line, as path:line: rule: message. Warnings do not fail it; errors do (exit 1).
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        ["tidy", "--rules"] => {
            print!("{}", tidy::describe());
            Ok(ExitCode::SUCCESS)
        }
        ["tidy"] => Ok(tidy::run(&find_root()?)?),
        ["ci", rest @ ..] => ci::run(&find_root()?, rest),
        [other, ..] => bail!("unknown command {other:?}; `xtask help` lists them"),
    }
}

/// The nearest folder above the current one whose Cargo.toml has a `[workspace]`.
fn find_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder")?;
    let is_root = |folder: &Path| {
        std::fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "[workspace]"))
            && folder.join("crates").is_dir()
    };
    here.ancestors()
        .find(|folder| is_root(folder))
        .map(Path::to_path_buf)
        .with_context(|| format!("{} is not inside the Casemate repository", here.display()))
}

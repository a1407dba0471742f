//! The binary `casemate`: `run`, `doctor`, `languages`, `config`, `completions`.

mod args;
mod config;
mod doctor;
mod exit;
mod languages;
mod output;
mod run;
mod strip_types;
mod wire;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    ended(match args::StripTypes::given() {
        Some(strip) => strip_types::run(&strip),
        None => run(),
    })
}

fn run() -> anyhow::Result<u8> {
    let cli = args::Cli::parse();
    match cli.command {
        args::Command::Run(run) => run::run(*run, cli.config.as_deref()),
        args::Command::Doctor(doctor) => doctor::run(&doctor, cli.config.as_deref()),
        args::Command::Languages(languages) => languages::run(&languages, cli.config.as_deref()),
        args::Command::Config(config) => config::run(&config, cli.config.as_deref()),
        args::Command::Completions { shell } => args::completions(shell),
    }
}

fn ended(result: anyhow::Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("casemate: {error:#}");
            ExitCode::from(exit::of_error(&error))
        }
    }
}

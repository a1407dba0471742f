//! The binary `casemate`: `run`, `serve`, `doctor`, `languages`, `config`, `completions`.

mod args;
mod config;
mod doctor;
mod exit;
mod languages;
mod output;
mod remote;
mod run;
mod serve;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let result = match cli.command {
        args::Command::Run(run) => run::run(*run, cli.config.as_deref()),
        args::Command::Serve(serve) => serve::run(&serve, cli.config.as_deref()),
        args::Command::Doctor(doctor) => doctor::run(&doctor, cli.config.as_deref()),
        args::Command::Languages(languages) => languages::run(&languages, cli.config.as_deref()),
        args::Command::Config(config) => config::run(&config, cli.config.as_deref()),
        args::Command::Completions { shell } => args::completions(shell),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("casemate: {error:#}");
            ExitCode::from(exit::of_error(&error))
        }
    }
}

//! The binary `casemate`: `run`, `analyze`, `detect`, `serve`, `trace`, `bench`, `doctor`, `languages`, `policy`,
//! `config`, `completions`.
//!
//! It starts without the runtime of the standard library, whose part `casemate_sys::prepare` does.
#![cfg_attr(not(test), no_main)]

mod analysis_worker;
mod analyze;
mod args;
mod bench;
mod config;
mod detect;
mod doctor;
mod exit;
mod languages;
mod output;
mod policy;
mod private;
mod remote;
mod run;
mod serve;
mod strip_types;
mod trace;
mod watch;
mod watch_worker;

use clap::Parser;
use std::io::Write;

#[cfg(not(test))]
casemate_sys::entry_point!(start);

/// From the first to the last instruction of ours; the exit code.
#[cfg_attr(test, expect(dead_code, reason = "tests have a main of their own"))]
fn start() -> i32 {
    if casemate_sys::prepare().is_err() {
        return exit::OURS.into();
    }
    let code = dispatch();
    // Nobody does it after us. A reader that is gone has been reported where it mattered.
    let _ = std::io::stdout().flush();
    code.into()
}

fn dispatch() -> u8 {
    if let Some(worker) = args::AnalysisWorker::given() {
        return analysis_worker::run(&worker);
    }
    if let Some(worker) = args::WatchWorker::given() {
        return watch_worker::run(&worker);
    }
    let result = match args::StripTypes::given() {
        Some(strip) => strip_types::run(&strip),
        None => run_command(),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("casemate: {error:#}");
            exit::of_error(&error)
        }
    }
}

fn run_command() -> anyhow::Result<u8> {
    let cli = args::Cli::parse();
    match cli.command {
        args::Command::Run(run) => run::run(*run, cli.config.as_deref()),
        args::Command::Analyze(analyze) => analyze::run(&analyze, cli.config.as_deref()),
        args::Command::Detect(detect) => detect::run(&detect),
        args::Command::Serve(serve) => serve::run(&serve, cli.config.as_deref()),
        args::Command::Trace(trace) => trace::run(trace, cli.config.as_deref()),
        args::Command::Bench(bench) => bench::run(&bench, cli.config.as_deref()),
        args::Command::Doctor(doctor) => doctor::run(&doctor, cli.config.as_deref()),
        args::Command::Languages(languages) => languages::run(&languages, cli.config.as_deref()),
        args::Command::Policy(policy) => policy::run(&policy),
        args::Command::Config(config) => config::run(&config, cli.config.as_deref()),
        args::Command::Completions { shell } => args::completions(shell),
    }
}

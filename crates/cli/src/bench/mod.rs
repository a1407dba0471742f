//! `casemate bench`: figures of a service on this machine, beside other ways to run the same programs.
//!
//! All subjects take turns in one run, so that what disturbs the machine disturbs them alike. Every output is
//! checked, and a run that went wrong is a failure of the bench, never a sample.

mod client;
mod failures;
mod machine;
mod measure;
mod options;
mod program;
mod report;
mod service;
mod statistics;
mod subject;
mod watch;

pub use options::Options;

use crate::remote::credential;
use crate::{config, output};
use anyhow::{Context, Result};
use client::{Client, Target};
use failures::Failures;
use machine::Machine;
use options::MeasureArg;
use program::Program;
use report::Report;
use service::{Scratch, Service, Setting};
use std::path::Path;
use subject::{Field, Subject};
use watch::{Stop, Watch};

/// The exit code when a run failed.
const FAILED: u8 = 1;
/// The exit code when a signal ended the bench: 128 and SIGINT, as of any run.
const INTERRUPTED: u8 = 130;

/// What every measure needs.
#[derive(Debug)]
struct Bench<'a> {
    options: &'a Options,
    target: &'a Target,
    /// What our own service is started with; `None` for another's.
    setting: Option<Setting>,
    watch: Watch,
    failures: Failures,
}

/// One program, and who runs it.
#[derive(Debug)]
struct Entry {
    program: Program,
    subjects: Vec<Subject>,
}

/// Runs the command; the exit code.
pub fn run(options: &Options, config: Option<&Path>) -> Result<u8> {
    options.check()?;
    match measure_all(options, config) {
        Err(error) if error.downcast_ref::<Stop>() == Some(&Stop::Interrupted) => {
            eprintln!("casemate: {error}");
            Ok(INTERRUPTED)
        }
        Err(error) => Err(error),
        Ok(report) => {
            let text = match options.json {
                true => serde_json::to_string_pretty(&report)? + "\n",
                false => report.text(),
            };
            output::print(text.as_bytes())?;
            Ok(if report.is_ok { 0 } else { FAILED })
        }
    }
}

fn measure_all(options: &Options, explicit: Option<&Path>) -> Result<Report> {
    let machine = Machine::look()?;
    let programs: Vec<Program> = options
        .languages()
        .into_iter()
        .map(Program::of)
        .collect::<Result<_>>()?;
    let given = match &options.server {
        Some(url) => {
            let key = credential::find(url, options.key_file.as_deref(), &config::load(explicit)?)?;
            let target = Target {
                url: url.clone(),
                key,
            };
            // A wrong address is told before anything is started.
            Client::new(&target)?;
            Some(target)
        }
        None => None,
    };
    let mut watch = Watch::start()?;
    let scratch = Scratch::new()?;
    let setting = given.is_none().then(|| Setting {
        data: scratch.path().join("data"),
        config: explicit.map(Path::to_owned),
        most_at_once: options.most_at_once(),
        has_identity: !options.without_identity,
    });
    let service = match &setting {
        Some(setting) => Some(Service::start(setting, &mut watch)?),
        None => None,
    };
    let Some(target) = service.as_ref().map(Service::target).or(given.as_ref()) else {
        anyhow::bail!("there is no service to measure");
    };
    let mut bench = Bench {
        options,
        target,
        setting,
        watch,
        failures: Failures::default(),
    };
    let mut report = Report::new(machine, &target.url, options);
    match bench.run(scratch.path(), programs, &mut report) {
        Err(error) if error.downcast_ref::<Stop>() == Some(&Stop::TooManyFailures) => {}
        other => other?,
    }
    bench.watch.clear();
    report.is_ok = bench.failures.count == 0;
    report.failures = bench.failures;
    Ok(report)
}

impl Bench<'_> {
    fn run(&mut self, work: &Path, programs: Vec<Program>, report: &mut Report) -> Result<()> {
        let status = self.client()?.get("/v1/status");
        status.with_context(|| format!("reach the service at {}", self.target.url))?;
        self.watch.say("looking for what to compare with");
        let mut field = Field::look(self.options, work)?;
        let mut entries = Vec::new();
        for program in programs {
            match field.subjects(self.target, &program) {
                Ok(subjects) => entries.push(Entry { program, subjects }),
                Err(error) => {
                    self.watch.check()?;
                    self.failures.note(format!("{error:#}"))?;
                }
            }
        }
        report.unavailable = std::mem::take(&mut field.unavailable);
        self.watch.check()?;
        for measure in self.options.measures() {
            match measure {
                MeasureArg::Latency => measure::latency(self, &entries, report)?,
                MeasureArg::Throughput => measure::throughput(self, &entries, report)?,
                MeasureArg::Memory => measure::memory(self, &entries, report)?,
                MeasureArg::Interactive => measure::interactive(self, &entries, report)?,
                MeasureArg::Density => measure::density(self, &entries, report)?,
                MeasureArg::All => {}
            }
        }
        Ok(())
    }

    /// A client of the service with a connection of its own.
    fn client(&self) -> Result<Client> {
        Client::new(self.target)
    }

    /// What a run gave, or nothing for one that failed, which is noted with who ran it.
    fn take<T>(&mut self, who: &str, result: Result<T, String>) -> Result<Option<T>> {
        // A signal ends what runs, too: that is no failure.
        self.watch.check()?;
        match result {
            Ok(value) => Ok(Some(value)),
            Err(why) => self.failures.note(format!("{who}: {why}")).map(|()| None),
        }
    }
}

//! `casemate analyze`: reads programs without running them, in processes behind walls, and tells what was found.

mod corpus;
mod dynamic;
mod evaluate;
mod gather;
mod json;
mod options;
mod report;
mod sarif;
mod suppress;
#[cfg(feature = "test-omit-walls")]
mod trial;

pub use options::Options;

use crate::config::{self, Loaded};
use crate::exit::usage;
use crate::output;
use anyhow::{Context, Result};
use casemate_analysis::codec::{MAX_REPORT_BYTES, encode_submission};
use casemate_analysis::{SourceFile, Submission};
use casemate_engine::admission::{self, Policy};
use casemate_engine::analysis::{Readers, Reading, TIME_LIMIT, worth};
use casemate_engine::sandbox::analyser::{Crew, Terms};
use casemate_sys::{host, terminal};
use casemate_types::ExecutionRequest;
use casemate_types::analysis::{Analysis, Finding, Location};
use options::FailOn;
use report::Paint;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// Programs that one process reads before another takes its place.
const MOST_PROGRAMS: u32 = 4096;
/// Largest file of rules, bytes.
const MAX_RULES_BYTES: u64 = 1 << 20;
/// How long it takes before progress shows, and how often it changes.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);
const PROGRESS_STEP: Duration = Duration::from_millis(200);

/// A program that was read.
#[derive(Debug)]
pub struct Read {
    /// Its files.
    pub files: Vec<SourceFile>,
    /// What was decided, without what was suppressed.
    pub analysis: Analysis,
    /// Findings that the source says to ignore, and why.
    pub suppressed: Vec<(Finding, String)>,
    /// What was read, for a detonation to be joined with.
    pub reading: Option<Reading>,
}

impl Read {
    /// The name of its first file.
    pub fn name(&self) -> String {
        let first = self.files.first().map_or("", |file| &file.path);
        match self.files.len() {
            0 | 1 => first.to_owned(),
            more => format!("{first} and {} more", more - 1),
        }
    }

    /// The source line of a place.
    pub fn line(&self, at: &Location) -> Option<String> {
        let file = self.files.iter().find(|file| file.path == at.file)?;
        let line = file
            .bytes
            .split(|byte| *byte == b'\n')
            .nth((at.line as usize).checked_sub(1)?)?;
        Some(String::from_utf8_lossy(line).trim_end().to_owned())
    }
}

/// Runs the command; the exit code.
pub fn run(options: &Options, explicit: Option<&Path>) -> Result<u8> {
    let loaded = config::load(explicit)?;
    let mut policy = loaded.admission()?;
    if let Some(mode) = options.mode {
        policy.mode = mode.into();
    }
    #[cfg(feature = "test-omit-walls")]
    if let Some(what) = &options.worker_try {
        return trial::run(what, &loaded);
    }
    if !options.evaluate.is_empty() {
        return evaluate::run(options, &loaded, &policy);
    }
    let programs = programs(options)?;
    let mut reads: Vec<Option<Read>> = programs.iter().map(|_| None).collect();
    let mut programs: Vec<Option<Vec<SourceFile>>> = programs.into_iter().map(Some).collect();
    let submissions: Vec<Vec<u8>> = programs.iter().flatten().map(|files| encode(files)).collect();
    read_all(
        options,
        &loaded,
        submissions.into_iter(),
        &mut |number, reading| {
            let files = programs
                .get_mut(number)
                .and_then(Option::take)
                .unwrap_or_default();
            if let Some(place) = reads.get_mut(number) {
                let kept = options.dynamic.then(|| reading.clone());
                *place = Some(Read {
                    reading: kept,
                    ..conclude(files, reading, &policy)
                });
            }
        },
    )?;
    if options.dynamic {
        dynamic::run(options, loaded.settings()?, &mut reads)?;
    }
    let reads: Vec<Read> = reads.into_iter().flatten().collect();
    show(options, &reads)?;
    Ok(u8::from(
        reads.iter().any(|read| fails(options.fail_on, read, &policy)),
    ))
}

fn encode(files: &[SourceFile]) -> Vec<u8> {
    encode_submission(&Submission {
        files: files.to_vec(),
    })
}

/// Each file is a program of its own, or all are one.
fn programs(options: &Options) -> Result<Vec<Vec<SourceFile>>> {
    let forced = options.language.as_deref().map(gather::language).transpose()?;
    let found = gather::find(&options.paths)?;
    let mut files = Vec::new();
    for one in &found {
        files.extend(gather::read(one, forced)?);
    }
    if files.is_empty() {
        return Err(usage(
            "there is no source that is known by its extension or shebang",
        ));
    }
    Ok(match options.together {
        true => vec![files],
        false => files.into_iter().map(|file| vec![file]).collect(),
    })
}

/// How processes that read are started.
fn readers(loaded: &Loaded) -> Result<Readers<'static>> {
    Ok(Readers {
        program: Path::new("/proc/self/exe"),
        id: loaded.analysis_id()?,
        network_namespace: true,
        most: MOST_PROGRAMS,
    })
}

/// Has submissions read by as many processes as there are CPUs; `done` is told each answer as it comes.
fn read_all(
    options: &Options,
    loaded: &Loaded,
    submissions: impl ExactSizeIterator<Item = Vec<u8>>,
    done: &mut dyn FnMut(usize, Reading),
) -> Result<()> {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let all = submissions.len();
    let readers = readers(loaded)?;
    let mut crew = Crew::new(Terms {
        start: Box::new(move || readers.start()),
        places: options.workers.map_or(cpus, usize::from).min(all),
        most_bytes: MAX_REPORT_BYTES,
        limit: TIME_LIMIT,
        settings: rules(options)?,
    });
    let mut progress = Progress::new(all, options.json || options.sarif);
    let mut numbered = submissions.enumerate();
    crew.run(&mut || numbered.next(), &mut |number, answer| {
        progress.step();
        done(number, worth(answer));
    })?;
    progress.clear();
    Ok(())
}

/// The user's own rules, as a process is told them: the name of the file, a NUL, its text.
fn rules(options: &Options) -> Result<Vec<Vec<u8>>> {
    let read = |path: &std::path::PathBuf| {
        let size = std::fs::metadata(path).map(|metadata| metadata.len());
        let text = size.and_then(|size| match size {
            0..=MAX_RULES_BYTES => std::fs::read_to_string(path),
            _ => Err(std::io::Error::other(format!(
                "larger than {MAX_RULES_BYTES} bytes"
            ))),
        });
        let text = text.map_err(|error| usage(format!("rules: cannot read {}: {error}", path.display())))?;
        let name = path.to_string_lossy().into_owned();
        casemate_analysis::rules::Rules::builtin()
            .with_file(&name, &text)
            .map_err(|error| usage(format!("rules: {error}")))?;
        Ok([name.as_bytes(), b"\0", text.as_bytes()].concat())
    };
    options.rules.iter().map(read).collect()
}

/// The decision, and what the source says to ignore.
fn conclude(files: Vec<SourceFile>, reading: Reading, policy: &Policy) -> Read {
    let mut analysis = admission::decide(reading, &ExecutionRequest::default(), policy);
    let texts: Vec<_> = files
        .iter()
        .map(|file| (&file.path, String::from_utf8_lossy(&file.bytes)))
        .collect();
    let mut suppressed = Vec::new();
    let mut keep = |finding: &Finding| {
        let text = texts.iter().find(|(path, _)| **path == finding.location.file);
        let lines: Vec<&str> = text.map(|(_, text)| text.lines().collect()).unwrap_or_default();
        match suppress::reason(&lines, finding) {
            Some(reason) => {
                suppressed.push((finding.clone(), reason.to_owned()));
                false
            }
            None => true,
        }
    };
    analysis.findings.retain(&mut keep);
    analysis.vulnerabilities.retain(&mut keep);
    drop(texts);
    Read {
        files,
        analysis,
        suppressed,
        reading: None,
    }
}

fn fails(on: FailOn, read: &Read, policy: &Policy) -> bool {
    let analysis = &read.analysis;
    match on.severity() {
        Some(least) => {
            let found = analysis.findings.iter().chain(&analysis.vulnerabilities);
            found
                .map(|finding| finding.severity)
                .any(|severity| severity >= least)
                || analysis.flows.iter().any(|flow| flow.severity >= least)
        }
        None => on == FailOn::Risk && !analysis.can_execute && policy.mode == Default::default(),
    }
}

fn show(options: &Options, reads: &[Read]) -> Result<()> {
    if options.json {
        let json = json::write(reads)? + "\n";
        return output::print(output::harmless_json(&json).as_bytes()).context("write the report");
    }
    if options.sarif {
        let json = serde_json::to_string_pretty(&sarif::write(reads)).context("write the report")? + "\n";
        return output::print(output::harmless_json(&json).as_bytes()).context("write the report");
    }
    let is_terminal = terminal::is_terminal(std::io::stdout().as_fd());
    let paint = Paint {
        on: is_terminal && host::env("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let mut text = String::new();
    for read in reads
        .iter()
        .filter(|read| reads.len() == 1 || !report::is_silent(read))
    {
        text += &report::program(read, paint);
    }
    text += &report::summary(reads);
    output::print(text.as_bytes()).context("write the report")
}

/// A line on a terminal that says how far it is.
struct Progress {
    all: usize,
    done: usize,
    begun: Instant,
    told: Instant,
    is_on: bool,
    is_shown: bool,
}

impl Progress {
    fn new(all: usize, is_quiet: bool) -> Self {
        let now = Instant::now();
        Self {
            all,
            done: 0,
            begun: now,
            told: now,
            is_on: !is_quiet && terminal::is_terminal(std::io::stderr().as_fd()),
            is_shown: false,
        }
    }

    fn step(&mut self) {
        self.done += 1;
        let now = Instant::now();
        if self.is_on && now - self.begun > PROGRESS_AFTER && now - self.told > PROGRESS_STEP {
            (self.told, self.is_shown) = (now, true);
            let _ = write!(std::io::stderr(), "\r\x1b[Kread {} of {}", self.done, self.all);
        }
    }

    fn clear(&mut self) {
        if self.is_shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

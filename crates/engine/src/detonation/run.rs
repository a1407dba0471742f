//! The run of a detonation: as every program runs, but in a folder beside a faked home, with a witness.

use super::decoys::{DECOYS, HOME, PROJECT, VARIABLES};
use crate::error::EngineError;
use crate::outcome;
use crate::pipeline::{Settings, new_sandbox_id};
use crate::stages;
use casemate_init::spec::FileHead;
use casemate_init::stream::MAX_PATH_BYTES;
use casemate_init::witness::{Record, decode_all};
use casemate_runtime::environment::WORKSPACE;
use casemate_runtime::language::{Table, detect};
use casemate_runtime::oneshot::{self, Job, Observer, Report};
use casemate_sandbox::plan::{Ground, draw};
use casemate_sandbox::{Collected, SandboxError, Setup, Warden};
use casemate_types::{Bytes, ExecutionRequest, Glob, Limits, Network, Profile, Status};
use std::collections::HashSet;
use std::time::Duration;

/// How long a program is detonated where nobody says.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(5);
/// What it may use. Enough for what it does first; no more than a guest is given.
const MEMORY: Bytes = Bytes::mib(256);
const DISK: Bytes = Bytes::mib(64);
const OUTPUT: Bytes = Bytes::mib(1);
const PIDS: u32 = 64;

/// Bounds of a detonation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// How long the program may run.
    pub limit: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT }
    }
}

/// What was seen of a program.
#[derive(Debug)]
pub struct Witnessed {
    /// How it ended; it did not compile when there is no testimony and the status is `failed`.
    pub status: Status,
    /// How long it ran.
    pub ran: Duration,
    /// Its calls, each once, in order.
    pub records: Vec<Record>,
    /// How many there were.
    pub acts: u64,
    /// Bytes of the testimony that were lost.
    pub lost_bytes: u64,
    /// Standard output and error, the first of each.
    pub output: Vec<u8>,
    /// What lay in the workspace in the end.
    pub files: Vec<Collected>,
}

/// Runs a program to see what it does. The calling process must have a single thread.
///
/// # Errors
/// When it could not be carried out, whatever the reason; the program was not seen then.
pub fn detonate(
    request: &ExecutionRequest,
    extension: Option<&str>,
    settings: &Settings,
    terms: Terms,
    observer: &mut dyn Observer,
) -> Result<Witnessed, EngineError> {
    let request = &staged(request, terms)?;
    let language = Table::builtin()
        .find(&request.language)
        .ok_or_else(|| EngineError::UnknownLanguage(request.language.chars().take(64).collect()))?;
    let installation = detect(language, &settings.host)?;
    let ground = Ground {
        prefixes: installation.prefixes.clone(),
        extra: installation.mounts.clone(),
        cache_dir: Some(settings.state_dir.clone()),
        witness: true,
        ..Ground::default()
    };
    let mut warden = Warden::start(Setup {
        blueprints: vec![draw(&ground)?],
        takes_blueprints: false,
        ids: settings.ids,
        state_dir: settings.state_dir.clone(),
        cgroup_base: settings.cgroup_base.clone(),
        allow_missing: settings.allow_missing,
        lifeline: None,
    })?;
    let source = language.source_name(extension, &request.code);
    let files = stages::files(request, &source);
    let mut made = Vec::new();
    if let Some(limits) = stages::compile_limits(&installation, &request.limits) {
        let own =
            stages::own_program(&installation, &settings.own_program).map_err(EngineError::OwnProgram)?;
        let files = stages::with_own_program(&files, own.as_deref());
        let job = Job {
            witnessed: true,
            ..stages::compile_job(&installation, &source, &files, &limits, new_sandbox_id()?)
        };
        let mut report = oneshot::run(&mut warden, job, observer)?;
        match stages::artifacts(&mut report) {
            Some(artifacts) => made = artifacts,
            // What does not compile does nothing.
            None => return Ok(unseen(&report)),
        }
    }
    let files = stages::with_artifacts(files, &made);
    let mut job = stages::program_job(&installation, request, &source, &files, new_sandbox_id()?);
    stage(&mut job);
    witnessed(oneshot::run(&mut warden, job, observer)?)
}

/// The request as it is detonated: bounded, without a network but its own, with a faked environment.
fn staged(request: &ExecutionRequest, terms: Terms) -> Result<ExecutionRequest, EngineError> {
    let mut staged = request.clone();
    staged.limits = Limits {
        wall: terms.limit,
        cpu: Some(terms.limit),
        memory: request.limits.memory.min(MEMORY),
        disk: request.limits.disk.min(DISK),
        pids: request.limits.pids.min(PIDS),
        output: request.limits.output.min(OUTPUT),
        cpus: request.limits.cpus,
    };
    // Its own loopback, so that what it tries to reach is seen, and fails.
    staged.network = Network::Loopback;
    staged.profile = Profile::Fresh;
    staged.outputs = vec![Glob::new("outputs", "**")?];
    for (name, value) in VARIABLES {
        staged.env.entry(name.into()).or_insert_with(|| value.into());
    }
    staged.env.insert("HOME".into(), format!("{WORKSPACE}/{HOME}"));
    Ok(staged)
}

/// Moves the program into its folder, and puts the home beside it.
fn stage(job: &mut Job<'_>) {
    let project = format!("{WORKSPACE}/{PROJECT}");
    for word in &mut job.spec.argv {
        *word = moved(word, &project);
    }
    job.spec.program = moved(&job.spec.program, &project);
    job.spec.directory = project.into_bytes();
    for file in &mut job.spec.files {
        file.path = [PROJECT.as_bytes(), b"/", &file.path].concat();
    }
    for decoy in &DECOYS {
        job.spec.files.push(FileHead {
            path: format!("{HOME}/{}", decoy.path).into_bytes(),
            mode: 0o600,
            offset: 0,
            length: 0,
        });
        job.contents.push(decoy.content.as_bytes());
    }
    job.witnessed = true;
}

/// A word with each mention of the workspace moved to the folder.
fn moved(word: &[u8], project: &str) -> Vec<u8> {
    let from = WORKSPACE.as_bytes();
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = rest.windows(from.len()).position(|part| part == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(project.as_bytes());
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn unseen(report: &Report) -> Witnessed {
    Witnessed {
        status: outcome::status(report),
        ran: Duration::ZERO,
        records: Vec::new(),
        acts: 0,
        lost_bytes: 0,
        output: Vec::new(),
        files: Vec::new(),
    }
}

fn witnessed(report: Report) -> Result<Witnessed, EngineError> {
    let status = outcome::status(&report);
    if let Some(failure) = report.start_failure {
        let source = std::io::Error::from_raw_os_error(failure.errno);
        return Err(EngineError::Start {
            step: failure.step,
            source,
        });
    }
    let testimony = report.testimony.unwrap_or_default();
    let all = decode_all(&testimony.bytes).map_err(|_| SandboxError::Protocol { peer: "witness" })?;
    let acts = all.len() as u64;
    let mut seen = HashSet::new();
    let records = all
        .into_iter()
        .filter(|record| seen.insert(record.clone()))
        .collect();
    let harvest = report.harvest.filter(|harvest| harvest.complete);
    let mut files = harvest.map(|harvest| harvest.files).unwrap_or_default();
    files.retain(|file| file.path.len() <= MAX_PATH_BYTES);
    Ok(Witnessed {
        status,
        ran: report.run,
        records,
        acts,
        lost_bytes: testimony.lost_bytes,
        output: [report.stdout.kept, report.stderr.kept].concat(),
        files,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mention_of_the_workspace_is_moved() {
        let check = |word: &str, expected: &str| {
            assert_eq!(moved(word.as_bytes(), "/workspace/project"), expected.as_bytes());
        };
        check("/usr/bin/python3", "/usr/bin/python3");
        check("/workspace/main.py", "/workspace/project/main.py");
        check(
            "-cp=/workspace:/workspace/lib",
            "-cp=/workspace/project:/workspace/project/lib",
        );
    }
}

//! Building blocks of the pipeline: what is written into the workspace and what is started there.

use crate::outcome;
use casemate_init::plan::ZygotePlan;
use casemate_init::spec::{CollectSpec, FileHead, ProcessLimits, SpawnSpec};
use casemate_runtime::environment::{WORKSPACE, environment};
use casemate_runtime::language::{Compile, Installation, RunContext, SourceName};
use casemate_runtime::oneshot::{By, Job, Keeping, Report};
use casemate_sandbox::plan::{NODE_GATE, OUR_FOLDER};
use casemate_sandbox::{Collected, Create};
use casemate_types::request::{MAX_OUTPUT_FILE_BYTES, MAX_OUTPUT_FILES};
use casemate_types::{Bytes, ExecutionRequest, Glob, Limits, Network, Profile, SandboxId, Status};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

/// Open descriptors of one process. One sandbox cannot exhaust the host's table by itself: its
/// processes are bounded too.
const OPEN_FILES: u64 = 1024;
const STACK_BYTES: u64 = 8 << 20;
/// How long init may take to end when nothing, or something, is to be collected.
const GRACE: Duration = Duration::from_millis(500);
const COLLECT_GRACE: Duration = Duration::from_secs(12);
/// Bounds of collecting what a compiler made; a Go or Rust program is a few MiB. It goes through our memory.
const ARTIFACT_BYTES: u64 = 64 << 20;
/// The name of our own program in the workspace of a compiler that it is, and its bound.
const OWN_PROGRAM: &str = ".casemate";
const MAX_OWN_PROGRAM_BYTES: u64 = 64 << 20;
const MAX_DEPTH: u32 = 64;
const MAX_ENTRIES: u32 = 16_384;

/// A file of the workspace.
#[derive(Clone, Debug)]
pub struct Placed<'a> {
    /// Path below the workspace.
    pub path: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
    /// Its bytes.
    pub content: &'a [u8],
}

/// The request's files and the source; a file of the caller's at the source's path yields to it.
pub fn files<'a>(request: &'a ExecutionRequest, source: &SourceName) -> Vec<Placed<'a>> {
    let own = Placed {
        path: source.file.clone().into_bytes(),
        mode: 0o644,
        content: &request.code,
    };
    let rest = request
        .files
        .iter()
        .filter(|f| f.path.as_str() != source.file)
        .map(|f| Placed {
            path: f.path.as_str().as_bytes().to_vec(),
            mode: f.mode,
            content: &f.content,
        });
    std::iter::once(own).chain(rest).collect()
}

/// Adds what the compiler made, in place of what has the same path.
pub fn with_artifacts<'a>(mut files: Vec<Placed<'a>>, artifacts: &'a [Collected]) -> Vec<Placed<'a>> {
    files.retain(|f| artifacts.iter().all(|a| a.path != f.path));
    files.extend(artifacts.iter().map(|a| Placed {
        path: a.path.clone(),
        mode: a.mode,
        content: &a.content,
    }));
    files
}

/// Our own program, if it is the language's compiler.
///
/// # Errors
/// When it cannot be read.
pub fn own_program(installation: &Installation, path: &Path) -> io::Result<Option<Vec<u8>>> {
    if !installation
        .language
        .compile
        .as_ref()
        .is_some_and(Compile::is_ours)
    {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(MAX_OWN_PROGRAM_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Adds our own program for a compiler. It is a copy, not a mount: the file may be gone by now, or lie where
/// nobody else may look. A file of the caller's in its place stays away; only the compiler misses it.
pub fn with_own_program<'a>(files: &[Placed<'a>], program: Option<&'a [u8]>) -> Vec<Placed<'a>> {
    let Some(content) = program else {
        return files.to_vec();
    };
    let is_other =
        |file: &&Placed<'_>| file.path.split(|b| *b == b'/').next() != Some(OWN_PROGRAM.as_bytes());
    let own = Placed {
        path: OWN_PROGRAM.into(),
        mode: 0o755,
        content,
    };
    files.iter().filter(is_other).cloned().chain([own]).collect()
}

/// The limits under which a compiler runs: the language's own, and the caller's CPUs.
pub fn compile_limits(installation: &Installation, asked: &Limits) -> Option<Limits> {
    let own = installation.language.compile.as_ref()?.limits;
    Some(Limits {
        wall: own.wall,
        cpu: None,
        cpus: asked.cpus.max(casemate_types::Cpus { millis: 1000 }),
        memory: Bytes(own.memory_bytes),
        disk: Bytes(own.disk_bytes),
        pids: own.pids as u32,
        output: asked.output,
    })
}

/// What a compiler does in a sandbox of its own.
pub fn compile_job<'a>(
    installation: &Installation,
    source: &SourceName,
    files: &[Placed<'a>],
    limits: &Limits,
    sandbox: SandboxId,
) -> Job<'a> {
    let argv = argv(installation, source, &[], limits, Command::Compile);
    let compile = installation.language.compile.as_ref();
    let variables = compile.map_or(&[][..], |c| c.environment);
    Job {
        create: create(sandbox.value(), limits, Network::None, true),
        begun: None,
        parked: None,
        by: By::Exec,
        spec: spawn_spec(installation, argv, variables, &Default::default(), limits, files),
        contents: files.iter().map(|f| f.content).collect(),
        stdin: &[],
        collect: collect_artifacts(installation),
        output_limit: limits.output.0,
        keeping: Keeping::Report,
        witnessed: false,
    }
}

/// What a compiler made, taken out of its report; `None` when it failed, be it that it ended well and
/// left no program.
pub fn artifacts(report: &mut Report) -> Option<Vec<Collected>> {
    let harvest = report.harvest.take();
    let succeeded = outcome::status(report) == Status::Succeeded;
    harvest
        .filter(|h| succeeded && h.complete && !h.files.is_empty())
        .map(|h| h.files)
}

/// What the program does in a sandbox of its own.
pub fn program_job<'a>(
    installation: &Installation,
    request: &'a ExecutionRequest,
    source: &SourceName,
    files: &[Placed<'a>],
    sandbox: SandboxId,
) -> Job<'a> {
    let limits = &request.limits;
    let argv = argv(installation, source, &request.args, limits, Command::Run);
    let variables = installation.language.environment;
    let collect = collect_outputs(&request.outputs);
    Job {
        create: create(sandbox.value(), limits, request.network, collect.is_some()),
        begun: None,
        parked: None,
        by: By::Exec,
        spec: spawn_spec(installation, argv, variables, &request.env, limits, files),
        contents: files.iter().map(|f| f.content).collect(),
        stdin: &request.stdin,
        collect,
        output_limit: limits.output.0,
        keeping: Keeping::Report,
        witnessed: false,
    }
}

/// The order to the warden.
pub fn create(name: u128, limits: &Limits, network: Network, collects: bool) -> Create {
    Create {
        key: 0,
        name,
        blueprint: 0,
        memory_bytes: limits.memory.0,
        disk_bytes: limits.disk.0,
        pids: limits.pids,
        cpu_millis: limits.cpus.millis,
        wall: limits.wall,
        cpu: limits.cpu,
        grace: if collects { COLLECT_GRACE } else { GRACE },
        loopback: network == Network::Loopback,
        parked: false,
        template: false,
    }
}

/// The interpreter that can fork the programs of a language, if it has one, with the modules that it loads before.
pub fn zygote(installation: &Installation, preloads: &[String]) -> Option<ZygotePlan> {
    let language = installation.language;
    if !language.zygote || !language.environment.is_empty() {
        return None;
    }
    let source = language.source_name(None, b"");
    let argv = argv(installation, &source, &[], &Limits::default(), Command::Run);
    let argv: Vec<Vec<u8>> = argv.into_iter().map(OsString::into_vec).collect();
    Some(ZygotePlan {
        program: argv.first()?.clone(),
        argv,
        preloads: preloads.iter().map(|name| name.clone().into_bytes()).collect(),
    })
}

/// An interpreter of a language that can wait for its program, as it is started. What each program has of its own, its
/// files, arguments, environment and limits, comes when it is known.
pub fn worker(installation: &Installation) -> Option<SpawnSpec> {
    let language = installation.language;
    if !language.worker {
        return None;
    }
    let limits = Limits::default();
    let source = language.source_name(None, b"");
    let argv = argv(installation, &source, &[], &limits, Command::Run);
    let mut spec = spawn_spec(
        installation,
        argv,
        language.environment,
        &BTreeMap::new(),
        &limits,
        &[],
    );
    // Node reads it before it reads its main file; the gate takes it out again.
    spec.env.push(format!("NODE_OPTIONS=-r {NODE_GATE}").into_bytes());
    // Node looks for a package where it starts, and remembers that there was none.
    spec.directory = OUR_FOLDER.into();
    // Limits can be lowered only.
    spec.limits = ProcessLimits {
        cpu_seconds: 0,
        file_bytes: u64::MAX,
        processes: 0,
        ..spec.limits
    };
    Some(spec)
}

/// Whether an interpreter that waits may become the program. What it read when it started needs an exec, and so does
/// another limit of memory: it was told of one.
pub fn may_wait(request: &ExecutionRequest) -> bool {
    const AT_START: [&str; 11] = [
        "NODE_", "LD_", "GLIBC_", "MALLOC_", "LC_", "LANG", "HOME", "OPENSSL_", "SSL_", "UV_", "ICU_",
    ];
    let fixed = |name: &String| AT_START.iter().any(|start| name.starts_with(start));
    request.profile == Profile::Default
        && request.limits.memory == Limits::default().memory
        && !request.env.keys().any(fixed)
}

/// Whether a started interpreter may become the program. What an interpreter reads at its start only, and what the
/// loader does, needs an exec.
pub fn may_fork(request: &ExecutionRequest) -> bool {
    const AT_START: [&str; 7] = ["PYTHON", "LD_", "GLIBC_", "MALLOC_", "LC_", "LANG", "HOME"];
    let fixed = |name: &String| AT_START.iter().any(|start| name.starts_with(start));
    // Read when the interpreter starts, where they are there.
    let site = |path: &str| path.starts_with(".local/") || path == "pyvenv.cfg";
    request.profile == Profile::Default
        && !request.env.keys().any(fixed)
        && !request.files.iter().any(|file| site(file.path.as_str()))
}

/// The program to start.
pub fn spawn_spec(
    installation: &Installation,
    argv: Vec<OsString>,
    variables: &[(&str, &str)],
    caller: &BTreeMap<String, String>,
    limits: &Limits,
    files: &[Placed<'_>],
) -> SpawnSpec {
    let bin =
        (!installation.prefixes.is_empty()).then(|| installation.bin_folder().to_string_lossy().into_owned());
    let argv: Vec<Vec<u8>> = argv.into_iter().map(OsString::into_vec).collect();
    SpawnSpec {
        program: argv.first().cloned().unwrap_or_default(),
        argv,
        env: environment(bin.as_deref(), variables, caller),
        directory: WORKSPACE.into(),
        limits: process_limits(limits),
        files: files
            .iter()
            .map(|f| FileHead {
                path: f.path.clone(),
                mode: f.mode,
                offset: 0,
                length: 0,
            })
            .collect(),
    }
}

/// Limits of each process.
pub fn process_limits(limits: &Limits) -> ProcessLimits {
    ProcessLimits {
        open_files: OPEN_FILES,
        // A backstop two seconds behind the sandbox's own count.
        cpu_seconds: limits.cpu.map_or(0, |cpu| cpu.as_secs() + 2),
        file_bytes: limits.memory.0 + limits.disk.0,
        stack_bytes: STACK_BYTES,
        processes: limits.pids.into(),
    }
}

/// What a run's caller gets back.
pub fn collect_outputs(globs: &[Glob]) -> Option<CollectSpec> {
    (!globs.is_empty()).then(|| CollectSpec {
        globs: globs.iter().map(|g| g.as_str().as_bytes().to_vec()).collect(),
        max_files: MAX_OUTPUT_FILES,
        max_bytes: MAX_OUTPUT_FILE_BYTES,
        max_depth: MAX_DEPTH,
        max_entries: MAX_ENTRIES,
    })
}

/// What a compiler leaves for the run.
pub fn collect_artifacts(installation: &Installation) -> Option<CollectSpec> {
    let compile = installation.language.compile.as_ref()?;
    Some(CollectSpec {
        globs: compile.artifacts.iter().map(|g| g.as_bytes().to_vec()).collect(),
        max_files: MAX_OUTPUT_FILES,
        max_bytes: ARTIFACT_BYTES,
        max_depth: MAX_DEPTH,
        max_entries: MAX_ENTRIES,
    })
}

/// The command of a compile or a run.
pub fn argv(
    installation: &Installation,
    source: &SourceName,
    args: &[String],
    limits: &Limits,
    kind: Command,
) -> Vec<OsString> {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let workspace = Path::new(WORKSPACE);
    let path = workspace.join(std::ffi::OsStr::from_bytes(source.file.as_bytes()));
    let context = RunContext {
        workspace,
        casemate: &workspace.join(OWN_PROGRAM),
        source: &path,
        entry: &source.entry,
        args: &args,
        memory_bytes: limits.memory.0,
    };
    match kind {
        Command::Compile => installation
            .language
            .compile_command(installation, &context)
            .unwrap_or_default(),
        Command::Run => installation.language.run_command(installation, &context),
    }
}

/// Which command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// The compiler.
    Compile,
    /// The program.
    Run,
}

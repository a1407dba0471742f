//! `casemate run`: flags and files become a request, the outcome becomes output and an exit code.

use crate::args::{MissingArg, NetworkArg, ProfileArg, Run};
use crate::config;
use crate::exit::{self, usage};
use crate::output::{self, Console, Show};
use crate::remote::{self, WantsFiles, credential};
use crate::watch::{Watched, Watching};
use anyhow::{Context, Result};
use casemate_engine::Settings;
use casemate_engine::monitor::event::Event;
use casemate_engine::runtime::language::{SHEBANG_LIMIT_BYTES, Table};
use casemate_server::wire::{Files, Wire};
use casemate_sys::fs::{self, Resolve};
use casemate_sys::libc;
use casemate_types::request::{MAX_CODE_BYTES, MAX_FILE_BYTES, MAX_FILES, MAX_STDIN_BYTES};
use casemate_types::{
    ExecutionRequest, Glob, InputFile, Limits, Network, Outcome, Profile, RelativePath, Status,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Findings that a refusal names.
const SHOWN_FINDINGS: usize = 5;

/// A run that is over.
pub struct Done {
    /// What became of it.
    pub outcome: Outcome,
    /// The exit code of the command.
    pub code: u8,
}

/// Runs the command; the exit code.
pub fn run(args: Run, explicit: Option<&Path>) -> Result<u8> {
    if args.watch {
        let mut tell = |event: Event| {
            if let Ok(line) = serde_json::to_string(&event) {
                // A standard error that nobody reads is no reason to end.
                let _ = writeln!(io::stderr(), "{}", output::harmless_json(&line));
            }
        };
        return Ok(watched(args, explicit, false, &mut tell)?.code);
    }
    Ok(execute(args, explicit, false, None)?.code)
}

/// Runs a program whose doings are handed to `sink` as they come; silent, when its own output is not to be shown.
pub fn watched(
    args: Run,
    explicit: Option<&Path>,
    silent: bool,
    sink: &mut dyn FnMut(Event),
) -> Result<Done> {
    execute(args, explicit, silent, Some(sink))
}

fn execute(
    args: Run,
    explicit: Option<&Path>,
    silent: bool,
    sink: Option<&mut dyn FnMut(Event)>,
) -> Result<Done> {
    let loaded = config::load(explicit)?;
    let mut settings = loaded.settings()?;
    settings.allow_missing.cgroup |= args.allow_missing.contains(&MissingArg::Cgroup);
    settings.omit_walls = args.omitted();
    let request = request(&args)?;
    let out_dir = args.out_dir.as_deref().map(open_out_dir).transpose()?;
    let show = if args.json || silent {
        Show::Nothing
    } else {
        Show::Streams { raw: args.raw }
    };
    let mut console = Console::new(show, args.quiet).context("take over signals")?;
    let (outcome, json) = match &args.server {
        None => {
            let outcome = locally(&args, &request, settings, &mut console, sink)?;
            let json = args
                .json
                .then(|| serde_json::to_string(&Wire::of(&outcome, Files::Whole)));
            (outcome, json.transpose().context("write the result")?)
        }
        Some(url) => {
            let wanted = if out_dir.is_some() {
                WantsFiles::Content
            } else {
                WantsFiles::Names
            };
            remote::check(&request)?;
            let key = credential::find(url, args.key_file.as_deref(), &loaded)?;
            let answer = remote::run(url, key.as_ref(), &request, wanted, &mut console)?;
            (answer.outcome, args.json.then_some(answer.json))
        }
    };
    console.clear();
    let written = out_dir
        .as_ref()
        .map_or(Ok(()), |dir| write_outputs(dir, &outcome));
    if let Some(json) = json {
        output::print((output::harmless_json(&json) + "\n").as_bytes()).context("write the result")?;
    } else if !args.quiet {
        for line in remarks(&outcome, &request, out_dir.is_some()) {
            eprintln!("casemate: {line}");
        }
    }
    written?;
    let code = exit::of_outcome(&outcome);
    Ok(Done { outcome, code })
}

/// With a warden of our own; watched, when somebody wants the events.
fn locally(
    args: &Run,
    request: &ExecutionRequest,
    settings: Settings,
    console: &mut Console,
    sink: Option<&mut dyn FnMut(Event)>,
) -> Result<Outcome> {
    let extension = extension(&args.file);
    let Some(sink) = sink else {
        return Ok(casemate_engine::execute(request, extension, settings, console)?);
    };
    let mut watched = Watched::new(console, Watching::start(&settings)?, sink)?;
    let outcome = casemate_engine::execute(request, extension, settings, &mut watched)?;
    watched.finish()?;
    Ok(outcome)
}

fn request(args: &Run) -> Result<ExecutionRequest> {
    let code = source(&args.file)?;
    let language = language(args, &code)?;
    let stdin = match &args.stdin {
        Some(_) if args.file.as_os_str() == "-" && args.stdin.as_deref() == Some(Path::new("-")) => {
            return Err(usage("--stdin: standard input already holds the program"));
        }
        Some(file) => read_bounded("stdin", file, MAX_STDIN_BYTES)?,
        None => Vec::new(),
    };
    Ok(ExecutionRequest {
        language,
        code,
        stdin,
        args: args.args.clone(),
        env: variables(&args.env)?,
        files: input_files(&args.files)?,
        outputs: args
            .outputs
            .iter()
            .map(|g| Glob::new("outputs", g))
            .collect::<Result<_, _>>()?,
        network: match args.network {
            NetworkArg::None => Network::None,
            NetworkArg::Loopback => Network::Loopback,
        },
        profile: match args.profile {
            ProfileArg::Default => Profile::Default,
            ProfileArg::Fresh => Profile::Fresh,
            ProfileArg::Detonate => Profile::Detonate,
        },
        mode: args.mode.map(Into::into),
        labels: BTreeMap::new(),
        limits: Limits {
            wall: args.timeout,
            cpu: args.cpu_time,
            cpus: args.cpus,
            memory: args.memory,
            disk: args.disk,
            pids: args.pids,
            output: args.output_limit,
        },
    })
}

fn source(file: &Path) -> Result<Vec<u8>> {
    read_bounded("code", file, MAX_CODE_BYTES)
}

/// Reads a file, or standard input for `-`, without ever holding more than its bound.
fn read_bounded(field: &str, file: &Path, bound: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut take = |from: &mut dyn Read| from.take(bound as u64 + 1).read_to_end(&mut bytes);
    if file.as_os_str() == "-" {
        take(&mut io::stdin().lock()).context("read standard input")?;
    } else {
        let mut open =
            File::open(file).map_err(|e| usage(format!("{field}: cannot read {}: {e}", file.display())))?;
        take(&mut open).map_err(|e| usage(format!("{field}: cannot read {}: {e}", file.display())))?;
    }
    if bytes.len() > bound {
        return Err(usage(format!(
            "{field}: {} is larger than {bound} bytes",
            file.display()
        )));
    }
    Ok(bytes)
}

fn extension(file: &Path) -> Option<&str> {
    file.extension().and_then(|e| e.to_str())
}

/// From the flag, the extension, or the shebang, in this order.
fn language(args: &Run, code: &[u8]) -> Result<String> {
    if let Some(name) = &args.language {
        return Ok(name.clone());
    }
    let table = Table::builtin();
    let by_extension = extension(&args.file).and_then(|e| table.by_extension(e));
    let head = &code[..code.len().min(SHEBANG_LIMIT_BYTES)];
    match by_extension.or_else(|| table.by_shebang(head)) {
        Some(language) => Ok(language.name.to_owned()),
        None => Err(usage(format!(
            "language: neither extension nor shebang of {} says it; give --language (`casemate languages` lists them)",
            args.file.display()
        ))),
    }
}

fn variables(given: &[String]) -> Result<BTreeMap<String, String>> {
    given
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(usage(format!("env: {pair:?} is not of the form NAME=VALUE"))),
        })
        .collect()
}

fn input_files(given: &[String]) -> Result<Vec<InputFile>> {
    if given.len() > MAX_FILES {
        return Err(usage(format!(
            "files: {} files is more than {MAX_FILES} files",
            given.len()
        )));
    }
    let mut room = MAX_FILE_BYTES;
    given
        .iter()
        .map(|text| {
            let (path, name) = host_and_name(text)?;
            let metadata = std::fs::metadata(&path)
                .map_err(|e| usage(format!("files: cannot read {}: {e}", path.display())))?;
            if !metadata.is_file() {
                return Err(usage(format!("files: {} is not a regular file", path.display())));
            }
            let content = read_bounded("files", &path, room).map_err(|_| {
                usage(format!(
                    "files: cannot read {} within {MAX_FILE_BYTES} bytes together",
                    path.display()
                ))
            })?;
            room -= content.len();
            Ok(InputFile {
                path: RelativePath::new("files.path", &name)?,
                content,
                mode: metadata.mode() & 0o777,
            })
        })
        .collect()
}

/// `HOST[:NAME]`; a host path that exists with its colon is taken whole.
fn host_and_name(text: &str) -> Result<(PathBuf, String)> {
    let whole = Path::new(text);
    if let Some((path, name)) = text.rsplit_once(':')
        && !whole.exists()
    {
        return Ok((path.into(), name.to_owned()));
    }
    let name = whole.file_name().and_then(|n| n.to_str());
    let name = name.ok_or_else(|| usage(format!("files.path: {text:?} needs a name: give HOST:NAME")))?;
    Ok((whole.to_owned(), name.to_owned()))
}

fn open_out_dir(dir: &Path) -> Result<std::os::fd::OwnedFd> {
    std::fs::create_dir_all(dir)
        .map_err(|e| usage(format!("out-dir: cannot make {}: {e}", dir.display())))?;
    fs::open_at(
        None,
        dir.as_os_str().as_bytes(),
        libc::O_RDONLY | libc::O_DIRECTORY,
        0,
        Resolve::Host,
    )
    .map_err(|e| usage(format!("out-dir: cannot open {}: {e}", dir.display())))
}

/// Writes returned files beneath the folder, over no link: their names were chosen by the program.
fn write_outputs(dir: &std::os::fd::OwnedFd, outcome: &Outcome) -> Result<()> {
    for file in &outcome.files {
        let path = file.path.as_bytes();
        let write = || -> io::Result<()> {
            let out = fs::create_beneath(dir.as_fd(), path)?;
            // Never executable, also where a program of the same name was: what a sandbox wrote is none
            // of the host's programs.
            fs::set_mode(out.as_fd(), 0o644)?;
            casemate_sys::fd::write_all(out.as_fd(), file.content.as_deref().unwrap_or_default())
        };
        write().with_context(|| format!("write the returned file {:?}", file.path))?;
    }
    Ok(())
}

/// Why a program was refused, and the gravest that was found in it.
fn denial(outcome: &Outcome) -> Vec<String> {
    let Some(analysis) = &outcome.analysis else {
        return vec!["refused before it ran".into()];
    };
    let mut lines = vec![format!(
        "refused before it ran: risk {:.2} (--mode observe runs it all the same)",
        analysis.risk.score
    )];
    lines.extend(analysis.findings.iter().take(SHOWN_FINDINGS).map(|finding| {
        let at = &finding.location;
        let place = match at.file.is_empty() {
            true => String::new(),
            false => format!("{}:{}: ", at.file, at.line),
        };
        format!("  {place}{} [{}]", finding.message, finding.rule)
    }));
    lines
}

/// What a person should know that the program did not say.
fn remarks(outcome: &Outcome, request: &ExecutionRequest, wrote: bool) -> Vec<String> {
    let limits = &request.limits;
    let mut lines = Vec::new();
    match outcome.status {
        Status::Succeeded => {}
        Status::Denied => lines.extend(denial(outcome)),
        Status::Failed if outcome.reason.as_deref() == Some("compile") => {
            lines.push("it did not compile".into())
        }
        Status::Failed => {
            if let Some(signal) = outcome.signal {
                lines.push(format!("signal {signal} ended it"));
            }
        }
        Status::TimedOut => lines.push(format!(
            "timed out after {} ms (--timeout)",
            limits.wall.as_millis()
        )),
        Status::CpuExceeded => lines.push("CPU time limit reached (--cpu-time)".into()),
        Status::MemoryExceeded => lines.push(format!("out of memory: {} (--memory)", limits.memory)),
        Status::DiskExceeded => lines.push(format!("disk full: {} (--disk)", limits.disk)),
        Status::OutputExceeded => lines.push(format!(
            "ended: more than 16 times {} of output (--output-limit)",
            limits.output
        )),
        Status::Killed => lines.push(format!(
            "killed: {}",
            outcome.reason.as_deref().unwrap_or("unknown")
        )),
        Status::Cancelled => lines.push("cancelled".into()),
    }
    for (name, captured) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        if captured.is_truncated() {
            let kept = captured.kept.len();
            lines.push(format!(
                "{name}: {} of {} bytes shown (--output-limit)",
                kept, captured.total_bytes
            ));
        }
    }
    if outcome.files_left_out > 0 {
        lines.push(format!("{} matching files were left out", outcome.files_left_out));
    }
    if !request.outputs.is_empty() && !wrote && !outcome.files.is_empty() {
        lines.push(format!(
            "files that match --out: {}; give --out-dir to keep them",
            outcome.files.len()
        ));
    }
    lines.extend(
        outcome
            .layers
            .iter()
            .filter(|l| l.name.as_str() == "cgroup" && l.state.as_str() == "missing")
            .map(|l| format!("wall missing: {}: {}", l.name, l.detail)),
    );
    lines
}

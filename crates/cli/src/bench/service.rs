//! A service of the bench's own: this very program, in a fresh data folder, on a free port. It ends with the
//! bench, whatever ends that.

use super::client::Target;
use super::watch::Watch;
use crate::config;
use crate::remote::credential::{ADMIN_KEY, PrivateKey};
use anyhow::{Context, Result, anyhow};
use casemate_sys::{host, process as processes, random, signal};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a service may take to start; the first start on a host looks through all of `/usr`.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How long it lets run what runs when it is told to stop.
const STOP_LIMIT: &str = "1s";
/// How long it may take to stop until it is told again, and then is killed.
const STOP_STEPS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(20)];
/// How often we look.
const LOOK: Duration = Duration::from_millis(5);
/// Lines of a service that are kept.
const MOST_LINES: usize = 50;

/// A folder that is removed with all that is in it.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one that nobody else may enter.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Self> {
        let mut bytes = [0; 8];
        random::fill(&mut bytes).context("make a name")?;
        let parent = host::env("TMPDIR")
            .map(PathBuf::from)
            .filter(|dir| dir.is_absolute());
        let name = format!("casemate-bench-{:016x}", u64::from_ne_bytes(bytes));
        let path = parent.unwrap_or_else(|| "/tmp".into()).join(name);
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("make {}", path.display()))?;
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    child: Child,
    target: Target,
}

/// What a service is started with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The data folder; what it knows of the host is used again.
    pub data: PathBuf,
    /// The configuration file, where one was named.
    pub config: Option<PathBuf>,
    /// Executions at once that it must take.
    pub most_at_once: u32,
    /// Whether it asks callers who they are.
    pub has_identity: bool,
}

impl Service {
    /// Starts one, and waits until it serves. The thread that calls this must live as long as the service.
    ///
    /// # Errors
    /// When it does not start, with its own words; or when we are told to stop.
    pub fn start(setting: &Setting, watch: &mut Watch) -> Result<Self> {
        watch.say("starting a service");
        let mut command = host::command(std::env::current_exe().context("find our own path")?);
        if let Some(config) = &setting.config {
            command.arg("--config").arg(config);
        }
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        if !setting.has_identity {
            command.arg("--without-identity");
        }
        command.envs(environment(setting)?);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // A terminal's Ctrl-C is for us; we end the service when nothing needs it any more.
        command.process_group(0);
        host::die_with_us(&mut command);
        let mut child = command.spawn().context("start casemate serve")?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = lines.clone();
        let stderr = child.stderr.take();
        let mut service = Self {
            child,
            target: Target {
                url: String::new(),
                key: None,
            },
        };
        let thread = std::thread::Builder::new().name("words".into());
        thread
            .spawn(move || stderr.map(|stderr| listen(stderr, &heard)))
            .context("start a thread")?;
        service.target.url = service.wait(&lines, watch)?;
        service.target.key =
            PrivateKey::read(&setting.data.join(ADMIN_KEY))?.filter(|_| setting.has_identity);
        Ok(service)
    }

    /// Its address and its key.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its own processes: the supervisor and its children.
    pub fn processes(&self) -> Vec<u32> {
        let pid = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children.split_whitespace().filter_map(|word| word.parse().ok());
        std::iter::once(pid).chain(pids).collect()
    }

    fn wait(&mut self, lines: &Mutex<Vec<String>>, watch: &Watch) -> Result<String> {
        let begun = Instant::now();
        loop {
            let has_ended = self.child.try_wait().context("look at casemate serve")?.is_some();
            let lines = lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let url = lines.iter().find_map(|line| line.split("serving on ").nth(1));
            if let Some(url) = url {
                return Ok(url.trim().to_owned());
            }
            if has_ended || begun.elapsed() > START_LIMIT {
                return Err(anyhow!("casemate serve did not start: {}", lines.join("; ")));
            }
            watch.rest(LOOK)?;
        }
    }

    fn tell_to_stop(&self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = processes::kill(pid, signal::SIGTERM);
        }
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(LOOK);
        }
        false
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for limit in STOP_STEPS {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            self.tell_to_stop();
            if self.ends_within(limit) {
                return;
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what a service says until it ends; a pipe that nobody reads would hold it up.
fn listen(stderr: ChildStderr, lines: &Mutex<Vec<String>>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MOST_LINES {
            lines.push(line);
        }
    }
}

/// The caller's settings, but for those that the bench must choose.
fn environment(setting: &Setting) -> Result<Vec<(String, OsString)>> {
    let plain = [
        "PATH",
        "HOME",
        "TMPDIR",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
    ];
    let names = plain.map(str::to_owned).into_iter();
    let names = names
        .chain(config::variables())
        .chain(["CASEMATE_CONFIG".to_owned()]);
    let taken = names.filter_map(|name| host::env(&name).map(|value| (name, value)));
    let mut variables: Vec<(String, OsString)> = taken.collect();
    let loaded = config::load(setting.config.as_deref())?;
    let places = u64::from(setting.most_at_once) + 16;
    let at_least = |name| {
        let configured = loaded.parse(name, |text| text.parse::<u64>().ok(), "a number");
        configured.map(|configured| configured.max(places).to_string())
    };
    variables.extend([
        ("CASEMATE_MAX_RUNNING".to_owned(), at_least("max_running")?.into()),
        ("CASEMATE_MAX_QUEUED".to_owned(), at_least("max_queued")?.into()),
        ("CASEMATE_STOP_LIMIT".to_owned(), STOP_LIMIT.into()),
        ("CASEMATE_DATA_DIR".to_owned(), setting.data.clone().into()),
    ]);
    Ok(variables)
}

//! Builds and starts one `casemate run --json`. Tests call it. It must never wait without an end:
//! every process it starts has a hard deadline of its own, above the limit under test.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::{host, keys, outcome::Outcome, scratch::Scratch};

/// One run to be.
#[derive(Debug)]
pub struct Run {
    binary: PathBuf,
    language: String,
    extension: String,
    code: Vec<u8>,
    flags: Vec<OsString>,
    arguments: Vec<OsString>,
    stdin: Option<Vec<u8>>,
    outside: Vec<(String, String)>,
    shell_prefix: Option<String>,
    timeout: Option<String>,
    deadline: Duration,
    scratch: Scratch,
}

/// A run that has started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    started: Instant,
    deadline: Duration,
    _scratch: Option<Scratch>,
}

/// What a command left behind, whatever it was.
#[derive(Debug)]
pub struct RawOutput {
    /// The exit status.
    pub status: ExitStatus,
    /// The exit code, or 128 and the signal.
    pub code: i32,
    /// stdout, with what is not UTF-8 replaced.
    pub stdout: String,
    /// stderr, with what is not UTF-8 replaced.
    pub stderr: String,
    /// From start to exit.
    pub elapsed: Duration,
}

impl Run {
    /// A program of this language; `extension` is that of its file on the host.
    pub fn of(language: &str, extension: &str, code: impl AsRef<[u8]>) -> Self {
        Self {
            binary: host::casemate(),
            language: language.to_owned(),
            extension: extension.to_owned(),
            code: code.as_ref().to_vec(),
            flags: Vec::new(),
            arguments: Vec::new(),
            stdin: None,
            outside: Vec::new(),
            shell_prefix: None,
            timeout: Some(format!("{}s", host::seconds(30).as_secs())),
            deadline: host::seconds(90),
            scratch: Scratch::new(),
        }
    }

    /// A Python program.
    pub fn python(code: impl AsRef<[u8]>) -> Self {
        Self::of("python", "py", code)
    }

    /// A Bash program.
    pub fn bash(code: impl AsRef<[u8]>) -> Self {
        Self::of("bash", "sh", code)
    }

    /// A C program.
    pub fn c(code: impl AsRef<[u8]>) -> Self {
        Self::of("c", "c", code)
    }

    /// A JavaScript program.
    pub fn javascript(code: impl AsRef<[u8]>) -> Self {
        Self::of("javascript", "js", code)
    }

    /// Any flag of `casemate run`, as it stands.
    pub fn flag(mut self, flag: impl Into<OsString>) -> Self {
        self.flags.push(flag.into());
        self
    }

    fn option(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.flag(name).flag(value.to_string())
    }

    /// An argument of the program.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// The program's standard input.
    pub fn stdin(mut self, content: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(content.as_ref().to_vec());
        self
    }

    /// A file in the program's folder.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.scratch.write(format!("files/{name}"), content);
        self.option("--file", format!("{}:{name}", path.display()))
    }

    /// A glob of files to collect.
    pub fn out(self, glob: &str) -> Self {
        self.option("--out", glob)
    }

    /// The folder of the host to collect into.
    pub fn out_dir(self, folder: &std::path::Path) -> Self {
        self.option("--out-dir", folder.display())
    }

    /// The wall clock limit. It is taken as it is: limits under test are not widened.
    pub fn timeout(mut self, limit: &str) -> Self {
        self.timeout = Some(limit.to_owned());
        self
    }

    /// Leaves the wall clock limit to the product's default.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// The CPU time limit.
    pub fn cpu_time(self, limit: &str) -> Self {
        self.option("--cpu-time", limit)
    }

    /// The share of processors.
    pub fn cpus(self, count: f64) -> Self {
        self.option("--cpus", count)
    }

    /// The memory limit.
    pub fn memory(self, limit: &str) -> Self {
        self.option("--memory", limit)
    }

    /// The disk limit.
    pub fn disk(self, limit: &str) -> Self {
        self.option("--disk", limit)
    }

    /// The limit of processes and threads.
    pub fn pids(self, count: u32) -> Self {
        self.option("--pids", count)
    }

    /// The limit of output per stream.
    pub fn output_limit(self, limit: &str) -> Self {
        self.option("--output-limit", limit)
    }

    /// `none` or `loopback`.
    pub fn network(self, mode: &str) -> Self {
        self.option("--network", mode)
    }

    /// A variable of the program's environment.
    pub fn env(self, name: &str, value: &str) -> Self {
        self.option("--env", format!("{name}={value}"))
    }

    /// A variable of `casemate`'s own environment, which must not reach the program.
    pub fn outside_env(mut self, name: &str, value: &str) -> Self {
        self.outside.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Shell text to run before `casemate` in the same process, such as `exec 200</etc/passwd;`.
    pub fn after_shell(mut self, text: &str) -> Self {
        self.shell_prefix = Some(text.to_owned());
        self
    }

    /// Another binary than the one under test.
    pub fn binary(mut self, binary: &std::path::Path) -> Self {
        self.binary = binary.to_owned();
        self
    }

    /// Leaves out a wall: only a build with `test-omit-walls` knows the flag.
    pub fn omit(mut self, binary: &std::path::Path, wall: &str) -> Self {
        self.binary = binary.to_owned();
        self.option("--omit-wall", wall)
    }

    /// The hard limit of the harness, far above the limit under test.
    pub fn deadline(mut self, plain_seconds: u64) -> Self {
        self.deadline = host::seconds(plain_seconds);
        self
    }

    fn command(&self) -> Command {
        let program = self
            .scratch
            .write(format!("program.{}", self.extension), &self.code);
        let mut command = match &self.shell_prefix {
            None => host::command(&self.binary),
            Some(text) => {
                let mut shell = host::command("bash");
                shell
                    .arg("-c")
                    .arg(format!("{text} exec \"$0\" \"$@\""))
                    .arg(&self.binary);
                shell
            }
        };
        command.args(["run", "--json", "--language", &self.language]);
        if let Some(timeout) = &self.timeout {
            command.args(["--timeout", timeout]);
        }
        match host::environment("CASEMATE_TEST_SERVER") {
            Some(url) => {
                command.args(["--server", &url]);
                command.env(
                    "CASEMATE_KEY",
                    host::environment("CASEMATE_TEST_KEY").unwrap_or_default(),
                );
            }
            None if host::rootless() => _ = command.args(["--allow-missing", "cgroup"]),
            None => {}
        }
        if let Some(content) = &self.stdin {
            command.arg("--stdin").arg(self.scratch.write("stdin", content));
        }
        command.args(&self.flags).arg(program);
        if !self.arguments.is_empty() {
            command.arg("--").args(&self.arguments);
        }
        command.envs(self.outside.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the run and returns at once.
    #[track_caller]
    pub fn start(self) -> Running {
        let command = self.command();
        Running::start(command, None, self.deadline, Some(self.scratch))
    }

    /// Runs whatever reading the program finds: it is hostile on purpose.
    pub fn observed(self) -> Self {
        self.flag("--mode").flag("observe")
    }

    /// Runs to the end and reads the result.
    #[track_caller]
    pub fn go(self) -> Outcome {
        self.start().outcome()
    }
}

impl Running {
    #[track_caller]
    pub(crate) fn start(
        mut command: Command,
        stdin: Option<Vec<u8>>,
        deadline: Duration,
        scratch: Option<Scratch>,
    ) -> Self {
        command.stdin(if stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        if let (Some(content), Some(mut pipe)) = (stdin, child.stdin.take()) {
            std::thread::spawn(move || pipe.write_all(&content));
        }
        let stdout = drain(child.stdout.take().expect("a piped stdout"));
        let stderr = drain(child.stderr.take().expect("a piped stderr"));
        Self {
            child,
            stdout,
            stderr,
            started,
            deadline,
            _scratch: scratch,
        }
    }

    /// The process id of `casemate` itself.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether `casemate` has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().expect("a state of the child").is_some()
    }

    /// Sends a signal to `casemate`, by the name that kill(1) knows.
    pub fn signal(&self, name: &str) {
        let status = host::command("kill")
            .args(["-s", name, &self.pid().to_string()])
            .status();
        assert!(
            status.expect("kill(1)").success(),
            "kill -s {name} {}",
            self.pid()
        );
    }

    /// Waits for the end; past the deadline it kills `casemate` and fails.
    #[track_caller]
    pub fn output(mut self) -> RawOutput {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a state of the child") {
                break status;
            }
            if self.started.elapsed() > self.deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                panic!("casemate did not end within {:?}", self.deadline);
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let elapsed = self.started.elapsed();
        let limit = Instant::now() + host::seconds(10);
        while !(self.stdout.is_finished() && self.stderr.is_finished()) {
            assert!(
                Instant::now() < limit,
                "casemate ended, but something still holds its output"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        let text = |thread: JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&thread.join().expect("a reader")).into_owned()
        };
        let code = status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        RawOutput {
            status,
            code,
            stdout: text(self.stdout),
            stderr: text(self.stderr),
            elapsed,
        }
    }

    /// Waits for the end and reads the result.
    #[track_caller]
    pub fn outcome(self) -> Outcome {
        let output = self.output();
        let json = serde_json::from_str(&output.stdout).unwrap_or_else(|error| {
            panic!(
                "no result object ({error}); exit code {}\nstdout: {}\nstderr: {}",
                output.code, output.stdout, output.stderr
            )
        });
        Outcome {
            json,
            code: output.code,
            notes: output.stderr,
            elapsed: output.elapsed,
        }
    }
}

/// Runs `casemate` with these arguments and no stdin.
#[track_caller]
pub fn raw(arguments: &[&str]) -> RawOutput {
    raw_with(arguments, None, |_| ())
}

/// Runs `casemate` with these arguments, a stdin and a changed command.
#[track_caller]
pub fn raw_with(arguments: &[&str], stdin: Option<&[u8]>, change: impl FnOnce(&mut Command)) -> RawOutput {
    let mut command = host::command(host::casemate());
    command.args(arguments);
    // A service of the tests takes the key of its own first start.
    let named = arguments.iter().skip_while(|word| **word != "--server").nth(1);
    if let Some(key) = named.and_then(|url| keys::key_of_url(url)) {
        command.env("CASEMATE_KEY", key);
    }
    change(&mut command);
    Running::start(command, stdin.map(<[u8]>::to_vec), host::seconds(180), None).output()
}

/// Reads a pipe to its end, keeping at most 64 MiB.
fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let _ = pipe.by_ref().take(64 << 20).read_to_end(&mut kept);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        kept
    })
}

//! One `casemate serve` of the tests' own, on a free port, with its own data folder. It must never
//! outlive its test.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::http::{Answer, Connection};
use crate::{Process, Scratch, host, keys, until};

/// A running service.
#[derive(Debug)]
pub struct Service {
    child: Child,
    address: SocketAddr,
    scratch: Arc<Scratch>,
    settings: Vec<(String, String)>,
    words: Arc<Mutex<Vec<String>>>,
}

/// How a service is started.
#[derive(Debug)]
pub struct Starting {
    scratch: Arc<Scratch>,
    settings: Vec<(String, String)>,
    listen: String,
    is_deaf: bool,
    group: Option<PathBuf>,
}

impl Default for Starting {
    fn default() -> Self {
        Self::new()
    }
}

impl Starting {
    /// With the defaults, in a fresh data folder.
    pub fn new() -> Self {
        Self {
            scratch: Arc::new(Scratch::new()),
            settings: Vec::new(),
            listen: "127.0.0.1:0".to_owned(),
            is_deaf: false,
            group: None,
        }
    }

    /// Runs whatever reading a program finds: for suites whose programs are hostile on purpose.
    pub fn observing() -> Self {
        Self::new().setting("CASEMATE_ANALYSIS_MODE", "observe")
    }

    /// All of its processes in this control group.
    pub fn within(mut self, group: &Path) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// A setting, by the name of its variable without `CASEMATE_`, or any other variable.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The data folder, made if it is not there.
    pub fn data(&self) -> PathBuf {
        self.scratch.folder("data")
    }

    /// Another address than a free port of 127.0.0.1.
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = address.to_owned();
        self
    }

    /// Nobody reads its standard error once it serves: the pipe is broken.
    pub fn deaf(mut self) -> Self {
        self.is_deaf = true;
        self
    }

    /// The data folder of an earlier service.
    pub fn after(mut self, earlier: &Arc<Scratch>) -> Self {
        self.scratch = earlier.clone();
        self
    }

    /// Brings what an earlier service of the tests found out about the host, so that a fresh data folder
    /// does not mean a walk over all of `/usr`. The product checks it before it believes it.
    fn warm(&self) {
        let (kept, data) = (looks(), self.scratch.folder("data"));
        copy_looks(&kept, &data);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&data, mode).expect("the mode of the data folder");
    }

    fn command(&self) -> Command {
        let mut command = match &self.group {
            None => host::command(host::casemate()),
            Some(group) => {
                let mut shell = host::command("sh");
                let enter = "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"";
                shell.arg("-c").arg(enter).arg(group).arg(host::casemate());
                shell
            }
        };
        command.args(["serve", "--listen", &self.listen]);
        command.env("CASEMATE_DATA_DIR", self.scratch.path().join("data"));
        for (name, value) in &self.settings {
            command.env(name, value);
        }
        if host::rootless() {
            command.env("CASEMATE_ALLOW_MISSING", "cgroup");
        }
        command
    }

    /// Starts it, and waits until it serves.
    #[track_caller]
    pub fn start(self) -> Service {
        self.warm();
        let mut command = self.command();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("casemate serve");
        let words = Arc::new(Mutex::new(Vec::new()));
        let (heard, stderr) = (words.clone(), child.stderr.take().expect("a piped stderr"));
        let is_deaf = self.is_deaf;
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let is_last = is_deaf && line.contains("serving on");
                heard.lock().expect("the words").push(line);
                if is_last {
                    break;
                }
            }
        });
        // The first start on a host may look for set-id files in all of /usr.
        let address = until(host::seconds(60), || {
            let words = words.lock().expect("the words");
            let line = words
                .iter()
                .find_map(|line| line.split("serving on http://").nth(1));
            line.map(|address| address.trim().parse().expect("an address"))
        });
        let Some(address) = address else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("casemate serve did not start: {:?}", words.lock());
        };
        copy_looks(&self.scratch.path().join("data"), &looks());
        keys::learn(address, &self.scratch.path().join("data"));
        Service {
            child,
            address,
            scratch: self.scratch,
            settings: self.settings,
            words,
        }
    }

    /// Starts it where it must not start: what it says, and its exit code.
    #[track_caller]
    pub fn refused(self) -> (i32, String) {
        let output = self
            .command()
            .stdin(Stdio::null())
            .output()
            .expect("casemate serve");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), words)
    }
}

/// Where looks at the host are kept between the tests' services.
fn looks() -> PathBuf {
    let uid = if host::is_root() { "root" } else { "user" };
    let folder = std::env::temp_dir().join(format!("cmtest-looks-{uid}"));
    let _ = std::fs::create_dir_all(&folder);
    folder
}

fn copy_looks(from: &Path, to: &Path) {
    let entries = std::fs::read_dir(from).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let text = name.to_string_lossy();
        if text.starts_with("setid-") || text == "versions" {
            // Another test may be at it: a file that is missing or half costs time, nothing else.
            let draft = to.join(format!(".{text}.{}", std::process::id()));
            let _ = std::fs::copy(entry.path(), &draft).and_then(|_| std::fs::rename(&draft, to.join(&name)));
        }
    }
}

impl Service {
    /// One with the defaults that runs whatever reading a program finds.
    pub fn observing() -> Self {
        Starting::observing().start()
    }

    /// One with the defaults.
    #[track_caller]
    pub fn start() -> Self {
        Starting::new().start()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key of its first start.
    pub fn key(&self) -> String {
        keys::key_of(self.address).unwrap_or_default()
    }

    /// The URL for `casemate run --server`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its data folder's parent.
    pub fn scratch(&self) -> &Arc<Scratch> {
        &self.scratch
    }

    /// What it wrote to standard error.
    pub fn words(&self) -> String {
        self.words.lock().expect("the words").join("\n")
    }

    /// The supervisor.
    pub fn supervisor(&self) -> Process {
        Process { pid: self.child.id() }
    }

    /// A child of the supervisor by its name: `casemate-server` or `casemate-warden`.
    pub fn child(&self, name: &str) -> Option<Process> {
        let parent = self.child.id().to_string();
        let is_it = |process: &Process| {
            let status = process.status();
            let state = status.get("State").map_or("", String::as_str);
            status.get("PPid") == Some(&parent) && process.name() == name && !state.starts_with('Z')
        };
        Process::all().into_iter().find(is_it)
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn call(&self, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut connection = Connection::to(self.address);
        connection.send(method, target, headers, body);
        let answer = connection.receive();
        answer.unwrap_or_else(|| panic!("no answer to {method} {target}: {}", self.words()))
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, target: &str) -> Answer {
        self.call("GET", target, &[], b"")
    }

    /// POST of a JSON body to `/v1/executions`.
    #[track_caller]
    pub fn post(&self, body: &Value, headers: &[&str]) -> Answer {
        let headers = [&["Content-Type: application/json"], headers].concat();
        self.call("POST", "/v1/executions", &headers, body.to_string().as_bytes())
    }

    /// Runs a program to its end: the result.
    #[track_caller]
    pub fn run(&self, language: &str, code: &str) -> Value {
        self.post(&json!({"language": language, "code": code}), &[])
            .expect(200)
            .json()
    }

    /// Starts a program and returns its id.
    #[track_caller]
    pub fn begin(&self, body: &Value) -> String {
        self.post(body, &["Prefer: respond-async"]).expect(202).text("id")
    }

    /// Waits until an execution is in a state.
    #[track_caller]
    pub fn wait_for(&self, id: &str, status: &str) -> Value {
        let found = until(host::seconds(60), || {
            let json = self.get(&format!("/v1/executions/{id}")).expect(200).json();
            (json["status"] == status).then_some(json)
        });
        found.unwrap_or_else(|| {
            panic!(
                "{id} never was {status}: {}",
                self.get(&format!("/v1/executions/{id}"))
            )
        })
    }

    /// Waits until it answers and runs programs again.
    #[track_caller]
    pub fn wait_ready(&self, limit: Duration) -> Duration {
        let begun = Instant::now();
        let ready = until(limit, || {
            let stream = std::net::TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).ok()?;
            drop(stream);
            let mut connection = Connection::to(self.address);
            connection.limit(limit);
            connection.send("GET", "/readyz", &[], b"");
            connection.receive().filter(|answer| answer.status == 200)
        });
        assert!(ready.is_some(), "not ready within {limit:?}: {}", self.words());
        begun.elapsed()
    }

    /// Starts it again after its supervisor was killed, with the same settings, address and data.
    #[track_caller]
    pub fn restart(&mut self, address: SocketAddr) {
        let _ = self.child.wait();
        // The children see the supervisor's end, and let go of the address and the data.
        let again = until(host::seconds(10), || {
            let free = std::net::TcpListener::bind(address).is_ok();
            free.then(|| Starting {
                settings: self.settings.clone(),
                ..Starting::new().after(&self.scratch).listen(&address.to_string())
            })
        });
        *self = again.expect("the address is free again").start();
    }

    /// Sends a signal to the supervisor.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let _ = host::command("kill").args(["-s", name, &pid]).output();
    }

    /// Stops it, and returns its exit code.
    #[track_caller]
    pub fn stop(mut self) -> i32 {
        self.signal("TERM");
        let status = until(host::seconds(30), || {
            self.child.try_wait().expect("a state of the child")
        });
        status.expect("casemate serve ends").code().unwrap_or(-1)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM");
            let ended = until(host::seconds(20), || self.child.try_wait().ok().flatten());
            if ended.is_none() {
                let _ = self.child.kill();
                let _ = self.child.wait();
            }
        }
    }
}

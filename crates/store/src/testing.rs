//! What the tests of this crate share: scratch folders, records, and waiting with a bound.

use crate::postgres::{Address, Server};
use crate::{
    Accepted, Change, Database, Durability, Finished, NewExecution, Options, Owner, Started, Store,
    StoreError, wait,
};
use casemate_types::{Captured, ExecutionId, NodeId, Status};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The millisecond at which the tests' executions begin.
pub(crate) const EPOCH_MS: u64 = 1_700_000_000_000;

/// Where the tests find a PostgreSQL to use in place of SQLite.
pub(crate) const POSTGRES: &str = "CASEMATE_STORE_TEST_POSTGRES";

/// Whether the tests run on PostgreSQL.
pub(crate) fn is_postgres() -> bool {
    variable(POSTGRES).is_some()
}

/// A folder of its own for a test, removed at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "casemate-store-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the database is, or will be.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("state.db")
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            readers: 2,
            database: match variable(POSTGRES) {
                Some(url) => Database::Postgres(Box::new(Server::direct(self.postgres(&url)))),
                None => Database::Sqlite,
            },
            ..Options::new(&self.0)
        }
    }

    /// The address of this test's database on a server, which is made when it is first asked for.
    fn postgres(&self, url: &str) -> Address {
        let name = self.0.file_name().unwrap().to_str().unwrap().replace('-', "_");
        let server = Server::direct(url.parse().unwrap());
        let made = server.batch(&format!("CREATE DATABASE {name}"));
        let text = made.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            text.is_empty() || text.contains("already exists") || text.contains("db error"),
            "{text}"
        );
        url.replace("/postgres", &format!("/{name}")).parse().unwrap()
    }

    /// The database, opened without the store; SQLite finds it whole.
    #[track_caller]
    pub(crate) fn sound(&self) -> rusqlite::Connection {
        let raw = rusqlite::Connection::open(self.database()).unwrap();
        let word: String = raw
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(word, "ok");
        raw
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.options()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The id of the test's execution number `n`, created `n` milliseconds after the first.
pub(crate) fn id(n: u64) -> ExecutionId {
    ExecutionId::from_value(u128::from(EPOCH_MS + n) << 80 | u128::from(n))
}

/// The time so many milliseconds after the first execution.
pub(crate) fn at(n: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(EPOCH_MS + n)
}

pub(crate) fn new(id: ExecutionId) -> NewExecution {
    NewExecution {
        id,
        owner: Owner::BUILT_IN,
        session_id: None,
        node_id: NodeId::from_value(7),
        language: "python".to_owned(),
        labels: BTreeMap::new(),
        request: br#"{"args":[]}"#.to_vec(),
        idempotency: None,
    }
}

pub(crate) fn finished(id: ExecutionId, status: Status) -> Finished {
    Finished {
        id,
        status,
        reason: None,
        exit_code: Some(0),
        signal: None,
        sandbox_id: None,
        started_at: None,
        ended_at: at(5000),
        stdout: Captured {
            kept: b"hello\n".to_vec(),
            total_bytes: 6,
        },
        stderr: Captured::default(),
        events: vec![1, 6],
        result: br#"{"usage":{}}"#.to_vec(),
        files: Vec::new(),
        audit_id: None,
        spent: None,
    }
}

/// Writes and waits.
impl Store {
    pub(crate) fn accept_now(&self, execution: NewExecution) -> Result<Accepted, StoreError> {
        wait(|callback| self.accept(execution, Durability::Soft, callback))
    }

    pub(crate) fn start_now(&self, id: ExecutionId) -> Result<Change, StoreError> {
        let started = Started {
            id,
            sandbox_id: None,
            started_at: at(1000),
        };
        wait(|callback| self.start(started, Durability::Soft, callback))
    }

    pub(crate) fn finish_now(&self, finished: Finished) -> Result<Change, StoreError> {
        wait(|callback| self.finish(finished, Durability::Soft, callback))
    }

    /// Execution number `n`, recorded and ended.
    pub(crate) fn ended(&self, n: u64, stdout: Vec<u8>) -> ExecutionId {
        assert_eq!(self.accept_now(new(id(n))).unwrap(), Accepted::Accepted);
        let total_bytes = stdout.len() as u64;
        let end = Finished {
            stdout: Captured {
                kept: stdout,
                total_bytes,
            },
            ..finished(id(n), Status::Succeeded)
        };
        assert_eq!(self.finish_now(end).unwrap(), Change::Done);
        id(n)
    }
}

/// Polls until it holds, and fails after the limit.
#[track_caller]
pub(crate) fn eventually(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < until, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says past libtest's capture why a test does not run; where nothing may be skipped it fails.
pub(crate) fn skip(reason: &str) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    assert!(
        variable("CASEMATE_TEST_NO_SKIP").is_none(),
        "{name} may not be skipped here: {reason}"
    );
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {name}: {reason}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are configured by environment variables"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests start themselves and the tools of the host"
)]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
    std::process::Command::new(program)
}

/// A program of the host.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.exists())
}

/// This test binary, set to run one test by its name.
pub(crate) fn this_test(name: &str) -> std::process::Command {
    let mut command = command(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command
}

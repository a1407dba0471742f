//! Tests on a PostgreSQL of their own: the tests of SQLite again, and what a server of its own adds: it goes away, comes
//! back, and may have done what nobody was told.

use super::*;
use crate::testing::{POSTGRES, Scratch, command, eventually, finished, id, new, skip, variable};
use crate::{
    Accepted, Change, Database, Day, Durability, Health, Options, Owner, State, Store, StoreError, wait,
};
use casemate_types::Status;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Output;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// A server that ends with the test.
pub(super) struct Cluster {
    folder: Scratch,
    url: String,
}

impl Cluster {
    /// `None` where it cannot be had, which is said.
    pub(super) fn start() -> Option<Self> {
        Self::start_at(None)
    }

    fn start_at(port: Option<u16>) -> Option<Self> {
        let folder = Scratch::new();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = port.map(|port| port.to_string());
        let started = script("start", folder.path(), port.as_deref());
        if started.status.code() == Some(77) {
            skip("PostgreSQL is not installed");
            return None;
        }
        assert!(started.status.success(), "{started:?}");
        let url = String::from_utf8(started.stdout).unwrap().trim().to_owned();
        Some(Self { folder, url })
    }

    fn run(&self, action: &str, more: Option<&str>) {
        let done = script(action, self.folder.path(), more);
        assert!(done.status.success(), "{action}: {done:?}");
    }

    fn server(&self) -> Server {
        Server::direct(self.url.parse().unwrap())
    }

    fn options(&self) -> Options {
        options(self.server())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        script("stop", self.folder.path(), None);
    }
}

fn options(server: Server) -> Options {
    Options {
        readers: 2,
        probe_interval: Duration::from_millis(100),
        database: Database::Postgres(Box::new(server)),
        ..Options::new("unused")
    }
}

fn script(action: &str, folder: &Path, more: Option<&str>) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/test-postgres.sh");
    command(script)
        .arg(action)
        .arg(folder)
        .args(more)
        .output()
        .unwrap()
}

/// Tests that say nothing of files.
const SAME: [&str; 12] = [
    "read::tests::",
    "read::identity::",
    "write::tests::operations::",
    "retention::tests::more_than",
    "retention::tests::others_write",
    "write::tests::batches::what_waits",
    "write::tests::batches::a_full_queue",
    "write::tests::batches::a_queue_is",
    "write::tests::batches::a_closing",
    "write::tests::batches::the_last",
    "write::tests::batches::a_dead",
    "retention::tests::each_bound",
];

#[test]
fn the_same_tests_pass() {
    let Some(cluster) = Cluster::start() else { return };
    let output = command(std::env::current_exe().unwrap())
        .args(SAME)
        .args(["--test-threads=4"])
        .env(POSTGRES, &cluster.url)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let passed = said.matches("... ok").count().max(
        said.rsplit_once("ok. ")
            .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(0),
    );
    assert!(passed >= 35, "{passed} of {said}");
    println!("{passed} tests of SQLite passed on PostgreSQL");
}

/// Executions, each accepted and ended by many threads; what was acknowledged is counted.
struct Load<'a> {
    store: &'a Store,
    next: AtomicU64,
    accepted: Mutex<Vec<u64>>,
    ended: Mutex<Vec<u64>>,
    stop: AtomicBool,
}

impl<'a> Load<'a> {
    fn new(store: &'a Store) -> Self {
        Self {
            store,
            next: AtomicU64::new(1),
            accepted: Mutex::default(),
            ended: Mutex::default(),
            stop: AtomicBool::new(false),
        }
    }

    fn work(&self) {
        while !self.stop.load(Ordering::Relaxed) {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            match wait(|callback| self.store.accept(new(id(n)), Durability::Durable, callback)) {
                Ok(Accepted::Accepted) => self.accepted.lock().unwrap().push(n),
                Ok(other) => panic!("{n}: {other:?}"),
                Err(error) => {
                    assert!(error.retry_after().is_some(), "{error:?}");
                    continue;
                }
            }
            // As the engine does: the end is tried until it is recorded.
            loop {
                let end = finished(id(n), Status::Succeeded);
                match wait(|callback| self.store.finish(end, Durability::Durable, callback)) {
                    Ok(Change::Done) => break self.ended.lock().unwrap().push(n),
                    Ok(other) => panic!("{n}: {other:?}"),
                    Err(error) => assert!(error.retry_after().is_some(), "{error:?}"),
                }
            }
        }
    }

    /// Nothing lost, nothing doubled: what is recorded is what was acknowledged.
    #[track_caller]
    fn check(&self) {
        let ended = self.ended.lock().unwrap();
        for n in ended.iter() {
            let found = self
                .store
                .summary(id(*n))
                .unwrap()
                .expect("acknowledged and lost");
            assert_eq!(found.state, State::Ended(Status::Succeeded));
        }
        let counts = self.store.counts().unwrap();
        assert_eq!(
            counts.total,
            self.accepted.lock().unwrap().len() as u64,
            "{counts:?}"
        );
        assert_eq!(counts.of(State::Queued), 0, "orphans");
        let day = Day::of(finished(id(1), Status::Succeeded).ended_at);
        let used = self.store.used_on(Owner::BUILT_IN.tenant_id, day).unwrap();
        assert_eq!(used.executions, ended.len() as u64, "counted once each");
    }
}

#[test]
fn restarts_lose_and_double_nothing() {
    let Some(cluster) = Cluster::start() else { return };
    let store = Store::open(&cluster.options()).unwrap();
    let load = Load::new(&store);
    let rounds = variable("CASEMATE_CHAOS_ROUNDS").map_or(4, |rounds| rounds.parse().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| load.work());
        }
        for round in 0..rounds {
            let before = load.ended.lock().unwrap().len();
            eventually(Duration::from_secs(20), "work goes on", || {
                load.ended.lock().unwrap().len() > before + 50
            });
            // Every other time without a farewell to anybody.
            cluster.run("restart", Some(if round % 2 == 0 { "fast" } else { "immediate" }));
        }
        load.stop.store(true, Ordering::Relaxed);
    });
    load.check();
    println!(
        "{} executions over {rounds} restarts",
        load.ended.lock().unwrap().len()
    );
}

/// Cuts connections around a commit: before the server has it, or after it was done and before that is told.
struct Cutter {
    address: Address,
    /// Commits until the next cut; counts down.
    until: Arc<AtomicU64>,
    after_commit: Arc<AtomicBool>,
    cuts: Arc<AtomicU64>,
}

impl Connector for Cutter {
    fn connect(&self) -> io::Result<Link> {
        let Link::Unix(mut server) = self.address.connect(CONNECT_LIMIT)? else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let (ours, mut theirs) = UnixStream::pair()?;
        let (mut back, mut down) = (server.try_clone()?, theirs.try_clone()?);
        let is_muted = Arc::new(AtomicBool::new(false));
        let mute = Arc::clone(&is_muted);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = back.read(&mut bytes) {
                if mute.load(Ordering::Acquire) || down.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = down.shutdown(std::net::Shutdown::Both);
        });
        let (until, after, cuts) = (
            Arc::clone(&self.until),
            Arc::clone(&self.after_commit),
            Arc::clone(&self.cuts),
        );
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 20];
            while let Ok(count @ 1..) = theirs.read(&mut bytes) {
                let is_commit = bytes[..count].windows(6).any(|part| part == b"COMMIT");
                if is_commit && until.fetch_sub(1, Ordering::AcqRel) == 1 {
                    cuts.fetch_add(1, Ordering::AcqRel);
                    if after.fetch_not(Ordering::AcqRel) {
                        is_muted.store(true, Ordering::Release);
                        let _ = server.write_all(&bytes[..count]);
                        // Until the server has answered, which nobody hears.
                        std::thread::sleep(Duration::from_millis(30));
                    }
                    break;
                }
                if server.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = theirs.shutdown(std::net::Shutdown::Both);
            let _ = server.shutdown(std::net::Shutdown::Both);
        });
        Ok(Link::Unix(ours))
    }
}

#[test]
fn a_commit_of_unknown_end_is_looked_up() {
    let Some(cluster) = Cluster::start() else { return };
    let address: Address = cluster.url.parse().unwrap();
    let until = Arc::new(AtomicU64::new(u64::MAX));
    let cuts = Arc::new(AtomicU64::new(0));
    let cutter = Cutter {
        address: address.clone(),
        until: Arc::clone(&until),
        after_commit: Arc::default(),
        cuts: Arc::clone(&cuts),
    };
    let server = Server {
        address,
        connector: Arc::new(cutter),
    };
    let store = Store::open(&options(server)).unwrap();
    let load = Load::new(&store);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| load.work());
        }
        for cut in 1..=12 {
            until.store(5, Ordering::Release);
            eventually(Duration::from_secs(20), "cut", || {
                cuts.load(Ordering::Acquire) == cut
            });
        }
        until.store(u64::MAX, Ordering::Release);
        let before = load.ended.lock().unwrap().len();
        eventually(Duration::from_secs(20), "work goes on", || {
            load.ended.lock().unwrap().len() > before + 20
        });
        load.stop.store(true, Ordering::Relaxed);
    });
    load.check();
}

#[test]
fn a_server_that_is_away_is_told_and_comes_back() {
    let Some(cluster) = Cluster::start() else { return };
    let store = Store::open(&cluster.options()).unwrap();
    store.ended(1, vec![]);
    cluster.run("stop", None);
    // Found out without a caller.
    eventually(Duration::from_secs(5), "away", || {
        matches!(store.health(), Health::Away { .. })
    });
    let since = Instant::now();
    let error = store.accept_now(new(id(2))).unwrap_err();
    assert!(
        matches!(error, StoreError::Away { .. }) && error.retry_after().is_some(),
        "{error:?}"
    );
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    let read = store.summary(id(1)).unwrap_err();
    assert!(read.retry_after().is_some(), "{read:?}");
    // The end of one that runs waits for it.
    std::thread::scope(|scope| {
        scope.spawn(|| cluster.run("start", None));
        eventually(Duration::from_secs(20), "healthy again", || {
            store.health() == Health::Healthy
        });
    });
    assert_eq!(store.accept_now(new(id(2))).unwrap(), Accepted::Accepted);
    assert!(store.summary(id(1)).unwrap().is_some());
}

#[test]
fn one_instance_writes() {
    let Some(cluster) = Cluster::start() else { return };
    let store = Store::open(&cluster.options()).unwrap();
    let brief = Options {
        lock_limit: Duration::from_millis(300),
        ..cluster.options()
    };
    let second = Store::open(&brief).unwrap_err();
    assert!(matches!(second, StoreError::InUse { .. }), "{second:?}");
    // Somebody takes the database over behind its back.
    let server = cluster.server();
    server.batch("UPDATE writer SET instance = instance + 1").unwrap();
    let error = store.accept_now(new(id(1))).unwrap_err();
    assert!(
        matches!(error, StoreError::InUse { .. } | StoreError::Away { .. }),
        "{error:?}"
    );
    let error = store.accept_now(new(id(2))).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert_eq!(store.counts().unwrap().total, 0);
    drop(store);
    let store = Store::open(&cluster.options()).unwrap();
    store.ended(1, vec![]);
    drop(store);
    server.batch("UPDATE casemate_schema SET version = 99").unwrap();
    let newer = Store::open(&cluster.options()).unwrap_err();
    assert!(matches!(newer, StoreError::Newer { found: 99, .. }), "{newer:?}");
}

#[test]
fn a_server_that_forgets_is_refused() {
    let Some(cluster) = Cluster::start() else { return };
    let server = cluster.server();
    server.batch("ALTER SYSTEM SET fsync = off").unwrap();
    cluster.run("restart", None);
    let unfit = Store::open(&cluster.options()).unwrap_err();
    assert!(
        matches!(unfit, StoreError::Unfit { .. }) && unfit.to_string().contains("fsync"),
        "{unfit:?}"
    );
}

#[test]
fn it_is_reached_over_loopback_too() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let Some(cluster) = Cluster::start_at(Some(port)) else {
        return;
    };
    let store = Store::open(&cluster.options()).unwrap();
    let large = vec![7; 3 << 20];
    store.ended(1, large.clone());
    let slice = store
        .read_stream(id(1), crate::Stream::Stdout, 2_000_000, 100)
        .unwrap()
        .unwrap();
    assert_eq!((slice.bytes, slice.size_bytes), (large[..100].to_vec(), 3 << 20));
}

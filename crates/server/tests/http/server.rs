//! A server on a port of its own, with a state folder of its own.

use crate::client::{self, Answer};
use casemate_engine::admission::Policy;
use casemate_engine::allocate::{Bounds, HostMemory};
use casemate_engine::runtime::language::Host;
use casemate_engine::service::store::{
    Durability, Edit, Finished, Key, NewExecution, Options, Owner, PrincipalRecord, Store, StoredFile, wait,
};
use casemate_engine::service::{Index, Kinds, Mark, Parts, Service};
use casemate_policy::identity::{ApiKey, Pepper};
use casemate_server::{
    Access, Config, Identity, Lifecycle, Pulse, Stop, install_first_key, policies_of, serve,
};
use casemate_types::{Captured, ExecutionId, KeyId, Maxima, NodeId, Status};
use casemate_types::{PrincipalId, PrincipalKind, ProjectId, Role, Scopes, TenantId};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The secret of the tests' servers.
fn pepper() -> Pepper {
    Pepper::new(&[7; 32])
}

/// The first key of every server of the tests: that of the built-in principal.
pub fn admin_key() -> String {
    ApiKey::new(KeyId::from_value(1), &[1; 32]).reveal().to_string()
}

/// A key of a new principal of the built-in tenant and project, in this role.
pub fn key_of(server: &Server, role: Role) -> String {
    let number = 100 + role as u128;
    let now = SystemTime::now();
    let store = server.service.store();
    let principal = PrincipalRecord {
        id: PrincipalId::from_value(number),
        tenant_id: TenantId::BUILT_IN,
        project_id: ProjectId::from_value(1),
        kind: PrincipalKind::User,
        role,
        name: format!("test {role}"),
        subject: None,
        created_at: now,
        disabled_at: None,
    };
    assert_eq!(
        wait(|callback| store.create_principal(principal, callback)).unwrap(),
        Edit::Done
    );
    let key = ApiKey::new(KeyId::from_value(number), &[1; 32]);
    let record = Key {
        id: key.id(),
        tenant_id: TenantId::BUILT_IN,
        principal_id: PrincipalId::from_value(number),
        name: "test".to_owned(),
        hash: key.hash(&pepper()),
        scopes: Scopes::ALL,
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        replaced_by: None,
        grace_until: None,
    };
    assert_eq!(
        wait(|callback| store.create_key(record, callback)).unwrap(),
        Edit::Done
    );
    key.reveal().to_string()
}

/// With the first key installed.
fn access(store: &Store) -> (Access, Option<String>) {
    let first = admin_key().parse().unwrap();
    install_first_key(store, &pepper(), &first).unwrap();
    let (policies, problem) = policies_of(store).unwrap();
    let identity = Identity::Required { pepper: pepper() };
    (Access { identity, policies }, problem)
}

/// A running server; it ends, and its folder goes, when dropped.
pub struct Server {
    pub address: SocketAddr,
    pub service: Service,
    pub stop: Stop,
    pub pulse: Pulse,
    thread: Option<JoinHandle<()>>,
    folder: PathBuf,
}

impl Server {
    pub fn start() -> Self {
        Self::with(quick(), 100)
    }

    pub fn with(config: Config, most_accepted: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("casemate-server-test-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(folder.join("kept")).unwrap();
        let uid = std::fs::metadata(&folder).unwrap().uid();
        let host = Host::new(None, "".into(), None, uid);
        let (kinds, _) = Kinds::survey(&host, &folder, std::path::Path::new("/proc/self/exe"), &[]).unwrap();
        let service = Service::start(Parts {
            node_id: NodeId::from_value(7),
            maxima: Maxima::of_host(2),
            kinds: Arc::new(kinds),
            store: Store::open(&Options::new(folder.join("state"))).unwrap(),
            pool: Bounds {
                min_idle: 0,
                max_idle: 0,
                max_total: 0,
            },
            memory: HostMemory::open().unwrap(),
            free_percent: 10,
            most_running: 1,
            most_accepted,
            kept_bytes: 1 << 20,
            kept_folder: folder.join("kept"),
            admission: Policy::default(),
            // Nobody reads, so that nothing that was accepted ends.
            readers: 0,
            on_reader_loss: Box::new(|_| ()),
        })
        .unwrap();
        let (access, _) = access(service.store());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let lifecycle = Lifecycle::default();
        let (stop, pulse) = (lifecycle.stop.clone(), lifecycle.pulse.clone());
        let served = service.clone();
        let thread = std::thread::spawn(move || serve(config, access, listener, served, lifecycle).unwrap());
        Self {
            address,
            service,
            stop,
            pulse,
            thread: Some(thread),
            folder,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        client::send(self.address, "GET", path, &[], b"")
    }

    pub fn call(&self, method: &str, path: &str) -> Answer {
        client::send(self.address, method, path, &[], b"")
    }

    pub fn delete(&self, path: &str) -> Answer {
        client::send(self.address, "DELETE", path, &[], b"")
    }

    pub fn post(&self, body: &str, headers: &[(&str, &str)]) -> Answer {
        let all = [&[("Content-Type", "application/json")], headers].concat();
        client::send(self.address, "POST", "/v1/executions", &all, body.as_bytes())
    }

    /// Hands in a program that stays queued; its id.
    pub fn queue(&self) -> String {
        let answer = self.post(&body(""), &[("Prefer", "respond-async")]);
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Records an execution that has ended.
    pub fn record(&self, stdout: &[u8], stderr: &[u8], files: &[(&str, Vec<u8>)]) -> ExecutionId {
        self.record_pieces(stdout, stderr, files, 60_000)
    }

    /// The same, with output that came in pieces of so many bytes.
    pub fn record_pieces(
        &self,
        stdout: &[u8],
        stderr: &[u8],
        files: &[(&str, Vec<u8>)],
        piece_bytes: usize,
    ) -> ExecutionId {
        self.record_of(Owner::BUILT_IN, stdout, stderr, files, piece_bytes)
    }

    /// The same, of this owner.
    pub fn record_of(
        &self,
        owner: Owner,
        stdout: &[u8],
        stderr: &[u8],
        files: &[(&str, Vec<u8>)],
        piece_bytes: usize,
    ) -> ExecutionId {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let [.., last] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let id = ExecutionId::at(since, [7, 7, 7, 7, 7, 7, 7, 7, 7, last]);
        let new = NewExecution {
            id,
            owner,
            session_id: None,
            node_id: NodeId::from_value(7),
            language: "bash".to_owned(),
            labels: [("made".to_owned(), "by hand".to_owned())].into(),
            request: Vec::new(),
            idempotency: None,
        };
        wait(|callback| self.service.store().accept(new, Durability::Soft, callback)).unwrap();
        let mut index = Index::default();
        index.push(Mark::Queued);
        index.push(Mark::Running);
        for (stream, bytes) in [
            (casemate_engine::runtime::oneshot::Stream::Stdout, stdout),
            (casemate_engine::runtime::oneshot::Stream::Stderr, stderr),
        ] {
            for piece in bytes.chunks(piece_bytes) {
                index.push(Mark::Output(stream, piece.len() as u32));
            }
        }
        index.push(Mark::Ended);
        let captured = |bytes: &[u8]| Captured {
            kept: bytes.to_vec(),
            total_bytes: bytes.len() as u64,
        };
        let stored = |(path, content): &(&str, Vec<u8>)| StoredFile {
            path: (*path).to_owned(),
            mode: 0o644,
            sha256: [0xab; 32],
            content: content.clone(),
        };
        let finished = Finished {
            id,
            status: Status::Succeeded,
            reason: None,
            exit_code: Some(0),
            signal: None,
            sandbox_id: None,
            started_at: Some(SystemTime::now()),
            ended_at: SystemTime::now(),
            stdout: captured(stdout),
            stderr: captured(stderr),
            events: index.encode(),
            result: Vec::new(),
            files: files.iter().map(stored).collect(),
            audit_id: None,
            spent: None,
        };
        wait(|callback| self.service.store().finish(finished, Durability::Soft, callback)).unwrap();
        id
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The defaults, but for an end that waits for nobody.
pub fn quick() -> Config {
    Config {
        drain_limit: Duration::from_millis(300),
        ..Config::default()
    }
}

/// A request with the required fields and these.
pub fn body(fields: &str) -> String {
    format!(r#"{{"language":"bash","code":"true"{fields}}}"#)
}

/// Waits until something is so, for at most 10 s.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

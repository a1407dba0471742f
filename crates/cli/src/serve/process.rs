//! The server process: takes its walls, opens the state, starts the engine, and serves. It reads the
//! network and holds no privilege; what it needs of the host it got open.

use super::admin_key::PEPPER;
use super::connector::Outside;
use super::control::{self, Order, Word};
use super::settings::ServeSettings;
use crate::private::write_private;
use anyhow::Context;
use casemate_engine::allocate::HostMemory;
use casemate_engine::sandbox::confine::{Confinement, confine};
use casemate_engine::sandbox::seccomp;
use casemate_engine::service::store::postgres;
use casemate_engine::service::store::{self, Database, Store};
use casemate_engine::service::{Kinds, Parts, Service};
use casemate_policy::identity::pepper::PEPPER_BYTES;
use casemate_policy::identity::{ApiKey, Pepper};
use casemate_server::{Access, Identity, Lifecycle, Pulse, Stop};
use casemate_sys::random;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How often it says that it is alive.
const ALIVE_INTERVAL: Duration = Duration::from_secs(2);
/// How long the engine, and HTTP, may take to answer before they count as stuck.
const ENGINE_LIMIT: Duration = Duration::from_secs(10);
/// How long the check of the state may take at the first start; a server that is started again was just using it.
const CHECK_LIMIT: Duration = Duration::from_secs(2);
/// How long what is asked of a database server waits for one that is away: shorter than the supervisor's patience.
const SERVER_LIMIT: Duration = Duration::from_secs(20);
/// How often it is looked whether everything has ended.
const SETTLE_LOOK: Duration = Duration::from_millis(20);
/// How often what is not to be kept is removed.
const RETAIN_INTERVAL: Duration = Duration::from_secs(60);

/// What the process is given.
#[derive(Debug)]
pub struct Given {
    /// The settings.
    pub settings: ServeSettings,
    /// The languages.
    pub kinds: Arc<Kinds>,
    /// Where clients connect.
    pub listener: TcpListener,
    /// The socket to the supervisor.
    pub control: OwnedFd,
    /// Whether no server of this supervisor was ready before: then the state is checked.
    pub is_first: bool,
    /// The key that is installed when the state holds none.
    pub first_key: Option<ApiKey>,
    /// The socket to what connects to a database server, where one is configured.
    pub outside: Option<OwnedFd>,
}

/// How the state is opened.
struct State {
    database: Database,
    check_limit: Duration,
}

/// Runs the process to its end; the exit code.
pub fn run(given: Given) -> i32 {
    let control = Arc::new(given.control);
    let server = given.settings.database.clone().zip(given.outside);
    let database = server.map_or(Database::Sqlite, |(address, outside)| {
        let connector = Arc::new(Outside::new(outside));
        Database::Postgres(Box::new(postgres::Server { address, connector }))
    });
    let state = State {
        database,
        check_limit: if given.is_first {
            CHECK_LIMIT
        } else {
            Duration::ZERO
        },
    };
    let Given {
        settings,
        kinds,
        listener,
        first_key,
        ..
    } = given;
    let inner = || serve(settings, kinds, listener, &control, state, first_key);
    match inner() {
        Ok(()) => 0,
        Err(error) => {
            let _ = control::say(control.as_fd(), &Word::Failed(format!("{error:#}")));
            1
        }
    }
}

fn serve(
    settings: ServeSettings,
    kinds: Arc<Kinds>,
    listener: TcpListener,
    control: &Arc<OwnedFd>,
    state: State,
    first_key: Option<ApiKey>,
) -> anyhow::Result<()> {
    // Opened now: behind the walls there is no /proc.
    let memory = HostMemory::open()?;
    let folder = confine(&Confinement {
        folder: &settings.folder,
        id: settings.server_id,
        filter: seccomp::server(),
    })?;
    let store = open_store(&folder, state)?;
    let access = access(&folder, &store, settings.has_identity, first_key.as_ref())?;
    let kept_folder = folder.join("kept");
    std::fs::create_dir_all(&kept_folder)?;
    let service = Service::start(Parts {
        node_id: settings.node_id,
        maxima: settings.maxima,
        kinds,
        store,
        memory,
        free_percent: settings.free_percent,
        most_running: settings.most_running,
        pool: settings.pool,
        most_accepted: settings.most_running + settings.most_queued,
        kept_bytes: settings.kept_bytes,
        kept_folder,
        admission: settings.admission,
        readers: settings.readers,
        on_reader_loss: {
            let control = control.clone();
            Box::new(move |serial| _ = control::say(control.as_fd(), &Word::Lost(serial)))
        },
    })?;
    let stop = Stop::new();
    start_listening(control.clone(), service.clone(), stop.clone())?;
    let pulse = Pulse::new();
    start_beating(control.clone(), service.clone(), pulse.clone())?;
    start_retaining(service.clone(), settings.retention)?;
    let lifecycle = Lifecycle {
        stop,
        pulse,
        ..Lifecycle::default()
    };
    casemate_server::serve(settings.http, access, listener, service.clone(), lifecycle)?;
    settle(&service, settings.stop_limit);
    Ok(())
}

/// Lets what runs end, for a while: nobody is connected any more, but its callers may come back for it. What is
/// still open then is ended by the next start.
fn settle(service: &Service, limit: Duration) {
    let until = Instant::now() + limit;
    while Instant::now() < until && !service.all_live().is_empty() {
        std::thread::sleep(SETTLE_LOOK);
    }
    service.store().close();
}

/// How callers are told apart, and what they may.
fn access(
    folder: &Path,
    store: &Store,
    has_identity: bool,
    first_key: Option<&ApiKey>,
) -> anyhow::Result<Access> {
    let (policies, problem) = casemate_server::policies_of(store)?;
    if let Some(problem) = problem {
        let _ = writeln!(std::io::stderr(), "casemate: {problem}");
    }
    let identity = match has_identity {
        false => Identity::Off,
        true => {
            let pepper = pepper(&folder.join(PEPPER))?;
            // A state that only can be read has its keys already, or can be mended by nobody.
            if let Some(key) = first_key
                && store.health() == store::Health::Healthy
            {
                casemate_server::install_first_key(store, &pepper, key).context("record the first key")?;
            }
            Identity::Required { pepper }
        }
    };
    Ok(Access { identity, policies })
}

/// The secret by which keys are hashed; made at the first start.
fn pepper(file: &Path) -> anyhow::Result<Pepper> {
    let mut bytes = [0; PEPPER_BYTES];
    match std::fs::read(file) {
        Ok(kept) if kept.len() == PEPPER_BYTES => bytes.copy_from_slice(&kept),
        Ok(_) => anyhow::bail!("server/{PEPPER} is damaged: restore it, for no key counts without it"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            random::fill(&mut bytes).context("make the pepper")?;
            write_private(file, &bytes).context("keep the pepper")?;
        }
        Err(error) => return Err(error).context("read the pepper"),
    }
    Ok(Pepper::new(&bytes))
}

/// Opens the state. A damaged file is opened to be read, and its administrator told what to do.
fn open_store(folder: &Path, state: State) -> Result<Store, store::StoreError> {
    let State {
        database,
        check_limit,
    } = state;
    let defaults = store::Options::new(folder);
    let lock_limit = match &database {
        Database::Sqlite => defaults.lock_limit,
        Database::Postgres(_) => SERVER_LIMIT,
    };
    let store = Store::open(&store::Options {
        check_limit,
        database,
        lock_limit,
        ..defaults
    })?;
    if let store::Health::ReadOnly { reason } = store.health() {
        let _ = writeln!(
            std::io::stderr(),
            "casemate: the state in server/state.db is damaged ({reason}): nothing is accepted; stop the service, \
             then restore a backup of it, or move state.db away with its -wal and -shm files to start empty"
        );
    }
    Ok(store)
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map(drop)
}

/// Obeys the supervisor; without one there is no warden and no way to be stopped, so the process ends. With the first
/// warden it says that it is ready: clients that come before the first accept wait in the listening socket.
fn start_listening(control: Arc<OwnedFd>, service: Service, stop: Stop) -> std::io::Result<()> {
    thread("control", move || {
        let mut is_ready = false;
        loop {
            match control::next_order(control.as_fd()) {
                Ok(Some(Order::Warden(link))) => {
                    service.connect(link);
                    // The engine answers when it has the warden.
                    if !is_ready && service.answers_within(ENGINE_LIMIT) {
                        is_ready = true;
                        let _ = control::say(control.as_fd(), &Word::Ready);
                    }
                }
                Ok(Some(Order::Reader(handed))) => service.connect_reader(handed),
                Ok(Some(Order::Version { language, version })) => {
                    service.kinds().learn_version(&language, version);
                }
                Ok(Some(Order::Stop)) => stop.stop(),
                Ok(None) | Err(_) => std::process::exit(1),
            }
        }
    })
}

/// Says that the engine turns and that HTTP answers. A server that does not say so is ended by the supervisor.
fn start_beating(control: Arc<OwnedFd>, service: Service, pulse: Pulse) -> std::io::Result<()> {
    thread("heartbeat", move || {
        loop {
            if service.answers_within(ENGINE_LIMIT) && pulse.beats_within(ENGINE_LIMIT) {
                let _ = control::say(control.as_fd(), &Word::Alive);
            }
            std::thread::sleep(ALIVE_INTERVAL);
        }
    })
}

fn start_retaining(service: Service, retention: store::Retention) -> std::io::Result<()> {
    thread("retention", move || {
        loop {
            // What cannot be removed now is tried again the next time; the store's health tells why.
            let _ = service.store().retain(&retention, SystemTime::now());
            std::thread::sleep(RETAIN_INTERVAL);
        }
    })
}

//! What `casemate serve` goes by, from configuration and flags.

use crate::args::Serve;
use crate::config::Loaded;
use crate::exit::usage;
use anyhow::Result;
use casemate_engine::admission::Policy;
use casemate_engine::allocate::Bounds;
use casemate_engine::runtime::language::Host;
use casemate_engine::sandbox::WallSet;
use casemate_engine::sandbox::ids::IdRange;
use casemate_engine::service::store::Retention;
use casemate_engine::service::store::postgres::{Address, MalformedAddress};
use casemate_server::Config;
use casemate_sys::credentials;
use casemate_types::units::parse_duration;
use casemate_types::{Bytes, Maxima, NodeId};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything a service needs to know.
#[derive(Clone, Debug)]
pub struct ServeSettings {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// This machine.
    pub node_id: NodeId,
    /// Bounds of requests.
    pub maxima: Maxima,
    /// Where interpreters are looked for.
    pub host: Host,
    /// Our own program, which compiles some languages.
    pub own_program: PathBuf,
    /// Locks and kept look-ups; ours alone.
    pub state_dir: PathBuf,
    /// The folder of the server process: its state.
    pub folder: PathBuf,
    /// The id that the server process takes; `None` when we are not root.
    pub server_id: Option<u32>,
    /// Ids of sandboxes when root.
    pub ids: Option<IdRange>,
    /// Where the cgroup subtree is.
    pub cgroup_base: Option<PathBuf>,
    /// Walls that may be missing.
    pub allow_missing: WallSet,
    /// The share of the host's memory that new executions leave free, in percent.
    pub free_percent: u8,
    /// Executions at once.
    pub most_running: usize,
    /// How many sandboxes may stand ready.
    pub pool: Bounds,
    /// Modules that a zygote of Python loads before it forks.
    pub python_preload: Vec<String>,
    /// What decisions on programs go by.
    pub admission: Policy,
    /// Processes that read programs.
    pub readers: usize,
    /// The id that they take; `None` when we are not root.
    pub analysis_id: Option<u32>,
    /// Executions that wait.
    pub most_queued: usize,
    /// Memory for kept output, bytes.
    pub kept_bytes: u64,
    /// The database server; `None` is SQLite in the folder.
    pub database: Option<Address>,
    /// What is kept of ended executions.
    pub retention: Retention,
    /// How long what runs may go on when the service is told to stop.
    pub stop_limit: Duration,
    /// Whether callers are told apart; only a benchmark's own service does not.
    pub has_identity: bool,
    /// The bounds of HTTP.
    pub http: Config,
}

impl ServeSettings {
    /// Reads them.
    ///
    /// # Errors
    /// A setting that is out of its bounds, or an address beyond loopback.
    pub fn load(args: &Serve, loaded: &Loaded) -> Result<Self> {
        let settings = loaded.settings()?;
        let is_root = credentials::effective_uid() == 0;
        let number = |name: &'static str, least: u64, most: u64| {
            let read = |t: &str| t.parse().ok().filter(|n| (least..=most).contains(n));
            loaded.parse::<u64>(name, read, &format!("a number of {least} to {most}"))
        };
        let time = |name| {
            let read = |t: &str| parse_duration(t).ok().filter(|d| !d.is_zero());
            loaded.parse(name, read, "a duration such as 10s, not 0")
        };
        let size = |name| {
            let read = |t: &str| t.parse::<Bytes>().ok().filter(|b| b.0 > 0);
            loaded.parse(name, read, "a size such as 512M, not 0")
        };
        let stop_limit = time("stop_limit")?;
        let server_id = match is_root {
            true => Some(server_id(
                number("server_id", 1, u64::from(u32::MAX) - 2)? as u32,
                settings.ids,
            )?),
            false => None,
        };
        if server_id.is_some() && server_id == settings.analysis_id {
            return Err(usage("analysis_id: it is the server's too (server_id)"));
        }
        Ok(Self {
            listen: listen(args, loaded)?,
            node_id: settings.node_id,
            maxima: settings.maxima,
            host: settings.host,
            own_program: settings.own_program,
            folder: settings.state_dir.join("server"),
            state_dir: settings.state_dir,
            server_id,
            ids: settings.ids,
            cgroup_base: settings.cgroup_base,
            allow_missing: settings.allow_missing,
            free_percent: number("free_percent", 1, 99)? as u8,
            most_running: number("max_running", 1, 16_384)? as usize,
            pool: pool(&number)?,
            python_preload: python_preload(loaded)?,
            admission: settings.admission,
            readers: number("analysis_workers", 1, 64)? as usize,
            analysis_id: settings.analysis_id,
            most_queued: number("max_queued", 0, 1 << 20)? as usize,
            kept_bytes: size("kept_output")?.0,
            database: database(loaded)?,
            retention: Retention {
                max_age: Some(time("keep_age")?),
                max_count: Some(number("keep_count", 1, u64::MAX)?),
                max_bytes: Some(size("keep_bytes")?),
            },
            stop_limit,
            has_identity: !args.without_identity,
            http: Config {
                drain_limit: stop_limit,
                ..Config::default()
            },
        })
    }
}

/// What holds the state. The value is never told: it may have a password.
fn database(loaded: &Loaded) -> Result<Option<Address>> {
    match loaded.text("database") {
        "sqlite" => Ok(None),
        text => Ok(Some(text.parse().map_err(|error: MalformedAddress| {
            usage(format!("database: sqlite is expected, or: {error}"))
        })?)),
    }
}

fn pool(number: &dyn Fn(&'static str, u64, u64) -> Result<u64>) -> Result<Bounds> {
    let max_idle = number("pool_max_idle", 0, 16_384)? as usize;
    Ok(Bounds {
        min_idle: number("pool_min_idle", 0, max_idle as u64)? as usize,
        max_idle,
        max_total: number("pool_max_total", 0, 16_384)? as usize,
    })
}

/// Most modules of `python_preload`, and bytes of one name.
const MAX_PRELOADS: usize = 64;
const MAX_PRELOAD_BYTES: usize = 200;

fn python_preload(loaded: &Loaded) -> Result<Vec<String>> {
    loaded.parse(
        "python_preload",
        preload_names,
        "up to 64 names of modules, such as \"json, numpy.random\"",
    )
}

fn preload_names(text: &str) -> Option<Vec<String>> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_name = |name: &&str| name.len() <= MAX_PRELOAD_BYTES && name.split('.').all(is_part);
    let names: Vec<&str> = text.split([',', ' ']).filter(|name| !name.is_empty()).collect();
    let is_good = names.len() <= MAX_PRELOADS && names.iter().all(is_name);
    is_good.then(|| names.into_iter().map(str::to_owned).collect())
}

/// The id of the server process, which no sandbox may have.
fn server_id(id: u32, sandboxes: Option<IdRange>) -> Result<u32> {
    match sandboxes {
        Some(range) if (range.base..range.base + range.count).contains(&id) => Err(usage(format!(
            "server_id: {id} is one of the ids of sandboxes, {} to {} (id_base, id_count)",
            range.base,
            range.base + range.count - 1
        ))),
        _ => Ok(id),
    }
}

/// The address; one that others can reach is refused for as long as nobody asks who they are.
fn listen(args: &Serve, loaded: &Loaded) -> Result<SocketAddr> {
    let read = |t: &str| t.parse().ok();
    let configured = loaded.parse("listen", read, "an address with a port, such as 127.0.0.1:8484")?;
    let address: SocketAddr = args.listen.unwrap_or(configured);
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(usage(format!(
        "listen: {address} can be reached from other machines, and callers cannot be told apart yet: \
         give a loopback address, such as 127.0.0.1:{}",
        address.port()
    )))
}

#[cfg(test)]
mod tests {
    use super::preload_names;

    #[test]
    fn preloads_are_names_of_modules() {
        let names = |text: &str| preload_names(text).map(|names| names.join("|"));
        for (text, expected) in [
            ("", Some("")),
            ("json", Some("json")),
            ("json, numpy.random,_x1", Some("json|numpy.random|_x1")),
            ("a;b", None),
            (".a", None),
            ("a..b", None),
            ("1a", None),
            ("../a", None),
            ("\u{e4}", None),
        ] {
            assert_eq!(names(text).as_deref(), expected, "{text:?}");
        }
        assert!(preload_names(&"a,".repeat(64)).is_some());
        assert!(preload_names(&"a,".repeat(65)).is_none());
        assert!(preload_names(&"a".repeat(201)).is_none());
    }
}

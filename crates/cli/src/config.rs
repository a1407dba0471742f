//! Configuration: `casemate.toml`, then `CASEMATE_*`, then flags. Each value knows where it came from.

use crate::args;
use crate::exit::usage;
use crate::private::{make_private, write_private};
use anyhow::{Context, Result};
use casemate_engine::Settings;
use casemate_engine::admission::Policy;
use casemate_engine::runtime::language::Host;
use casemate_engine::sandbox::WallSet;
use casemate_engine::sandbox::ids::{IdRange, ROOT_RANGE};
use casemate_engine::service::store::postgres::Address;
use casemate_sys::{credentials, host, random};
use casemate_types::analysis::Mode;
use casemate_types::id::RANDOM_BYTES;
use casemate_types::units::parse_duration;
use casemate_types::{Bytes, Cpus, Maxima, NodeId};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Largest configuration file, bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
const SYSTEM_FILE: &str = "/etc/casemate/casemate.toml";

/// One setting: its key in the file, which is also its variable's name, and what it means.
struct Key {
    name: &'static str,
    about: &'static str,
}

const KEYS: [Key; 31] = [
    Key {
        name: "data_dir",
        about: "folder for locks and kept look-ups",
    },
    Key {
        name: "cgroup_base",
        about: "cgroup below which `casemate` is made; our own when unset",
    },
    Key {
        name: "id_base",
        about: "first host user and group id of sandboxes (root)",
    },
    Key {
        name: "id_count",
        about: "how many ids, two for each sandbox (root)",
    },
    Key {
        name: "max_wall",
        about: "largest wall clock limit",
    },
    Key {
        name: "max_cpu_time",
        about: "largest CPU time limit",
    },
    Key {
        name: "max_cpus",
        about: "most CPUs",
    },
    Key {
        name: "max_memory",
        about: "most memory",
    },
    Key {
        name: "max_disk",
        about: "largest disk",
    },
    Key {
        name: "max_pids",
        about: "most processes and threads",
    },
    Key {
        name: "max_output",
        about: "most output kept of each stream",
    },
    Key {
        name: "allow_missing",
        about: "walls that may be missing: cgroup",
    },
    Key {
        name: "max_allowed_risk",
        about: "a program runs while its risk is below this, 0 to 1",
    },
    Key {
        name: "analysis_mode",
        about: "enforce: what is refused does not run; observe: it runs, and the decision is told",
    },
    Key {
        name: "analysis_id",
        about: "host user and group id of processes that read programs (root)",
    },
    Key {
        name: "analysis_workers",
        about: "processes of a service that read programs",
    },
    Key {
        name: "listen",
        about: "serve: where clients connect; loopback only",
    },
    Key {
        name: "server_id",
        about: "serve: user and group id of the process that reads the network (root)",
    },
    Key {
        name: "max_running",
        about: "serve: executions at once, if the host has the memory",
    },
    Key {
        name: "free_percent",
        about: "serve: share of the host's memory that new executions leave free",
    },
    Key {
        name: "pool_min_idle",
        about: "serve: sandboxes of each kind in use that stand ready at least",
    },
    Key {
        name: "pool_max_idle",
        about: "serve: sandboxes of one kind that stand ready at most; 0 turns the pool off",
    },
    Key {
        name: "pool_max_total",
        about: "serve: sandboxes of all kinds that stand ready at most",
    },
    Key {
        name: "python_preload",
        about: "serve: Python modules that are loaded before programs start, separated by commas",
    },
    Key {
        name: "max_queued",
        about: "serve: executions that wait; one more is refused",
    },
    Key {
        name: "kept_output",
        about: "serve: memory for the output of all executions together; beyond it on disk",
    },
    Key {
        name: "database",
        about: "serve: what holds the state: sqlite, or postgres://USER:PASSWORD@HOST:PORT/NAME on this host",
    },
    Key {
        name: "keep_age",
        about: "serve: how long an execution is kept",
    },
    Key {
        name: "keep_count",
        about: "serve: how many executions are kept",
    },
    Key {
        name: "keep_bytes",
        about: "serve: how large the state may grow",
    },
    Key {
        name: "stop_limit",
        about: "serve: how long what runs may go on when the service is told to stop",
    },
];

/// Values as text, with their origins.
#[derive(Debug)]
pub struct Loaded {
    values: BTreeMap<&'static str, (String, String)>,
}

/// The variables that settings are taken from.
pub(crate) fn variables() -> impl Iterator<Item = String> {
    let names = KEYS.iter().map(|key| key.name);
    names.map(|name| format!("CASEMATE_{}", name.to_uppercase()))
}

/// Reads files and environment.
///
/// # Errors
/// An unknown key, a file that is not TOML, or one that others may write, named with its place.
pub fn load(explicit: Option<&Path>) -> Result<Loaded> {
    let mut values = defaults();
    let from_env = host::env("CASEMATE_CONFIG").map(PathBuf::from);
    let files: Vec<(PathBuf, bool)> = match explicit.map(Path::to_owned).or(from_env) {
        Some(file) => vec![(file, true)],
        None => [Some(PathBuf::from(SYSTEM_FILE)), user_file()]
            .into_iter()
            .flatten()
            .map(|f| (f, false))
            .collect(),
    };
    for (file, required) in files {
        read_file(&file, required, &mut values)?;
    }
    for key in &KEYS {
        let variable = format!("CASEMATE_{}", key.name.to_uppercase());
        if let Some(value) = host::env(&variable) {
            let value = value
                .into_string()
                .map_err(|_| usage(format!("{variable} is not UTF-8")))?;
            values.insert(key.name, (value, variable));
        }
    }
    Ok(Loaded { values })
}

fn defaults() -> BTreeMap<&'static str, (String, String)> {
    let maxima = Maxima::of_host(cpus());
    let pairs = [
        ("data_dir", default_data_dir().to_string_lossy().into_owned()),
        ("cgroup_base", String::new()),
        ("id_base", ROOT_RANGE.base.to_string()),
        ("id_count", ROOT_RANGE.count.to_string()),
        ("max_wall", format!("{}s", maxima.wall.as_secs())),
        ("max_cpu_time", format!("{}s", maxima.cpu.as_secs())),
        ("max_cpus", maxima.cpus.to_string()),
        ("max_memory", maxima.memory.to_string()),
        ("max_disk", maxima.disk.to_string()),
        ("max_pids", maxima.pids.to_string()),
        ("max_output", maxima.output.to_string()),
        ("allow_missing", String::new()),
        ("max_allowed_risk", Policy::default().max_allowed_risk.to_string()),
        ("analysis_mode", Policy::default().mode.as_str().into()),
        (
            "analysis_id",
            (ROOT_RANGE.base + ROOT_RANGE.count + 1).to_string(),
        ),
        ("analysis_workers", "2".into()),
        ("listen", "127.0.0.1:8484".into()),
        ("server_id", (ROOT_RANGE.base + ROOT_RANGE.count).to_string()),
        ("max_running", default_running().to_string()),
        ("pool_min_idle", "2".into()),
        ("pool_max_idle", "64".into()),
        ("pool_max_total", "256".into()),
        ("python_preload", String::new()),
        ("free_percent", "10".into()),
        ("max_queued", "1024".into()),
        ("kept_output", "512M".into()),
        ("database", "sqlite".into()),
        ("keep_age", "168h".into()),
        ("keep_count", "1000000".into()),
        ("keep_bytes", "10G".into()),
        ("stop_limit", "10s".into()),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (name, (value, "default".to_owned())))
        .collect()
}

/// A guard of processors, ids and descriptors: memory is looked at as it is used. 64 for each processor, and no more than
/// 32 MiB each would allow; 8 to 1024.
fn default_running() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    (kib.unwrap_or(0) / (32 << 10))
        .min(64 * u64::from(cpus()))
        .clamp(8, 1024)
}

fn cpus() -> u32 {
    std::thread::available_parallelism().map_or(1, |n| n.get() as u32)
}

fn home() -> Option<PathBuf> {
    host::env("HOME").map(PathBuf::from).filter(|h| h.is_absolute())
}

fn default_data_dir() -> PathBuf {
    if credentials::effective_uid() == 0 {
        return "/var/lib/casemate".into();
    }
    let xdg = host::env("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    xdg.or_else(|| home().map(|h| h.join(".local/share")))
        .unwrap_or_else(|| format!("/tmp/casemate-{}", credentials::effective_uid()).into())
        .join("casemate")
}

fn user_file() -> Option<PathBuf> {
    let xdg = host::env("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|p| p.is_absolute());
    xdg.or_else(|| home().map(|h| h.join(".config")))
        .map(|c| c.join("casemate/casemate.toml"))
}

fn read_file(
    file: &Path,
    required: bool,
    values: &mut BTreeMap<&'static str, (String, String)>,
) -> Result<()> {
    let metadata = match fs::metadata(file) {
        Err(e) if e.kind() == io::ErrorKind::NotFound && !required => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied && !required => return Ok(()),
        other => other.map_err(|e| usage(format!("cannot read {}: {e}", file.display())))?,
    };
    let trusted = metadata.uid() == 0 || metadata.uid() == credentials::effective_uid();
    if !trusted || metadata.mode() & 0o022 != 0 {
        return Err(usage(format!(
            "{}: others may write this file; chmod go-w and own it",
            file.display()
        )));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(usage(format!(
            "{}: larger than {}",
            file.display(),
            Bytes(MAX_FILE_BYTES)
        )));
    }
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|e| usage(format!("{}: {e}", file.display())))?;
    for (name, value) in table {
        let key = KEYS.iter().find(|k| k.name == name);
        let key = key.ok_or_else(|| usage(format!("{}: {name}: no such setting", file.display())))?;
        let value = match value {
            toml::Value::String(s) => s,
            toml::Value::Integer(i) => i.to_string(),
            toml::Value::Float(f) => f.to_string(),
            _ => {
                return Err(usage(format!(
                    "{}: {name}: a text or a number is expected",
                    file.display()
                )));
            }
        };
        values.insert(key.name, (value, file.display().to_string()));
    }
    Ok(())
}

impl Loaded {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |(value, _)| value)
    }

    pub(crate) fn parse<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Result<T> {
        let (value, origin) = self
            .values
            .get(name)
            .map_or(("", ""), |(v, o)| (v.as_str(), o.as_str()));
        read(value).ok_or_else(|| usage(format!("{name}: {value:?} ({origin}) is not {expected}")))
    }

    /// Bounds of requests. The contract's own maxima may be raised as well as lowered, never to 0.
    pub fn maxima(&self) -> Result<Maxima> {
        let time = |t: &str| parse_duration(t).ok().filter(|d| !d.is_zero());
        let size = |t: &str| t.parse::<Bytes>().ok().filter(|b| b.0 > 0 && b.0 <= 1 << 44);
        let cpus = |t: &str| {
            t.parse()
                .ok()
                .and_then(Cpus::from_number)
                .filter(|c| c.millis >= 50)
        };
        let pids = |t: &str| t.parse().ok().filter(|n| (1..=4_000_000).contains(n));
        Ok(Maxima {
            wall: self.parse(
                "max_wall",
                |t| time(t).filter(|d| d.as_secs() <= 86_400),
                "a duration of 1ms to 24h",
            )?,
            cpu: self.parse(
                "max_cpu_time",
                |t| time(t).filter(|d| d.as_secs() <= 86_400),
                "a duration of 1ms to 24h",
            )?,
            cpus: self.parse("max_cpus", cpus, "a number of 0.05 or more")?,
            memory: self.parse("max_memory", size, "a size of 1 byte to 16T")?,
            disk: self.parse("max_disk", size, "a size of 1 byte to 16T")?,
            pids: self.parse("max_pids", pids, "a number of 1 to 4000000")?,
            output: self.parse(
                "max_output",
                |t| size(t).filter(|b| b.0 <= 1 << 30),
                "a size of 1 byte to 1G",
            )?,
        })
    }

    /// The data folder; it may not be there.
    pub fn data_dir(&self) -> PathBuf {
        PathBuf::from(self.text("data_dir"))
    }

    /// Everything the engine goes by. Makes the data folder.
    pub fn settings(&self) -> Result<Settings> {
        let data_dir = self.data_dir();
        make_private(&data_dir)?;
        let base = self.text("cgroup_base");
        let path = host::env("PATH").unwrap_or_default();
        Ok(Settings {
            node_id: node_id(&data_dir)?,
            maxima: self.maxima()?,
            host: Host::new(home(), path, Some(data_dir.clone()), credentials::effective_uid()),
            state_dir: data_dir,
            ids: Some(self.ids()?),
            cgroup_base: (!base.is_empty()).then(|| PathBuf::from(base)),
            own_program: PathBuf::from("/proc/self/exe"),
            allow_missing: self.allow_missing()?,
            omit_walls: Vec::new(),
            admission: self.admission()?,
            analysis_id: self.analysis_id()?,
        })
    }

    fn ids(&self) -> Result<IdRange> {
        // Below 65,536 live real accounts; the last two ids are special (-1, and overflow).
        let base = |t: &str| {
            t.parse()
                .ok()
                .filter(|n| (65_536..=u32::MAX - 65_536).contains(n))
        };
        let count = |t: &str| t.parse().ok().filter(|n| (2..=1 << 24).contains(n));
        let range = IdRange {
            base: self.parse("id_base", base, "a number of 65536 to 4294901759")?,
            count: self.parse("id_count", count, "a number of 2 to 16777216")?,
        };
        if range.base.checked_add(range.count).is_none() {
            return Err(usage("id_count: the range passes the largest id"));
        }
        Ok(range)
    }

    /// What decisions on programs go by.
    pub fn admission(&self) -> Result<Policy> {
        let share = |t: &str| t.parse().ok().filter(|n| (0.0..=1.0).contains(n));
        Ok(Policy {
            max_allowed_risk: self.parse("max_allowed_risk", share, "a number of 0 to 1")?,
            mode: self.parse("analysis_mode", Mode::from_word, "\"enforce\" or \"observe\"")?,
        })
    }

    /// The id of processes that read programs, when we are root. No sandbox may have it.
    pub fn analysis_id(&self) -> Result<Option<u32>> {
        if credentials::effective_uid() != 0 {
            return Ok(None);
        }
        let read = |t: &str| t.parse().ok().filter(|n| (1..=u32::MAX - 2).contains(n));
        let id = self.parse("analysis_id", read, "a number of 1 to 4294967293")?;
        let range = self.ids()?;
        match (range.base..range.base + range.count).contains(&id) {
            true => Err(usage(format!(
                "analysis_id: {id} is one of the ids of sandboxes, {} to {} (id_base, id_count)",
                range.base,
                range.base + range.count - 1
            ))),
            false => Ok(Some(id)),
        }
    }

    fn allow_missing(&self) -> Result<WallSet> {
        self.parse(
            "allow_missing",
            |t| match t {
                "" => Some(WallSet::default()),
                "cgroup" => Some(WallSet { cgroup: true }),
                _ => None,
            },
            "empty or \"cgroup\"",
        )
    }
}

/// This machine's id, made at the first start.
fn node_id(data_dir: &Path) -> Result<NodeId> {
    let file = data_dir.join("node-id");
    if let Ok(text) = fs::read_to_string(&file)
        && let Ok(id) = text.trim().parse()
    {
        return Ok(id);
    }
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let mut bytes = [0; RANDOM_BYTES];
    random::fill(&mut bytes).context("make this machine's id")?;
    let id = NodeId::at(now, bytes);
    write_private(&file, format!("{id}\n").as_bytes())
        .with_context(|| format!("keep this machine's id in {}", file.display()))?;
    Ok(id)
}

/// A value as it may be seen: a database's without its password.
fn shown<'a>(name: &str, value: &'a str) -> std::borrow::Cow<'a, str> {
    if name != "database" || value == "sqlite" {
        return value.into();
    }
    match value.parse::<Address>() {
        Ok(address) => address.label().to_owned().into(),
        Err(_) => "(not an address)".into(),
    }
}

/// `casemate config show`.
pub fn run(args: &args::Config, explicit: Option<&Path>) -> Result<u8> {
    let args::ConfigCommand::Show { json } = args.command;
    let loaded = load(explicit)?;
    loaded.maxima()?;
    loaded.ids()?;
    loaded.allow_missing()?;
    loaded.admission()?;
    loaded.analysis_id()?;
    let mut text = String::new();
    if json {
        let map: serde_json::Map<String, serde_json::Value> = KEYS
            .iter()
            .filter_map(|k| loaded.values.get(k.name).map(|v| (k, v)))
            .map(|(k, (value, origin))| {
                (
                    k.name.to_owned(),
                    serde_json::json!({"value": shown(k.name, value), "origin": origin, "about": k.about}),
                )
            })
            .collect();
        text = serde_json::to_string_pretty(&map)? + "\n";
    } else {
        for key in &KEYS {
            if let Some((value, origin)) = loaded.values.get(key.name) {
                text += &format!(
                    "{:<14} {:<24} {:<10} {}\n",
                    key.name,
                    format!("{:?}", shown(key.name, value)),
                    origin,
                    key.about
                );
            }
        }
    }
    crate::output::print(text.as_bytes())?;
    Ok(0)
}

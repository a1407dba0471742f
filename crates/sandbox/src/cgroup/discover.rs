//! Deciding which control groups to use, and where: v2 when it has the controllers, else v1, with the v2 tree beside
//! it where that serves.
//!
//! Called once by the warden and by `doctor`. Everything that is read comes in through [`Options`], so that tests can
//! hand over the tables of any machine. It must never fall back to fewer limits: what is missing is an error that says
//! what, where, and what to do.

use std::path::{Path, PathBuf};

use super::error::CgroupError;
use super::mounts::{Mount, Own, Set, Version, parse_mounts, parse_own};
use super::v1::{Tree, V1};
use super::v2::V2;
use super::{BASE_NAME, Hierarchy, files, place};

/// What to do when no subtree is ours.
pub(super) const REMEDY: &str = "run as root; or in a subtree that is delegated to this account with cpu, memory and \
    pids (`systemd-run --user --scope -p Delegate=yes casemate run ...`; for a service, `Delegate=yes` in its unit); \
    or accept missing limits with `--allow-missing cgroup`";

/// What the discovery goes by.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configured place, a path as in `/proc/self/cgroup`; our own group when `None`. The groups, or on v2 the
    /// `casemate` directory, are made inside it.
    pub base: Option<PathBuf>,
    /// The text of `/proc/self/cgroup`.
    pub own_cgroup: String,
    /// The text of `/proc/self/mountinfo`.
    pub mountinfo: String,
    /// The processes that may be moved to a leaf of our own group when cgroup v2 wants that group empty: the processes
    /// of this Casemate and no others.
    pub own_pids: Vec<u32>,
}

impl Options {
    /// The options for this process, which alone may be moved.
    ///
    /// # Errors
    /// When `/proc` is not there, or the table of mounts is longer than 4 MiB.
    pub fn of_host(base: Option<PathBuf>) -> Result<Options, CgroupError> {
        let read = |path: &Path| files::text(path).map_err(|error| CgroupError::io("read", path, error));
        Ok(Options {
            base,
            own_cgroup: read(Path::new("/proc/self/cgroup"))?,
            mountinfo: read(Path::new("/proc/self/mountinfo"))?,
            own_pids: vec![std::process::id()],
        })
    }
}

/// Finds, checks and makes ready a place for the groups of sandboxes.
///
/// # Errors
/// [`CgroupError::Unavailable`] when there is none, with the reason and a remedy; other errors when a step failed.
pub fn discover(options: &Options) -> Result<Box<dyn Hierarchy>, CgroupError> {
    let mounts = parse_mounts(&options.mountinfo);
    let own = parse_own(&options.own_cgroup);
    let on_v1 = mounts
        .iter()
        .fold(Set::default(), |all, mount| match mount.version {
            Version::One(set) => all.with(set),
            Version::Two => all,
        });
    let own_v2 = own.v2.as_deref().unwrap_or(Path::new("/"));
    let unified = pick(
        mounts.iter().filter(|mount| mount.version == Version::Two),
        own_v2,
    );
    if on_v1.has(Set::LIMITS) {
        return open_v1(&mounts, unified, &own, options);
    }
    let Some(mount) = unified.filter(|_| !on_v1.overlaps(Set::LIMITS)) else {
        return Err(CgroupError::Unavailable {
            what: match on_v1.overlaps(Set::LIMITS) {
                true => format!("cgroup v1 has no {}", Set::LIMITS.without(on_v1).list()),
                false => "no cgroup file system is mounted".to_owned(),
            },
            at: PathBuf::from("/sys/fs/cgroup"),
            advice: "mount cgroup2 there with the controllers cpu, memory and pids, or accept missing limits with \
                     `--allow-missing cgroup`"
                .to_owned(),
        });
    };
    check_mount(mount)?;
    let base = match &options.base {
        Some(wanted) => place::find_at(mount, wanted, own_v2, &options.own_pids)?,
        None => place::find(mount, own_v2, &options.own_pids)?,
    };
    Ok(Box::new(V2::open(base)))
}

/// Uses v1, and the v2 tree if it is mounted and lets us.
fn open_v1(
    mounts: &[Mount],
    unified: Option<&Mount>,
    own: &Own,
    options: &Options,
) -> Result<Box<dyn Hierarchy>, CgroupError> {
    let (life, note) = match unified.map(|mount| life_base(mount, own, options)) {
        None => (None, "not mounted".to_owned()),
        Some(Ok(base)) => (Some(base), String::new()),
        Some(Err(CgroupError::Unavailable { what, .. })) => (None, what),
        Some(Err(error)) => (None, error.to_string()),
    };
    let extra = if life.is_some() {
        Set::default()
    } else {
        Set::CPUACCT.with(Set::FREEZER)
    };
    let needed = Set::LIMITS.with(extra);
    let mut trees: Vec<Tree> = Vec::with_capacity(5);
    for (one, name) in needed.each() {
        if trees.iter().any(|tree| tree.set.has(one)) {
            continue;
        }
        match v1_tree(mounts, own, options, one, name) {
            Ok(tree) => trees.push(tree),
            // Only a help for killing, which the end of the pid namespace does already.
            Err(_) if one == Set::FREEZER => {}
            Err(error) => {
                // A base that holds groups stays; so does that of a concurrent process that puts one in meanwhile.
                life.iter().for_each(|base| drop(files::remove_group(base)));
                return Err(error);
            }
        }
    }
    Ok(Box::new(V1::open(trees, life, note)?))
}

/// Finds our place in the hierarchy of one v1 controller, and checks that processes can be put there.
fn v1_tree(
    mounts: &[Mount],
    own: &Own,
    options: &Options,
    one: Set,
    name: &'static str,
) -> Result<Tree, CgroupError> {
    let shows = |mount: &&Mount| matches!(mount.version, Version::One(set) if set.has(one));
    let path = own.v1_path(one).unwrap_or(Path::new("/"));
    let Some(mount) = pick(mounts.iter().filter(shows), path) else {
        return Err(CgroupError::Unavailable {
            what: format!("the v1 controller {name} is not mounted"),
            at: PathBuf::from("/sys/fs/cgroup"),
            advice: format!("mount it (`mount -t cgroup -o {name} none /sys/fs/cgroup/{name}`), or {REMEDY}"),
        });
    };
    check_mount(mount)?;
    let parent = match &options.base {
        None => place::locate_own(mount, path)?,
        Some(wanted) => {
            let dir = place::locate_wanted(mount, wanted)?;
            files::make_dir(&dir).map_err(|error| no_room(&dir, error))?;
            dir
        }
    };
    let procs = parent.join("cgroup.procs");
    files::check_writable(&procs)
        .map_err(|error| no_room(&parent, CgroupError::io("write", &procs, error)))?;
    let set = if let Version::One(set) = mount.version {
        set
    } else {
        one
    };
    Ok(Tree { set, parent })
}

/// Of several mounts of one hierarchy, one that shows our own group and can be written; the newest among equals.
fn pick<'a>(mounts: impl Iterator<Item = &'a Mount>, own: &Path) -> Option<&'a Mount> {
    // `min_by_key` returns the first of equals, and `false` is less than `true`.
    mounts.min_by_key(|mount| (place::locate_own(mount, own).is_err(), mount.read_only))
}

/// Makes our base in the v2 tree of a hybrid host, where no controller is needed of it.
fn life_base(mount: &Mount, own: &Own, options: &Options) -> Result<PathBuf, CgroupError> {
    check_mount(mount)?;
    let parent = match &options.base {
        None => place::locate_own(mount, own.v2.as_deref().unwrap_or(Path::new("/")))?,
        Some(wanted) => {
            let dir = place::locate_wanted(mount, wanted)?;
            files::make_dir(&dir)?;
            dir
        }
    };
    let base = base_below(&parent)?;
    let kind = files::text(&base.join("cgroup.type")).unwrap_or_default();
    if kind.trim() == "domain" && base.join("cgroup.kill").exists() {
        return Ok(base);
    }
    let error = CgroupError::Unavailable {
        what: "no cgroup.kill (Linux 5.14) or not a domain".to_owned(),
        at: base.clone(),
        advice: REMEDY.to_owned(),
    };
    Err(error.after_cleanup(files::remove_group(&base)))
}

/// Makes `casemate` below `parent` and checks that processes can be put there.
fn base_below(parent: &Path) -> Result<PathBuf, CgroupError> {
    let base = parent.join(BASE_NAME);
    files::make_dir(&base).map_err(|error| no_room(parent, error))?;
    let procs = base.join("cgroup.procs");
    match files::check_writable(&procs) {
        Ok(()) => Ok(base),
        Err(error) => Err(no_room(&base, CgroupError::io("write", &procs, error))),
    }
}

fn no_room(dir: &Path, error: CgroupError) -> CgroupError {
    let cause = std::error::Error::source(&error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    CgroupError::Unavailable {
        what: format!("no group can be made here: {error}{cause}"),
        at: dir.to_path_buf(),
        advice: REMEDY.to_owned(),
    }
}

fn check_mount(mount: &Mount) -> Result<(), CgroupError> {
    if !mount.read_only {
        return Ok(());
    }
    Err(CgroupError::Unavailable {
        what: "the cgroup file system is mounted read-only".to_owned(),
        at: mount.point.clone(),
        advice: "mount it read-write (in a container: a private cgroup namespace and a writable /sys/fs/cgroup), or \
                 accept missing limits with `--allow-missing cgroup`"
            .to_owned(),
    })
}

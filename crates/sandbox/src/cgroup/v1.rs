//! Control groups on v1, one directory per hierarchy, and the hybrid form that leaves the life cycle to the v2 tree
//! (Documentation/admin-guide/cgroup-v1).
//!
//! Made by the discovery. With the v2 tree at hand the `cpuacct` and `freezer` hierarchies are not entered: `cpu.stat`
//! and `cgroup.kill` say more and do it better, and every hierarchy costs each sandbox about 0.1 ms. It must never run
//! a sandbox with a limit unset: a file that refuses its value takes the whole group with it.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use casemate_sys::libc;

use super::error::CgroupError;
use super::kill::kill_members;
use super::life::{Life, attach};
use super::mounts::Set;
use super::v2::{PERIOD_US, set};
use super::{Arrival, Controller, Group, Hierarchy, Kind, Limits, MemoryNow, OomEvent, Usage};
use super::{V1_PREFIX, check_name, files, sweep};

/// The least quota that the kernel takes (`min_cfs_quota_period`, kernel/sched/core.c).
const LEAST_QUOTA_US: u64 = 1_000;

/// Groups above us that are asked for a tighter quota.
const MAX_DEPTH: usize = 64;

/// Our place in one v1 hierarchy.
pub(super) struct Tree {
    /// The controllers of the hierarchy that we use; `cpu` and `cpuacct` are often mounted together.
    pub(super) set: Set,
    /// The group below which ours lie.
    pub(super) parent: PathBuf,
}

impl Tree {
    /// The directory of the group `name`.
    pub(super) fn group(&self, name: &str) -> PathBuf {
        self.parent.join([V1_PREFIX, name].concat())
    }
}

/// Our v1 subtrees.
pub(super) struct V1 {
    trees: Vec<Tree>,
    /// Our base in the v2 tree, where there is one that serves.
    life: Option<PathBuf>,
    /// Why the v2 tree does not serve, or what it saves.
    note: String,
    /// `memory.memsw.limit_in_bytes` exists unless swap accounting is off (`swapaccount=0`, before Linux 5.19).
    memsw: bool,
}

impl V1 {
    /// Uses `trees`, which have `cpu`, `memory` and `pids` among them, and `life` as the v2 tree.
    pub(super) fn open(trees: Vec<Tree>, life: Option<PathBuf>, note: String) -> Result<V1, CgroupError> {
        let mut v1 = V1 {
            trees,
            life,
            note,
            memsw: false,
        };
        v1.memsw = v1
            .tree(Set::MEMORY)
            .is_some_and(|tree| tree.parent.join("memory.memsw.limit_in_bytes").exists());
        Ok(v1)
    }

    fn tree(&self, one: Set) -> Option<&Tree> {
        self.trees.iter().find(|tree| tree.set.has(one))
    }

    /// Makes the directories one after another into `group`, each with its limits.
    fn fill(&self, group: &mut V1Group, name: &str, limits: &Limits) -> Result<(), CgroupError> {
        for tree in &self.trees {
            let dir = tree.group(name);
            std::fs::create_dir(&dir).map_err(|error| CgroupError::io("make", &dir, error))?;
            group.dirs.push((tree.set, dir));
            if let Some((_, dir)) = group.dirs.last() {
                set_limits(dir, tree.set, self.memsw, limits)?;
            }
        }
        group.allow_oom_kills()?;
        if let Some(base) = &self.life {
            group.life = Some(Life::create(base, name, &|| files::make_dir(base))?);
        }
        Ok(())
    }

    fn row(&self, one: Set, name: &'static str) -> Controller {
        let at = self.tree(one).map(|tree| tree.parent.clone());
        let note = match (&self.life, &at) {
            (Some(_), None) => Some("not needed: the v2 tree does it".to_owned()),
            (None, None) => Some("not mounted or not writable: killing stays a bounded chase".to_owned()),
            _ if one == Set::MEMORY && !self.memsw => {
                Some("the kernel does not account swap: memory.swappiness=0 stands in for a limit".to_owned())
            }
            _ => None,
        };
        Controller {
            name,
            in_force: at.is_some() || self.life.is_some(),
            at,
            note,
        }
    }
}

impl Hierarchy for V1 {
    fn kind(&self) -> Kind {
        if self.life.is_some() {
            Kind::Hybrid
        } else {
            Kind::V1
        }
    }

    fn base(&self) -> String {
        let places = self.trees.iter().map(|tree| tree.group("*"));
        places
            .chain(self.life.clone())
            .map(|place| place.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn create(&self, name: &str, limits: &Limits) -> Result<Box<dyn Group>, CgroupError> {
        check_name(name)?;
        let mut group = V1Group {
            dirs: Vec::with_capacity(self.trees.len()),
            life: None,
            memsw: self.memsw,
            oom_event: OnceCell::new(),
        };
        match self.fill(&mut group, name, limits) {
            Ok(()) => Ok(Box::new(group)),
            Err(error) => Err(error.after_cleanup(group.remove())),
        }
    }

    fn sweep(&self, is_alive: &dyn Fn(&str) -> bool) -> Result<Vec<String>, CgroupError> {
        sweep::sweep(&self.trees, self.life.as_deref(), is_alive)
    }

    fn controllers(&self) -> Vec<Controller> {
        let all = Set::LIMITS.with(Set::CPUACCT).with(Set::FREEZER);
        let mut rows: Vec<Controller> = all.each().map(|(one, name)| self.row(one, name)).collect();
        rows.push(Controller {
            name: "cgroup2",
            at: self.life.clone(),
            in_force: self.life.is_some(),
            note: Some(self.note.clone()).filter(|note| !note.is_empty()),
        });
        rows
    }

    fn retire(&self) {
        if let Some(base) = &self.life {
            // Not empty, or gone already: both are fine.
            let _ = files::remove_group(base);
        }
    }
}

/// The v1 groups, and perhaps the v2 group, of one sandbox.
struct V1Group {
    /// What has been made and is not yet removed.
    dirs: Vec<(Set, PathBuf)>,
    life: Option<Life>,
    memsw: bool,
    oom_event: OnceCell<Option<File>>,
}

impl V1Group {
    fn dir(&self, one: Set) -> Option<&Path> {
        self.dirs
            .iter()
            .find(|(set, _)| set.has(one))
            .map(|(_, dir)| dir.as_path())
    }

    fn oom_control(&self) -> Option<PathBuf> {
        Some(self.dir(Set::MEMORY)?.join("memory.oom_control"))
    }

    /// New groups inherit `oom_kill_disable`: their processes would hang at the limit and never be counted.
    fn allow_oom_kills(&self) -> Result<(), CgroupError> {
        let (Some(control), Some(dir)) = (self.oom_control(), self.dir(Set::MEMORY)) else {
            return Ok(());
        };
        let mut buffer = [0u8; 256];
        let control = files::read(&control, &mut buffer).unwrap_or_default();
        match files::field(control, "oom_kill_disable") {
            Some(1) => set(dir, "memory.oom_control", 0),
            _ => Ok(()),
        }
    }

    /// Asks the kernel to raise an eventfd at an OOM: the numbers of both descriptors go to `cgroup.event_control`
    /// (Documentation/admin-guide/cgroup-v1/memory.rst, section 10). It keeps the eventfd, and of the other only the
    /// group that it names (`memcg_write_event_control()`, mm/memcontrol-v1.c).
    fn register_oom(&self) -> Option<File> {
        let event = casemate_sys::event::eventfd().ok()?;
        let control = File::open(self.oom_control()?).ok()?;
        let order = format!("{} {}", event.as_raw_fd(), control.as_raw_fd());
        files::write(
            &self.dir(Set::MEMORY)?.join("cgroup.event_control"),
            order.as_bytes(),
        )
        .ok()?;
        Some(File::from(event))
    }

    /// `cpuacct` counts exactly but splits by samples of the clock tick, which a short run may miss altogether. So
    /// the exact sum is shared out as sampled; without a sample it all counts as user time, as in the kernel's own
    /// `cputime_adjust()`.
    fn cpu_split(&self) -> Option<(Duration, Duration)> {
        if let Some(life) = &self.life {
            return life.cpu_split();
        }
        let dir = self.dir(Set::CPUACCT)?;
        let total = files::number(&dir.join("cpuacct.usage"))?;
        let user = files::number(&dir.join("cpuacct.usage_user"))?;
        let system = files::number(&dir.join("cpuacct.usage_sys"))?;
        Some(share_out(total, user, system))
    }
}

impl Group for V1Group {
    fn clone_target(&self) -> Option<BorrowedFd<'_>> {
        self.life.as_ref().and_then(Life::fd)
    }

    fn number(&self) -> Option<u64> {
        self.life.as_ref()?.number()
    }

    fn close_entry(&mut self) {
        if let Some(life) = &mut self.life {
            life.close_entry();
        }
    }

    fn limit(&self, limits: &Limits) -> Result<(), CgroupError> {
        self.dirs
            .iter()
            .try_for_each(|(has, dir)| set_limits(dir, *has, self.memsw, limits))
    }

    fn doors(&self) -> Result<Vec<OwnedFd>, CgroupError> {
        let tasks = self.dirs.iter().map(|(_, dir)| dir.join("tasks"));
        let procs = self.life.iter().map(|life| life.dir().join("cgroup.procs"));
        tasks.chain(procs).map(|path| files::door(&path)).collect()
    }

    fn attach(&self, pid: u32, arrival: Arrival) -> Result<(), CgroupError> {
        for (_, dir) in &self.dirs {
            attach(dir, pid)?;
        }
        match (&self.life, arrival) {
            (Some(life), Arrival::Moved) => life.attach(pid),
            _ => Ok(()),
        }
    }

    fn unthrottle(&self) -> Result<(), CgroupError> {
        let Some(dir) = self.dir(Set::CPU) else {
            return Ok(());
        };
        let path = dir.join("cpu.cfs_quota_us");
        files::write(&path, b"-1").map_err(|error| CgroupError::io("write", &path, error))
    }

    fn enter(&self, arrival: Arrival) -> Result<(), CgroupError> {
        for (_, dir) in &self.dirs {
            let path = dir.join("tasks");
            files::write(&path, b"0").map_err(|error| CgroupError::io("enter by", &path, error))?;
        }
        match (&self.life, arrival) {
            (Some(life), Arrival::Moved) => life.enter(),
            _ => Ok(()),
        }
    }

    fn usage(&self) -> Usage {
        let split = self.cpu_split();
        let number = |one, file| files::number(&self.dir(one)?.join(file));
        Usage {
            cpu_user: split.map(|(user, _)| user),
            cpu_system: split.map(|(_, system)| system),
            memory_peak_bytes: number(Set::MEMORY, "memory.max_usage_in_bytes"),
            pids_peak: number(Set::PIDS, "pids.peak"),
        }
    }

    fn cpu_total(&self) -> Option<Duration> {
        if let Some(life) = &self.life {
            return life.cpu_total();
        }
        files::number(&self.dir(Set::CPUACCT)?.join("cpuacct.usage")).map(Duration::from_nanos)
    }

    fn memory_total(&self) -> Option<u64> {
        files::number(&self.dir(Set::MEMORY)?.join("memory.usage_in_bytes"))
    }

    fn memory_now(&self) -> Option<MemoryNow> {
        let dir = self.dir(Set::MEMORY)?;
        let mut buffer = [0u8; files::STAT_BYTES];
        let stat = files::read(&dir.join("memory.stat"), &mut buffer).ok()?;
        let shmem_bytes = files::field(stat, "total_shmem")?;
        Some(MemoryNow {
            total_bytes: self.memory_total()?,
            shmem_bytes,
            cache_bytes: files::field(stat, "total_cache")?.saturating_sub(shmem_bytes),
            anon_bytes: files::field(stat, "total_rss")?,
        })
    }

    fn oom_kills(&self) -> Option<u64> {
        if let Some(Some(event)) = self.oom_event.get() {
            // Taking the count of the eventfd makes it quiet again; an empty one answers EAGAIN. Before the read of
            // the kernel's count, so that no event is lost.
            let mut event: &File = event;
            let _ = event.read(&mut [0u8; 8]);
        }
        let mut buffer = [0u8; 256];
        files::field(files::read(&self.oom_control()?, &mut buffer).ok()?, "oom_kill")
    }

    fn oom_event(&self) -> Option<OomEvent<'_>> {
        let event = self.oom_event.get_or_init(|| self.register_oom()).as_ref()?;
        Some(OomEvent {
            fd: event.as_fd(),
            events: libc::POLLIN,
        })
    }

    fn kill(&self) -> Result<(), CgroupError> {
        if let Some(life) = &self.life {
            life.kill()?;
        }
        // Also with a v2 tree: a process that could not be cloned into it is in these only.
        let dirs: Vec<&Path> = self.dirs.iter().map(|(_, dir)| dir.as_path()).collect();
        kill_members(&dirs, self.dir(Set::FREEZER))
    }

    fn is_populated(&self) -> bool {
        self.life.as_ref().is_some_and(Life::is_populated)
            || self.dirs.iter().any(|(_, dir)| files::has_members(dir))
    }

    fn remove(&mut self) -> Result<(), CgroupError> {
        if let Some(life) = &self.life {
            life.remove()?;
            self.life = None;
        }
        while let Some((_, dir)) = self.dirs.last() {
            files::remove_group(dir)?;
            self.dirs.pop();
        }
        Ok(())
    }
}

/// Sets the limits of one hierarchy.
fn set_limits(dir: &Path, has: Set, memsw: bool, limits: &Limits) -> Result<(), CgroupError> {
    if has.has(Set::CPU) {
        limit_cpu(dir, quota_us(limits.cpu_millis))?;
    }
    if has.has(Set::MEMORY) {
        let (memory, both) = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes");
        let bytes = limits.memory_bytes;
        match (memsw, set(dir, memory, bytes)) {
            (true, Ok(())) => set(dir, both, bytes)?,
            // The one may not be above the other, so the order depends on the direction.
            (true, Err(_)) => {
                set(dir, both, bytes)?;
                set(dir, memory, bytes)?;
            }
            (false, answer) => {
                answer?;
                set(dir, "memory.swappiness", 0)?;
            }
        }
    }
    if has.has(Set::PIDS) {
        set(dir, "pids.max", u64::from(limits.pids))?;
    }
    Ok(())
}

/// The CPU quota for a period of [`PERIOD_US`].
pub(super) fn quota_us(cpu_millis: u32) -> u64 {
    (u64::from(cpu_millis) * PERIOD_US / 1_000).max(LEAST_QUOTA_US)
}

/// Sets the quota; the period of a new group is 100 ms (`init_cfs_bandwidth()`, since Linux 3.2). On v1 a quota above
/// that of a group above is EINVAL; then that one's is taken, which held for us before.
fn limit_cpu(dir: &Path, quota: u64) -> Result<(), CgroupError> {
    let error = match set(dir, "cpu.cfs_quota_us", quota) {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let is_invalid =
        matches!(&error, CgroupError::Limit { source, .. } if source.raw_os_error() == Some(libc::EINVAL));
    match inherited_quota(dir) {
        Some(above) if is_invalid && above < quota => set(dir, "cpu.cfs_quota_us", above),
        _ => Err(error),
    }
}

/// The tightest quota of the groups above `dir`, for a period of [`PERIOD_US`].
fn inherited_quota(dir: &Path) -> Option<u64> {
    let above = dir.ancestors().skip(1).take(MAX_DEPTH);
    let quotas = above.map_while(|dir| {
        let period = files::number(&dir.join("cpu.cfs_period_us"))?;
        // -1, no quota, is not a number here.
        Some(
            files::number(&dir.join("cpu.cfs_quota_us"))
                .map(|quota| quota.saturating_mul(PERIOD_US) / period.max(1)),
        )
    });
    quotas.flatten().min()
}

/// Splits an exact total in the ratio of two samples.
pub(super) fn share_out(total_ns: u64, user: u64, system: u64) -> (Duration, Duration) {
    let sampled = u128::from(user) + u128::from(system);
    let system_ns = match sampled {
        0 => 0,
        _ => u64::try_from(u128::from(total_ns) * u128::from(system) / sampled).unwrap_or(total_ns),
    };
    (
        Duration::from_nanos(total_ns - system_ns),
        Duration::from_nanos(system_ns),
    )
}

//! Control groups on v2 alone: every limit in one directory (Documentation/admin-guide/cgroup-v2.rst).
//!
//! Made by the discovery once a place has been found and its controllers were enabled. It must never run a sandbox
//! with a limit unset: a file that refuses its value takes the whole group with it.

use std::cell::OnceCell;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use casemate_sys::libc;

use super::error::CgroupError;
use super::life::Life;
use super::mounts::Set;
use super::v1::quota_us;
use super::{Arrival, Controller, Group, Hierarchy, Kind, Limits, MemoryNow, OomEvent, Usage};
use super::{check_name, files, place, sweep};

/// The period of the CPU quota. The kernel's own default, and the one that `quota_us` reckons with.
pub(super) const PERIOD_US: u64 = 100_000;

/// A v2 subtree of ours.
pub(super) struct V2 {
    base: PathBuf,
    /// `memory.swap.max` exists unless the kernel was built or booted without swap accounting.
    swap_file: bool,
}

impl V2 {
    /// Uses `base`, whose `cgroup.subtree_control` has our controllers.
    pub(super) fn open(base: PathBuf) -> V2 {
        let swap_file = base.join("memory.swap.max").exists();
        V2 { base, swap_file }
    }

    fn limit(&self, dir: &Path, limits: &Limits) -> Result<(), CgroupError> {
        if self.swap_file {
            set(dir, "memory.swap.max", 0)?;
        }
        // One OOM ends the whole sandbox, not a process of the kernel's choice (Linux 4.19).
        set(dir, "memory.oom.group", 1)?;
        set_limits(dir, limits)
    }
}

/// Sets the limits that can change.
fn set_limits(dir: &Path, limits: &Limits) -> Result<(), CgroupError> {
    set(dir, "memory.max", limits.memory_bytes)?;
    set(dir, "pids.max", u64::from(limits.pids))?;
    let quota = quota_us(limits.cpu_millis);
    let (mut digits, mut value) = ([0u8; 20], Vec::with_capacity(32));
    value.extend_from_slice(files::decimal(quota, &mut digits));
    value.push(b' ');
    value.extend_from_slice(files::decimal(PERIOD_US, &mut digits));
    refused(dir, "cpu.max", quota, files::write(&dir.join("cpu.max"), &value))
}

impl Hierarchy for V2 {
    fn kind(&self) -> Kind {
        Kind::V2
    }

    fn base(&self) -> String {
        self.base.display().to_string()
    }

    fn create(&self, name: &str, limits: &Limits) -> Result<Box<dyn Group>, CgroupError> {
        check_name(name)?;
        let life = Life::create(&self.base, name, &|| {
            files::make_dir(&self.base)?;
            place::enable(&self.base, Set::LIMITS)
        })?;
        match self.limit(life.dir(), limits) {
            Ok(()) => Ok(Box::new(V2Group {
                life,
                events: OnceCell::new(),
                is_removed: false,
            })),
            Err(error) => Err(error.after_cleanup(life.remove())),
        }
    }

    fn sweep(&self, is_alive: &dyn Fn(&str) -> bool) -> Result<Vec<String>, CgroupError> {
        sweep::sweep(&[], Some(&self.base), is_alive)
    }

    fn controllers(&self) -> Vec<Controller> {
        let swap = (!self.swap_file).then(|| {
            "the kernel does not account swap (no memory.swap.max): memory may go beyond its limit into swap, if \
             any is on"
                .to_owned()
        });
        let mut rows: Vec<Controller> = Set::LIMITS
            .each()
            .map(|(one, name)| Controller {
                name,
                at: Some(self.base.clone()),
                in_force: true,
                note: swap.clone().filter(|_| one == Set::MEMORY),
            })
            .collect();
        rows.push(Controller {
            name: "cgroup2",
            at: Some(self.base.clone()),
            in_force: true,
            note: None,
        });
        rows
    }

    fn retire(&self) {
        // Not empty, or gone already: both are fine.
        let _ = files::remove_group(&self.base);
    }
}

/// The v2 group of one sandbox.
struct V2Group {
    life: Life,
    events: OnceCell<Option<File>>,
    is_removed: bool,
}

impl V2Group {
    /// `memory.events`, kept open: `poll(2)` reports a change since the last read through the same descriptor.
    fn events(&self) -> Option<&File> {
        self.events
            .get_or_init(|| File::open(self.life.dir().join("memory.events")).ok())
            .as_ref()
    }
}

impl Group for V2Group {
    fn clone_target(&self) -> Option<BorrowedFd<'_>> {
        self.life.fd()
    }

    fn number(&self) -> Option<u64> {
        self.life.number()
    }

    fn close_entry(&mut self) {
        self.life.close_entry();
    }

    fn limit(&self, limits: &Limits) -> Result<(), CgroupError> {
        set_limits(self.life.dir(), limits)
    }

    fn doors(&self) -> Result<Vec<OwnedFd>, CgroupError> {
        Ok(vec![files::door(&self.life.dir().join("cgroup.procs"))?])
    }

    fn attach(&self, pid: u32, arrival: Arrival) -> Result<(), CgroupError> {
        match arrival {
            Arrival::Cloned => Ok(()),
            Arrival::Moved => self.life.attach(pid),
        }
    }

    fn unthrottle(&self) -> Result<(), CgroupError> {
        let path = self.life.dir().join("cpu.max");
        files::write(&path, b"max").map_err(|error| CgroupError::io("write", &path, error))
    }

    fn enter(&self, arrival: Arrival) -> Result<(), CgroupError> {
        match arrival {
            Arrival::Cloned => Ok(()),
            Arrival::Moved => self.life.enter(),
        }
    }

    fn usage(&self) -> Usage {
        let split = self.life.cpu_split();
        Usage {
            cpu_user: split.map(|(user, _)| user),
            cpu_system: split.map(|(_, system)| system),
            memory_peak_bytes: files::number(&self.life.dir().join("memory.peak")),
            pids_peak: files::number(&self.life.dir().join("pids.peak")),
        }
    }

    fn cpu_total(&self) -> Option<Duration> {
        self.life.cpu_total()
    }

    fn memory_total(&self) -> Option<u64> {
        files::number(&self.life.dir().join("memory.current"))
    }

    fn memory_now(&self) -> Option<MemoryNow> {
        let mut buffer = [0u8; files::STAT_BYTES];
        let stat = files::read(&self.life.dir().join("memory.stat"), &mut buffer).ok()?;
        let shmem_bytes = files::field(stat, "shmem")?;
        Some(MemoryNow {
            total_bytes: self.memory_total()?,
            shmem_bytes,
            cache_bytes: files::field(stat, "file")?.saturating_sub(shmem_bytes),
            anon_bytes: files::field(stat, "anon")?,
        })
    }

    fn oom_kills(&self) -> Option<u64> {
        let mut buffer = [0u8; 1024];
        files::field(files::read_again(self.events()?, &mut buffer).ok()?, "oom_kill")
    }

    fn oom_event(&self) -> Option<OomEvent<'_>> {
        let fresh = self.events.get().is_none();
        let file = self.events()?;
        if fresh {
            // A descriptor that was never read counts as changed.
            self.oom_kills()?;
        }
        Some(OomEvent {
            fd: file.as_fd(),
            events: libc::POLLPRI,
        })
    }

    fn kill(&self) -> Result<(), CgroupError> {
        self.life.kill()
    }

    fn is_populated(&self) -> bool {
        !self.is_removed && self.life.is_populated()
    }

    fn remove(&mut self) -> Result<(), CgroupError> {
        if !self.is_removed {
            self.life.remove()?;
            self.is_removed = true;
        }
        Ok(())
    }
}

/// Writes one limit, of either version.
pub(super) fn set(dir: &Path, limit: &'static str, value: u64) -> Result<(), CgroupError> {
    refused(dir, limit, value, files::write_number(&dir.join(limit), value))
}

fn refused(
    dir: &Path,
    limit: &'static str,
    value: u64,
    answer: std::io::Result<()>,
) -> Result<(), CgroupError> {
    answer.map_err(|source| CgroupError::Limit {
        limit,
        value,
        path: dir.to_path_buf(),
        source,
    })
}

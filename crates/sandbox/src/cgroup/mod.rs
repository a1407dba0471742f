//! Control groups: what a sandbox may take of processor, memory and processes, what it took, and a sure end.
//!
//! One trait stands before cgroup v2, v1, and hybrid hosts (limits on v1, life cycle on the v2 tree). The warden calls
//! [`discover`] and [`Hierarchy::sweep`] once, and then for each sandbox [`Hierarchy::create`], [`Group::attach`],
//! [`Group::usage`] and [`Group::remove`]; `doctor` prints [`Hierarchy::controllers`].
//!
//! It must never block beyond a few milliseconds (a sweep: [`SWEEP_TIME`]), never accept a limit that does not hold,
//! and never touch a group that is not below its own `casemate` directory or named by [`V1_PREFIX`], but for moving its
//! own process into a leaf where cgroup v2 asks for that.

mod discover;
mod error;
mod files;
mod kill;
mod life;
mod mounts;
mod place;
mod sweep;
mod v1;
mod v2;

#[cfg(test)]
mod tests;

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

pub use discover::{Options, discover};
pub use error::CgroupError;
pub use sweep::SWEEP_TIME;

/// On v2: the directory below our own group, or below the configured one, that holds the groups of all sandboxes.
/// Nothing else may be put into it: the sweep kills what it does not know there.
pub const BASE_NAME: &str = "casemate";

/// On v1, where a directory in between would cost each start as much as a sandbox's own: how the names of groups
/// begin, which lie directly below our own group or the configured one. No unit of systemd has a `+` in its name.
pub const V1_PREFIX: &str = "casemate+";

/// The leaf that our own process moves to when cgroup v2 demands that its group hold no process.
pub const SELF_NAME: &str = "casemate-self";

/// What a sandbox may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory, page cache and tmpfs included; swap is not to be had. The kernel rounds down to whole pages.
    pub memory_bytes: u64,
    /// Processes and threads together.
    pub pids: u32,
    /// Processor time in thousandths of one CPU. What is below 10 counts as 10: the kernel's least quota is 1 ms.
    pub cpu_millis: u32,
}

/// What a sandbox took. What the kernel cannot tell is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time outside the kernel.
    pub cpu_user: Option<Duration>,
    /// Processor time inside the kernel. The sum of both is exact; the share of each is sampled.
    pub cpu_system: Option<Duration>,
    /// The most memory charged at any time: page cache and tmpfs included (v2: Linux 5.19).
    pub memory_peak_bytes: Option<u64>,
    /// The most processes and threads at any time (`pids.peak`: v2 since Linux 6.1, v1 since 6.11).
    pub pids_peak: Option<u64>,
}

/// What a sandbox holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryNow {
    /// Everything charged.
    pub total_bytes: u64,
    /// The share of tmpfs, shared memory and memfds.
    pub shmem_bytes: u64,
    /// The share of private memory.
    pub anon_bytes: u64,
    /// The share of files in the page cache, tmpfs not counted: the kernel takes it back when it is needed.
    pub cache_bytes: u64,
}

impl MemoryNow {
    /// What only the end of a process or of a file gives back; memory of the kernel is in it.
    pub fn held_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(self.cache_bytes)
    }
}

/// The kind of control groups in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything on v1.
    V1,
    /// Everything on v2.
    V2,
    /// Limits on v1, life cycle and processor accounting on the v2 tree.
    Hybrid,
}

/// How a process comes into a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was made by `clone3(2)` with `CLONE_INTO_CGROUP` on the descriptor of [`Group::clone_target`].
    Cloned,
    /// It is still in the group of its parent.
    Moved,
}

/// A descriptor that tells of an OOM, and how to wait on it.
#[derive(Clone, Copy, Debug)]
pub struct OomEvent<'a> {
    /// The descriptor.
    pub fd: BorrowedFd<'a>,
    /// The event to ask `poll(2)` for: `POLLIN` on v1 (an eventfd), `POLLPRI` on v2 (`memory.events`).
    pub events: i16,
}

/// One row of the report on controllers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The kernel's name: `cpu`, `cpuacct`, `memory`, `pids`, `freezer`, or `cgroup2` for the v2 tree.
    pub name: &'static str,
    /// The directory it is used in; `None` when it is not used.
    pub at: Option<PathBuf>,
    /// Whether what it is needed for is in force.
    pub in_force: bool,
    /// What is special about it here, in a sentence.
    pub note: Option<String>,
}

/// A place where the groups of sandboxes can be made.
pub trait Hierarchy {
    /// The kind of control groups.
    fn kind(&self) -> Kind;

    /// The directories that hold the groups, on v1 with the beginning of their names, joined by `, `; for people.
    fn base(&self) -> String;

    /// Makes the group `name` (1 to 64 of `[A-Za-z0-9_-]`) with every limit set, and nobody in it.
    ///
    /// On v1 a CPU quota above that of a group we are in ourselves is lowered to it, as the kernel demands.
    ///
    /// # Errors
    /// When anything could not be done; what had been made is gone again.
    fn create(&self, name: &str, limits: &Limits) -> Result<Box<dyn Group>, CgroupError>;

    /// Kills and removes every group whose name is not alive, and returns the names. Asks after it has listed: whoever
    /// makes groups must make their names count as alive first.
    ///
    /// # Errors
    /// The first failure, after everything has been tried; [`CgroupError::Busy`] when a group would not die in
    /// [`SWEEP_TIME`].
    fn sweep(&self, is_alive: &dyn Fn(&str) -> bool) -> Result<Vec<String>, CgroupError>;

    /// What each controller is used for, and where.
    fn controllers(&self) -> Vec<Controller>;

    /// Removes the `casemate` directory of v2 if no group is left in it. A later [`Hierarchy::create`], of this or of
    /// another process, makes it again.
    fn retire(&self);
}

/// The group of one sandbox. Dropping it leaves it standing: [`Group::remove`] takes it away.
pub trait Group {
    /// The descriptor for `CLONE_INTO_CGROUP` (`clone3(2)`); `None` on plain v1, and
    /// after [`Group::close_entry`].
    fn clone_target(&self) -> Option<BorrowedFd<'_>>;

    /// Its number as the kernel tells it to programs of its own (`bpf_get_current_cgroup_id`, bpf-helpers(7)): the inode of
    /// its v2 folder. `None` on plain v1.
    fn number(&self) -> Option<u64>;

    /// Closes what only the arrival of the first process needed: a group that stands holds no descriptor but its
    /// [`Group::oom_event`].
    fn close_entry(&mut self);

    /// Changes the limits.
    ///
    /// # Errors
    /// When the kernel refused one: nothing may be run in it then.
    fn limit(&self, limits: &Limits) -> Result<(), CgroupError>;

    /// Files to which a process writes `0` to come in, whoever it is: the kernel asks whether we, who opened them, may
    /// move it (`cgroup1_procs_write`, `cgroup_procs_write`).
    ///
    /// # Errors
    /// When one cannot be opened.
    fn doors(&self) -> Result<Vec<OwnedFd>, CgroupError>;

    /// Brings a process in. What it made before stays where it was, so call this before it makes anything.
    ///
    /// # Errors
    /// When a controller refused it: the process must then be killed.
    fn attach(&self, pid: u32, arrival: Arrival) -> Result<(), CgroupError>;

    /// Brings the calling process in, which must have one thread. Far cheaper on v1 than [`Group::attach`] by another:
    /// a thread that moves itself by `tasks` needs no lock on all forks of the host (`cgroup_procs_write_start`,
    /// kernel/cgroup/cgroup.c), and so waits for no RCU grace period.
    ///
    /// # Errors
    /// When a controller refused it: the process must then end.
    fn enter(&self, arrival: Arrival) -> Result<(), CgroupError>;

    /// What was taken until now. Complete when every process of the group is dead.
    fn usage(&self) -> Usage;

    /// Processor time until now, exact. Cheap: for a watch on a limit.
    fn cpu_total(&self) -> Option<Duration>;

    /// Everything charged now. Cheap, and never below what [`Group::memory_now`] tells apart: the kernel charges
    /// pages before it counts them by kind.
    fn memory_total(&self) -> Option<u64>;

    /// What is held now.
    fn memory_now(&self) -> Option<MemoryNow>;

    /// How many processes of this group the kernel's OOM killer has taken: the kernel's own count, `oom_kill`
    /// (v1: Linux 4.13). It also rearms [`Group::oom_event`].
    ///
    /// On v1 the event comes a moment before the count, perhaps twice, and also for an OOM of a group above: after an
    /// event with a count of 0, ask once more a few milliseconds later. `None` when the kernel would not say: no sign of innocence.
    fn oom_kills(&self) -> Option<u64>;

    /// The descriptor that tells of an OOM. Ask for it before the program starts; it stays the same. Removing the
    /// group raises it on v1.
    fn oom_event(&self) -> Option<OomEvent<'_>>;

    /// Lifts the CPU quota: the end of a sandbox must not be rationed by its own limit.
    ///
    /// # Errors
    /// When the kernel refused; the end then only takes longer.
    fn unthrottle(&self) -> Result<(), CgroupError>;

    /// Kills every process of the group; they are dead a moment later. On v1 this is a bounded chase and a second
    /// means: kill the init of the pid namespace first.
    ///
    /// # Errors
    /// When the kernel refused, or processes were still appearing after the last round.
    fn kill(&self) -> Result<(), CgroupError>;

    /// Whether a process is in it.
    fn is_populated(&self) -> bool;

    /// Removes it from every hierarchy. May be called again after [`CgroupError::Busy`].
    ///
    /// # Errors
    /// [`CgroupError::Busy`] while a process, or what the kernel still keeps of one, is in it.
    fn remove(&mut self) -> Result<(), CgroupError>;
}

/// Refuses a name that could name anything but a fresh group directly below the base.
fn check_name(name: &str) -> Result<(), CgroupError> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(fine) {
        return Ok(());
    }
    Err(CgroupError::Name {
        name: name.chars().take(80).collect(),
    })
}

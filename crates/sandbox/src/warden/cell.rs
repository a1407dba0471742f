//! One sandbox as the warden sees it: its init, its cgroup, its ids, its clocks.

use super::launch::OWN_PROCESSES;
use super::message::{Cause, Create, Ended};
use crate::cgroup::{CgroupError, Group};
use crate::ids::IdLease;
use casemate_sys::process::{self, Used, Wait};
use casemate_sys::{event, signal};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// How often memory is looked at while a program runs.
const MEMORY_LOOK: Duration = Duration::from_millis(50);
/// How soon after an OOM event without a count the count is read again.
const OOM_LOOK: Duration = Duration::from_millis(2);
/// How long a dead sandbox's cgroup may take to become removable.
const REMOVAL_LIMIT: Duration = Duration::from_secs(5);
const REMOVAL_LOOK: Duration = Duration::from_millis(1);
/// How long building may take; a client that never starts the clocks gains no more than this.
const SETUP_LIMIT: Duration = Duration::from_secs(10);

/// Where a cell is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Built; clocks not started.
    Idle,
    /// Clocks run.
    Armed,
    /// Init was told to end; killed when this passes.
    Ending { until: Duration },
    /// Init is dead; its cgroup is being removed.
    Dead { since: Duration },
}

/// One sandbox.
pub(super) struct Cell {
    pub key: u64,
    pub pid: i32,
    pub pidfd: OwnedFd,
    pub sync: OwnedFd,
    pub group: Option<Box<dyn Group>>,
    pub lease: Option<IdLease>,
    limits: Create,
    phase: Phase,
    cause: Cause,
    wall_until: Option<Duration>,
    next_look: Option<Duration>,
    oom_looks: u8,
    used: Used,
    oom_kills: u64,
    has_spoken: bool,
}

impl Cell {
    pub(super) fn new(
        create: &Create,
        pid: i32,
        pidfd: OwnedFd,
        sync: OwnedFd,
        group: Option<Box<dyn Group>>,
        lease: Option<IdLease>,
    ) -> Self {
        Self {
            key: create.key,
            pid,
            pidfd,
            sync,
            group,
            lease,
            limits: *create,
            phase: Phase::Idle,
            cause: Cause::Itself,
            wall_until: Some(event::monotonic() + SETUP_LIMIT + create.wall),
            next_look: None,
            oom_looks: 0,
            used: Used::default(),
            oom_kills: 0,
            has_spoken: false,
        }
    }

    /// Starts the clocks; a second call changes nothing.
    pub(super) fn arm(&mut self) {
        if self.phase == Phase::Idle {
            let now = event::monotonic();
            self.phase = Phase::Armed;
            self.wall_until = Some(now + self.limits.wall);
            self.next_look = Some(now + self.time_to_next_look());
        }
    }

    /// The next instant at which [`Cell::tick`] must be called.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Idle | Phase::Armed => [self.wall_until, self.next_look].into_iter().flatten().min(),
            Phase::Ending { until } => Some(until),
            Phase::Dead { .. } => Some(event::monotonic() + REMOVAL_LOOK),
        }
    }

    /// Looks at the clocks.
    pub(super) fn tick(&mut self, now: Duration) {
        match self.phase {
            Phase::Ending { until } if now >= until => {
                // Init did not end in time: its death takes the whole pid namespace with it.
                let _ = process::kill_fd(self.pidfd.as_fd(), signal::SIGKILL);
                if let Some(group) = &self.group {
                    let _ = group.kill();
                }
                self.phase = Phase::Ending {
                    until: now + Duration::from_secs(1),
                };
            }
            Phase::Idle | Phase::Armed => {
                if self.wall_until.is_some_and(|until| now >= until) {
                    return self.end(Cause::Wall);
                }
                if self.next_look.is_some_and(|at| now >= at) {
                    self.look(now);
                }
            }
            _ => {}
        }
    }

    /// Told by the kernel that an OOM happened here or above.
    pub(super) fn note_oom(&mut self) {
        self.oom_looks = 50;
        self.look(event::monotonic());
    }

    fn look(&mut self, now: Duration) {
        if let Some(cause) = self.exceeded() {
            return self.end(cause);
        }
        self.oom_looks = self.oom_looks.saturating_sub(1);
        let wait = if self.oom_looks > 0 {
            OOM_LOOK
        } else {
            self.time_to_next_look()
        };
        self.next_look = (self.phase == Phase::Armed || self.oom_looks > 0).then_some(now + wait);
    }

    fn exceeded(&mut self) -> Option<Cause> {
        let group = self.group.as_ref()?;
        self.oom_kills = self.oom_kills.max(group.oom_kills().unwrap_or(0));
        if self.oom_kills > 0 {
            return Some(Cause::Memory);
        }
        if let (Some(limit), Some(used)) = (self.limits.cpu, group.cpu_total())
            && used >= limit
        {
            return Some(Cause::Cpu);
        }
        // The group's limit has room for the disk; the programs' own share is told apart here.
        let held = group.memory_now()?;
        // Memory files count as soon as they cannot be the disk any more.
        let own = held.anon_bytes + held.shmem_bytes.saturating_sub(self.limits.disk_bytes);
        (own > self.limits.memory_bytes).then_some(Cause::Memory)
    }

    /// What a living cell holds; `None` when it is about to end, or cannot be measured.
    pub(super) fn held_bytes(&self) -> Option<u64> {
        let is_living = matches!(self.phase, Phase::Idle | Phase::Armed);
        let group = self.group.as_ref().filter(|_| is_living)?;
        group.memory_now().map(|now| now.held_bytes())
    }

    /// CPU time cannot pass its limit sooner than the rest divided by the bandwidth.
    fn time_to_next_look(&self) -> Duration {
        let (Some(limit), Some(group)) = (self.limits.cpu, &self.group) else {
            return MEMORY_LOOK;
        };
        let rest = limit.saturating_sub(group.cpu_total().unwrap_or_default());
        let soonest = rest * 1000 / self.limits.cpu_millis.max(1);
        soonest.clamp(Duration::from_millis(1), MEMORY_LOOK)
    }

    /// Tells init to end, for the first cause that comes.
    pub(super) fn end(&mut self, cause: Cause) {
        if matches!(self.phase, Phase::Idle | Phase::Armed) {
            self.cause = cause;
            self.phase = Phase::Ending {
                until: event::monotonic() + self.limits.grace,
            };
            if let Some(group) = &self.group {
                let _ = group.unthrottle();
            }
            let _ = process::kill_fd(self.pidfd.as_fd(), signal::SIGTERM);
        }
    }

    /// Kills at once: the client is gone.
    pub(super) fn kill(&mut self) {
        let _ = process::kill_fd(self.pidfd.as_fd(), signal::SIGKILL);
        if !matches!(self.phase, Phase::Dead { .. }) {
            self.phase = Phase::Ending {
                until: event::monotonic(),
            };
        }
    }

    /// Notes init's death when its pidfd says so.
    pub(super) fn note_death(&mut self) {
        if matches!(self.phase, Phase::Dead { .. }) {
            return;
        }
        if let Ok(Some(reaped)) = process::reap(self.pid, Wait::Look) {
            self.used = reaped.used;
            if let Some(group) = &self.group {
                self.oom_kills = self.oom_kills.max(group.oom_kills().unwrap_or(0));
            }
            if self.oom_kills > 0 && self.cause == Cause::Itself {
                self.cause = Cause::Memory;
            }
            self.phase = Phase::Dead {
                since: event::monotonic(),
            };
        }
    }

    /// What a dead cell had used, once: every process of it is dead, so that this is all of it.
    pub(super) fn last_words(&mut self) -> Option<Ended> {
        if !matches!(self.phase, Phase::Dead { .. }) || std::mem::replace(&mut self.has_spoken, true) {
            return None;
        }
        let usage = self.group.as_ref().map(|g| g.usage()).unwrap_or_default();
        let measured = self.group.is_some();
        Some(Ended {
            key: self.key,
            cause: self.cause,
            oom_kills: self.oom_kills,
            cpu_user: usage.cpu_user.or((!measured).then_some(self.used.user)),
            cpu_system: usage.cpu_system.or((!measured).then_some(self.used.system)),
            memory_peak_bytes: usage.memory_peak_bytes,
            pids_peak: usage
                .pids_peak
                .map(|peak| peak.saturating_sub(OWN_PROCESSES.into())),
        })
    }

    /// Removes what is left of a dead cell; true once nothing is. Nobody waits for it.
    pub(super) fn bury(&mut self) -> bool {
        let Phase::Dead { since } = self.phase else {
            return false;
        };
        if let Some(group) = &mut self.group {
            match group.remove() {
                // A process may have been cloned into it from elsewhere, or the kernel needs a moment.
                Err(CgroupError::Busy { .. }) if event::monotonic() - since < REMOVAL_LIMIT => {
                    let _ = group.kill();
                    return false;
                }
                // What cannot be removed now is found by the next sweep.
                _ => {}
            }
        }
        true
    }

    /// For a cell that could not be released: its client hears of the refusal, and nothing of its end.
    pub(super) fn discard(&mut self) {
        self.has_spoken = true;
        self.kill();
    }
}

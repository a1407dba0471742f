//! One sandbox as the warden sees it: its init, its cgroup, its ids, its clocks.

use super::launch::OWN_PROCESSES;
use super::message::{Bind, Cause, Create, Ended};
use super::pace::{BUSY_LOOK, Pace, soonest};
use crate::cgroup::{CgroupError, Group, Limits};
use crate::ids::IdLease;
use casemate_sys::process::{self, Used, Wait};
use casemate_sys::{event, libc, signal};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// How soon after an OOM event without a count the count is read again; then after twice as long each time.
const FIRST_RECOUNT: Duration = Duration::from_millis(2);
const LAST_RECOUNT: Duration = Duration::from_millis(64);
/// How long a dead sandbox's cgroup may take to become removable.
const REMOVAL_LIMIT: Duration = Duration::from_secs(5);
const REMOVAL_LOOK: Duration = Duration::from_millis(1);
/// How long a killed init may take to be dead before it is killed once more.
const KILL_LIMIT: Duration = Duration::from_millis(200);
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
    /// Init is dead; its cgroup is being removed, next at `retry`.
    Dead { since: Duration, retry: Duration },
}

/// The init of a sandbox.
pub(super) struct Init {
    /// Its pid, where it is our child; otherwise it is a template's, which reaps it.
    pub pid: Option<i32>,
    /// Its pidfd.
    pub pidfd: OwnedFd,
    /// Its socket, whose end tells it of ours; a template's needs none.
    pub sync: Option<OwnedFd>,
}

/// One sandbox.
pub(super) struct Cell {
    pub key: u64,
    /// Its init, once it is known.
    pub init: Option<Init>,
    /// The signal that an init that is not known yet is to get.
    owed: Option<i32>,
    pub group: Option<Box<dyn Group>>,
    pub lease: Option<IdLease>,
    limits: Create,
    phase: Phase,
    cause: Cause,
    wall_until: Duration,
    pace: Pace,
    /// When memory and CPU time are looked at next.
    memory_look: Duration,
    cpu_look: Option<Duration>,
    /// When the kernel's count of kills is read again, and how long it waited for that.
    recount: Option<(Duration, Duration)>,
    used: Used,
    oom_kills: u64,
    has_spoken: bool,
}

impl Cell {
    pub(super) fn new(
        create: &Create,
        init: Option<Init>,
        mut group: Option<Box<dyn Group>>,
        lease: Option<IdLease>,
    ) -> Self {
        if let Some(group) = &mut group {
            group.close_entry();
        }
        Self {
            key: create.key,
            init,
            owed: None,
            group,
            lease,
            limits: *create,
            phase: Phase::Idle,
            cause: Cause::Itself,
            wall_until: event::monotonic() + SETUP_LIMIT + create.wall,
            pace: Pace::default(),
            memory_look: Duration::ZERO,
            cpu_look: None,
            recount: None,
            used: Used::default(),
            oom_kills: 0,
            has_spoken: false,
        }
    }

    /// Takes note of the init that a template has made.
    pub(super) fn join(&mut self, pidfd: OwnedFd) {
        let owed = self.owed.take();
        self.init = Some(Init {
            pid: None,
            pidfd,
            sync: None,
        });
        if let Some(signal) = owed {
            self.signal(signal);
        }
    }

    /// Its template could not make it, or is dead: nothing of it is left but its group.
    pub(super) fn lose(&mut self) {
        if self.init.is_none() {
            self.note_end();
        }
    }

    pub(super) fn is_unmade_of(&self, template: u64) -> bool {
        self.init.is_none() && !self.is_dead() && u64::from(self.limits.blueprint) == template
    }

    fn signal(&mut self, signal: i32) {
        match &self.init {
            Some(init) => _ = process::kill_fd(init.pidfd.as_fd(), signal),
            None => self.owed = Some(self.owed.map_or(signal, |owed| owed.min(signal))),
        }
    }

    /// Puts a parked sandbox to use under these limits; whether its group had to change.
    pub(super) fn bind(&mut self, bind: &Bind) -> Result<bool, CgroupError> {
        let before = &self.limits;
        let same = (before.memory_bytes, before.pids, before.cpu_millis)
            == (bind.memory_bytes, bind.pids, bind.cpu_millis);
        if let (Some(group), false) = (&self.group, same) {
            group.limit(&Limits {
                memory_bytes: bind.memory_bytes + self.limits.disk_bytes,
                pids: bind.pids + OWN_PROCESSES,
                cpu_millis: bind.cpu_millis,
            })?;
        }
        self.limits = Create {
            memory_bytes: bind.memory_bytes,
            pids: bind.pids,
            cpu_millis: bind.cpu_millis,
            wall: bind.wall,
            cpu: bind.cpu,
            grace: bind.grace,
            parked: false,
            ..self.limits
        };
        if self.phase == Phase::Idle {
            self.wall_until = event::monotonic() + SETUP_LIMIT + bind.wall;
        }
        Ok(!same)
    }

    /// Starts the clocks; a second call changes nothing.
    pub(super) fn arm(&mut self) {
        if self.phase == Phase::Idle {
            let now = event::monotonic();
            self.phase = Phase::Armed;
            self.wall_until = now + self.limits.wall;
            self.memory_look = now + BUSY_LOOK;
            self.cpu_look = self.soonest_over(Duration::ZERO).map(|wait| now + wait);
        }
    }

    pub(super) fn is_dead(&self) -> bool {
        matches!(self.phase, Phase::Dead { .. })
    }

    /// The next instant at which [`Cell::tick`] must be called.
    pub(super) fn next_clock(&self) -> Option<Duration> {
        match self.phase {
            Phase::Idle if self.limits.parked => self.recount.map(|(at, _)| at),
            Phase::Idle | Phase::Armed => {
                let recount = self.recount.map_or(self.wall_until, |(at, _)| at);
                Some(recount.min(self.wall_until))
            }
            Phase::Ending { until } => Some(until),
            Phase::Dead { .. } => None,
        }
    }

    /// The next instant at which [`Cell::look`] should be called.
    pub(super) fn next_look(&self) -> Option<Duration> {
        let first = self
            .cpu_look
            .map_or(self.memory_look, |at| at.min(self.memory_look));
        (self.phase == Phase::Armed && self.group.is_some()).then_some(first)
    }

    /// The next instant at which [`Cell::bury`] must be called.
    pub(super) fn next_burial(&self) -> Option<Duration> {
        match self.phase {
            Phase::Dead { retry, .. } => Some(retry),
            _ => None,
        }
    }

    /// Looks at the clocks.
    pub(super) fn tick(&mut self, now: Duration) {
        match self.phase {
            Phase::Ending { until } if now >= until => {
                self.note_death();
                if self.is_dead() {
                    return;
                }
                // Init did not end in time: its death takes the whole pid namespace with it.
                self.signal(signal::SIGKILL);
                if let Some(group) = &self.group {
                    let _ = group.kill();
                }
                self.phase = Phase::Ending {
                    until: now + Duration::from_secs(1),
                };
            }
            Phase::Idle | Phase::Armed if now >= self.wall_until && !self.limits.parked => {
                self.end(Cause::Wall);
            }
            Phase::Idle | Phase::Armed => {
                if let Some((at, wait)) = self.recount
                    && now >= at
                {
                    self.count_oom_kills(now, wait * 2);
                }
            }
            _ => {}
        }
    }

    /// Told by the kernel that an OOM happened here or above.
    pub(super) fn note_oom(&mut self) {
        self.count_oom_kills(event::monotonic(), FIRST_RECOUNT);
    }

    /// Reads the kernel's count; again after `wait` where it is 0, since it may follow the event.
    fn count_oom_kills(&mut self, now: Duration, wait: Duration) {
        let count = self.group.as_ref().and_then(|group| group.oom_kills());
        self.oom_kills = self.oom_kills.max(count.unwrap_or(0));
        self.recount = (self.oom_kills == 0 && wait <= LAST_RECOUNT).then_some((now + wait, wait));
        if self.oom_kills > 0 {
            self.end(Cause::Memory);
        }
    }

    /// Looks at what the programs have used, where it is due, and decides when to look again.
    pub(super) fn look(&mut self, now: Duration) {
        let Some(group) = &self.group else { return };
        if self.cpu_look.is_some_and(|at| now >= at) {
            let used = group.cpu_total().unwrap_or_default();
            if self.limits.cpu.is_some_and(|limit| used >= limit) {
                return self.end(Cause::Cpu);
            }
            self.cpu_look = self.soonest_over(used).map(|wait| now + wait);
        }
        if now >= self.memory_look {
            let held = group.memory_total();
            if held.is_some_and(|held| held > self.limits.memory_bytes) && self.holds_too_much() {
                return self.end(Cause::Memory);
            }
            self.memory_look = now + self.pace.note(held);
        }
    }

    /// The group's limit has room for the disk; the programs' own share is told apart here.
    fn holds_too_much(&self) -> bool {
        let held = self.group.as_ref().and_then(|group| group.memory_now());
        held.is_some_and(|held| {
            // Memory files count as soon as they cannot be the disk any more.
            let own = held.anon_bytes + held.shmem_bytes.saturating_sub(self.limits.disk_bytes);
            own > self.limits.memory_bytes
        })
    }

    /// What a living cell holds; `None` when it is about to end, or cannot be measured.
    pub(super) fn held_bytes(&self) -> Option<u64> {
        let is_living = matches!(self.phase, Phase::Idle | Phase::Armed);
        let group = self.group.as_ref().filter(|_| is_living)?;
        group.memory_now().map(|now| now.held_bytes())
    }

    /// CPU time cannot pass its limit sooner than this.
    fn soonest_over(&self, used: Duration) -> Option<Duration> {
        let rest = self.limits.cpu?.saturating_sub(used);
        Some(soonest(rest, self.limits.cpu_millis))
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
            self.signal(signal::SIGTERM);
        }
    }

    /// Kills at once: the client is gone.
    pub(super) fn kill(&mut self) {
        self.signal(signal::SIGKILL);
        if !self.is_dead() {
            self.phase = Phase::Ending {
                until: event::monotonic() + KILL_LIMIT,
            };
        }
    }

    /// Notes init's death when its pidfd says so.
    pub(super) fn note_death(&mut self) {
        if self.is_dead() {
            return;
        }
        let Some(init) = &self.init else { return };
        match init.pid {
            Some(pid) => {
                let Ok(Some(reaped)) = process::reap(pid, Wait::Look) else {
                    return;
                };
                self.used = reaped.used;
            }
            // Readable when it has ended (pidfd_open(2)), and with it everything in its pid namespace.
            None => {
                let ended = event::wait_one(init.pidfd.as_fd(), libc::POLLIN, Some(Duration::ZERO));
                if !matches!(ended, Ok(true)) {
                    return;
                }
            }
        }
        self.note_end();
    }

    fn note_end(&mut self) {
        if let Some(group) = &self.group {
            self.oom_kills = self.oom_kills.max(group.oom_kills().unwrap_or(0));
        }
        if self.oom_kills > 0 && self.cause == Cause::Itself {
            self.cause = Cause::Memory;
        }
        let now = event::monotonic();
        self.phase = Phase::Dead {
            since: now,
            retry: now,
        };
    }

    /// What a cell had used whose programs are dead, once; its init has nothing more to do, and is not waited for.
    pub(super) fn settle(&mut self) -> Option<Ended> {
        if let Some(group) = &self.group {
            self.oom_kills = self.oom_kills.max(group.oom_kills().unwrap_or(0));
        }
        if self.oom_kills > 0 && self.cause == Cause::Itself {
            self.cause = Cause::Memory;
        }
        let words = self.speak();
        self.kill();
        words
    }

    /// What a dead cell had used, once: every process of it is dead, so that this is all of it.
    pub(super) fn last_words(&mut self) -> Option<Ended> {
        if self.is_dead() { self.speak() } else { None }
    }

    fn speak(&mut self) -> Option<Ended> {
        if std::mem::replace(&mut self.has_spoken, true) {
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
        let Phase::Dead { since, .. } = self.phase else {
            return false;
        };
        if let Some(group) = &mut self.group {
            match group.remove() {
                // A process may have been cloned into it from elsewhere, or the kernel needs a moment.
                Err(CgroupError::Busy { .. }) if event::monotonic() - since < REMOVAL_LIMIT => {
                    let _ = group.kill();
                    self.phase = Phase::Dead {
                        since,
                        retry: event::monotonic() + REMOVAL_LOOK,
                    };
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

//! How init starts a program: by a worker or a child of the zygote that stands ready, or by exec.

use super::{DISK_SAMPLE, Init, Running, fail, send};
use crate::build::{self, AtStep, StepError};
use crate::protocol::{By, Event, Made};
use crate::spawn::{self, Ground, Started, Wiring};
use crate::worker::Worker;
use alloc::vec::Vec;
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::libc;

/// Most spawns alive at once.
const MAX_SPAWNS: usize = 64;

/// A program as it was asked for; the fields are those of [`crate::protocol::Request::Spawn`].
pub(super) struct Wanted {
    pub(super) spawn: u32,
    pub(super) last: bool,
    pub(super) collects: bool,
    pub(super) no_stdin: bool,
    pub(super) terminal: bool,
    pub(super) by: By,
    pub(super) memory_bytes: u64,
}

impl Init<'_> {
    /// Has something stand ready; says at once that nothing will, or later whether it does.
    pub(super) fn make_warm(&mut self, worker: bool, fds: Vec<OwnedFd>) {
        let is_coming = match worker {
            true => self.start_worker(fds).is_ok(),
            false => {
                let ruleset = self.ruleset.as_ref().map(|r| r.as_fd());
                self.warm.ask(&self.release, ruleset)
            }
        };
        if !is_coming {
            self.say_warm(false);
        }
    }

    fn start_worker(&mut self, fds: Vec<OwnedFd>) -> Result<(), StepError> {
        let refused = |errno| io::Error::from_raw_os_error(errno);
        if !self.running.is_empty() {
            // It is to stand before anybody who could touch it.
            return Err(refused(libc::EBUSY)).at(|| "start a worker".into());
        }
        let spec = fds
            .first()
            .ok_or_else(|| refused(libc::EBADF))
            .at(|| "find the worker's spec".into())?;
        let worker = Worker::start(&self.ground(), spec.as_fd())?;
        self.warm.keep(worker);
        Ok(())
    }

    pub(super) fn spawn(&mut self, wanted: &Wanted, fds: Vec<OwnedFd>) {
        let result = if self.running.len() >= MAX_SPAWNS {
            Err(io::Error::from_raw_os_error(libc::EAGAIN)).at(|| "start one more program".into())
        } else {
            self.try_spawn(wanted, fds)
        };
        if let Err(error) = result {
            fail(self.control, wanted.spawn, &error);
        }
    }

    fn try_spawn(&mut self, wanted: &Wanted, fds: Vec<OwnedFd>) -> Result<(), StepError> {
        let mut fds = fds.into_iter();
        let mut next = |what: &'static str| {
            let missing = || io::Error::from_raw_os_error(libc::EBADF);
            fds.next().ok_or_else(missing).at(|| what.into())
        };
        let spec = next("find the spawn spec")?;
        let collect = match wanted.collects {
            true => Some(next("find the collect spec")?),
            false => None,
        };
        let wiring = match wanted.terminal {
            true => Wiring::Terminal(next("find the terminal")?),
            false => Wiring::Pipes {
                no_stdin: wanted.no_stdin,
            },
        };
        if let (Some(file), 1..) = (&self.built.meminfo, wanted.memory_bytes) {
            build::show_memory(file.as_fd(), wanted.memory_bytes).at(|| "write meminfo".into())?;
        }
        let (started, made) = self.start(spec.as_fd(), wiring, wanted.by)?;
        let far: Vec<BorrowedFd<'_>> = started.far_ends.iter().map(|f| f.as_fd()).collect();
        let event = Event::Started {
            spawn: wanted.spawn,
            made,
        };
        send(self.control, &event, &far);
        self.running.push(Running {
            spawn: wanted.spawn,
            pid: started.pid,
            last: wanted.last,
            collect,
            witness: started.witness,
        });
        self.disk_wait = DISK_SAMPLE;
        Ok(())
    }

    fn ground(&self) -> Ground<'_> {
        Ground {
            plan: &self.plan,
            release: &self.release,
            ruleset: self.ruleset.as_ref().map(|r| r.as_fd()),
            workspace: self.built.workspace.as_fd(),
        }
    }

    /// By what stands ready, if that is wanted and can be; otherwise by exec. A worker that is not taken is killed first:
    /// it has the ids of the program, which could touch it.
    fn start(&mut self, spec: BorrowedFd<'_>, wiring: Wiring, by: By) -> Result<(Started, Made), StepError> {
        let worker = self.warm.take_worker();
        match (by, &wiring, worker) {
            (By::Worker, &Wiring::Pipes { no_stdin }, Some(worker)) => {
                if let Ok(started) = worker.run(&self.ground(), spec, no_stdin) {
                    return Ok((started, Made::Waiting));
                }
            }
            (.., Some(worker)) => worker.dismiss(),
            (By::Fork, &Wiring::Pipes { no_stdin }, None) => {
                let ruleset = self.ruleset.as_ref().map(|r| r.as_fd());
                if let Some((child, stood)) = self.warm.take(&self.release, ruleset) {
                    let started = spawn::hand_over(&self.release, &child, spec, no_stdin)?;
                    return Ok((started, if stood { Made::Waiting } else { Made::Forked }));
                }
            }
            _ => {}
        }
        Ok((spawn::spawn(&self.ground(), spec, wiring)?, Made::Executed))
    }
}

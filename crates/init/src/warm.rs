//! What stands ready in this sandbox for a program: a [`Worker`], or a child of the zygote. Called by init.
//!
//! A child is asked for, goes behind its walls, and is given its program.
//! What the zygote cannot do init does itself, by exec: nothing here may fail a spawn that an exec could serve, but for
//! what a child says once it has its order.

use crate::build::{AtStep, StepError};
use crate::forge::{Join, MAX_FORGE_BYTES, Word};
use crate::protocol::Release;
use crate::worker::Worker;
use alloc::string::String;
use alloc::vec::Vec;
use casemate_sys::event::{self, wait_one};
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::{libc, process, socket};
use core::time::Duration;

/// How long a spawn waits for a child; an exec follows.
const CHILD_LIMIT: Duration = Duration::from_secs(2);
/// How long a child may take from its order to its program: it writes the caller's files.
const ORDER_LIMIT: Duration = Duration::from_secs(30);

/// The way to a zygote, the child that it has made, and the worker.
pub struct Warm {
    forge: Option<OwnedFd>,
    doors: Vec<OwnedFd>,
    child: Option<Child>,
    worker: Option<Worker>,
}

struct Child {
    socket: OwnedFd,
    /// Known once it stands behind its walls.
    pid: Option<i32>,
}

/// What a child or worker said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// It stands.
    Ready,
    /// There will be none.
    Lost,
}

impl Warm {
    /// With a zygote to ask, or without.
    pub fn new(forge: Option<OwnedFd>, doors: Vec<OwnedFd>) -> Self {
        Self {
            forge,
            doors,
            child: None,
            worker: None,
        }
    }

    /// Asks for a child, unless there is one; false when nobody can be asked.
    pub fn ask(&mut self, release: &Release, ruleset: Option<BorrowedFd<'_>>) -> bool {
        if self.child.is_some() {
            return true;
        }
        let Some(forge) = self.forge.take() else {
            return false;
        };
        // One child for each sandbox: neither is needed again.
        let doors = core::mem::take(&mut self.doors);
        let ask = || -> io::Result<Child> {
            let (socket, theirs) = socket::pair()?;
            let pidfd = process::open_pidfd(process::own_pid())?;
            let path = b"/proc/self/ns/time_for_children";
            let time = fs::open_at(None, path, libc::O_RDONLY, 0, Resolve::Host)?;
            let join = Join {
                separate_ids: release.separate_ids,
                program_id: release.program_id,
                loopback: release.loopback,
                ruleset: ruleset.is_some(),
            };
            let mut fds = Vec::from([theirs.as_fd(), pidfd.as_fd(), time.as_fd()]);
            fds.extend(ruleset);
            fds.extend(doors.iter().map(|d| d.as_fd()));
            socket::send(forge.as_fd(), &join.encode(), &fds)?;
            Ok(Child { socket, pid: None })
        };
        self.child = ask().ok();
        self.child.is_some()
    }

    /// Keeps a worker; one that was there is no more.
    pub fn keep(&mut self, worker: Worker) {
        if let Some(old) = self.worker.replace(worker) {
            old.dismiss();
        }
    }

    /// Gives the worker away.
    pub fn take_worker(&mut self) -> Option<Worker> {
        self.worker.take()
    }

    /// To be waited on while a worker or a child is on its way.
    pub fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        match &self.worker {
            Some(worker) => worker.waits_for(),
            None => self.waits_for_child(),
        }
    }

    fn waits_for_child(&self) -> Option<BorrowedFd<'_>> {
        self.child
            .as_ref()
            .filter(|c| c.pid.is_none())
            .map(|c| c.socket.as_fd())
    }

    /// Takes what came on [`Warm::waits_for`].
    pub fn hear(&mut self) -> Option<Heard> {
        let Some(worker) = &mut self.worker else {
            return self.hear_child();
        };
        if worker.hear() {
            return Some(Heard::Ready);
        }
        if let Some(worker) = self.worker.take() {
            worker.dismiss();
        }
        Some(Heard::Lost)
    }

    fn hear_child(&mut self) -> Option<Heard> {
        let child = self.child.as_mut()?;
        let mut buffer = [0u8; MAX_FORGE_BYTES];
        let word = match socket::try_receive(child.socket.as_fd(), &mut buffer) {
            Ok(None) => return None,
            Ok(Some(message)) => Word::decode(&buffer[..message.len]).ok(),
            Err(_) => None,
        };
        match word {
            Some(Word::Standing { pid }) => {
                child.pid = Some(pid);
                Some(Heard::Ready)
            }
            _ => {
                self.child = None;
                Some(Heard::Lost)
            }
        }
    }

    /// A child that stands: the one that is there, or one that is asked for now. `true`: it stood before.
    pub fn take(&mut self, release: &Release, ruleset: Option<BorrowedFd<'_>>) -> Option<(Standing, bool)> {
        let stood = self.child.as_ref().is_some_and(|c| c.pid.is_some());
        if !self.ask(release, ruleset) {
            return None;
        }
        let until = event::monotonic() + CHILD_LIMIT;
        while let Some(socket) = self.waits_for_child() {
            let left = until.saturating_sub(event::monotonic());
            if left.is_zero() {
                // It sees its socket end, and goes.
                self.child = None;
                return None;
            }
            let _ = wait_one(socket, libc::POLLIN, Some(left));
            self.hear_child();
        }
        let child = self.child.take()?;
        let pid = child.pid?;
        let socket = child.socket;
        Some((Standing { pid, socket }, stood))
    }

    /// Notes the death of a process; true when it was what stood ready.
    pub fn note_death(&mut self, pid: i32) -> bool {
        let is_child = self.child.as_ref().is_some_and(|c| c.pid == Some(pid));
        let is_worker = self.worker.as_ref().is_some_and(|w| w.pid() == pid);
        if is_child {
            self.child = None;
        }
        if is_worker {
            self.worker = None;
        }
        is_child || is_worker
    }
}

/// A child that waits for its order.
pub struct Standing {
    /// Its pid.
    pub pid: i32,
    socket: OwnedFd,
}

impl Standing {
    /// Gives the order; returns once the program runs.
    ///
    /// # Errors
    /// The step that failed in the child.
    pub fn run(&self, spec: BorrowedFd<'_>, stdio: &[OwnedFd; 3]) -> Result<(), StepError> {
        let fds = [spec, stdio[0].as_fd(), stdio[1].as_fd(), stdio[2].as_fd()];
        socket::send(self.socket.as_fd(), b"run", &fds).at(|| "give the program its order".into())?;
        let late = || io::Error::from_raw_os_error(libc::ETIMEDOUT);
        let seen = wait_one(self.socket.as_fd(), libc::POLLIN, Some(ORDER_LIMIT))
            .at(|| "wait for the child".into())?;
        if !seen {
            return Err(late()).at(|| "wait for the child".into());
        }
        let mut buffer = [0u8; MAX_FORGE_BYTES];
        let message = match socket::receive(self.socket.as_fd(), &mut buffer) {
            // The end: the program runs.
            Ok(message) if message.len == 0 => return Ok(()),
            Ok(message) => message,
            // It died before it took the order.
            Err(e) => return Err(e).at(|| "hear from the child".into()),
        };
        match Word::decode(&buffer[..message.len]) {
            Ok(Word::Broken { step, errno }) => Err(StepError {
                step: String::from_utf8_lossy(&step).into_owned(),
                source: io::Error::from_raw_os_error(errno as i32),
            }),
            _ => Err(io::Error::from_raw_os_error(libc::EBADMSG)).at(|| "understand the child".into()),
        }
    }
}

//! The loop of one run: waits on everything at once and moves what comes.

use super::output::Output;
use super::{Job, Observer, ProgramExit, Report, StartFailure, Stream};
use crate::error::RuntimeError;
use casemate_init::stream::Parser;
use casemate_sandbox::client::Heard;
use casemate_sandbox::warden::message::Reply;
use casemate_sandbox::{Ended, Sandbox, SandboxError, SandboxEvent, SpawnOrder, Warden};
use casemate_sys::event::{self, PollFd, interest, no_interest};
use casemate_sys::{fd, libc};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, SystemTime};

/// The one spawn of a one-shot sandbox.
const SPAWN: u32 = 1;
/// How often the observer's tick comes.
const TICK: Duration = Duration::from_millis(100);
/// How long output of a buried sandbox is drained at most.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Pump<'a, 'w> {
    warden: &'w mut Warden,
    sandbox: Sandbox,
    stdin: &'a [u8],
    stdin_pipe: Option<OwnedFd>,
    stdout: Output,
    stderr: Output,
    harvest_pipe: Option<OwnedFd>,
    parser: Option<Parser>,
    buffer: Vec<u8>,
    init_gone: bool,
    ended: Option<Ended>,
    facts: Facts,
    ordered: Duration,
    started: Option<Duration>,
    exited: Option<Duration>,
}

/// What was learned on the way.
#[derive(Default)]
struct Facts {
    exit: Option<ProgramExit>,
    start_failure: Option<StartFailure>,
    setup_failure: Option<StartFailure>,
    cancelled: bool,
    flooded: bool,
    disk_peak_bytes: Option<u64>,
    disk_full: bool,
    network_bytes: Option<u64>,
    limited: bool,
    separate_ids: bool,
    landlock_abi: u32,
    started_at: Option<SystemTime>,
}

impl<'a, 'w> Pump<'a, 'w> {
    /// Orders the sandbox and its program in one go; the kernel keeps the order.
    pub(super) fn start(warden: &'w mut Warden, job: Job<'a>) -> Result<Self, RuntimeError> {
        let ordered = event::monotonic();
        let sandbox = match job.begun {
            Some(sandbox) => sandbox,
            None => warden.create(job.create)?,
        };
        let parser = job
            .collect
            .as_ref()
            .map(|c| Parser::new(c.max_files as usize, c.max_bytes));
        sandbox.spawn(SpawnOrder {
            spawn: SPAWN,
            spec: job.spec,
            contents: job.contents,
            last: true,
            collect: job.collect,
            no_stdin: job.stdin.is_empty(),
        })?;
        Ok(Self {
            warden,
            sandbox,
            stdin: job.stdin,
            stdin_pipe: None,
            stdout: Output::new(Stream::Stdout, job.output_limit),
            stderr: Output::new(Stream::Stderr, job.output_limit),
            harvest_pipe: None,
            parser,
            buffer: vec![0; 64 << 10],
            init_gone: false,
            ended: None,
            facts: Facts::default(),
            ordered,
            started: None,
            exited: None,
        })
    }

    pub(super) fn run(mut self, observer: &mut dyn Observer) -> Result<Report, RuntimeError> {
        while self.ended.is_none() {
            let ready = self.wait(observer.interrupt())?;
            self.feed();
            self.read_output(observer);
            // Before the harvest, whose pipe comes with init's words.
            self.hear()?;
            self.read_harvest();
            if (ready.interrupted || ready.any) && observer.wants_end() && !self.facts.cancelled {
                self.facts.cancelled = true;
                self.warden.end(&self.sandbox)?;
            }
            if !ready.any {
                observer.tick();
            }
            self.listen_to_warden()?;
        }
        self.drain(observer)?;
        self.report()
    }

    fn wait(&self, interrupt: Option<BorrowedFd<'_>>) -> Result<Ready, RuntimeError> {
        let read = |fd: Option<BorrowedFd<'_>>| fd.map_or_else(no_interest, |f| interest(f, libc::POLLIN));
        let feeding = self.stdin_pipe.as_ref().filter(|_| !self.stdin.is_empty());
        let mut fds: [PollFd; 7] = [
            interest(self.warden.socket(), libc::POLLIN),
            read((!self.init_gone).then(|| self.sandbox.socket())),
            read(self.stdout.pipe()),
            read(self.stderr.pipe()),
            read(self.harvest_pipe.as_ref().map(|p| p.as_fd())),
            feeding.map_or_else(no_interest, |p| interest(p.as_fd(), libc::POLLOUT)),
            read(interrupt),
        ];
        let count = event::wait(&mut fds, Some(TICK)).map_err(RuntimeError::Wait)?;
        Ok(Ready {
            any: count > 0,
            interrupted: fds[6].revents != 0,
        })
    }

    /// Writes what standard input takes; the end is told by closing.
    fn feed(&mut self) {
        while let Some(pipe) = &self.stdin_pipe {
            match fd::write(pipe.as_fd(), self.stdin) {
                Ok(n) => self.stdin = &self.stdin[n..],
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The program closed its input: it wants no more.
                Err(_) => self.stdin = &[],
            }
            if self.stdin.is_empty() {
                self.stdin_pipe = None;
            }
        }
    }

    fn read_output(&mut self, observer: &mut dyn Observer) {
        self.stdout.read(&mut self.buffer, observer);
        self.stderr.read(&mut self.buffer, observer);
        if !self.facts.flooded && (self.stdout.floods() || self.stderr.floods()) {
            self.facts.flooded = true;
            // A warden that is gone is noticed by the next wait.
            let _ = self.warden.end(&self.sandbox);
        }
    }

    fn read_harvest(&mut self) {
        let (Some(pipe), Some(parser)) = (&self.harvest_pipe, &mut self.parser) else {
            return;
        };
        match fd::read(pipe.as_fd(), &mut self.buffer) {
            Ok(n) if n > 0 => {
                if !parser.feed(&self.buffer[..n]) {
                    self.harvest_pipe = None;
                }
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            _ => self.harvest_pipe = None,
        }
    }

    fn hear(&mut self) -> Result<(), RuntimeError> {
        while !self.init_gone {
            match self.sandbox.take() {
                Ok(None) => return Ok(()),
                Ok(Some(heard)) => self.note(heard)?,
                // Init is gone; the warden says why.
                Err(SandboxError::Inside { .. }) => self.init_gone = true,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn note(&mut self, heard: Heard) -> Result<(), RuntimeError> {
        let mut fds = heard.fds.into_iter();
        match heard.event {
            SandboxEvent::Ready {
                landlock_abi,
                separate_ids,
            } => {
                self.facts.landlock_abi = landlock_abi;
                self.facts.separate_ids = separate_ids;
            }
            SandboxEvent::Started { .. } => {
                self.warden.arm(&self.sandbox)?;
                self.started = Some(event::monotonic());
                self.facts.started_at = Some(SystemTime::now());
                for output in [&mut self.stdout, &mut self.stderr] {
                    let pipe = fds.next().ok_or(SandboxError::Protocol { peer: "init" })?;
                    output.open(pipe).map_err(RuntimeError::Wait)?;
                }
                self.stdin_pipe = fds.next();
                if let Some(pipe) = &self.stdin_pipe {
                    fd::set_nonblocking(pipe.as_fd(), true).map_err(RuntimeError::Wait)?;
                }
            }
            SandboxEvent::Exited { code, signal, .. } => {
                self.exited = Some(event::monotonic());
                let signal = code.is_none().then_some(signal);
                self.facts.exit = Some(ProgramExit { code, signal });
            }
            SandboxEvent::Quiet {
                disk_peak_bytes,
                disk_full,
                network_bytes,
            } => {
                self.facts.disk_peak_bytes = Some(disk_peak_bytes);
                self.facts.disk_full = disk_full;
                self.facts.network_bytes = Some(network_bytes);
                self.harvest_pipe = fds.next();
                if let Some(pipe) = &self.harvest_pipe {
                    fd::set_nonblocking(pipe.as_fd(), true).map_err(RuntimeError::Wait)?;
                }
            }
            SandboxEvent::Failed { spawn, step, errno } => {
                let failure = StartFailure {
                    step: String::from_utf8_lossy(&step).into_owned(),
                    errno: errno as i32,
                };
                if spawn == 0 {
                    self.facts.setup_failure = Some(failure);
                } else {
                    self.facts.start_failure = Some(failure);
                    self.warden.end(&self.sandbox)?;
                }
            }
        }
        Ok(())
    }

    fn listen_to_warden(&mut self) -> Result<(), RuntimeError> {
        while let Some(reply) = self.warden.take()? {
            match reply {
                Reply::Created { limited, .. } => self.facts.limited = limited,
                Reply::Refused {
                    wall, reason, errno, ..
                } => return Err(refused(&wall, &reason, errno).into()),
                Reply::Ended(ended) if ended.key == self.sandbox.key() => self.ended = Some(ended),
                Reply::Ended(_) => {}
            }
        }
        Ok(())
    }

    /// Everyone who could write is dead: takes what is still in the pipes.
    fn drain(&mut self, observer: &mut dyn Observer) -> Result<(), RuntimeError> {
        self.hear()?;
        self.stdin_pipe = None;
        let until = event::monotonic() + DRAIN_LIMIT;
        while event::monotonic() < until {
            let more =
                self.stdout.read(&mut self.buffer, observer) | self.stderr.read(&mut self.buffer, observer);
            self.read_harvest();
            if !more && self.harvest_pipe.is_none() {
                break;
            }
        }
        self.facts.flooded |= self.stdout.floods() || self.stderr.floods();
        Ok(())
    }

    fn report(self) -> Result<Report, RuntimeError> {
        let facts = self.facts;
        let Some(ended) = self.ended else {
            return Err(SandboxError::WardenGone.into());
        };
        if let Some(failure) = facts.setup_failure {
            let source = io::Error::from_raw_os_error(failure.errno);
            return Err(SandboxError::Inside {
                step: failure.step,
                source,
            }
            .into());
        }
        let now = event::monotonic();
        let started = self.started.unwrap_or(now);
        let exited = self.exited.unwrap_or(now).max(started);
        Ok(Report {
            exit: facts.exit,
            start_failure: facts.start_failure,
            ended,
            cancelled: facts.cancelled,
            flooded: facts.flooded,
            stdout: self.stdout.finish(),
            stderr: self.stderr.finish(),
            harvest: self.parser.map(Parser::finish),
            disk_peak_bytes: facts.disk_peak_bytes,
            disk_full: facts.disk_full,
            network_bytes: facts.network_bytes,
            limited: facts.limited,
            separate_ids: facts.separate_ids,
            landlock_abi: facts.landlock_abi,
            lease: started.saturating_sub(self.ordered),
            run: exited - started,
            collect: now.saturating_sub(exited),
            started_at: facts.started_at,
        })
    }
}

struct Ready {
    any: bool,
    interrupted: bool,
}

fn refused(wall: &[u8], reason: &[u8], errno: u32) -> SandboxError {
    let reason = String::from_utf8_lossy(reason).into_owned();
    match wall {
        b"cgroup" => SandboxError::WallMissing {
            wall: "cgroup",
            reason,
        },
        _ => SandboxError::Host {
            step: reason,
            source: io::Error::from_raw_os_error(errno as i32),
        },
    }
}

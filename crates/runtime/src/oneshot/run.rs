//! One run as a machine that never waits: it is told which of its descriptors is ready, and moves what
//! has come.

use super::output::Output;
use super::parked::Parked;
use super::{Job, Made, Observer, ProgramExit, Report, StartFailure, Stream, Testimony};
use crate::error::RuntimeError;
use casemate_init::stream::Parser;
use casemate_sandbox::client::Heard;
use casemate_sandbox::warden::message::Reply;
use casemate_sandbox::{Bind, Ended, Link, Prepared, Sandbox, SandboxError, SandboxEvent, SpawnOrder};
use casemate_sys::{event, fd, libc};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, SystemTime};

/// The one spawn of a one-shot sandbox.
const SPAWN: u32 = 1;
/// How long output of a buried sandbox is drained at most.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// Most bytes of a testimony that are kept.
const MAX_TESTIMONY_BYTES: usize = 16 << 20;
/// Bytes moved by one call.
pub(super) const BUFFER_BYTES: usize = 64 << 10;

/// The descriptors of a run that are waited on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Source {
    Init = 0,
    Stdout = 1,
    Stderr = 2,
    Harvest = 3,
    Stdin = 4,
    Witness = 5,
}

impl Source {
    pub(super) const ALL: [Self; 6] = [
        Self::Init,
        Self::Stdout,
        Self::Stderr,
        Self::Harvest,
        Self::Stdin,
        Self::Witness,
    ];
}

#[derive(Debug)]
pub(super) struct Run {
    sandbox: Sandbox,
    stdin: Vec<u8>,
    fed: usize,
    stdin_pipe: Option<OwnedFd>,
    stdout: Output,
    stderr: Output,
    harvest_pipe: Option<OwnedFd>,
    parser: Option<Parser>,
    witness_pipe: Option<OwnedFd>,
    testimony: Option<Testimony>,
    init_gone: bool,
    /// The program, until the limits of its sandbox are set.
    held: Option<Prepared>,
    was_parked: bool,
    ended: Option<Ended>,
    facts: Facts,
    ordered: Duration,
    started: Option<Duration>,
    exited: Option<Duration>,
}

/// What was learned on the way.
#[derive(Default, Debug)]
pub(super) struct Facts {
    exit: Option<ProgramExit>,
    start_failure: Option<StartFailure>,
    setup_failure: Option<StartFailure>,
    cancelled: bool,
    flooded: bool,
    disk_peak_bytes: Option<u64>,
    disk_full: bool,
    network_bytes: Option<u64>,
    pub(super) limited: bool,
    /// The number of its control group.
    pub(super) group: Option<u64>,
    pub(super) separate_ids: bool,
    pub(super) landlock_abi: u32,
    started_at: Option<SystemTime>,
    made: Option<Made>,
    /// What it held when it was last measured, until that was taken.
    held_bytes: Option<u64>,
}

impl Run {
    /// Orders the program right behind its sandbox; the kernel keeps the order. `ordered` is when the
    /// sandbox was asked for. An observer who wants to know the sandbox's place first gets it from the warden's reply.
    pub(super) fn start(
        sandbox: Sandbox,
        ordered: Duration,
        job: Job<'_>,
        observer: &dyn Observer,
    ) -> Result<Self, RuntimeError> {
        let mut run = Self::new(sandbox, Facts::default(), ordered, job)?;
        if !observer.wants_place() {
            run.spawn()?;
        }
        Ok(run)
    }

    /// Puts a parked sandbox to use. The program is ordered when its limits are set.
    pub(super) fn adopt(
        parked: Parked,
        link: &Link,
        ordered: Duration,
        job: Job<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Self, RuntimeError> {
        observer.placed(parked.facts.group);
        let wanted = Bind::from(&job.create);
        let before = Bind::from(&parked.create);
        let same = |b: &Bind| (b.memory_bytes, b.pids, b.cpu_millis);
        let is_limited = same(&wanted) == same(&before);
        let mut run = Self::new(parked.sandbox, parked.facts, ordered, job)?;
        run.was_parked = true;
        if is_limited {
            // The group holds these limits already, so init need not wait for the warden.
            run.spawn()?;
        }
        link.bind(&run.sandbox, wanted)?;
        Ok(run)
    }

    /// Orders the program, once.
    fn spawn(&mut self) -> Result<(), RuntimeError> {
        match self.held.take() {
            Some(prepared) => Ok(self.sandbox.spawn(prepared)?),
            None => Ok(()),
        }
    }

    fn new(sandbox: Sandbox, facts: Facts, ordered: Duration, job: Job<'_>) -> Result<Self, RuntimeError> {
        let parser = job
            .collect
            .as_ref()
            .map(|c| Parser::new(c.max_files as usize, c.max_bytes));
        let prepared = SpawnOrder {
            spawn: SPAWN,
            spec: job.spec,
            contents: job.contents,
            last: true,
            collect: job.collect,
            no_stdin: job.stdin.is_empty(),
            by: job.by,
            memory_bytes: job.create.memory_bytes,
        }
        .prepare()?;
        Ok(Self {
            held: Some(prepared),
            was_parked: false,
            sandbox,
            stdin: job.stdin.to_vec(),
            fed: 0,
            stdin_pipe: None,
            stdout: Output::new(Stream::Stdout, job.output_limit, job.keeping),
            stderr: Output::new(Stream::Stderr, job.output_limit, job.keeping),
            harvest_pipe: None,
            parser,
            witness_pipe: None,
            testimony: job.witnessed.then(Testimony::default),
            init_gone: false,
            ended: None,
            facts,
            ordered,
            started: None,
            exited: None,
        })
    }

    /// The warden's number for its sandbox.
    pub(super) fn key(&self) -> u64 {
        self.sandbox.key()
    }

    /// Whether the warden has said its last words on it.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    /// The socket to its init, also when nothing more comes from it.
    pub(super) fn init_socket(&self) -> BorrowedFd<'_> {
        self.sandbox.socket()
    }

    /// What is to be waited on now.
    pub(super) fn source(&self, source: Source) -> Option<BorrowedFd<'_>> {
        match source {
            Source::Init => (!self.init_gone).then(|| self.sandbox.socket()),
            Source::Stdout => self.stdout.pipe(),
            Source::Stderr => self.stderr.pipe(),
            Source::Harvest => self.harvest_pipe.as_ref().map(|p| p.as_fd()),
            Source::Stdin => self.stdin_pipe.as_ref().map(|p| p.as_fd()),
            Source::Witness => self.witness_pipe.as_ref().map(|p| p.as_fd()),
        }
    }

    /// Takes what a ready descriptor has.
    pub(super) fn turn(
        &mut self,
        ready: Source,
        link: &Link,
        buffer: &mut [u8],
        observer: &mut dyn Observer,
    ) -> Result<(), RuntimeError> {
        match ready {
            Source::Init => return self.hear(link, observer),
            Source::Stdin => self.feed(),
            Source::Witness => _ = self.read_witness(buffer),
            Source::Harvest => self.read_harvest(buffer),
            Source::Stdout => _ = self.stdout.read(buffer, observer),
            Source::Stderr => _ = self.stderr.read(buffer, observer),
        }
        if !self.facts.flooded && (self.stdout.floods() || self.stderr.floods()) {
            self.facts.flooded = true;
            // A warden that is gone is noticed by the next wait.
            let _ = link.end(&self.sandbox);
        }
        Ok(())
    }

    /// What it held when it was measured, once.
    pub(super) fn take_held_bytes(&mut self) -> Option<u64> {
        self.facts.held_bytes.take()
    }

    /// The caller wants it to end; a second call changes nothing.
    pub(super) fn cancel(&mut self, link: &Link) -> Result<(), RuntimeError> {
        if !std::mem::replace(&mut self.facts.cancelled, true) {
            link.end(&self.sandbox)?;
        }
        Ok(())
    }

    /// Writes what standard input takes; the end is told by closing.
    fn feed(&mut self) {
        while let Some(pipe) = &self.stdin_pipe {
            match fd::write(pipe.as_fd(), &self.stdin[self.fed..]) {
                Ok(n) => self.fed += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The program closed its input: it wants no more.
                Err(_) => self.fed = self.stdin.len(),
            }
            if self.fed == self.stdin.len() {
                self.stdin_pipe = None;
                self.stdin = Vec::new();
                self.fed = 0;
            }
        }
    }

    fn read_harvest(&mut self, buffer: &mut [u8]) {
        let (Some(pipe), Some(parser)) = (&self.harvest_pipe, &mut self.parser) else {
            return;
        };
        match fd::read(pipe.as_fd(), buffer) {
            Ok(n) if n > 0 => {
                if !parser.feed(&buffer[..n]) {
                    self.harvest_pipe = None;
                }
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            _ => self.harvest_pipe = None,
        }
    }

    /// Takes what the witness told; whether there may be more. Never stops to read: a full pipe would hold the program up.
    fn read_witness(&mut self, buffer: &mut [u8]) -> bool {
        let (Some(pipe), Some(testimony)) = (&self.witness_pipe, &mut self.testimony) else {
            return false;
        };
        match fd::read(pipe.as_fd(), buffer) {
            Ok(n) if n > 0 => {
                let room = MAX_TESTIMONY_BYTES - testimony.bytes.len();
                let kept = n.min(room);
                testimony.bytes.extend_from_slice(&buffer[..kept]);
                testimony.lost_bytes += (n - kept) as u64;
                true
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => true,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => false,
            _ => {
                self.witness_pipe = None;
                false
            }
        }
    }

    fn hear(&mut self, link: &Link, observer: &mut dyn Observer) -> Result<(), RuntimeError> {
        while !self.init_gone {
            match self.sandbox.take() {
                Ok(None) => return Ok(()),
                Ok(Some(heard)) => self.note(heard, link, observer)?,
                // Init is gone; the warden says why.
                Err(SandboxError::Inside { .. }) => self.init_gone = true,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn note(&mut self, heard: Heard, link: &Link, observer: &mut dyn Observer) -> Result<(), RuntimeError> {
        let mut fds = heard.fds.into_iter();
        match heard.event {
            SandboxEvent::Ready {
                landlock_abi,
                separate_ids,
            } => {
                self.facts.landlock_abi = landlock_abi;
                self.facts.separate_ids = separate_ids;
            }
            SandboxEvent::Warm { .. } => {}
            SandboxEvent::Started { made, .. } => {
                self.facts.made = Some(made);
                // Our clock starts before the warden's, so that no run is seen to end before its limit.
                self.started = Some(event::monotonic());
                link.arm(&self.sandbox)?;
                self.facts.started_at = Some(SystemTime::now());
                for output in [&mut self.stdout, &mut self.stderr] {
                    let pipe = fds.next().ok_or(SandboxError::Protocol { peer: "init" })?;
                    output.open(pipe).map_err(RuntimeError::Wait)?;
                }
                if self.testimony.is_some() {
                    // Always the last, so that it is known without standard input too.
                    self.witness_pipe = fds.next_back();
                    if self.witness_pipe.is_none() {
                        return Err(SandboxError::Protocol { peer: "init" }.into());
                    }
                }
                self.stdin_pipe = fds.next();
                for pipe in [&self.stdin_pipe, &self.witness_pipe].into_iter().flatten() {
                    fd::set_nonblocking(pipe.as_fd(), true).map_err(RuntimeError::Wait)?;
                }
                observer.started();
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
                if self.harvest_pipe.is_none() {
                    link.settle(&self.sandbox)?;
                }
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
                    link.end(&self.sandbox)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a reply of the warden about this run's sandbox.
    pub(super) fn note_reply(
        &mut self,
        reply: Reply,
        observer: &mut dyn Observer,
    ) -> Result<(), RuntimeError> {
        match reply {
            Reply::Created { limited, group, .. } => {
                self.facts.limited = limited;
                if observer.wants_place() {
                    observer.placed(group);
                    self.spawn()?;
                }
            }
            Reply::Bound { .. } => self.spawn()?,
            Reply::Refused {
                wall, reason, errno, ..
            } => return Err(refused(&wall, &reason, errno).into()),
            Reply::Ended(ended) => self.ended = Some(ended),
            Reply::Measured { held_bytes, .. } => self.facts.held_bytes = Some(held_bytes),
        }
        Ok(())
    }

    /// Everyone who could write is dead: takes what is still in the pipes.
    pub(super) fn drain(
        &mut self,
        link: &Link,
        buffer: &mut [u8],
        observer: &mut dyn Observer,
    ) -> Result<(), RuntimeError> {
        self.hear(link, observer)?;
        self.stdin_pipe = None;
        let until = event::monotonic() + DRAIN_LIMIT;
        while event::monotonic() < until {
            let more = self.stdout.read(buffer, observer)
                | self.stderr.read(buffer, observer)
                | self.read_witness(buffer);
            self.read_harvest(buffer);
            match &self.harvest_pipe {
                None if !more => break,
                Some(pipe) if !more => {
                    let left = until.saturating_sub(event::monotonic());
                    event::wait_one(pipe.as_fd(), libc::POLLIN, Some(left)).map_err(RuntimeError::Wait)?;
                }
                _ => {}
            }
        }
        self.facts.flooded |= self.stdout.floods() || self.stderr.floods();
        Ok(())
    }

    /// What is known of it in the end.
    pub(super) fn report(self) -> Result<Report, RuntimeError> {
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
            testimony: self.testimony,
            disk_peak_bytes: facts.disk_peak_bytes,
            disk_full: facts.disk_full,
            network_bytes: facts.network_bytes,
            limited: facts.limited,
            separate_ids: facts.separate_ids,
            landlock_abi: facts.landlock_abi,
            made: facts.made.unwrap_or(Made::Executed),
            was_parked: self.was_parked,
            lease: started.saturating_sub(self.ordered),
            run: exited - started,
            collect: now.saturating_sub(exited),
            started_at: facts.started_at,
        })
    }
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

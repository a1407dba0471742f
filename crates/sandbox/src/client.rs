//! The client's side: a handle of the warden, and of each living sandbox's init.
//!
//! Nothing here waits by itself, but for room in the warden's socket, within a bound. A caller polls [`Warden::socket`] and [`Sandbox::socket`] beside
//! its own descriptors and takes what has come.

use crate::error::{AtStep, SandboxError};
use crate::plan::{self, Blueprint};
use crate::warden::message::{Bind, Create, MAX_REPLY_BYTES, Reply, Request};
use crate::warden::{self, Setup, Started};
use casemate_init::protocol::{By, Event, MAX_MESSAGE_BYTES, Request as InitRequest};
use casemate_init::spec::{CollectSpec, SpawnSpec};
use casemate_sys::memfd::{self, Kind};
use casemate_sys::{event, libc, process, socket};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

pub use casemate_init::protocol::Event as SandboxEvent;

/// How long a warden may take to bury its sandboxes when its client closes.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
/// How long a warden may take nothing from its full socket; more than its longest piece of work, the sweep.
const SEND_LIMIT: Duration = Duration::from_secs(15);
/// How often a full socket is tried again: the kernel tells of room only when most of it is free.
const SEND_LOOK: Duration = Duration::from_millis(5);

/// The client's end of a warden's socket: orders go in, replies come out.
///
/// A service holds one without being the warden's parent; its end ends every sandbox.
#[derive(Debug)]
pub struct Link {
    socket: OwnedFd,
    next_key: u64,
}

impl Link {
    /// Over a socket of [`warden::Started`].
    pub fn new(socket: OwnedFd) -> Self {
        Self { socket, next_key: 1 }
    }

    /// Asks for a sandbox; [`Reply::Created`] or [`Reply::Refused`] answers. The key in `create` is
    /// replaced by a fresh one.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn create(&mut self, create: Create) -> Result<Sandbox, SandboxError> {
        let (ours, theirs) = socket::pair().at(|| "make a control socket".into())?;
        let key = self.next_key;
        self.next_key += 1;
        self.send(&Request::Create(Create { key, ..create }), &[theirs.as_fd()])?;
        Ok(Sandbox { key, control: ours })
    }

    /// Sets the limits of a parked sandbox, whose key is put in; where those of
    /// its group change, [`Reply::Bound`] or [`Reply::Refused`] answers.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn bind(&self, sandbox: &Sandbox, bind: Bind) -> Result<(), SandboxError> {
        let key = sandbox.key;
        self.send(&Request::Bind(Bind { key, ..bind }), &[])
    }

    /// Starts a sandbox's clocks.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn arm(&self, sandbox: &Sandbox) -> Result<(), SandboxError> {
        self.send(&Request::Arm { key: sandbox.key }, &[])
    }

    /// Says that a sandbox's programs are dead, as its init has told; [`Reply::Ended`] follows at once.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn settle(&self, sandbox: &Sandbox) -> Result<(), SandboxError> {
        self.send(&Request::Settle { key: sandbox.key }, &[])
    }

    /// Ends a sandbox; [`Reply::Ended`] follows.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn end(&self, sandbox: &Sandbox) -> Result<(), SandboxError> {
        self.send(&Request::End { key: sandbox.key }, &[])
    }

    /// Asks what each sandbox holds; a [`Reply::Measured`] follows for each that can be measured.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn measure(&self) -> Result<(), SandboxError> {
        self.send(&Request::Measure, &[])
    }

    /// Waits for room, within a bound. It cannot deadlock: the warden never waits for its client to read,
    /// and takes a request between any two pieces of its work. One that does not is as good as gone, and
    /// is made so: its socket ends, which ends its sandboxes, and [`Link::take`] tells.
    fn send(&self, request: &Request, fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
        let (socket, bytes) = (self.socket.as_fd(), request.encode());
        let until = event::monotonic() + SEND_LIMIT;
        loop {
            match socket::try_send(socket, &bytes, fds) {
                Ok(true) => return Ok(()),
                Ok(false) if event::monotonic() < until => {
                    let _ = event::wait_one(socket, libc::POLLOUT, Some(SEND_LOOK));
                }
                Ok(false) => {
                    let _ = socket::close_both(socket);
                    return Err(SandboxError::WardenGone);
                }
                Err(_) => return Err(SandboxError::WardenGone),
            }
        }
    }

    /// To be polled for reading.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes the next reply, if one waits.
    ///
    /// # Errors
    /// [`SandboxError::WardenGone`] when it died: its sandboxes are dead or dying.
    pub fn take(&self) -> Result<Option<Reply>, SandboxError> {
        let mut buffer = [0u8; MAX_REPLY_BYTES];
        match socket::try_receive(self.socket.as_fd(), &mut buffer) {
            Ok(None) => Ok(None),
            Ok(Some(message)) if message.len > 0 => Reply::decode(&buffer[..message.len])
                .map(Some)
                .map_err(|_| SandboxError::Protocol { peer: "warden" }),
            _ => Err(SandboxError::WardenGone),
        }
    }
}

/// A running warden and the link to it. Dropping it ends every sandbox of it and waits for that.
#[derive(Debug)]
pub struct Warden {
    link: Link,
    pid: i32,
    pidfd: OwnedFd,
    state_dir: PathBuf,
    cgroup_base: Option<PathBuf>,
    owes_image: bool,
    closed: bool,
}

impl Warden {
    /// Starts one. The calling process must have a single thread.
    ///
    /// # Errors
    /// When a process or socket cannot be made.
    pub fn start(setup: Setup) -> Result<Self, SandboxError> {
        let (state_dir, cgroup_base) = (setup.state_dir.clone(), setup.cgroup_base.clone());
        let owes_image = setup.takes_blueprints;
        let Started { socket, pid, pidfd } = warden::start(setup)?;
        Ok(Self {
            link: Link::new(socket),
            pid,
            pidfd,
            state_dir,
            cgroup_base,
            owes_image,
            closed: false,
        })
    }

    /// Adds a kind of sandbox; the first one added has index 0.
    ///
    /// # Errors
    /// When a memory file cannot be made, or the warden is gone.
    pub fn add_blueprint(&self, blueprint: &Blueprint) -> Result<(), SandboxError> {
        let sources = plan::encode_sources(&blueprint.sources);
        let sources = memfd::sealed("casemate-sources", Kind::Data, &sources)
            .at(|| "make the memory file of the sources".into())?;
        self.link
            .send(&Request::Blueprint, &[blueprint.plan.as_fd(), sources.as_fd()])
    }

    /// As [`Link::create`]; the first one is followed by the image of init, where the warden waits for it.
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn create(&mut self, create: Create) -> Result<Sandbox, SandboxError> {
        let sandbox = self.link.create(create)?;
        self.hand_over_image()?;
        Ok(sandbox)
    }

    /// Asks for a sandbox whose blueprint is added later, so that the warden makes meanwhile what does not
    /// depend on it; no wall of it may be left out. Next must come [`Warden::add_blueprint`] and
    /// [`Warden::hand_over_image`].
    ///
    /// # Errors
    /// When the warden is gone.
    pub fn begin(&mut self, create: Create) -> Result<Sandbox, SandboxError> {
        self.link.create(create)
    }

    /// Hands over the image of init, if the warden still waits for it.
    ///
    /// # Errors
    /// When its memory file cannot be made, or the warden is gone.
    pub fn hand_over_image(&mut self) -> Result<(), SandboxError> {
        if std::mem::take(&mut self.owes_image) {
            // Made now, while the warden clones.
            self.link
                .send(&Request::Image, &[crate::image::init()?.as_fd()])?;
        }
        Ok(())
    }

    /// The link to it.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Takes the next reply, if one waits.
    ///
    /// # Errors
    /// [`SandboxError::WardenGone`] when it died: its sandboxes are dead or dying, and what it left
    /// on the host has been swept.
    pub fn take(&mut self) -> Result<Option<Reply>, SandboxError> {
        let reply = self.link.take();
        if matches!(reply, Err(SandboxError::WardenGone)) {
            self.bury_warden();
        }
        reply
    }

    /// The warden died before its client asked it to: sweep after it.
    fn bury_warden(&mut self) {
        self.closed = true;
        let _ = process::reap(self.pid, process::Wait::Block);
        let until = event::monotonic() + CLOSE_LIMIT;
        while warden::sweep(&self.state_dir, self.cgroup_base.clone()).is_err() && event::monotonic() < until
        {
            let _ = event::wait(&mut [], Some(Duration::from_millis(5)));
        }
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let _ = socket::close_writing(self.link.socket());
        let ended = event::wait_one(self.pidfd.as_fd(), libc::POLLIN, Some(CLOSE_LIMIT));
        if !matches!(ended, Ok(true)) {
            let _ = process::kill_fd(self.pidfd.as_fd(), libc::SIGKILL);
        }
        let _ = process::reap(self.pid, process::Wait::Block);
    }
}

/// How a program is to be started.
#[derive(Clone, Debug)]
pub struct SpawnOrder<'a> {
    /// The caller's id for it, not 0.
    pub spawn: u32,
    /// What to start.
    pub spec: SpawnSpec,
    /// The contents of the spec's files, in its order.
    pub contents: Vec<&'a [u8]>,
    /// The sandbox ends with it.
    pub last: bool,
    /// What to collect when it has ended; only with `last`.
    pub collect: Option<CollectSpec>,
    /// Standard input is empty.
    pub no_stdin: bool,
    /// What is to become it, if it is there.
    pub by: By,
    /// What `/proc/meminfo` is to say from now on, bytes; 0 leaves it.
    pub memory_bytes: u64,
}

/// A program as init takes it, in memory files.
#[derive(Debug)]
pub struct Prepared {
    request: InitRequest,
    fds: Vec<OwnedFd>,
}

impl SpawnOrder<'_> {
    /// Writes it into sealed memory files.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn prepare(self) -> Result<Prepared, SandboxError> {
        let sealed = |name, bytes: &[u8]| {
            memfd::sealed(name, Kind::Data, bytes).at(|| format!("make the memory file {name}"))
        };
        let spec = sealed("casemate-spawn", &self.spec.encode(&self.contents))?;
        let collect = self
            .collect
            .map(|c| sealed("casemate-collect", &c.encode()))
            .transpose()?;
        let request = InitRequest::Spawn {
            spawn: self.spawn,
            last: self.last,
            collects: collect.is_some(),
            no_stdin: self.no_stdin,
            terminal: false,
            by: self.by,
            memory_bytes: self.memory_bytes,
        };
        let fds = std::iter::once(spec).chain(collect).collect();
        Ok(Prepared { request, fds })
    }
}

/// What init said, with the descriptors that came along.
#[derive(Debug)]
pub struct Heard {
    /// The event.
    pub event: Event,
    /// Its descriptors.
    pub fds: Vec<OwnedFd>,
}

/// A sandbox and the socket to its init.
#[derive(Debug)]
pub struct Sandbox {
    key: u64,
    control: OwnedFd,
}

impl Sandbox {
    /// The warden's number for it.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// To be polled for reading.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }

    /// Orders a program; may be called before the sandbox stands.
    ///
    /// # Errors
    /// When init is gone.
    pub fn spawn(&self, prepared: Prepared) -> Result<(), SandboxError> {
        let fds: Vec<BorrowedFd<'_>> = prepared.fds.iter().map(|f| f.as_fd()).collect();
        self.send(&prepared.request, &fds)
    }

    /// Has something ready for a later spawn: a worker, if there is one to be, or else a child of the zygote;
    /// [`Event::Warm`] answers.
    ///
    /// # Errors
    /// When init is gone, or the memory file of the worker's spec cannot be made.
    pub fn warm(&self, worker: Option<SpawnSpec>) -> Result<(), SandboxError> {
        let request = InitRequest::Warm {
            worker: worker.is_some(),
        };
        let spec = worker
            .map(|spec| memfd::sealed("casemate-worker", Kind::Data, &spec.encode(&[])))
            .transpose()
            .at(|| "make the memory file of the worker".into())?;
        let fds: Vec<BorrowedFd<'_>> = spec.iter().map(|f| f.as_fd()).collect();
        self.send(&request, &fds)
    }

    /// Sends a signal to a spawn's process group.
    ///
    /// # Errors
    /// When init is gone.
    pub fn signal(&self, spawn: u32, signal: u8) -> Result<(), SandboxError> {
        self.send(&InitRequest::Signal { spawn, signal }, &[])
    }

    fn send(&self, request: &InitRequest, fds: &[BorrowedFd<'_>]) -> Result<(), SandboxError> {
        socket::send(self.control.as_fd(), &request.encode(), fds).map_err(|source| SandboxError::Inside {
            step: "send to init".into(),
            source,
        })
    }

    /// Takes the next event. `Ok(None)`: nothing waits. An error of kind `UnexpectedEof` inside says
    /// that init is gone.
    ///
    /// # Errors
    /// When init is gone or says what it never says.
    pub fn take(&self) -> Result<Option<Heard>, SandboxError> {
        let mut buffer = [0u8; MAX_MESSAGE_BYTES];
        let mut received = socket::try_receive(self.control.as_fd(), &mut buffer);
        // An init that ended with a request unread resets the connection; its last words wait behind
        // that one error (unix(7)).
        if received
            .as_ref()
            .is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset)
        {
            received = socket::try_receive(self.control.as_fd(), &mut buffer);
        }
        let message = received.map_err(|source| SandboxError::Inside {
            step: "receive from init".into(),
            source,
        })?;
        let Some(message) = message else { return Ok(None) };
        if message.len == 0 {
            let source = io::ErrorKind::UnexpectedEof.into();
            return Err(SandboxError::Inside {
                step: "init is gone".into(),
                source,
            });
        }
        let event =
            Event::decode(&buffer[..message.len]).map_err(|_| SandboxError::Protocol { peer: "init" })?;
        Ok(Some(Heard {
            event,
            fds: message.fds,
        }))
    }
}

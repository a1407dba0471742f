//! The life of a template: pid 1 of namespaces in which sandboxes are made and a zygote lives.
//!
//! Its user namespace is the parent of theirs, and that is all that it, or the zygote, has power over. It serves the
//! warden alone: an [`Order`] names the ids and limits of a sandbox and brings its control socket and its groups;
//! the new process goes on as that sandbox's init ([`crate::serve`]).

use crate::build::{self, AtStep, StepError};
use crate::codec::{Malformed, Reader, Writer};
use crate::forge::{MAX_FORGE_BYTES, Word};
use crate::plan::{Plan, Wall};
use crate::protocol::{MAX_MESSAGE_BYTES, Release};
use crate::{serve, zygote};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use casemate_sys::event::{interest, no_interest, wait};
use casemate_sys::fs::Resolve;
use casemate_sys::handle::{AsFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::namespace::{
    self, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS,
};
use casemate_sys::process::{self, Side, Wait};
use casemate_sys::{credentials, event, fd, fs, libc, net, signal, socket};
use core::time::Duration;

pub use crate::zygote::{FORGE_FD, PLAN_FD, READY_FD};

/// Children of one zygote before another takes its place: they share its layout of memory.
const MAX_CHILDREN: u32 = 1000;
/// Age of a zygote at which another takes its place.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Network namespaces that are kept to be used again: a descriptor each.
const MAX_NETWORKS: usize = 64;
/// Zygotes that may fail to start in a row.
const MAX_FAILURES: u32 = 5;
const LOOK: Duration = Duration::from_secs(30);

/// Make a sandbox. Descriptors: its control socket, then its groups' files to enter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order {
    /// The warden's number for it.
    pub serial: u64,
    /// Ids of init and of the programs, as the template's user namespace numbers them.
    pub ids: (u32, u32),
    /// What its init is told.
    pub release: Release,
}

impl Order {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.u64(self.serial);
        w.u32(self.ids.0);
        w.u32(self.ids.1);
        w.bytes(&self.release.encode());
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let order = Self {
            serial: r.u64()?,
            ids: (r.u32()?, r.u32()?),
            release: Release::decode(&r.bytes()?)?,
        };
        r.end()?;
        Ok(order)
    }
}

/// What a template tells the warden.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Report {
    /// A sandbox is being built; its pidfd comes along.
    Made {
        /// Which.
        serial: u64,
    },
    /// One could not be made.
    NotMade {
        /// Which.
        serial: u64,
        /// The step.
        step: Vec<u8>,
        /// `errno`.
        errno: u32,
    },
    /// The zygote serves.
    Serving,
    /// It does not, and why.
    Lame {
        /// The step.
        step: Vec<u8>,
        /// `errno`.
        errno: u32,
    },
}

impl Report {
    /// The byte form.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::default();
        let step_of = |w: &mut Writer, step: &[u8], errno: u32| {
            w.bytes(&step[..step.len().min(512)]);
            w.u32(errno);
        };
        match self {
            Self::Made { serial } => {
                w.u8(1);
                w.u64(*serial);
            }
            Self::NotMade { serial, step, errno } => {
                w.u8(2);
                w.u64(*serial);
                step_of(&mut w, step, *errno);
            }
            Self::Serving => w.u8(3),
            Self::Lame { step, errno } => {
                w.u8(4);
                step_of(&mut w, step, *errno);
            }
        }
        w.finish()
    }

    /// Reads the byte form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(bytes);
        let report = match r.u8()? {
            1 => Self::Made { serial: r.u64()? },
            2 => Self::NotMade {
                serial: r.u64()?,
                step: r.bytes()?,
                errno: r.u32()?,
            },
            3 => Self::Serving,
            4 => Self::Lame {
                step: r.bytes()?,
                errno: r.u32()?,
            },
            _ => return Err(Malformed::Range),
        };
        r.end()?;
        Ok(report)
    }
}

struct Mason {
    plan: Plan,
    plan_file: OwnedFd,
    sync: OwnedFd,
    signals: OwnedFd,
    shim: Option<OwnedFd>,
    zygote: Option<zygote::Zygote>,
    /// One that is to take the place of the other as soon as it serves.
    heir: Option<zygote::Zygote>,
    failures: u32,
    networks: Networks,
}

/// Network namespaces without an interface, and without a socket of the last user: a program there can have none but
/// those of its own processes, which are dead. To make one costs half a millisecond, and as much again to end it.
#[derive(Default)]
struct Networks {
    /// Those in use, by the init that is in them.
    used: Vec<(i32, OwnedFd)>,
    free: Vec<OwnedFd>,
}

/// What a new process is when it comes back from [`run`].
pub enum Role {
    /// The template, at its end.
    Template(Result<(), StepError>),
    /// A sandbox's init, about to live.
    Cell(Box<serve::Beginning>),
}

/// What a template begins with.
pub struct Beginning {
    /// The plan.
    pub plan: Plan,
    /// The same in its file, for the zygote.
    pub plan_file: OwnedFd,
    /// The socket to the warden.
    pub sync: OwnedFd,
    /// SIGTERM and SIGCHLD.
    pub signals: OwnedFd,
    /// The zygote's library.
    pub shim: Option<OwnedFd>,
}

/// Serves until the warden is gone.
pub fn run(beginning: Beginning) -> Role {
    let Beginning {
        plan,
        plan_file,
        sync,
        signals,
        shim,
    } = beginning;
    let mut mason = Mason {
        plan,
        plan_file,
        sync,
        signals,
        shim,
        zygote: None,
        heir: None,
        failures: 0,
        networks: Networks::default(),
    };
    mason.renew();
    loop {
        match mason.turn() {
            Ok(None) => {}
            Ok(Some(role)) => return role,
            Err(error) => return Role::Template(Err(error)),
        }
    }
}

impl Mason {
    fn turn(&mut self) -> Result<Option<Role>, StepError> {
        let ready = |z: &Option<zygote::Zygote>| {
            let waits = z.as_ref().filter(|z| !z.serves);
            waits.map_or_else(no_interest, |z| interest(z.ready.as_fd(), libc::POLLIN))
        };
        let mut fds = [
            interest(self.sync.as_fd(), libc::POLLIN),
            interest(self.signals.as_fd(), libc::POLLIN),
            ready(&self.zygote),
            ready(&self.heir),
        ];
        wait(&mut fds, Some(LOOK)).at(|| "wait".into())?;
        if fds[2].revents != 0 || fds[3].revents != 0 {
            self.hear_zygotes();
        }
        if fds[1].revents != 0 {
            self.reap()?;
        }
        if fds[0].revents != 0 {
            return self.take_order();
        }
        self.renew_if_due();
        Ok(None)
    }

    fn report(&self, report: &Report, fds: &[casemate_sys::handle::BorrowedFd<'_>]) {
        // A warden that is gone is noticed by the next wait.
        let _ = socket::send(self.sync.as_fd(), &report.encode(), fds);
    }

    /// Starts a zygote, as the heir of one that is there.
    fn renew(&mut self) {
        let Some(shim) = &self.shim else { return };
        if self.plan.zygote.is_none() || self.failures >= MAX_FAILURES {
            return;
        }
        match zygote::start(&self.plan, self.plan_file.as_fd(), shim.as_fd()) {
            Ok(zygote) if self.zygote.is_none() => self.zygote = Some(zygote),
            Ok(zygote) => self.heir = Some(zygote),
            Err(error) => self.lament(&error.step, error.source.raw_os_error()),
        }
    }

    fn lament(&mut self, step: &str, errno: Option<i32>) {
        self.failures += 1;
        let lame = Report::Lame {
            step: step.as_bytes().to_vec(),
            errno: errno.unwrap_or(libc::EIO) as u32,
        };
        self.report(&lame, &[]);
    }

    fn renew_if_due(&mut self) {
        let due = self.zygote.as_ref().is_some_and(|z| {
            z.serves
                && (z.children >= MAX_CHILDREN || z.children > 0 && event::monotonic() - z.since >= MAX_AGE)
        });
        if due && self.heir.is_none() {
            self.renew();
        }
    }

    fn hear_zygotes(&mut self) {
        let mut buffer = [0u8; MAX_FORGE_BYTES];
        let mut words = Vec::new();
        for zygote in self.zygote.iter_mut().chain(&mut self.heir).filter(|z| !z.serves) {
            let Ok(Some(message)) = socket::try_receive(zygote.ready.as_fd(), &mut buffer) else {
                continue;
            };
            // Its end comes with its death, which is reaped.
            if let Ok(word) = Word::decode(&buffer[..message.len]) {
                zygote.serves = matches!(word, Word::Standing { .. });
                words.push(word);
            }
        }
        for word in words {
            match word {
                Word::Standing { .. } => {
                    self.failures = 0;
                    self.report(&Report::Serving, &[]);
                }
                Word::Broken { step, errno } => {
                    let step = alloc::string::String::from_utf8_lossy(&step).into_owned();
                    self.lament(&step, Some(errno as i32));
                }
            }
        }
        if self.heir.as_ref().is_some_and(|heir| heir.serves) {
            // The old one serves those that were made for it, and ends when they have no more use for it.
            self.zygote = self.heir.take();
        }
    }

    fn reap(&mut self) -> Result<(), StepError> {
        while signal::take(self.signals.as_fd())
            .at(|| "read a signal".into())?
            .is_some()
        {}
        while let Some(reaped) = process::reap(-1, Wait::Look).at(|| "reap".into())? {
            self.networks.give_back(reaped.pid);
            if self.heir.as_ref().is_some_and(|z| z.pid == reaped.pid) {
                self.heir = None;
                self.failures += 1;
            }
            if self.zygote.as_ref().is_some_and(|z| z.pid == reaped.pid) {
                self.zygote = self.heir.take();
                self.lament("the zygote ended", None);
                if self.zygote.is_none() {
                    self.renew();
                }
            }
        }
        Ok(())
    }

    fn take_order(&mut self) -> Result<Option<Role>, StepError> {
        let mut buffer = [0u8; MAX_MESSAGE_BYTES];
        let message = match socket::try_receive(self.sync.as_fd(), &mut buffer).at(|| "receive".into())? {
            None => return Ok(None),
            Some(message) if message.len == 0 => return Ok(Some(Role::Template(Ok(())))),
            Some(message) => message,
        };
        let order = Order::decode(&buffer[..message.len])
            .map_err(|_| io::Error::from_raw_os_error(libc::EBADMSG))
            .at(|| "parse an order".into())?;
        match self.make(&order, message.fds) {
            Ok(role) => Ok(role),
            Err(error) => {
                let report = Report::NotMade {
                    serial: order.serial,
                    step: error.step.into_bytes(),
                    errno: error.source.raw_os_error().unwrap_or(libc::EIO) as u32,
                };
                self.report(&report, &[]);
                Ok(None)
            }
        }
    }

    /// Makes a sandbox's first process. In that one it gives the role to play.
    fn make(&mut self, order: &Order, fds: Vec<OwnedFd>) -> Result<Option<Role>, StepError> {
        let network = Networks::enter(&mut self.networks, order.release.loopback)?;
        let (go, gate) = fd::pipe().at(|| "make a pipe".into())?;
        let flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;
        match process::clone_into(flags, None).at(|| "clone a sandbox into its namespaces".into())? {
            Side::Child => {
                drop(gate);
                Ok(Some(self.become_cell(order, fds, &go)))
            }
            Side::Parent { pid, pidfd } => {
                drop(go);
                let mapped = map_ids(pid, order.ids)
                    .and_then(|()| fd::write_all(gate.as_fd(), b"g").at(|| "let the sandbox go on".into()));
                if let Err(error) = mapped {
                    let _ = process::kill_fd(pidfd.as_fd(), signal::SIGKILL);
                    return Err(error);
                }
                if let Some(zygote) = &mut self.zygote {
                    zygote.children += 1;
                }
                if let Some(network) = network {
                    self.networks.used.push((pid, network));
                }
                self.report(&Report::Made { serial: order.serial }, &[pidfd.as_fd()]);
                Ok(None)
            }
        }
    }

    /// In the new process.
    fn become_cell(&mut self, order: &Order, fds: Vec<OwnedFd>, go: &OwnedFd) -> Role {
        let mut fds = fds.into_iter();
        let Some(control) = fds.next() else {
            process::exit(1);
        };
        let doors: Vec<OwnedFd> = fds.collect();
        let forge = self.zygote.take().map(|z| z.forge);
        self.heir = None;
        let beginning = serve::Beginning {
            plan: core::mem::take(&mut self.plan),
            release: order.release,
            control,
            sync: None,
            forge,
            doors,
        };
        let prepare = || -> Result<(), StepError> {
            // What the template holds is not the sandbox's.
            let kept = [beginning.control.as_fd(), go.as_fd()]
                .into_iter()
                .chain(beginning.forge.as_ref().map(|f| f.as_fd()))
                .chain(beginning.doors.iter().map(|d| d.as_fd()))
                .collect::<Vec<_>>();
            fd::close_all_but(&kept, 3).at(|| "close the template's descriptors".into())?;
            crate::child::enter_groups(&beginning.doors).at(|| "enter the groups".into())?;
            let mut byte = [0u8; 1];
            match fd::read(go.as_fd(), &mut byte) {
                Ok(1) => {}
                _ => return Err(io::ErrorKind::UnexpectedEof.into()).at(|| "wait for the ids".into()),
            }
            credentials::set_gid(0).at(|| "set the group id".into())?;
            credentials::set_uid(0).at(|| "set the user id".into())?;
            credentials::drop_groups().at(|| "drop groups".into())?;
            credentials::die_with_parent().at(|| "tie init to the template".into())?;
            // The change of ids has taken our own /proc from us; init becomes undumpable when it is built.
            credentials::set_dumpable(true).at(|| "become dumpable".into())?;
            Ok(())
        };
        if let Err(error) = prepare() {
            process::exit(serve::fail(beginning.control.as_fd(), 0, &error));
        }
        Role::Cell(Box::new(beginning))
    }
}

impl Networks {
    /// Moves us into the namespace that the next sandbox inherits. All are owned by the template's user namespace, so that
    /// nobody in the sandbox has a say in them. What comes back can be used again, once the sandbox is gone.
    fn enter(&mut self, loopback: bool) -> Result<Option<OwnedFd>, StepError> {
        if !loopback && let Some(network) = self.free.pop() {
            namespace::enter(network.as_fd(), CLONE_NEWNET).at(|| "enter a network namespace".into())?;
            return Ok(Some(network));
        }
        namespace::unshare(CLONE_NEWNET).at(|| "make a network namespace".into())?;
        if loopback {
            net::loopback_up().at(|| "bring up the loopback interface".into())?;
            return Ok(None);
        }
        if self.used.len() >= MAX_NETWORKS {
            return Ok(None);
        }
        let own = fs::open_at(None, b"/proc/self/ns/net", libc::O_RDONLY, 0, Resolve::Host);
        own.map(Some).at(|| "keep a network namespace".into())
    }

    /// A process is dead: if it was an init, and with it everything in its pid namespace, its network is free.
    fn give_back(&mut self, pid: i32) {
        if let Some(at) = self.used.iter().position(|(of, _)| *of == pid) {
            let (_, network) = self.used.swap_remove(at);
            self.free.push(network);
        }
    }
}

fn map_ids(pid: i32, (init, program): (u32, u32)) -> Result<(), StepError> {
    let map = format!("0 {init} 1\n{} {program} 1\n", crate::protocol::PROGRAM_ID);
    for kind in ["uid_map", "gid_map"] {
        let path = format!("/proc/{pid}/{kind}");
        fs::write_existing(path.as_bytes(), map.as_bytes()).at(|| format!("write {path}"))?;
    }
    Ok(())
}

/// Gives up what a template has no use for.
///
/// # Errors
/// What the kernel answered.
pub fn settle(plan: &Plan) -> Result<(), StepError> {
    use credentials::capability::{KILL, NET_ADMIN, SETGID, SETPCAP, SETUID, SYS_ADMIN, SYS_PTRACE};
    if plan.omitted.has(Wall::Capabilities) {
        return Ok(());
    }
    let keep = SYS_ADMIN | SYS_PTRACE | SETUID | SETGID | SETPCAP | KILL | NET_ADMIN;
    credentials::set_capabilities(keep).at(|| "drop the template's capabilities".into())
}

/// Builds a template's root.
///
/// # Errors
/// The step that failed.
pub fn build(plan: &Plan, release: &Release, trees: Vec<OwnedFd>) -> Result<(), StepError> {
    namespace::unshare(CLONE_NEWNET).at(|| "make the template's network namespace".into())?;
    build::build_template(plan, release, trees)
}

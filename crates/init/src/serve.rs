//! The life of init: read the plan, build, then serve spawns until the last one ended, the caller
//! asks for the end, or the warden dies.

mod spawns;

use crate::build::{self, AtStep, Built, StepError};
use crate::collect;
use crate::mason;
use crate::plan::{MAX_PLAN_BYTES, Plan, Wall};
use crate::protocol::{CONTROL_FD, Event, MAX_MESSAGE_BYTES, PLAN_FD, Release, Request, SYNC_FD, TREES_FD};
use crate::walls;
use crate::warm::{Heard, Warm};
use alloc::boxed::Box;
use alloc::vec::Vec;
use casemate_sys::credentials::{self, capability};
use casemate_sys::event::{interest, no_interest, wait};
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::process::{self, Exit, Reaped, Wait};
use casemate_sys::{event, fd, libc, memfd, signal, socket};
use core::time::Duration;
use spawns::Wanted;

/// How often the disk is looked at while programs live and write.
const DISK_SAMPLE: Duration = Duration::from_millis(100);
/// How seldom while they do not: twice as long from one look to the next, up to this. A thousand sandboxes that
/// sleep would take a processor by their looks alone.
const DISK_SAMPLE_MOST: Duration = Duration::from_secs(5);
/// How long the collector may take.
const COLLECT_LIMIT: Duration = Duration::from_secs(10);

/// Runs init; returns its exit code.
pub fn run() -> i32 {
    let Ok(control) = fd::adopt(CONTROL_FD) else {
        return 1;
    };
    match start(control.as_fd()) {
        Ok(Begun::Init(mut init)) => live(control.as_fd(), &mut init),
        Ok(Begun::Template(beginning)) => match mason::run(*beginning) {
            mason::Role::Template(Ok(())) => 0,
            mason::Role::Template(Err(error)) => fail(control.as_fd(), 0, &error),
            mason::Role::Cell(beginning) => {
                // Its number is closed here, and maybe another's by now.
                core::mem::forget(control);
                run_cell(*beginning)
            }
        },
        Err(error) => fail(control.as_fd(), 0, &error),
    }
}

fn live(control: BorrowedFd<'_>, init: &mut Init<'_>) -> i32 {
    match init.serve() {
        Ok(()) => 0,
        Err(error) => fail(control, 0, &error),
    }
}

/// What a sandbox's init in a template begins with.
pub struct Beginning {
    /// The plan.
    pub plan: Plan,
    /// What the warden said of it.
    pub release: Release,
    /// The socket to the caller.
    pub control: OwnedFd,
    /// The socket to the warden; `None` in a template, whose end is ours.
    pub sync: Option<OwnedFd>,
    /// The zygote's socket.
    pub forge: Option<OwnedFd>,
    /// Files of our groups.
    pub doors: Vec<OwnedFd>,
}

fn run_cell(beginning: Beginning) -> i32 {
    let Beginning {
        plan,
        release,
        control,
        sync,
        forge,
        doors,
    } = beginning;
    let _ = credentials::set_name(c"casemate-init");
    let begin = || -> Result<Init<'_>, StepError> {
        let signals = signals()?;
        let built = build::build_cell(&plan, &release)?;
        let warm = Warm::new(forge, doors);
        settled(control.as_fd(), plan, release, built, (sync, signals, warm))
    };
    match begin() {
        Ok(mut init) => live(control.as_fd(), &mut init),
        Err(error) => fail(control.as_fd(), 0, &error),
    }
}

fn signals() -> Result<OwnedFd, StepError> {
    signal::descriptor(&[signal::SIGTERM, signal::SIGCHLD]).at(|| "make the signal descriptor".into())
}

/// Says what failed; the exit code.
pub fn fail(control: BorrowedFd<'_>, spawn: u32, error: &StepError) -> i32 {
    let errno = error.source.raw_os_error().unwrap_or(libc::EIO) as u32;
    send(
        control,
        &Event::Failed {
            spawn,
            step: error.step.clone().into_bytes(),
            errno,
        },
        &[],
    );
    1
}

/// Tells the caller; a caller that is gone cannot be told, and the warden ends us then.
fn send(control: BorrowedFd<'_>, event: &Event, fds: &[BorrowedFd<'_>]) {
    let _ = socket::send(control, &event.encode(), fds);
}

struct Running {
    spawn: u32,
    pid: i32,
    last: bool,
    collect: Option<OwnedFd>,
    witness: Option<i32>,
}

struct Init<'a> {
    control: BorrowedFd<'a>,
    sync: Option<OwnedFd>,
    signals: OwnedFd,
    warm: Warm,
    plan: Plan,
    release: Release,
    built: Built,
    ruleset: Option<OwnedFd>,
    running: Vec<Running>,
    disk_peak_bytes: u64,
    disk_used_bytes: u64,
    disk_wait: Duration,
    is_ending: bool,
}

enum Begun<'a> {
    Init(Box<Init<'a>>),
    Template(Box<mason::Beginning>),
}

fn start(control: BorrowedFd<'_>) -> Result<Begun<'_>, StepError> {
    credentials::die_with_parent().at(|| "tie init to the warden".into())?;
    let _ = credentials::set_name(c"casemate-init");
    let signals = signals()?;
    let plan_file = fd::adopt(PLAN_FD).at(|| "find the plan".into())?;
    let sync = fd::adopt(SYNC_FD).at(|| "find the warden's socket".into())?;
    let bytes = memfd::read_sealed(plan_file.as_fd(), MAX_PLAN_BYTES).at(|| "read the plan".into())?;
    let bad = || io::Error::from_raw_os_error(libc::EBADMSG);
    let plan = Plan::decode(&bytes)
        .map_err(|_| bad())
        .at(|| "parse the plan".into())?;
    drop(bytes);
    let trees = (0..plan.tree_count() as i32)
        .map(|i| fd::adopt(TREES_FD + i))
        .collect::<io::Result<Vec<_>>>()
        .at(|| "find the trees".into())?;
    let (release, shim) = receive_release(sync.as_fd()).at(|| "receive the release".into())?;
    if release.template {
        let _ = credentials::set_name(c"casemate-mason");
        mason::build(&plan, &release, trees)?;
        walls::raise_oom_score()?;
        mason::settle(&plan)?;
        return Ok(Begun::Template(Box::new(mason::Beginning {
            plan,
            plan_file,
            sync,
            signals,
            shim,
        })));
    }
    let built = build::build(&plan, &release, trees)?;
    // Kept open: its number is nobody else's.
    core::mem::forget(plan_file);
    let warm = Warm::new(None, Vec::new());
    settled(control, plan, release, built, (Some(sync), signals, warm))
        .map(|init| Begun::Init(Box::new(init)))
}

/// The last steps before the walls stand.
fn settled(
    control: BorrowedFd<'_>,
    plan: Plan,
    release: Release,
    built: Built,
    (sync, signals, warm): (Option<OwnedFd>, OwnedFd, Warm),
) -> Result<Init<'_>, StepError> {
    let ruleset = walls::ruleset(&plan, &release)?;
    settle(&plan, &release)?;
    send(
        control,
        &Event::Ready {
            landlock_abi: if ruleset.is_some() { plan.landlock.abi } else { 0 },
            separate_ids: release.separate_ids,
        },
        &[],
    );
    Ok(Init {
        control,
        sync,
        signals,
        warm,
        plan,
        release,
        built,
        ruleset,
        running: Vec::new(),
        disk_peak_bytes: 0,
        disk_used_bytes: 0,
        disk_wait: DISK_SAMPLE,
        is_ending: false,
    })
}

/// The release, and the zygote's library where one comes along.
fn receive_release(sync: BorrowedFd<'_>) -> io::Result<(Release, Option<OwnedFd>)> {
    let mut buffer = [0u8; MAX_MESSAGE_BYTES];
    let message = socket::receive(sync, &mut buffer)?;
    let release =
        Release::decode(&buffer[..message.len]).map_err(|_| io::Error::from_raw_os_error(libc::EBADMSG))?;
    Ok((release, message.fds.into_iter().next()))
}

/// Gives up what only the building needed.
fn settle(plan: &Plan, release: &Release) -> Result<(), StepError> {
    if !plan.omitted.has(Wall::Mount) {
        let null =
            fs::open_at(None, b"/dev/null", libc::O_RDWR, 0, Resolve::Host).at(|| "open /dev/null".into())?;
        for number in 0..3 {
            fd::duplicate_to(null.as_fd(), number).at(|| "wire init's own descriptors".into())?;
        }
    }
    walls::raise_oom_score()?;
    if !plan.omitted.has(Wall::Capabilities) {
        let ids = capability::KILL | capability::SETUID | capability::SETGID;
        // Handed on to the witness, which has nothing else.
        let witness = match plan.witness_filter.is_empty() {
            true => 0,
            false => capability::SYS_PTRACE,
        };
        let keep = capability::SETPCAP | witness | if release.separate_ids { ids } else { 0 };
        credentials::set_capabilities(keep).at(|| "drop the builder's capabilities".into())?;
    }
    if !plan.omitted.has(Wall::NoNewPrivileges) {
        credentials::set_no_new_privileges().at(|| "set no_new_privs".into())?;
    }
    if !plan.omitted.has(Wall::Dumpable) {
        credentials::set_dumpable(false).at(|| "become undumpable".into())?;
    }
    Ok(())
}

impl Init<'_> {
    fn serve(&mut self) -> Result<(), StepError> {
        loop {
            let mut fds = [
                self.sync_interest(),
                interest(self.control, libc::POLLIN),
                interest(self.signals.as_fd(), libc::POLLIN),
                self.warm
                    .waits_for()
                    .map_or_else(no_interest, |fd| interest(fd, libc::POLLIN)),
            ];
            let timeout = (!self.running.is_empty()).then_some(self.disk_wait);
            let ready = wait(&mut fds, timeout).at(|| "wait".into())?;
            let used_before = self.disk_used_bytes;
            self.sample_disk();
            self.disk_wait = match ready {
                _ if self.disk_used_bytes != used_before => DISK_SAMPLE,
                0 => (self.disk_wait * 2).min(DISK_SAMPLE_MOST),
                _ => self.disk_wait,
            };
            if fds[0].revents != 0 {
                // The warden sends nothing after the release: this is its end.
                return Ok(());
            }
            if fds[3].revents != 0
                && let Some(heard) = self.warm.hear()
            {
                self.say_warm(heard == Heard::Ready);
            }
            if fds[2].revents != 0 && self.take_signals()? {
                return Ok(());
            }
            if fds[1].revents != 0 && self.take_request()? {
                return Ok(());
            }
        }
    }

    fn sync_interest(&self) -> casemate_sys::event::PollFd {
        self.sync
            .as_ref()
            .map_or_else(no_interest, |sync| interest(sync.as_fd(), libc::POLLIN))
    }

    fn say_warm(&self, ready: bool) {
        send(self.control, &Event::Warm { ready }, &[]);
    }

    /// True when the sandbox is to end.
    fn take_signals(&mut self) -> Result<bool, StepError> {
        let mut end = false;
        while let Some(received) = signal::take(self.signals.as_fd()).at(|| "read a signal".into())? {
            // A sender of 0 lives outside our pid namespace: only the warden can be that.
            end |= received.signal == signal::SIGTERM && received.sender == 0 && received.code >= 0;
        }
        while let Some(reaped) = process::reap(-1, Wait::Look).at(|| "reap".into())? {
            end |= self.note_exit(&reaped);
        }
        if end {
            self.finish()?;
        }
        Ok(end)
    }

    /// Reports a spawn's end; true when it was the last one.
    fn note_exit(&mut self, reaped: &Reaped) -> bool {
        if self.warm.note_death(reaped.pid) {
            self.say_warm(false);
            return false;
        }
        let Some(position) = self.running.iter().position(|r| r.pid == reaped.pid) else {
            self.note_witness(reaped);
            return false;
        };
        let (code, signal) = match reaped.exit {
            Exit::Code(code) => (Some(code), 0),
            Exit::Signal(signal) => (None, signal),
        };
        let spawn = self.running[position].spawn;
        send(self.control, &Event::Exited { spawn, code, signal }, &[]);
        if self.running[position].last {
            return true;
        }
        self.running.swap_remove(position);
        false
    }

    /// A witness ends when nobody is left to hear of. One that dies before has not heard all.
    fn note_witness(&self, reaped: &Reaped) {
        let Some(running) = self.running.iter().find(|r| r.witness == Some(reaped.pid)) else {
            return;
        };
        if !self.is_ending && reaped.exit != Exit::Code(0) {
            let source = io::Error::from_raw_os_error(libc::ESRCH);
            let step = "hear of the program's calls: its witness died".into();
            fail(self.control, running.spawn, &StepError { step, source });
        }
    }

    /// True when the sandbox is to end.
    fn take_request(&mut self) -> Result<bool, StepError> {
        let mut buffer = [0u8; MAX_MESSAGE_BYTES];
        let Some(message) = socket::try_receive(self.control, &mut buffer).at(|| "receive".into())? else {
            return Ok(false);
        };
        let request = if message.len == 0 {
            Ok(Request::End)
        } else {
            Request::decode(&buffer[..message.len])
        };
        match request {
            Ok(Request::Spawn {
                spawn,
                last,
                collects,
                no_stdin,
                terminal,
                by,
                memory_bytes,
            }) => {
                let wanted = Wanted {
                    by,
                    memory_bytes,
                    spawn,
                    last,
                    collects,
                    no_stdin,
                    terminal,
                };
                self.spawn(&wanted, message.fds);
                Ok(false)
            }
            Ok(Request::Warm { worker }) => {
                self.make_warm(worker, message.fds);
                Ok(false)
            }
            Ok(Request::Signal { spawn, signal }) => {
                if let Some(running) = self.running.iter().find(|r| r.spawn == spawn) {
                    // Its session has its pid as process group; it may have ended just now.
                    let _ = process::kill(-running.pid, i32::from(signal));
                }
                Ok(false)
            }
            Ok(Request::End) => {
                self.finish()?;
                Ok(true)
            }
            Err(_) => Err(io::Error::from_raw_os_error(libc::EBADMSG)).at(|| "parse a request".into()),
        }
    }

    fn sample_disk(&mut self) -> Option<fs::Space> {
        let space = fs::space(self.built.workspace.as_fd()).ok()?;
        self.disk_used_bytes = space.used_bytes;
        self.disk_peak_bytes = self.disk_peak_bytes.max(space.used_bytes);
        Some(space)
    }

    /// Kills everything, reports what only init can see, and collects.
    fn finish(&mut self) -> Result<(), StepError> {
        self.is_ending = true;
        self.kill_all().at(|| "kill what is left".into())?;
        let space = self.sample_disk();
        let event = Event::Quiet {
            disk_peak_bytes: self.disk_peak_bytes,
            disk_full: space.is_some_and(|s| s.free_bytes == 0 || s.free_inodes == 0),
            network_bytes: if self.release.loopback {
                loopback_bytes()
            } else {
                0
            },
        };
        let spec = self.running.iter_mut().find_map(|r| r.collect.take());
        let Some(spec) = spec else {
            send(self.control, &event, &[]);
            return Ok(());
        };
        let ruleset = self.ruleset.as_ref().map(|r| r.as_fd());
        let workspace = self.built.workspace.as_fd();
        let collector = collect::start(&self.plan, &self.release, ruleset, workspace, spec.as_fd())?;
        send(self.control, &event, &[collector.stream.as_fd()]);
        drop(collector.stream);
        self.await_collector(collector.pid)
    }

    fn kill_all(&mut self) -> io::Result<()> {
        if self.plan.omitted.has(Wall::Pid) {
            // Tests only: without a pid namespace, "everything" would be the host.
            for running in &self.running {
                let _ = process::kill(-running.pid, signal::SIGKILL);
                let _ = process::reap(running.pid, Wait::Block)?;
            }
            return Ok(());
        }
        // Whoever is in our pid namespace has a child of ours above it, but for one that a zygote is about to give us.
        // The kernel walks over all processes of the host to kill those of a namespace (kill_something_info).
        if !process::has_children() && self.warm.waits_for().is_none() {
            return Ok(());
        }
        match process::kill(-1, signal::SIGKILL) {
            Err(e) if e.raw_os_error() == Some(libc::ESRCH) => {}
            other => other?,
        }
        // Whatever dies becomes our child and is reaped here; none is left when this ends.
        while let Some(reaped) = process::reap(-1, Wait::Block)? {
            self.note_exit(&reaped);
        }
        Ok(())
    }

    fn await_collector(&self, pid: i32) -> Result<(), StepError> {
        let until = event::monotonic() + COLLECT_LIMIT;
        while process::reap(pid, Wait::Look)
            .at(|| "reap the collector".into())?
            .is_none()
        {
            let now = event::monotonic();
            if now >= until {
                return Ok(());
            }
            let mut fds = [self.sync_interest(), interest(self.signals.as_fd(), libc::POLLIN)];
            wait(&mut fds, Some(until - now)).at(|| "wait for the collector".into())?;
            if fds[0].revents != 0 {
                return Ok(());
            }
            let _ = signal::take(self.signals.as_fd());
        }
        Ok(())
    }
}

/// Received and sent bytes of `lo` (proc_pid_net(5), `dev`); what goes over loopback is counted once.
fn loopback_bytes() -> u64 {
    let text = fs::read_start(b"/proc/self/net/dev", 16 << 10).unwrap_or_default();
    let text = core::str::from_utf8(&text).unwrap_or_default();
    let line = text.lines().find_map(|l| l.trim().strip_prefix("lo:"));
    line.and_then(|l| l.split_whitespace().next())
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}

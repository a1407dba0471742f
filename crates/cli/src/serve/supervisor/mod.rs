//! The supervisor: keeps the privilege it was started with and reads nothing of anyone. It starts the
//! warden and the server, starts them again when they die, and sweeps after them.

mod child;
mod readers;
mod start;

use super::control::{self, Order, Word};
use super::notify::Manager;
use super::score;
use super::settings::ServeSettings;
use crate::output::harmless;
use anyhow::{Context, Result, anyhow};
use casemate_engine::sandbox::plan::Blueprint;
use casemate_engine::sandbox::warden;
use casemate_engine::service::Kinds;
use casemate_policy::identity::ApiKey;
use casemate_sys::event::{self, interest, no_interest};
use casemate_sys::process as processes;
use casemate_sys::{fd, libc, resource, signal};
use child::Child;
use readers::Readers;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// How long a dead warden's leftovers may take to go.
const SWEEP_LIMIT: Duration = Duration::from_secs(5);
/// How long a warden may take to bury its sandboxes when its client is gone.
const WARDEN_END_LIMIT: Duration = Duration::from_secs(10);
/// How long closing the state may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// A server that has not said for so long that it is alive is stuck; one that starts may check a large state first.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);
const START_LIMIT: Duration = Duration::from_secs(120);
/// What lived for so long is started again at once; what dies sooner, after a pause that doubles.
const STEADY: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Starts of a server that was never ready before the supervisor gives up.
const MOST_FAILED_STARTS: u32 = 5;

/// Words taken of the server in one turn: what it says must not keep us from our children.
const MOST_WORDS: usize = 16;

/// Tells the administrator. A standard error that nobody reads any more is no reason to end.
macro_rules! say {
    ($($word:tt)*) => {{
        let _ = writeln!(std::io::stderr(), $($word)*);
    }};
}

#[derive(Debug)]
struct Server {
    child: Child,
    control: OwnedFd,
    heard: Duration,
    is_ready: bool,
}

/// The supervisor.
pub struct Supervisor {
    settings: ServeSettings,
    kinds: Arc<Kinds>,
    blueprints: Vec<Blueprint>,
    listener: TcpListener,
    first_key: Option<ApiKey>,
    signals: OwnedFd,
    manager: Manager,
    /// Its writing end closes when we die, and the warden sees that.
    lifeline: (OwnedFd, OwnedFd),
    warden: Option<Child>,
    server: Option<Server>,
    prober: Option<Child>,
    /// What opens connections to a database server.
    connector: Option<Child>,
    readers: Readers,
    pause: Duration,
    failed_starts: u32,
    was_ready: bool,
    stopping: Option<Duration>,
    failure: Option<String>,
}

impl Supervisor {
    /// Takes over signals; nothing is started yet.
    ///
    /// # Errors
    /// When descriptors cannot be had.
    pub fn new(
        settings: ServeSettings,
        kinds: Kinds,
        blueprints: Vec<Blueprint>,
        listener: TcpListener,
        first_key: Option<ApiKey>,
    ) -> Result<Self> {
        // Connections, pipes and sockets of all sandboxes: as many as the host allows. Programs have a
        // limit of their own.
        resource::limit(resource::RLIMIT_NOFILE, u64::MAX, u64::MAX)
            .context("raise the limit of open files")?;
        let wanted = [signal::SIGTERM, signal::SIGINT, signal::SIGCHLD, signal::SIGHUP];
        Ok(Self {
            kinds: Arc::new(kinds),
            blueprints,
            listener,
            first_key,
            signals: signal::descriptor(&wanted).context("take over signals")?,
            manager: Manager::find(),
            lifeline: fd::pipe().context("make the lifeline")?,
            warden: None,
            server: None,
            prober: None,
            connector: None,
            readers: Readers::new(settings.readers),
            pause: Duration::ZERO,
            failed_starts: 0,
            was_ready: false,
            stopping: None,
            failure: None,
            settings,
        })
    }

    /// Runs until it is told to stop; the exit code.
    ///
    /// # Errors
    /// When the server never comes up, or children cannot be started.
    pub fn run(mut self) -> Result<u8> {
        if let Some(word) = score::lower() {
            say!("casemate: {word}");
        }
        self.sweep();
        while !self.is_over() {
            if self.stopping.is_none()
                && let Err(error) = self.start_missing()
            {
                if !self.was_ready {
                    self.finish();
                    return Err(error);
                }
                say!("casemate: {error:#}; trying again");
                self.lengthen_pause();
            }
            self.wait()?;
            self.take_signals();
            self.listen_to_server();
            self.bury();
            self.watch_clock();
        }
        self.finish();
        match self.failure.take() {
            Some(reason) => Err(anyhow!(reason)),
            None => Ok(0),
        }
    }

    fn is_over(&self) -> bool {
        self.stopping.is_some() && self.server.is_none()
    }

    fn wait(&self) -> Result<()> {
        let pidfd = |child: Option<&Child>| {
            child.map_or_else(no_interest, |c| interest(c.pidfd.as_fd(), libc::POLLIN))
        };
        let control = |server: &Server| interest(server.control.as_fd(), libc::POLLIN);
        let (readers, restart) = self.readers.waits_for();
        let mut fds = vec![
            interest(self.signals.as_fd(), libc::POLLIN),
            pidfd(self.warden.as_ref()),
            pidfd(self.server.as_ref().map(|s| &s.child)),
            pidfd(self.prober.as_ref()),
            pidfd(self.connector.as_ref()),
            self.server.as_ref().map_or_else(no_interest, control),
        ];
        fds.extend(readers);
        let beat = self.manager.watchdog.unwrap_or(Duration::from_secs(1));
        let most = beat
            .min(Duration::from_secs(1))
            .min(restart.unwrap_or(Duration::MAX));
        event::wait(&mut fds, Some(most)).context("wait for children")?;
        Ok(())
    }

    /// The first request to stop lets what runs end; the second one does not.
    fn take_signals(&mut self) {
        while let Ok(Some(received)) = signal::take(self.signals.as_fd()) {
            if matches!(received.signal, signal::SIGTERM | signal::SIGINT) {
                let now = event::monotonic();
                let is_first = self.stopping.is_none();
                // Once for connections, once for what runs, and a little to close the state.
                let limit = self.settings.stop_limit * 2 + CLOSE_LIMIT;
                self.stopping = Some(if is_first { now + limit } else { now });
                if is_first {
                    self.manager.tell("STOPPING=1");
                    if let Some(server) = &self.server {
                        let _ = control::order(server.control.as_fd(), &Order::Stop);
                    }
                }
            }
        }
    }

    fn listen_to_server(&mut self) {
        let Some(server) = &mut self.server else { return };
        for _ in 0..MOST_WORDS {
            let Some(word) = control::next_word(server.control.as_fd()) else {
                return;
            };
            server.heard = event::monotonic();
            match word {
                Word::Ready => {
                    server.is_ready = true;
                    self.failed_starts = 0;
                    self.failure = None;
                    if !std::mem::replace(&mut self.was_ready, true) {
                        say!("casemate: serving on http://{}", self.settings.listen);
                    }
                    self.manager.tell("READY=1");
                }
                Word::Alive => self.manager.tell("WATCHDOG=1"),
                Word::Lost(serial) => self.readers.end(serial),
                Word::Failed(reason) => {
                    // It may be anybody's by now, and this is an administrator's terminal.
                    let reason = String::from_utf8_lossy(&harmless(reason.as_bytes())).into_owned();
                    say!("casemate: the server cannot start: {reason}");
                    self.failure = Some(reason);
                }
                // It talks no more, and so is of no use.
                Word::Gone => {
                    server.child.kill();
                    return;
                }
            }
        }
    }

    /// Takes note of the dead, and clears away what they left.
    fn bury(&mut self) {
        self.reap_strangers();
        self.readers.bury();
        if let Some(prober) = self.prober.take_if(|child| child.has_ended()) {
            prober.reap();
        }
        if let Some(connector) = self.connector.take_if(|child| child.has_ended()) {
            connector.reap();
            // A server without one loses its database for good; the next has both.
            if let Some(server) = &self.server {
                server.child.kill();
            }
        }
        if self
            .server
            .as_ref()
            .is_some_and(|server| server.child.has_ended())
        {
            // Its last words say why.
            self.listen_to_server();
        }
        if let Some(server) = self.server.take_if(|server| server.child.has_ended()) {
            server.child.reap();
            self.note_death("server", server.child.since);
            self.failed_starts += 1;
            if self.stopping.is_none() && self.failed_starts >= MOST_FAILED_STARTS && !self.was_ready {
                self.stopping = Some(event::monotonic());
                self.failure
                    .get_or_insert_with(|| "the server does not start".into());
            }
            // It kills what it had built, and ends by itself.
            self.end_warden();
            self.readers.end_all();
        }
        if let Some(dead) = self.warden.take_if(|child| child.has_ended()) {
            dead.reap();
            self.note_death("warden", dead.since);
            self.sweep();
        }
    }

    /// As pid 1 of a container we inherit the orphans of all others. Children of our own are reaped by their names.
    fn reap_strangers(&self) {
        if std::process::id() != 1 {
            return;
        }
        let server = self.server.as_ref().map(|server| &server.child);
        let own = [
            self.warden.as_ref(),
            server,
            self.prober.as_ref(),
            self.connector.as_ref(),
        ];
        for pid in processes::ended_children().unwrap_or_default() {
            let is_ours = own.iter().flatten().any(|child| child.pid == pid);
            if !is_ours && self.readers.pids().all(|own| own != pid) {
                let _ = processes::reap(pid, processes::Wait::Look);
            }
        }
    }

    fn note_death(&mut self, name: &str, since: Duration) {
        if self.stopping.is_some() {
            return;
        }
        let lived = event::monotonic().saturating_sub(since);
        if lived >= STEADY {
            self.pause = Duration::ZERO;
        } else {
            self.lengthen_pause();
        }
        say!(
            "casemate: the {name} has died after {} s; starting it again",
            lived.as_secs()
        );
    }

    fn lengthen_pause(&mut self) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
    }

    fn end_warden(&mut self) {
        let Some(warden) = self.warden.take() else { return };
        let ended = event::wait_one(warden.pidfd.as_fd(), libc::POLLIN, Some(WARDEN_END_LIMIT));
        if !matches!(ended, Ok(true)) {
            warden.kill();
        }
        warden.reap();
        self.sweep();
    }

    fn sweep(&self) {
        let until = event::monotonic() + SWEEP_LIMIT;
        let s = &self.settings;
        while let Err(error) = warden::sweep(&s.state_dir, s.cgroup_base.clone()) {
            if event::monotonic() >= until {
                // Where there are no groups there is nothing to sweep, and runs are refused.
                say!("casemate: leftovers could not be removed: {error}");
                return;
            }
            let _ = event::wait(&mut [], Some(Duration::from_millis(5)));
        }
    }

    fn watch_clock(&mut self) {
        let now = event::monotonic();
        let Some(server) = &self.server else { return };
        let is_late = self.stopping.is_some_and(|until| now >= until);
        let limit = if server.is_ready {
            SILENCE_LIMIT
        } else {
            START_LIMIT
        };
        let is_stuck = now.saturating_sub(server.heard) > limit;
        if is_late || is_stuck {
            server.child.kill();
        }
    }

    fn finish(&mut self) {
        self.end_warden();
        self.end_prober();
        self.end_connector();
        self.readers.end_all();
    }
}

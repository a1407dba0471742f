//! Watching one run: the process that reads the kernel's events, and an observer that hands them on as they come.
//!
//! Used by `casemate run --watch` and `casemate trace record`. Whoever asked for a run to be watched does not get one that
//! is not: every trouble with the events ends the run and is an error.

use crate::output::Console;
use anyhow::{Context, Result, anyhow};
use casemate_engine::Settings;
use casemate_engine::monitor::collect::collector::Stream as Events;
use casemate_engine::monitor::collect::{Begin, CollectError, Registrar};
use casemate_engine::monitor::event::{Event, What};
use casemate_engine::runtime::oneshot::{Observer, Stream};
use casemate_engine::sandbox::{analyser, watcher};
use casemate_sys::epoll::{Epoll, Watch as Interest};
use casemate_sys::process::{self, Wait};
use casemate_sys::{event, libc};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// The number of the one sandbox.
const SERIAL: u64 = 1;
/// How long nothing must come before all has come: more than two looks of the collector.
const QUIET: Duration = Duration::from_millis(30);
/// How long that may take in all.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);
/// Packets taken in one turn: the program's output must be moved, too.
const MOST_PACKETS: usize = 64;

/// Events of one run, from the process that reads the kernel's ring.
#[derive(Debug)]
pub struct Watching {
    events: Events,
    registrar: Registrar,
    worker: analyser::Started,
    group: Option<u64>,
}

impl Watching {
    /// Starts the process, which loads the watching program.
    ///
    /// # Errors
    /// When this host or this binary has no such layer, with the reason.
    pub fn start(settings: &Settings) -> Result<Self> {
        let id = settings.analysis_id.map(|id| id.to_string());
        let mut arguments = vec!["casemate", "watch-worker"];
        arguments.extend(id.as_deref().into_iter().flat_map(|id| ["--id", id]));
        let program = settings.own_program.as_os_str().as_bytes();
        let worker = watcher::start(program, &arguments).context("start the watcher")?;
        let socket = worker.socket.try_clone().context("keep the watcher's socket")?;
        let (events, registrar) = Events::open(socket).context("watch the run")?;
        Ok(Self {
            events,
            registrar,
            worker,
            group: None,
        })
    }

    fn place(&mut self, group: Option<u64>) -> Result<(), CollectError> {
        let group =
            group.ok_or_else(|| CollectError::Missing("control groups are not in a v2 tree".to_owned()))?;
        self.registrar.watch(group, SERIAL, Begin::Exec)?;
        self.group = Some(group);
        Ok(())
    }

    fn take(&mut self, sink: &mut dyn FnMut(Event)) -> Result<bool, CollectError> {
        for taken in 0..MOST_PACKETS {
            if !self.events.take(&mut |_, event| sink(event))? {
                return Ok(taken > 0);
            }
        }
        Ok(true)
    }

    /// Takes what is still on its way, and what was lost.
    fn finish(&mut self, sink: &mut dyn FnMut(Event)) -> Result<(), CollectError> {
        let Some(group) = self.group else { return Ok(()) };
        let until = event::monotonic() + DRAIN_LIMIT;
        while event::monotonic() < until {
            let came = event::wait_one(self.events.socket(), libc::POLLIN, Some(QUIET));
            if !matches!(came, Ok(true)) {
                break;
            }
            self.take(sink)?;
        }
        let dropped = self.registrar.forget(group).unwrap_or_default();
        for (class, count) in Registrar::by_class(&dropped) {
            sink(Event::new(0, 0, What::Lost { class, count }));
        }
        Ok(())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        analyser::end(self.worker.pidfd.as_fd());
        let _ = process::reap(self.worker.pid, Wait::Block);
    }
}

/// A console whose run is watched.
pub struct Watched<'a> {
    console: &'a mut Console,
    watching: Watching,
    sink: &'a mut dyn FnMut(Event),
    ready: Epoll,
    trouble: Option<CollectError>,
}

impl<'a> Watched<'a> {
    /// Hands every event of the run to `sink`.
    ///
    /// # Errors
    /// When the kernel gives no descriptor.
    pub fn new(console: &'a mut Console, watching: Watching, sink: &'a mut dyn FnMut(Event)) -> Result<Self> {
        let ready = Epoll::new(2).context("wait for events")?;
        ready
            .add(watching.events.socket(), Interest::Read, 0)
            .context("wait for events")?;
        if let Some(signals) = console.interrupt() {
            ready
                .add(signals, Interest::Read, 1)
                .context("wait for signals")?;
        }
        Ok(Self {
            console,
            watching,
            sink,
            ready,
            trouble: None,
        })
    }

    /// The last events.
    ///
    /// # Errors
    /// When the run was not watched from its beginning to its end.
    pub fn finish(mut self) -> Result<()> {
        if let Some(trouble) = self.trouble {
            return Err(anyhow!(trouble).context("the run was ended: it was not watched"));
        }
        self.watching
            .finish(self.sink)
            .context("the run was not watched to its end")
    }
}

impl Observer for Watched<'_> {
    fn wants_place(&self) -> bool {
        true
    }

    fn placed(&mut self, group: Option<u64>) {
        self.trouble = self.watching.place(group).err();
    }

    fn started(&mut self) {
        self.console.started();
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.console.output(stream, bytes);
    }

    fn interrupt(&self) -> Option<BorrowedFd<'_>> {
        Some(self.ready.as_fd())
    }

    fn wants_end(&mut self) -> bool {
        if self.trouble.is_none() {
            self.trouble = self.watching.take(self.sink).err();
        }
        self.trouble.is_some() || self.console.wants_end()
    }

    fn tick(&mut self) {
        self.console.tick();
    }
}

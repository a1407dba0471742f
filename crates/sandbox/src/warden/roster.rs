//! The living cells: by serial number, by the client's key, by what is due, and by what the kernel tells
//! of them. Used by the loop alone. Nothing here costs more for there being many.

use super::cell::Cell;
use super::deadlines::Deadlines;
use crate::cgroup::OomEvent;
use casemate_sys::epoll::{Epoll, Watch};
use casemate_sys::{libc, process};
use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Most descriptors that one wait tells of; the rest is told by the next.
const MAX_READY: usize = 256;

/// What the kernel told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ready {
    /// A descriptor of the loop's own, by its number.
    Own(u64),
    /// A template has something to say, or is dead: its number.
    Template(u64),
    /// A process of the cell ran out of memory, or one above.
    Oom(u64),
    /// The cell's init ended.
    Death(u64),
}

/// All cells that are not buried.
pub(super) struct Roster {
    watch: Epoll,
    cells: HashMap<u64, Cell>,
    /// Cells that the client knows.
    by_key: HashMap<u64, u64>,
    last_serial: u64,
    /// Limits on time, and ends that take too long.
    clocks: Deadlines,
    looks: Deadlines,
    burials: Deadlines,
}

impl Roster {
    /// # Errors
    /// When there is no descriptor left to wait by.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            watch: Epoll::new(MAX_READY)?,
            cells: HashMap::new(),
            by_key: HashMap::new(),
            last_serial: 0,
            clocks: Deadlines::default(),
            looks: Deadlines::default(),
            burials: Deadlines::default(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Waits for a descriptor of the loop's own as well; `number` is below 4.
    pub(super) fn watch(&self, fd: BorrowedFd<'_>, watch: Watch, number: u64) -> io::Result<()> {
        self.watch.add(fd, watch, number)
    }

    /// Waits for a template's socket.
    pub(super) fn watch_template(&self, fd: BorrowedFd<'_>, number: u64) -> io::Result<()> {
        self.watch.add(fd, Watch::Read, (number + 1) * 4 + 2)
    }

    pub(super) fn unwatch(&self, fd: BorrowedFd<'_>) {
        // What was never added needs no removal.
        let _ = self.watch.remove(fd);
    }

    /// Waits. What has happened comes in the order in which it is to be looked at: an OOM before the
    /// death that it may be the cause of.
    ///
    /// # Errors
    /// When the kernel cannot wait; nothing can go on then.
    pub(super) fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut tokens = Vec::with_capacity(MAX_READY);
        self.watch.wait(timeout, &mut tokens)?;
        ready.clear();
        ready.extend(tokens.into_iter().map(|token| match (token / 4, token % 4) {
            (0, own) => Ready::Own(own),
            (template, 2) => Ready::Template(template - 1),
            (serial, 0) => Ready::Oom(serial),
            (serial, _) => Ready::Death(serial),
        }));
        ready.sort_unstable_by_key(|ready| matches!(ready, Ready::Death(_)));
        Ok(())
    }

    /// Takes a new cell in, which the client knows by its key.
    ///
    /// # Errors
    /// When its death could not be waited for; it is killed, and stays to be buried.
    pub(super) fn add(&mut self, mut cell: Cell) -> io::Result<()> {
        let (serial, key) = (self.last_serial + 1, cell.key);
        let watched = self.watch_cell(serial, &cell);
        match watched {
            Ok(()) => drop(self.by_key.insert(key, serial)),
            Err(_) => cell.discard(),
        }
        self.insert(cell);
        watched
    }

    /// Takes a cell in that is dying, and that the client hears nothing of. What cannot be waited for is
    /// found when it should have ended.
    pub(super) fn add_remains(&mut self, cell: Cell) {
        let _ = self.watch_cell(self.last_serial + 1, &cell);
        self.insert(cell);
    }

    fn insert(&mut self, cell: Cell) {
        self.last_serial += 1;
        self.cells.insert(self.last_serial, cell);
        self.reckon(self.last_serial);
    }

    fn watch_cell(&self, serial: u64, cell: &Cell) -> io::Result<()> {
        if let Some(oom) = oom_event(cell) {
            let watch = match oom.events {
                libc::POLLPRI => Watch::Priority,
                _ => Watch::Read,
            };
            // Without the event the count is read when the cell has ended.
            let _ = self.watch.add(oom.fd, watch, serial * 4);
        }
        match &cell.init {
            Some(init) => self.watch.add(init.pidfd.as_fd(), Watch::Read, serial * 4 + 1),
            None => Ok(()),
        }
    }

    /// What each living cell holds, by the client's key.
    pub(super) fn held(&self) -> Vec<(u64, u64)> {
        let cells = self.cells.values();
        cells
            .filter_map(|cell| Some((cell.key, cell.held_bytes()?)))
            .collect()
    }

    /// The cells of a template that it has not made yet.
    pub(super) fn unmade_of(&self, template: u64) -> Vec<u64> {
        let unmade = self.cells.iter().filter(|(_, cell)| cell.is_unmade_of(template));
        unmade.map(|(serial, _)| *serial).collect()
    }

    /// The serial number that the next cell will get.
    pub(super) fn next_serial(&self) -> u64 {
        self.last_serial + 1
    }

    /// Gives a cell the init that its template has made; one that is gone by now is killed.
    pub(super) fn join(&mut self, serial: u64, pidfd: OwnedFd) {
        let Some(cell) = self.cells.get_mut(&serial).filter(|cell| !cell.is_dead()) else {
            let _ = process::kill_fd(pidfd.as_fd(), libc::SIGKILL);
            return;
        };
        let watched = self.watch.add(pidfd.as_fd(), Watch::Read, serial * 4 + 1);
        cell.join(pidfd);
        if watched.is_err() {
            // Its death is found when it should have ended.
            cell.kill();
        }
        self.reckon(serial);
    }

    pub(super) fn has_key(&self, key: u64) -> bool {
        self.by_key.contains_key(&key)
    }

    pub(super) fn serial_of(&self, key: u64) -> Option<u64> {
        self.by_key.get(&key).copied()
    }

    /// Acts on a cell, and reckons its deadlines anew; nothing when it is gone already.
    pub(super) fn act<T>(&mut self, serial: u64, act: impl FnOnce(&mut Cell) -> T) -> Option<T> {
        let cell = self.cells.get_mut(&serial)?;
        let was_alive = !cell.is_dead();
        let result = act(cell);
        if was_alive && cell.is_dead() {
            // Both go on telling, and a child that is being made may hold copies for a moment, which would
            // keep them in the set.
            if let Some(init) = &cell.init {
                let _ = self.watch.remove(init.pidfd.as_fd());
            }
            if let Some(oom) = oom_event(cell) {
                let _ = self.watch.remove(oom.fd);
            }
        }
        self.reckon(serial);
        Some(result)
    }

    pub(super) fn act_on_all(&mut self, act: impl Fn(&mut Cell)) {
        let serials: Vec<u64> = self.cells.keys().copied().collect();
        for serial in serials {
            self.act(serial, &act);
        }
    }

    /// Takes a dead cell out.
    pub(super) fn remove(&mut self, serial: u64) {
        for deadlines in [&mut self.clocks, &mut self.looks, &mut self.burials] {
            deadlines.set(serial, None);
        }
        if let Some(cell) = self.cells.remove(&serial)
            && self.by_key.get(&cell.key) == Some(&serial)
        {
            self.by_key.remove(&cell.key);
        }
    }

    pub(super) fn due_clock(&mut self, now: Duration) -> Option<u64> {
        self.clocks.take_due(now)
    }

    pub(super) fn due_look(&mut self, now: Duration) -> Option<u64> {
        self.looks.take_due(now)
    }

    pub(super) fn due_burial(&mut self, now: Duration) -> Option<u64> {
        self.burials.take_due(now)
    }

    pub(super) fn next_look(&self) -> Option<Duration> {
        self.looks.next()
    }

    /// The next instant of anything but a look.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        [self.clocks.next(), self.burials.next()]
            .into_iter()
            .flatten()
            .min()
    }

    fn reckon(&mut self, serial: u64) {
        if let Some(cell) = self.cells.get(&serial) {
            self.clocks.set(serial, cell.next_clock());
            self.looks.set(serial, cell.next_look());
            self.burials.set(serial, cell.next_burial());
        }
    }
}

fn oom_event(cell: &Cell) -> Option<OomEvent<'_>> {
    cell.group.as_ref().and_then(|group| group.oom_event())
}

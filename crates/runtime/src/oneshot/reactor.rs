//! One loop for many runs: one thread moves what all of them read and write.
//!
//! The engine of a service owns one and turns it. It never blocks but in its one wait, and what one
//! program writes in a turn is bounded, so that none can starve the others.

use super::parked::{ParkChange, ParkKey, Parked, Wish};
use super::run::{BUFFER_BYTES, Run, Source};
use super::{Job, Observer, Report};
use crate::error::RuntimeError;
use casemate_sandbox::warden::message::Reply;
use casemate_sandbox::{Create, Link, SandboxError};
use casemate_sys::epoll::{Epoll, Ready, Watch};
use casemate_sys::event;
use std::collections::HashMap;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Descriptors told of by one wait.
const MOST_READY: usize = 256;
const WARDEN: u64 = u64::MAX;
const WAKER: u64 = u64::MAX - 1;
/// Bits of a token that name the descriptor of a run.
const SOURCE_BITS: u32 = 3;

/// Names a run for as long as its reactor lives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RunKey(u64);

/// A run that is over, with the observer that it was started with.
#[derive(Debug)]
pub struct Finished<O> {
    /// Its observer.
    pub observer: O,
    /// What became of it. An error says that the sandbox could not be built or its keeper died.
    pub report: Result<Report, RuntimeError>,
}

#[derive(Debug)]
struct Entry<O> {
    run: Run,
    observer: O,
    watched: [bool; Source::ALL.len()],
}

/// The loop. Its observers are never asked whether a run is to end: [`Reactor::cancel`] ends it.
#[derive(Debug)]
pub struct Reactor<O> {
    link: Option<Link>,
    epoll: Epoll,
    entries: HashMap<u64, Entry<O>>,
    parked: HashMap<u64, Parked>,
    changes: Vec<ParkChange>,
    buffer: Vec<u8>,
    ready: Vec<Ready>,
}

impl<O: Observer> Reactor<O> {
    /// A reactor without a warden, woken also by `waker`.
    ///
    /// # Errors
    /// When the kernel gives no descriptor.
    pub fn new(waker: BorrowedFd<'_>) -> io::Result<Self> {
        let epoll = Epoll::new(MOST_READY)?;
        epoll.add(waker, Watch::Read, WAKER)?;
        Ok(Self {
            link: None,
            epoll,
            entries: HashMap::new(),
            parked: HashMap::new(),
            changes: Vec::new(),
            buffer: vec![0; BUFFER_BYTES],
            ready: Vec::new(),
        })
    }

    /// Whether there is a warden to take orders.
    pub fn has_warden(&self) -> bool {
        self.link.is_some()
    }

    /// Runs that are not over.
    pub fn running(&self) -> usize {
        self.entries.len()
    }

    /// Takes the link to a warden, in place of one that is gone. What still ran with that one is over. A link that
    /// cannot be waited on is not taken: there is no warden then.
    pub fn connect(&mut self, link: Link) -> Vec<Finished<O>> {
        let finished = self.lose_warden();
        self.link = self
            .epoll
            .add(link.socket(), Watch::Read, WARDEN)
            .is_ok()
            .then_some(link);
        finished
    }

    /// Orders a sandbox ahead of its use, and what is to wait in it; [`Reactor::take_changes`] tells of it.
    ///
    /// # Errors
    /// When there is no warden, or the sandbox cannot be waited on.
    pub fn park(&mut self, create: Create, wish: Wish) -> Result<ParkKey, RuntimeError> {
        let link = self.link.as_mut().ok_or(SandboxError::WardenGone)?;
        let parked = Parked::order(link, create, wish)?;
        let key = parked.sandbox.key();
        let token = key << SOURCE_BITS | Source::Init as u64;
        self.epoll
            .add(parked.sandbox.socket(), Watch::Read, token)
            .map_err(RuntimeError::Wait)?;
        self.parked.insert(key, parked);
        Ok(ParkKey(key))
    }

    /// Ends a parked sandbox; one that is gone already is no error.
    pub fn unpark(&mut self, key: ParkKey) {
        if let (Some(parked), Some(link)) = (self.parked.remove(&key.0), &self.link) {
            // A warden that is gone ends it too, and is noticed by the next wait.
            let _ = link.end(&parked.sandbox);
        }
    }

    /// What became of parked sandboxes since this was last asked.
    pub fn take_changes(&mut self) -> Vec<ParkChange> {
        std::mem::take(&mut self.changes)
    }

    fn make(&mut self, job: Job<'_>, observer: &mut O) -> Result<(Run, bool), RuntimeError> {
        let link = self.link.as_mut().ok_or(SandboxError::WardenGone)?;
        let ordered = event::monotonic();
        match job.parked.and_then(|key| self.parked.remove(&key.0)) {
            Some(parked) => Ok((Run::adopt(parked, link, ordered, job, observer)?, true)),
            None => Ok((
                Run::start(link.create(job.create)?, ordered, job, observer)?,
                false,
            )),
        }
    }

    /// Starts a run.
    ///
    /// # Errors
    /// The observer comes back with why it could not be started.
    pub fn start(&mut self, job: Job<'_>, mut observer: O) -> Result<RunKey, Box<Finished<O>>> {
        let (run, is_watched) = match self.make(job, &mut observer) {
            Ok(made) => made,
            Err(error) => {
                let report = Err(error);
                return Err(Box::new(Finished { observer, report }));
            }
        };
        let key = run.key();
        let mut entry = Entry {
            run,
            observer,
            watched: Default::default(),
        };
        entry.watched[Source::Init as usize] = is_watched;
        match watch(&self.epoll, &mut entry) {
            Ok(()) => {
                self.entries.insert(key, entry);
                Ok(RunKey(key))
            }
            Err(error) => Err(Box::new(Finished {
                observer: entry.observer,
                report: Err(RuntimeError::Wait(error)),
            })),
        }
    }

    /// Ends a run; one that is over already is no error.
    pub fn cancel(&mut self, key: RunKey) {
        if let (Some(entry), Some(link)) = (self.entries.get_mut(&key.0), &self.link) {
            // A warden that is gone ends it too, and is noticed by the next wait.
            let _ = entry.run.cancel(link);
        }
    }

    /// Asks what every run holds; [`Reactor::take_held_bytes`] gives it when the answers are there.
    pub fn measure(&self) {
        if let Some(link) = &self.link {
            // A warden that is gone is noticed by the next wait.
            let _ = link.measure();
        }
    }

    /// What a run held when it was last measured, bytes; once for each measuring.
    pub fn take_held_bytes(&mut self, key: RunKey) -> Option<u64> {
        self.entries.get_mut(&key.0)?.run.take_held_bytes()
    }

    /// Waits until something is ready or the time has passed, moves it, and gives the runs that are
    /// over. The caller clears the waker by itself.
    ///
    /// # Errors
    /// When the wait itself fails; a lost warden is no error but ends its runs.
    pub fn turn(&mut self, timeout: Option<Duration>) -> io::Result<Vec<Finished<O>>> {
        let mut ready = std::mem::take(&mut self.ready);
        self.epoll.wait(timeout, &mut ready)?;
        let mut finished = Vec::new();
        for token in &ready {
            match *token {
                WAKER => {}
                WARDEN => finished.extend(self.listen()),
                token => finished.extend(self.move_for(token)),
            }
        }
        self.ready = ready;
        Ok(finished)
    }

    fn move_for(&mut self, token: u64) -> Option<Finished<O>> {
        let key = token >> SOURCE_BITS;
        if let Some(parked) = self.parked.get_mut(&key) {
            match parked.hear() {
                Ok(change) => self.changes.extend(change),
                Err(_) => self.lose(key),
            }
            return None;
        }
        let source = *Source::ALL.get((token & ((1 << SOURCE_BITS) - 1)) as usize)?;
        let (entry, link) = (self.entries.get_mut(&key)?, self.link.as_ref()?);
        let moved = entry
            .run
            .turn(source, link, &mut self.buffer, &mut entry.observer)
            .and_then(|()| watch(&self.epoll, entry).map_err(RuntimeError::Wait));
        match moved {
            Ok(()) => None,
            Err(error) => self.give_up(key, error),
        }
    }

    /// Takes all replies that wait.
    fn listen(&mut self) -> Vec<Finished<O>> {
        let mut finished = Vec::new();
        while let Some(link) = &self.link {
            match link.take() {
                Ok(None) => break,
                Ok(Some(reply)) => finished.extend(self.note(reply)),
                Err(_) => finished.extend(self.lose_warden()),
            }
        }
        finished
    }

    /// A parked sandbox that is of no use.
    fn lose(&mut self, key: u64) {
        self.unpark(ParkKey(key));
        self.changes.push(ParkChange::Lost { key: ParkKey(key) });
    }

    fn note(&mut self, reply: Reply) -> Option<Finished<O>> {
        let key = reply.key();
        if let Some(parked) = self.parked.get_mut(&key) {
            match reply {
                Reply::Created { limited, group, .. } => {
                    parked.facts.limited = limited;
                    parked.facts.group = group;
                }
                _ => self.lose(key),
            }
            return None;
        }
        let entry = self.entries.get_mut(&key)?;
        if let Err(error) = entry.run.note_reply(reply, &mut entry.observer) {
            return self.give_up(key, error);
        }
        if !entry.run.has_ended() {
            return None;
        }
        let Entry {
            mut run,
            mut observer,
            ..
        } = self.entries.remove(&key)?;
        let drained = match &self.link {
            Some(link) => run.drain(link, &mut self.buffer, &mut observer),
            None => Err(SandboxError::WardenGone.into()),
        };
        let report = drained.and_then(|()| run.report());
        Some(Finished { observer, report })
    }

    /// A run that cannot go on: its sandbox ends, and nobody waits for that.
    fn give_up(&mut self, key: u64, error: RuntimeError) -> Option<Finished<O>> {
        let mut entry = self.entries.remove(&key)?;
        if let Some(link) = &self.link {
            let _ = entry.run.cancel(link);
        }
        Some(Finished {
            observer: entry.observer,
            report: Err(error),
        })
    }

    fn lose_warden(&mut self) -> Vec<Finished<O>> {
        self.link = None;
        let lost = self
            .parked
            .drain()
            .map(|(key, _)| ParkChange::Lost { key: ParkKey(key) });
        self.changes.extend(lost);
        let gone = |(_, entry): (u64, Entry<O>)| Finished {
            observer: entry.observer,
            report: Err(SandboxError::WardenGone.into()),
        };
        self.entries.drain().map(gone).collect()
    }
}

/// Waits on what a run has open now, and no longer on what it has done with.
fn watch<O>(epoll: &Epoll, entry: &mut Entry<O>) -> io::Result<()> {
    for source in Source::ALL {
        let slot = &mut entry.watched[source as usize];
        match (entry.run.source(source), *slot) {
            (Some(fd), false) => {
                let direction = if source == Source::Stdin {
                    Watch::Write
                } else {
                    Watch::Read
                };
                epoll.add(fd, direction, entry.run.key() << SOURCE_BITS | source as u64)?;
                *slot = true;
            }
            // What closed has left the set by itself; the socket to init stays open.
            (None, true) => {
                if source == Source::Init {
                    epoll.remove(entry.run.init_socket())?;
                }
                *slot = false;
            }
            _ => {}
        }
    }
    Ok(())
}

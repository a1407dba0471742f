//! The processes that read programs: started, handed to the server, ended, and started again.

use super::child::Child;
use crate::serve::control::{self, Order};
use crate::serve::settings::ServeSettings;
use casemate_engine::analysis::{Handed, Readers as Way};
use casemate_sys::event::{self, PollFd, interest};
use casemate_sys::libc;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Programs that one reads before another takes its place: what one of them left in it ends with it.
const MOST_PROGRAMS: u32 = 256;
/// What lived for so long is replaced at once; what dies sooner, after a pause that doubles. Whoever sends programs that
/// end their readers must not keep everybody waiting.
const STEADY: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
struct Place {
    held: Option<(u64, Child)>,
    pause: Duration,
    not_before: Duration,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Readers {
    places: Vec<Place>,
    next_serial: u64,
}

impl Readers {
    pub(super) fn new(places: usize) -> Self {
        Self {
            places: (0..places).map(|_| Place::default()).collect(),
            next_serial: 0,
        }
    }

    /// Starts what is missing and hands it to the server. What cannot be started now is tried again.
    pub(super) fn start_missing(&mut self, settings: &ServeSettings, server: BorrowedFd<'_>) {
        let way = Way {
            program: &settings.own_program,
            id: settings.analysis_id,
            network_namespace: true,
            most: MOST_PROGRAMS,
        };
        let now = event::monotonic();
        for (place, one) in self.places.iter_mut().enumerate() {
            if one.held.is_some() || now < one.not_before {
                continue;
            }
            let Ok(started) = way.start() else {
                one.lengthen_pause(now);
                continue;
            };
            self.next_serial += 1;
            let child = Child {
                pid: started.pid,
                pidfd: started.pidfd,
                since: now,
            };
            one.held = Some((self.next_serial, child));
            let handed = Handed {
                place,
                serial: self.next_serial,
                socket: started.socket,
            };
            // A server that is gone is seen by its descriptor.
            let _ = control::order(server, &Order::Reader(handed));
        }
    }

    /// Takes note of the dead.
    pub(super) fn bury(&mut self) {
        let now = event::monotonic();
        for one in &mut self.places {
            if let Some((_, dead)) = one.held.take_if(|(_, child)| child.has_ended()) {
                dead.reap();
                if now.saturating_sub(dead.since) >= STEADY {
                    one.pause = Duration::ZERO;
                } else {
                    one.lengthen_pause(now);
                }
            }
        }
    }

    /// Ends the one with this serial number.
    pub(super) fn end(&self, serial: u64) {
        for (_, child) in self
            .places
            .iter()
            .filter_map(|one| one.held.as_ref())
            .filter(|held| held.0 == serial)
        {
            child.kill();
        }
    }

    /// Ends all: their sockets went with the server.
    pub(super) fn end_all(&mut self) {
        for one in &mut self.places {
            if let Some((_, child)) = one.held.take() {
                child.kill();
                child.reap();
            }
            *one = Place::default();
        }
    }

    pub(super) fn pids(&self) -> impl Iterator<Item = i32> {
        self.places
            .iter()
            .filter_map(|one| one.held.as_ref())
            .map(|(_, child)| child.pid)
    }

    /// What to wait for, and until when one is to be started again.
    pub(super) fn waits_for(&self) -> (Vec<PollFd>, Option<Duration>) {
        let held = self.places.iter().filter_map(|one| one.held.as_ref());
        let fds = held
            .map(|(_, child)| interest(child.pidfd.as_fd(), libc::POLLIN))
            .collect();
        let now = event::monotonic();
        let missing = self.places.iter().filter(|one| one.held.is_none());
        (fds, missing.map(|one| one.not_before.saturating_sub(now)).min())
    }
}

impl Place {
    fn lengthen_pause(&mut self, now: Duration) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.not_before = now + self.pause;
    }
}

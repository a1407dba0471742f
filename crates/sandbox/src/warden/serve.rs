//! The warden's loop: messages, deaths, OOM events, clocks. It blocks on nothing but its one wait, and
//! once, within a bound, on the image of init where its client makes it. Replies that its client does not
//! read wait in an [`Outbox`].

use super::House;
use super::cell::Cell;
use super::is_owner_alive;
use super::launch::launch;
use super::message::{Cause, MAX_REQUEST_BYTES, Reply, Request};
use super::outbox::Outbox;
use crate::error::SandboxError;
use crate::plan::Blueprint;
use casemate_sys::event::{self, PollFd, interest, no_interest};
use casemate_sys::{libc, socket};
use casemate_types::with_causes;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Most sandboxes at once.
const MAX_CELLS: usize = 16_384;
/// Most replies that wait for the client: what it may get of as many sandboxes as there can be.
const MAX_REPLIES: usize = 2 * MAX_CELLS;
/// Descriptors before those of the cells: the client's socket, the timer, the lifeline.
const FIXED: usize = 3;
/// Descriptors of each cell: its pidfd and its OOM event.
const PER_CELL: usize = 2;

/// The warden at work.
pub(super) struct Serve {
    house: House,
    socket: OwnedFd,
    timer: Option<OwnedFd>,
    outbox: Outbox,
    cells: Vec<Cell>,
    client_gone: bool,
    swept: bool,
    retired: bool,
}

impl Serve {
    pub(super) fn new(house: House, socket: OwnedFd) -> Self {
        let timer = event::timerfd().ok();
        Self {
            house,
            socket,
            timer,
            outbox: Outbox::default(),
            cells: Vec::new(),
            client_gone: false,
            swept: false,
            retired: false,
        }
    }

    /// Serves until the client is gone and every cell is buried; the exit code.
    pub(super) fn run(mut self) -> i32 {
        while !(self.client_gone && self.cells.is_empty()) {
            let mut fds = self.interests();
            let timeout = self.arm_timer();
            if event::wait(&mut fds, timeout).is_err() {
                return 1;
            }
            let now = event::monotonic();
            for (cell, seen) in self.cells.iter_mut().zip(fds[FIXED..].chunks(PER_CELL)) {
                if seen[1].revents != 0 {
                    cell.note_oom();
                }
                cell.tick(now);
                if seen[0].revents != 0 {
                    cell.note_death();
                }
            }
            if !self.outbox.flush(self.socket.as_fd(), now) {
                self.lose_client();
            }
            if fds[0].revents & !libc::POLLOUT != 0 {
                self.take_request();
            }
            if fds[2].revents != 0 {
                self.lose_client();
            }
            self.bury();
        }
        if !self.retired {
            self.house.retire();
        }
        0
    }

    fn interests(&self) -> Vec<PollFd> {
        let mut fds = Vec::with_capacity(FIXED + PER_CELL * self.cells.len());
        fds.push(if self.client_gone {
            no_interest()
        } else {
            let out = if self.outbox.has_waiting() {
                libc::POLLOUT
            } else {
                0
            };
            interest(self.socket.as_fd(), libc::POLLIN | out)
        });
        fds.push(
            self.timer
                .as_ref()
                .map_or_else(no_interest, |t| interest(t.as_fd(), libc::POLLIN)),
        );
        let lifeline = self.house.setup.lifeline.as_ref();
        fds.push(match lifeline {
            Some(lifeline) if !self.client_gone => interest(lifeline.as_fd(), libc::POLLIN),
            _ => no_interest(),
        });
        for cell in &self.cells {
            fds.push(interest(cell.pidfd.as_fd(), libc::POLLIN));
            let oom = cell.group.as_ref().and_then(|g| g.oom_event());
            fds.push(oom.map_or_else(no_interest, |o| interest(o.fd, o.events)));
        }
        fds
    }

    /// Arms the timer for the earliest deadline. Without a timer descriptor the wait itself is bounded.
    fn arm_timer(&self) -> Option<Duration> {
        let cells = self.cells.iter().filter_map(Cell::next_deadline);
        let next = cells.chain(self.outbox.next_deadline()).min();
        match &self.timer {
            Some(timer) if event::arm_timer(timer.as_fd(), next).is_ok() => None,
            _ => Some(next.map_or(Duration::from_secs(1), |at| at.saturating_sub(event::monotonic()))),
        }
    }

    fn take_request(&mut self) {
        let mut buffer = [0u8; MAX_REQUEST_BYTES];
        let message = match socket::try_receive(self.socket.as_fd(), &mut buffer) {
            Ok(None) => return,
            Ok(Some(message)) if message.len > 0 => message,
            // Gone, or sending what no client of ours sends: both end every sandbox.
            _ => return self.lose_client(),
        };
        match Request::decode(&buffer[..message.len]) {
            Ok(Request::Create(create)) => {
                self.retired = false;
                let control = message.fds.into_iter().next();
                let result = match control {
                    Some(control) if self.cells.len() < MAX_CELLS => {
                        let client = self.socket.as_fd();
                        launch(&mut self.house, client, &create, control, &mut self.cells)
                    }
                    _ => Err(SandboxError::Protocol { peer: "client" }),
                };
                match result {
                    Ok(cell) => {
                        self.reply(&Reply::Created {
                            key: create.key,
                            limited: cell.group.is_some(),
                            program_id: cell.lease.as_ref().map_or(0, |l| l.program),
                            separate_ids: cell.lease.is_some(),
                        });
                        self.cells.push(cell);
                    }
                    Err(error) => self.reply(&refusal(create.key, &error)),
                }
                self.sweep_once();
            }
            Ok(Request::Blueprint) if self.house.setup.takes_blueprints => {
                match Blueprint::receive(message.fds) {
                    Ok(blueprint) => self.house.setup.blueprints.push(blueprint),
                    Err(_) => self.lose_client(),
                }
            }
            Ok(Request::Blueprint) => self.lose_client(),
            Ok(Request::Image) => self.house.take_image(message.fds),
            Ok(Request::Arm { key }) => self.each_of(key, Cell::arm),
            Ok(Request::End { key }) => self.each_of(key, |cell| cell.end(Cause::Asked)),
            Ok(Request::Measure) => self.measure(),
            Err(_) => self.lose_client(),
        }
    }

    /// A client asks when its host is nearly out of memory, and not often.
    fn measure(&mut self) {
        let held = |cell: &Cell| Some((cell.key, cell.held_bytes()?));
        let all: Vec<_> = self.cells.iter().filter_map(held).collect();
        for (key, held_bytes) in all {
            self.reply(&Reply::Measured { key, held_bytes });
        }
    }

    fn each_of(&mut self, key: u64, act: impl Fn(&mut Cell)) {
        self.cells.iter_mut().filter(|c| c.key == key).for_each(act);
    }

    /// After the first sandbox was released, so that nobody waits for it.
    fn sweep_once(&mut self) {
        if !std::mem::replace(&mut self.swept, true)
            && let Ok(hierarchy) = &self.house.hierarchy
        {
            // What will not go now is tried again by the next warden.
            let _ = hierarchy.sweep(&is_owner_alive);
        }
    }

    fn lose_client(&mut self) {
        self.client_gone = true;
        self.outbox.clear();
        self.cells.iter_mut().for_each(Cell::kill);
    }

    fn bury(&mut self) {
        let ended: Vec<_> = self.cells.iter_mut().filter_map(Cell::last_words).collect();
        for words in ended {
            self.reply(&Reply::Ended(words));
        }
        // Groups go when the client has its answer.
        let before = self.cells.len();
        self.cells.retain_mut(|cell| !cell.bury());
        let all_gone = before > 0 && self.cells.is_empty();
        if all_gone && self.house.setup.takes_blueprints {
            // Most likely the last one: done while the client is busy with the result.
            self.retired = self.house.retire();
        }
    }

    /// Never waits. A client that reads nothing is lost at last, so that it cannot grow the warden.
    fn reply(&mut self, reply: &Reply) {
        if !self.client_gone && !self.outbox.push(self.socket.as_fd(), reply.encode(), MAX_REPLIES) {
            self.lose_client();
        }
    }
}

fn refusal(key: u64, error: &SandboxError) -> Reply {
    let (wall, reason) = match error {
        SandboxError::WallMissing { wall, reason } => (wall.as_bytes().to_vec(), reason.clone()),
        other => (Vec::new(), with_causes(other)),
    };
    let errno = std::error::Error::source(error)
        .and_then(|s| s.downcast_ref::<std::io::Error>())
        .and_then(std::io::Error::raw_os_error)
        .unwrap_or(0);
    Reply::Refused {
        key,
        wall,
        reason: reason.into_bytes(),
        errno: errno as u32,
    }
}

/// For a warden that could not settle: says why to the first request, then ends.
pub(super) fn refuse_all(socket: BorrowedFd<'_>, error: &SandboxError) -> i32 {
    let mut buffer = [0u8; MAX_REQUEST_BYTES];
    while let Ok(message) = socket::receive(socket, &mut buffer) {
        if message.len == 0 {
            break;
        }
        if let Ok(Request::Create(create)) = Request::decode(&buffer[..message.len]) {
            match socket::try_send(socket, &refusal(create.key, error).encode(), &[]) {
                Ok(true) => {}
                // Our end tells the rest.
                _ => break,
            }
        }
    }
    1
}

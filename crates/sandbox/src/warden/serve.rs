//! The warden's loop: messages, deaths, OOM events, clocks. It blocks on nothing but its one wait, and
//! once, within a bound, on the image of init where its client makes it. Replies that its client does not
//! read wait in an [`Outbox`].

use super::House;
use super::is_owner_alive;
use super::launch::launch;
use super::message::{Bind, Cause, Create, MAX_REQUEST_BYTES, Reply, Request};
use super::outbox::Outbox;
use super::pace::Budget;
use super::roster::{Ready, Roster};
use super::template::{Templates, Wanted};
use crate::error::{AtStep, SandboxError};
use crate::plan::Blueprint;
use casemate_init::mason::Report;
use casemate_sys::epoll::Watch;
use casemate_sys::{event, resource, socket};
use casemate_types::with_causes;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Most sandboxes at once.
const MAX_CELLS: usize = 16_384;
/// Most replies that wait for the client: what it may get of as many sandboxes as there can be.
const MAX_REPLIES: usize = 2 * MAX_CELLS;
/// Descriptors kept free for building one more sandbox: its trees, sockets and files.
const SPARE_DESCRIPTORS: u64 = 128;
/// Cells that are seen to for each reason between two requests: some hundred microseconds of work.
const TURN: usize = 16;

/// How often a dying template is looked at.
const TEMPLATE_LOOK: Duration = Duration::from_millis(5);

/// Numbers of the loop's own descriptors.
const SOCKET: u64 = 0;
const TIMER: u64 = 1;
const LIFELINE: u64 = 2;

/// The warden at work.
struct Serve {
    house: House,
    socket: OwnedFd,
    timer: Option<OwnedFd>,
    /// What the timer was armed for, unless it has fired since.
    armed: Option<Option<Duration>>,
    outbox: Outbox,
    /// Whether the wait tells of room in the client's socket.
    awaits_room: bool,
    roster: Roster,
    templates: Templates,
    budget: Budget,
    /// From this number on a descriptor is one of the last.
    last_descriptors: u64,
    client_gone: bool,
    swept: bool,
    retired: bool,
}

/// Serves until the client is gone and every cell is buried; the exit code.
pub(super) fn serve(house: House, socket: OwnedFd) -> i32 {
    let roster = Roster::new().at(|| "make a set of descriptors to wait on".into());
    let watched = roster.and_then(|roster| {
        let watch = |fd: BorrowedFd<'_>, number| {
            roster
                .watch(fd, Watch::Read, number)
                .at(|| "wait on a descriptor".into())
        };
        watch(socket.as_fd(), SOCKET)?;
        if let Some(lifeline) = &house.setup.lifeline {
            watch(lifeline.as_fd(), LIFELINE)?;
        }
        Ok(roster)
    });
    match watched {
        Ok(roster) => Serve::new(house, socket, roster).run(),
        Err(error) => refuse_all(socket.as_fd(), &error),
    }
}

impl Serve {
    fn new(house: House, socket: OwnedFd, roster: Roster) -> Self {
        let timer = event::timerfd()
            .ok()
            .filter(|timer| roster.watch(timer.as_fd(), Watch::Read, TIMER).is_ok());
        let limit = resource::soft_limit(resource::RLIMIT_NOFILE).unwrap_or(u64::MAX);
        Self {
            house,
            socket,
            timer,
            armed: None,
            outbox: Outbox::default(),
            awaits_room: false,
            roster,
            templates: Templates::default(),
            budget: Budget::new(event::monotonic()),
            last_descriptors: limit - SPARE_DESCRIPTORS.min(limit / 4),
            client_gone: false,
            swept: false,
            retired: false,
        }
    }

    fn run(mut self) -> i32 {
        let mut ready = Vec::new();
        while !(self.client_gone && self.roster.is_empty() && self.templates.clean()) {
            self.await_room();
            let mut timeout = self.arm_timer();
            if self.templates.has_dead() {
                timeout = Some(timeout.unwrap_or(TEMPLATE_LOOK).min(TEMPLATE_LOOK));
            }
            if self.roster.wait(timeout, &mut ready).is_err() {
                return 1;
            }
            let now = event::monotonic();
            let deaths = ready.partition_point(|ready| !matches!(ready, Ready::Death(_)));
            for told in &ready[..deaths] {
                if let Ready::Oom(serial) = told {
                    self.roster.act(*serial, |cell| cell.note_oom());
                }
            }
            self.tick(now);
            self.look(now);
            for told in &ready[deaths..] {
                if let Ready::Death(serial) = told {
                    self.roster.act(*serial, |cell| cell.note_death());
                    self.speak(*serial);
                }
            }
            if !self.outbox.flush(self.socket.as_fd(), now) {
                self.lose_client();
            }
            for told in &ready[..deaths] {
                match told {
                    Ready::Own(SOCKET) if !self.client_gone => self.take_request(),
                    Ready::Own(LIFELINE) => self.lose_client(),
                    Ready::Own(TIMER) => self.armed = None,
                    Ready::Template(number) => self.hear_template(*number),
                    _ => {}
                }
            }
            self.bury();
        }
        if !self.retired {
            self.house.retire();
        }
        0
    }

    /// Sees to limits on time and to ends that take too long.
    fn tick(&mut self, now: Duration) {
        for _ in 0..TURN {
            let Some(serial) = self.roster.due_clock(now) else {
                return;
            };
            self.roster.act(serial, |cell| cell.tick(now));
            self.speak(serial);
        }
    }

    /// Looks at what running programs have used, as far as the budget goes.
    fn look(&mut self, now: Duration) {
        let mut started = None;
        for _ in 0..TURN {
            match self.roster.next_look() {
                Some(due) if self.budget.allows(due, now) => {}
                _ => break,
            }
            started = started.or_else(|| Some(event::thread_time()));
            if let Some(serial) = self.roster.due_look(now) {
                self.roster.act(serial, |cell| cell.look(now));
            }
        }
        if let Some(started) = started {
            self.budget.spend(event::thread_time().saturating_sub(started));
        }
    }

    /// Tells the client of a cell that has died.
    fn speak(&mut self, serial: u64) {
        if let Some(Some(words)) = self.roster.act(serial, |cell| cell.last_words()) {
            self.reply(&Reply::Ended(words));
        }
    }

    /// Has the wait tell of room in the client's socket while replies wait for it.
    fn await_room(&mut self) {
        let wanted = self.outbox.has_waiting() && !self.client_gone;
        if wanted != self.awaits_room && !self.client_gone {
            self.roster.unwatch(self.socket.as_fd());
            let watch = if wanted { Watch::ReadWrite } else { Watch::Read };
            if self.roster.watch(self.socket.as_fd(), watch, SOCKET).is_err() {
                // A client that cannot be heard is as good as gone.
                self.lose_client();
            }
        }
        self.awaits_room = wanted;
    }

    /// Arms the timer for the earliest deadline. Without a timer descriptor the wait itself is bounded.
    fn arm_timer(&mut self) -> Option<Duration> {
        let look = self.roster.next_look().map(|due| self.budget.when(due));
        let deadlines = [self.roster.next_deadline(), self.outbox.next_deadline(), look];
        let next = deadlines.into_iter().flatten().min();
        if self.timer.is_some() && self.armed == Some(next) {
            return None;
        }
        match &self.timer {
            Some(timer) if event::arm_timer(timer.as_fd(), next).is_ok() => {
                self.armed = Some(next);
                None
            }
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
            // No client of ours gives a key twice.
            Ok(Request::Create(create)) if self.roster.has_key(create.key) => self.lose_client(),
            Ok(Request::Create(create)) => self.create(&create, message.fds.into_iter().next()),
            Ok(Request::Blueprint) if self.house.setup.takes_blueprints => {
                match Blueprint::receive(message.fds) {
                    Ok(blueprint) => self.house.setup.blueprints.push(blueprint),
                    Err(_) => self.lose_client(),
                }
            }
            Ok(Request::Blueprint) => self.lose_client(),
            Ok(Request::Image) => self.house.take_image(message.fds),
            Ok(Request::Bind(bind)) => self.bind(&bind),
            Ok(Request::Arm { key }) => self.act_by_key(key, |cell| cell.arm()),
            Ok(Request::Settle { key }) => self.settle(key),
            Ok(Request::End { key }) => self.act_by_key(key, |cell| cell.end(Cause::Asked)),
            Ok(Request::Measure) => self.measure(),
            Err(_) => self.lose_client(),
        }
    }

    /// A client asks when its host is nearly out of memory, and not often.
    fn measure(&mut self) {
        for (key, held_bytes) in self.roster.held() {
            self.reply(&Reply::Measured { key, held_bytes });
        }
    }

    fn create(&mut self, create: &Create, control: Option<OwnedFd>) {
        self.retired = false;
        if self.templates.suits(&self.house, create) {
            return self.create_in_template(create, control);
        }
        let mut remains = Vec::new();
        let made = self.check_room(control).and_then(|control| {
            let client = self.socket.as_fd();
            launch(&mut self.house, client, create, control, &mut remains)
        });
        for cell in remains {
            self.roster.add_remains(cell);
        }
        let reply = made.and_then(|cell| {
            let created = Reply::Created {
                key: create.key,
                limited: cell.group.is_some(),
                program_id: cell.lease.as_ref().map_or(0, |l| l.program),
                separate_ids: cell.lease.is_some(),
                template: false,
                group: cell.group.as_ref().and_then(|group| group.number()),
            };
            let added = self.roster.add(cell);
            added.at(|| "wait on a sandbox".into()).map(|()| created)
        });
        self.reply(&reply.unwrap_or_else(|error| refusal(create.key, &error)));
        if let Some(stock) = &mut self.house.net_stock {
            stock.refill();
        }
        self.sweep_once();
    }

    /// Orders a sandbox of its blueprint's template. What comes of it is told later.
    fn create_in_template(&mut self, create: &Create, control: Option<OwnedFd>) {
        let serial = self.roster.next_serial();
        let made = self.check_room(control).and_then(|control| {
            let wanted = Wanted {
                create,
                serial,
                control,
            };
            self.templates.order(&mut self.house, wanted)
        });
        let reply = made.and_then(|(cell, new)| {
            let created = Reply::Created {
                key: create.key,
                limited: cell.group.is_some(),
                program_id: cell.lease.as_ref().map_or(0, |l| l.program),
                separate_ids: true,
                template: true,
                group: cell.group.as_ref().and_then(|group| group.number()),
            };
            let added = self.roster.add(cell);
            let watched = match new.and_then(|n| Some((n, self.templates.socket(n)?))) {
                Some((number, socket)) => self.roster.watch_template(socket, number),
                None => Ok(()),
            };
            added
                .and(watched)
                .at(|| "wait on a sandbox".into())
                .map(|()| created)
        });
        self.reply(&reply.unwrap_or_else(|error| refusal(create.key, &error)));
        self.sweep_once();
    }

    /// Takes what a template has made, or notes its death.
    fn hear_template(&mut self, number: u64) {
        for _ in 0..TURN {
            match self.templates.hear(number) {
                Ok(Some((Report::Made { serial }, Some(pidfd)))) => self.roster.join(serial, pidfd),
                Ok(Some((Report::NotMade { serial, step, errno }, _))) => self.refuse(serial, step, errno),
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(()) => {
                    // What it had made dies with it, and is told of by itself.
                    for serial in self.roster.unmade_of(number) {
                        self.refuse(serial, b"make a sandbox: its template died".to_vec(), 0);
                    }
                    return;
                }
            }
        }
    }

    fn refuse(&mut self, serial: u64, step: Vec<u8>, errno: u32) {
        let key = self.roster.act(serial, |cell| {
            cell.discard();
            cell.lose();
            cell.key
        });
        if let Some(key) = key {
            self.reply(&Reply::Refused {
                key,
                wall: Vec::new(),
                reason: step,
                errno,
            });
        }
    }

    /// The programs of a sandbox are dead: what they had used can be told, and nobody need wait for the rest.
    fn settle(&mut self, key: u64) {
        if let Some(serial) = self.roster.serial_of(key)
            && let Some(Some(words)) = self.roster.act(serial, |cell| cell.settle())
        {
            self.reply(&Reply::Ended(words));
        }
    }

    fn bind(&mut self, bind: &Bind) {
        let Some(serial) = self.roster.serial_of(bind.key) else {
            return;
        };
        match self.roster.act(serial, |cell| cell.bind(bind)) {
            Some(Ok(true)) => self.reply(&Reply::Bound { key: bind.key }),
            // Its client knows, and does not wait.
            Some(Ok(false)) => {}
            Some(Err(error)) => {
                // A limit that does not hold: nothing is run in it.
                self.roster.act(serial, |cell| cell.discard());
                self.reply(&refusal(bind.key, &SandboxError::from(error)));
            }
            None => {}
        }
    }

    /// Refuses what would be one sandbox too many. The kernel gives the lowest free number (open(2)), so
    /// that the newest descriptor tells how many are left.
    fn check_room(&self, newest: Option<OwnedFd>) -> Result<OwnedFd, SandboxError> {
        let newest = newest.ok_or(SandboxError::Protocol { peer: "client" })?;
        let number = u64::try_from(newest.as_raw_fd()).unwrap_or_default();
        if self.roster.len() < MAX_CELLS && number < self.last_descriptors {
            return Ok(newest);
        }
        Err(io::Error::from_raw_os_error(casemate_sys::libc::EMFILE))
            .at(|| format!("make one more sandbox beside {}", self.roster.len()))
    }

    fn act_by_key(&mut self, key: u64, act: impl FnOnce(&mut super::cell::Cell)) {
        if let Some(serial) = self.roster.serial_of(key) {
            self.roster.act(serial, act);
        }
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
        if std::mem::replace(&mut self.client_gone, true) {
            return;
        }
        // Both would go on telling of their end.
        self.roster.unwatch(self.socket.as_fd());
        if let Some(lifeline) = &self.house.setup.lifeline {
            self.roster.unwatch(lifeline.as_fd());
        }
        self.outbox.clear();
        self.roster.act_on_all(|cell| {
            cell.kill();
            cell.lose();
        });
        self.templates.end();
    }

    /// Removes what is left of the dead, when the client has its answers.
    fn bury(&mut self) {
        let now = event::monotonic();
        for _ in 0..TURN {
            let Some(serial) = self.roster.due_burial(now) else {
                break;
            };
            if self.roster.act(serial, |cell| cell.bury()) == Some(true) {
                self.roster.remove(serial);
                if self.roster.is_empty() && self.house.setup.takes_blueprints {
                    // Most likely the last one: done while the client is busy with the result.
                    self.retired = self.house.retire();
                }
            }
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

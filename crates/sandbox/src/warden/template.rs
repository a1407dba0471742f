//! Templates: namespaces in which the sandboxes of one blueprint are made, and in which its zygote lives.
//!
//! A template's user namespace is the parent of its sandboxes': the zygote, which holds power over that one alone, can
//! enter them. The warden makes groups and leases ids, and orders a sandbox of the template's own first process
//! (`casemate_init::mason`); it never waits for it. Used by the loop alone.

use super::House;
use super::cell::Cell;
use super::launch::{Cloned, clone, make_group, undo, write_maps};
use super::message::Create;
use crate::cgroup::{Group, Limits};
use crate::error::{AtStep, SandboxError};
use crate::ids::IdLease;
use crate::plan::{DISK_INODES, PROGRAM_ID};
use crate::rootless::Standing;
use casemate_init::mason::{Order, Report};
use casemate_init::plan::Omitted;
use casemate_init::protocol::{MAX_MESSAGE_BYTES, Release};
use casemate_sys::process::{self, Wait};
use casemate_sys::{event, random, signal, socket};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// What a template may hold: its first process and zygotes, which run our code and the host's only. Sandboxes have
/// groups of their own.
const LIMITS: Limits = Limits {
    memory_bytes: 4 << 30,
    pids: 512,
    cpu_millis: 64_000,
};
/// Templates of one blueprint that may die in a row before no more are made.
const MAX_DEATHS: u32 = 5;
/// How long the group of a dead one may take to become removable; the next sweep finds it then.
const REMOVAL_LIMIT: Duration = Duration::from_secs(5);

/// One template.
pub(super) struct Template {
    pid: i32,
    pidfd: OwnedFd,
    sync: OwnedFd,
    /// Its first process has one as every init; nobody orders anything by it.
    _control: OwnedFd,
    group: Option<Box<dyn Group>>,
    lease: IdLease,
    /// When it was given up.
    ended: Option<Duration>,
}

/// The templates of all blueprints.
#[derive(Default)]
pub(super) struct Templates {
    living: Vec<(u64, Template)>,
    /// Dead ones whose groups are still there.
    dead: Vec<Template>,
    deaths: Vec<(u64, u32)>,
}

/// A sandbox as its template is to make it.
pub(super) struct Wanted<'a> {
    pub create: &'a Create,
    pub serial: u64,
    pub control: OwnedFd,
}

impl Templates {
    /// Whether sandboxes of this order can be made in a template; otherwise they are made by themselves.
    pub(super) fn suits(&self, house: &House, create: &Create) -> bool {
        let blueprint = house.setup.blueprints.get(create.blueprint as usize);
        let deaths = self
            .deaths
            .iter()
            .find(|(n, _)| *n == u64::from(create.blueprint));
        create.template
            && house.ids.is_some()
            && !house.setup.takes_blueprints
            && blueprint.is_some_and(|b| b.has_zygote && b.omitted == Omitted::default())
            && deaths.is_none_or(|(_, count)| *count < MAX_DEATHS)
    }

    /// The template of a blueprint; `true` when it was made just now.
    ///
    /// # Errors
    /// When it cannot be made.
    fn of(&mut self, house: &mut House, number: u64) -> Result<(&Template, bool), SandboxError> {
        let known = self.living.iter().position(|(n, _)| *n == number);
        let at = match known {
            Some(at) => at,
            None => {
                self.living
                    .push((number, Template::start(house, number as usize)?));
                self.living.len() - 1
            }
        };
        Ok((&self.living[at].1, known.is_none()))
    }

    /// Orders a sandbox of its template; the number of a template that is to be waited on from now on.
    ///
    /// # Errors
    /// What could not be done; nothing is left of it.
    pub(super) fn order(
        &mut self,
        house: &mut House,
        wanted: Wanted<'_>,
    ) -> Result<(Cell, Option<u64>), SandboxError> {
        let (create, number) = (wanted.create, u64::from(wanted.create.blueprint));
        let lease = house.ids.as_ref().map(|ids| ids.lease()).transpose()?;
        let Some(lease) = lease else {
            return Err(SandboxError::Protocol { peer: "warden" });
        };
        let group = make_group(house, Omitted::default(), create)?;
        let sent = self.of(house, number).and_then(|(template, is_new)| {
            template.send(house, &wanted, &lease, group.as_deref())?;
            Ok(is_new.then_some(number))
        });
        match sent {
            Ok(new) => Ok((Cell::new(create, None, group, Some(lease)), new)),
            Err(error) => Err(undo(group, error)),
        }
    }

    /// The socket of a template.
    pub(super) fn socket(&self, number: u64) -> Option<BorrowedFd<'_>> {
        self.find(number).map(|template| template.sync.as_fd())
    }

    fn find(&self, number: u64) -> Option<&Template> {
        self.living.iter().find(|(n, _)| *n == number).map(|(_, t)| t)
    }

    /// Takes one report of a template. `Err`: it is dead, and gone from here.
    pub(super) fn hear(&mut self, number: u64) -> Result<Option<(Report, Option<OwnedFd>)>, ()> {
        let Some(template) = self.find(number) else {
            return Ok(None);
        };
        let mut buffer = [0u8; MAX_MESSAGE_BYTES];
        let heard = match socket::try_receive(template.sync.as_fd(), &mut buffer) {
            Ok(None) => return Ok(None),
            Ok(Some(message)) if message.len > 0 => Report::decode(&buffer[..message.len])
                .ok()
                .map(|report| (report, message.fds.into_iter().next())),
            _ => None,
        };
        match heard {
            Some((Report::Serving, _)) => {
                self.deaths.retain(|(n, _)| *n != number);
                Ok(Some((Report::Serving, None)))
            }
            Some(heard) => Ok(Some(heard)),
            None => {
                self.bury(number);
                Err(())
            }
        }
    }

    /// Ends a template that is of no use any more, with everything in it.
    fn bury(&mut self, number: u64) {
        if let Some(at) = self.living.iter().position(|(n, _)| *n == number) {
            let (_, template) = self.living.swap_remove(at);
            self.dead.push(template.kill());
        }
        match self.deaths.iter_mut().find(|(n, _)| *n == number) {
            Some((_, count)) => *count += 1,
            None => self.deaths.push((number, 1)),
        }
    }

    /// Ends all of them.
    pub(super) fn end(&mut self) {
        let living = self.living.drain(..);
        self.dead.extend(living.map(|(_, template)| template.kill()));
    }

    /// Removes what is left of the dead; true when nothing is, of any.
    pub(super) fn clean(&mut self) -> bool {
        self.dead.retain_mut(|template| {
            if matches!(process::reap(template.pid, Wait::Look), Ok(Some(_))) {
                template.pid = 0;
            }
            let is_gone =
                template.pid == 0 && template.group.as_mut().is_none_or(|group| group.remove().is_ok());
            let is_late = template
                .ended
                .is_some_and(|at| event::monotonic().saturating_sub(at) >= REMOVAL_LIMIT);
            !is_gone && !is_late
        });
        self.dead.is_empty() && self.living.is_empty()
    }

    /// Whether some are dying.
    pub(super) fn has_dead(&self) -> bool {
        !self.dead.is_empty()
    }
}

impl Template {
    /// Ends it with everything in it.
    fn kill(mut self) -> Self {
        let _ = process::kill_fd(self.pidfd.as_fd(), signal::SIGKILL);
        self.ended = Some(event::monotonic());
        self
    }

    fn start(house: &mut House, number: usize) -> Result<Self, SandboxError> {
        let lease = match house.ids.as_ref().map(|ids| ids.lease()).transpose()? {
            Some(lease) => lease,
            None => return Err(SandboxError::Protocol { peer: "warden" }),
        };
        let mut name = [0u8; 16];
        random::fill(&mut name).at(|| "name a template".into())?;
        let name = house.group_name(u128::from_ne_bytes(name));
        let group = match &house.hierarchy {
            Ok(hierarchy) => Some(hierarchy.create(&name, &LIMITS)?),
            Err(_) => None,
        };
        match Self::build(house, number, group.as_deref(), &lease) {
            Ok((pid, pidfd, sync, control)) => Ok(Self {
                pid,
                pidfd,
                sync,
                _control: control,
                group,
                lease,
                ended: None,
            }),
            Err(error) => Err(undo(group, error)),
        }
    }

    /// Clones its first process and lets it go. Where a later step fails, nothing of it is left.
    fn build(
        house: &House,
        number: usize,
        group: Option<&dyn Group>,
        lease: &IdLease,
    ) -> Result<(i32, OwnedFd, OwnedFd, OwnedFd), SandboxError> {
        let gone = || SandboxError::Protocol { peer: "warden" };
        let blueprint = house.setup.blueprints.get(number).ok_or_else(gone)?;
        let image = house.image.as_ref().ok_or_else(gone)?;
        let map = map_of(house, lease)?;
        let (control, control_inside) = socket::pair().at(|| "make a control socket".into())?;
        let cloned = clone(blueprint, house.null.as_fd(), group, true, control_inside)?;
        let Cloned {
            pid,
            pidfd,
            sync,
            trees,
        } = cloned;
        let release = Release {
            program_id: PROGRAM_ID,
            separate_ids: true,
            memory_bytes: 1 << 20,
            disk_bytes: 1 << 20,
            inodes: 64,
            loopback: false,
            template: true,
        };
        let library: Vec<BorrowedFd<'_>> = house.library.iter().map(|l| l.as_fd()).collect();
        let released = write_maps(pid, &[("uid_map", map.clone()), ("gid_map", map)])
            .and_then(|()| {
                socket::send(sync.as_fd(), b"go", &[image.as_fd()]).at(|| "start a template".into())
            })
            .and_then(|()| {
                socket::send(sync.as_fd(), &release.encode(), &library).at(|| "release a template".into())
            });
        drop(trees);
        if let Err(error) = released {
            let _ = process::kill_fd(pidfd.as_fd(), signal::SIGKILL);
            let _ = process::reap(pid, Wait::Block);
            return Err(error);
        }
        Ok((pid, pidfd, sync, control))
    }

    fn send(
        &self,
        house: &House,
        wanted: &Wanted<'_>,
        lease: &IdLease,
        group: Option<&dyn Group>,
    ) -> Result<(), SandboxError> {
        let create = wanted.create;
        let order = Order {
            serial: wanted.serial,
            ids: (self.inside(house, lease.init), self.inside(house, lease.program)),
            release: Release {
                program_id: PROGRAM_ID,
                separate_ids: true,
                memory_bytes: create.memory_bytes,
                disk_bytes: create.disk_bytes,
                inodes: DISK_INODES,
                loopback: create.loopback,
                template: false,
            },
        };
        let doors = group.map(|group| group.doors()).transpose()?.unwrap_or_default();
        let fds: Vec<BorrowedFd<'_>> = std::iter::once(wanted.control.as_fd())
            .chain(doors.iter().map(|door| door.as_fd()))
            .collect();
        match socket::try_send(self.sync.as_fd(), &order.encode(), &fds).at(|| "order a sandbox".into())? {
            true => Ok(()),
            false => {
                Err(io::Error::from_raw_os_error(casemate_sys::libc::EAGAIN)).at(|| "order a sandbox".into())
            }
        }
    }

    /// An id of the warden's as the template numbers it; see [`map_of`].
    fn inside(&self, house: &House, id: u32) -> u32 {
        let base = house.range().base;
        id - base + u32::from(id < self.lease.init)
    }
}

/// A template's map: its own id is 0, and all others of the range follow in their order.
fn map_of(house: &House, lease: &IdLease) -> Result<String, SandboxError> {
    if matches!(house.standing, Standing::Single { .. }) {
        return Err(SandboxError::Protocol { peer: "warden" });
    }
    let range = house.range();
    let below = lease.init - range.base;
    let above = range.count - below - 1;
    let mut map = format!("0 {} 1\n", lease.init);
    if below > 0 {
        map += &format!("1 {} {below}\n", range.base);
    }
    if above > 0 {
        map += &format!("{} {} {above}\n", below + 1, lease.init + 1);
    }
    Ok(map)
}

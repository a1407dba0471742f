//! Makes one cell: cgroup, ids, trees, the clone with its namespaces, the maps, and the exec of init.

use super::cell::{Cell, Init};
use super::message::Create;
use super::netstock::Loopback;
use super::{House, place};
use crate::cgroup::{Arrival, Group, Limits};
use crate::error::{AtStep, SandboxError};
use crate::ids::{IdLease, IdPool};
use crate::plan::{Blueprint, DISK_INODES, PROGRAM_ID, Source};
use crate::rootless::Standing;
use casemate_init::plan::{Omitted, Wall};
use casemate_init::protocol::{PLAN_FD, Release, TREES_FD};
use casemate_sys::credentials::{self, capability};
use casemate_sys::mount::{self, Depth, attr};
use casemate_sys::namespace::{
    self, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUSER, CLONE_NEWUTS,
};
use casemate_sys::process::{self, Side, Vector};
use casemate_sys::{fd, net, socket};
use casemate_types::with_causes;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// Processes of ours in a sandbox's cgroup beside the caller's: init. The collector runs when every
/// program is dead.
pub(super) const OWN_PROCESSES: u32 = 1;

/// Builds a cell up to the release of init.
///
/// # Errors
/// What could not be done. What was cloned by then is dying, and is with `remains` to be buried.
pub(super) fn launch(
    house: &mut House,
    client: BorrowedFd<'_>,
    create: &Create,
    control: OwnedFd,
    remains: &mut Vec<Cell>,
) -> Result<Cell, SandboxError> {
    let (mut cell, trees) = build(house, client, create, control, remains)?;
    let released = house
        .image(client)
        .and_then(|image| release(&cell, create, image));
    // Late, since closing a mount takes a while and nobody waits for it here.
    drop(trees);
    if let Err(error) = released {
        cell.discard();
        remains.push(cell);
        return Err(error);
    }
    Ok(cell)
}

/// A cell that waits for its release, and the trees that its init inherits.
fn build(
    house: &mut House,
    client: BorrowedFd<'_>,
    create: &Create,
    control: OwnedFd,
    remains: &mut Vec<Cell>,
) -> Result<(Cell, Vec<OwnedFd>), SandboxError> {
    let number = create.blueprint as usize;
    // A client that orders before it has drawn the blueprint leaves no wall out.
    let omitted = house
        .setup
        .blueprints
        .get(number)
        .map_or(Omitted::default(), |b| b.omitted);
    let lease = house.ids.as_ref().map(IdPool::lease).transpose()?;
    let group = make_group(house, omitted, create)?;
    let ready =
        network(house, omitted, create).and_then(|()| house.await_blueprint(client, create.blueprint));
    let blueprint = match (ready, house.setup.blueprints.get(number)) {
        (Ok(()), Some(blueprint)) if blueprint.omitted == omitted => blueprint,
        (ready, _) => {
            let error = ready.err().unwrap_or(SandboxError::Protocol { peer: "client" });
            return Err(undo(group, error));
        }
    };
    let cloned = match clone(
        blueprint,
        house.null.as_fd(),
        group.as_deref(),
        lease.is_some(),
        control,
    ) {
        Ok(cloned) => cloned,
        Err(error) => return Err(undo(group, error)),
    };
    let Cloned {
        pid,
        pidfd,
        sync,
        trees,
    } = cloned;
    let init = Init {
        pid: Some(pid),
        pidfd,
        sync: Some(sync),
    };
    let mut cell = Cell::new(create, Some(init), group, lease);
    match admit(house, pid, cell.lease.as_ref(), blueprint.omitted) {
        Ok(()) => Ok((cell, trees)),
        Err(error) => {
            cell.discard();
            remains.push(cell);
            Err(error)
        }
    }
}

/// Takes a group away again that nobody is in.
pub(super) fn undo(group: Option<Box<dyn Group>>, error: SandboxError) -> SandboxError {
    if let Some(mut group) = group {
        // Empty still, so one try is enough; otherwise the next sweep finds it.
        let _ = group.remove();
    }
    error
}

/// Moves the warden into a fresh network namespace, which the sandbox inherits: one out of the stock, or a
/// new one. It needs nothing of the blueprint. The warden uses no network, and stays there; the
/// namespace belongs to the warden's user namespace, so that nobody in the sandbox has a say in it.
fn network(house: &mut House, omitted: Omitted, create: &Create) -> Result<(), SandboxError> {
    if omitted.has(Wall::Net) {
        return Ok(());
    }
    let kind = match create.loopback {
        true => Loopback::Up,
        false => Loopback::Down,
    };
    if let Some(made) = house.net_stock.as_mut().and_then(|stock| stock.take(kind)) {
        return namespace::enter(made.as_fd(), CLONE_NEWNET).at(|| "enter a network namespace".into());
    }
    namespace::unshare(CLONE_NEWNET).at(|| "make a network namespace".into())?;
    if create.loopback {
        net::loopback_up().at(|| "bring up the loopback interface".into())?;
    }
    Ok(())
}

pub(super) fn make_group(
    house: &House,
    omitted: Omitted,
    create: &Create,
) -> Result<Option<Box<dyn Group>>, SandboxError> {
    if omitted.has(Wall::Cgroup) {
        return Ok(None);
    }
    let limits = Limits {
        // The tmpfs of the disk is charged to the same group.
        memory_bytes: create.memory_bytes + create.disk_bytes,
        pids: create.pids + OWN_PROCESSES,
        cpu_millis: create.cpu_millis,
    };
    let made = match &house.hierarchy {
        Ok(hierarchy) => hierarchy
            .create(&house.group_name(create.name), &limits)
            .map_err(SandboxError::from),
        Err(error) => Err(SandboxError::WallMissing {
            wall: "cgroup",
            reason: with_causes(error),
        }),
    };
    match made {
        Ok(group) => Ok(Some(group)),
        Err(_) if house.setup.allow_missing.cgroup => Ok(None),
        Err(error @ SandboxError::WallMissing { .. }) => Err(error),
        Err(error) => Err(SandboxError::WallMissing {
            wall: "cgroup",
            reason: with_causes(&error),
        }),
    }
}

fn namespaces(omitted: Omitted) -> i32 {
    let all = [
        (Wall::User, CLONE_NEWUSER),
        (Wall::Pid, CLONE_NEWPID),
        (Wall::Mount, CLONE_NEWNS),
        (Wall::Ipc, CLONE_NEWIPC),
        (Wall::Uts, CLONE_NEWUTS),
    ];
    all.iter()
        .filter(|(wall, _)| !omitted.has(*wall))
        .fold(0, |flags, (_, flag)| flags | flag)
}

/// A process in its namespaces that waits for its ids and the image of init.
pub(super) struct Cloned {
    pub pid: i32,
    pub pidfd: OwnedFd,
    pub sync: OwnedFd,
    /// What it inherits; to be closed when nobody waits.
    pub trees: Vec<OwnedFd>,
}

/// Clones the first process of a sandbox, or of a template.
pub(super) fn clone(
    blueprint: &Blueprint,
    null: BorrowedFd<'_>,
    group: Option<&dyn Group>,
    is_leased: bool,
    control: OwnedFd,
) -> Result<Cloned, SandboxError> {
    let trees = clone_sources(&blueprint.sources)?;
    let (sync, sync_inside) = socket::pair().at(|| "make a socket".into())?;
    let cgroup = group.and_then(|g| g.clone_target());
    let arrival = if cgroup.is_some() {
        Arrival::Cloned
    } else {
        Arrival::Moved
    };
    let cloned = process::clone_into(namespaces(blueprint.omitted), cgroup);
    match cloned.at(|| "clone a sandbox into its namespaces".into()) {
        Err(error) => Err(error),
        Ok(Side::Parent { pid, pidfd }) => Ok(Cloned {
            pid,
            pidfd,
            sync,
            trees,
        }),
        Ok(Side::Child) => {
            drop(sync);
            let identity = identity_of(is_leased, blueprint.omitted);
            let error = match group.map_or(Ok(()), |g| g.enter(arrival)) {
                Ok(()) => become_init(null, blueprint, identity, &trees, &sync_inside, &control),
                Err(error) => io::Error::other(with_causes(&error)),
            };
            // The message on the console of the warden is all that is left to say.
            eprintln!("casemate: the sandbox could not execute init: {error}");
            process::exit(126)
        }
    }
}

/// Clones each source with its final attributes, before the sandbox exists: inside, the host's
/// paths could not all be reached, and here they are followed once.
fn clone_sources(sources: &[Source]) -> Result<Vec<OwnedFd>, SandboxError> {
    sources
        .iter()
        .map(|source| {
            let name = || format!("clone the mount of {}", source.path.display());
            let tree = mount::clone_host_tree(source.path.as_os_str().as_bytes(), Depth::All).at(name)?;
            let device = attr::NOSUID | attr::NOEXEC;
            let attributes = if source.device {
                device
            } else {
                attr::RDONLY | attr::NOSUID | attr::NODEV
            };
            mount::set_attributes(tree.as_fd(), attributes, Depth::All).at(name)?;
            Ok(tree)
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Identity {
    /// Becomes id 0 of its user namespace.
    Own,
    /// Keeps the one mapped id and takes its capabilities over the exec.
    Shared,
    /// Tests only: stays what the warden is.
    Unchanged,
}

fn identity_of(leased: bool, omitted: Omitted) -> Identity {
    match (omitted.has(Wall::User), leased) {
        (true, _) => Identity::Unchanged,
        (false, true) => Identity::Own,
        (false, false) => Identity::Shared,
    }
}

/// In the child: waits for the maps, takes its identity, places descriptors, executes init.
fn become_init(
    null: BorrowedFd<'_>,
    blueprint: &Blueprint,
    identity: Identity,
    trees: &[OwnedFd],
    sync: &OwnedFd,
    control: &OwnedFd,
) -> io::Error {
    let prepare = || -> io::Result<(OwnedFd, Vector, Vector)> {
        let mut word = [0u8; 4];
        // With the word comes the image of init. The end of the socket brings neither.
        let image = socket::receive(sync.as_fd(), &mut word)?.fds.into_iter().next();
        let image = image.ok_or(io::ErrorKind::BrokenPipe)?;
        // Above everything that is about to be placed; its old number may be one of those.
        let program = fd::duplicate_above(image.as_fd(), 2 * (TREES_FD + trees.len() as i32) + 16)?;
        drop(image);
        match identity {
            Identity::Own => {
                credentials::set_gid(0)?;
                credentials::set_uid(0)?;
                credentials::drop_groups()?;
            }
            Identity::Shared => {
                credentials::set_gid(PROGRAM_ID)?;
                credentials::set_uid(PROGRAM_ID)?;
                // For init to hand on, over its own user namespace.
                let witness = match blueprint.has_witness {
                    true => capability::SYS_PTRACE,
                    false => 0,
                };
                credentials::keep_capabilities_over_exec(
                    capability::SYS_ADMIN
                        | capability::SETPCAP
                        | capability::DAC_OVERRIDE
                        | capability::SYS_TIME
                        | witness,
                )?;
            }
            Identity::Unchanged => {}
        }
        let mut fds: Vec<BorrowedFd<'_>> = vec![null; PLAN_FD as usize];
        fds.extend([blueprint.plan.as_fd(), sync.as_fd(), control.as_fd()]);
        fds.extend(trees.iter().map(|t| t.as_fd()));
        place(&fds, 0)?;
        if !blueprint.omitted.has(Wall::ClosedDescriptors) {
            // Whatever we inherited ourselves ends here, marked or not.
            fd::close_on_exec_from(TREES_FD + trees.len() as i32)?;
        }
        Ok((
            program,
            Vector::new(&[b"casemate-init"])?,
            Vector::new::<&[u8]>(&[])?,
        ))
    };
    match prepare() {
        Ok((program, argv, env)) => process::exec_fd(program.as_fd(), &argv, &env),
        Err(error) => error,
    }
}

/// Writes the id maps of the cell's first process, which has brought itself into its cgroup.
fn admit(house: &House, pid: i32, lease: Option<&IdLease>, omitted: Omitted) -> Result<(), SandboxError> {
    if omitted.has(Wall::User) {
        return Ok(());
    }
    let own = |lease: &IdLease| format!("0 {} 1\n{PROGRAM_ID} {} 1\n", lease.init, lease.program);
    let maps = match (lease, house.standing) {
        (Some(lease), _) => [("uid_map", own(lease)), ("gid_map", own(lease))],
        (None, Standing::Single { uid, gid }) => [
            ("uid_map", format!("{PROGRAM_ID} {uid} 1\n")),
            ("gid_map", format!("{PROGRAM_ID} {gid} 1\n")),
        ],
        (None, _) => return Err(SandboxError::Protocol { peer: "warden" }),
    };
    write_maps(pid, &maps)
}

/// Writes `uid_map` and `gid_map`.
pub(super) fn write_maps(pid: i32, maps: &[(&str, String)]) -> Result<(), SandboxError> {
    for (kind, map) in maps {
        let path = format!("/proc/{pid}/{kind}");
        std::fs::write(&path, map).at(|| format!("write {path}"))?;
    }
    Ok(())
}

fn release(cell: &Cell, create: &Create, image: BorrowedFd<'_>) -> Result<(), SandboxError> {
    let release = Release {
        program_id: PROGRAM_ID,
        separate_ids: cell.lease.is_some(),
        memory_bytes: create.memory_bytes,
        disk_bytes: create.disk_bytes,
        inodes: DISK_INODES,
        loopback: create.loopback,
        template: false,
    };
    let sync = cell.init.as_ref().and_then(|init| init.sync.as_ref());
    let sync = sync.ok_or(SandboxError::Protocol { peer: "warden" })?.as_fd();
    socket::send(sync, b"go", &[image])
        .and_then(|()| socket::send(sync, &release.encode(), &[]))
        .at(|| "release init".into())
}

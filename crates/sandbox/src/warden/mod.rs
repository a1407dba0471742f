//! The warden: the one process that holds the privilege to build sandboxes.
//!
//! Single-threaded, no async runtime. It takes fixed-size messages ([`message`]), builds cells
//! ([`cell`], [`launch`]), owns every deadline by a timer descriptor, and tears down ([`serve`]).
//! When its client dies, it kills every sandbox; when it dies itself, they die with it, since init
//! sees its socket end and has asked for SIGKILL on its parent's death.

mod cell;
mod deadlines;
mod launch;
pub mod message;
mod netstock;
mod outbox;
mod pace;
mod roster;
mod serve;
mod template;

use crate::cgroup::{self, Hierarchy};
use crate::error::{AtStep, SandboxError};
use crate::ids::{self, IdPool, IdRange, ROOT_RANGE};
use crate::plan::Blueprint;
use crate::rootless::{self, Standing};
use casemate_sys::{event, fd, fs, memfd, process, signal, socket, terminal};
use message::{MAX_REQUEST_BYTES, Request};
use netstock::NetStock;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The layers that a caller may allow to be missing, by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WallSet {
    /// Limits by cgroup.
    pub cgroup: bool,
}

/// How a warden is set up. All of it comes from trusted configuration.
#[derive(Debug)]
pub struct Setup {
    /// The kinds of sandboxes it can build.
    pub blueprints: Vec<Blueprint>,
    /// Whether its client adds the kinds, and hands over the image of init. Only for a client that could
    /// as well have made both beforehand: the one process tree of `casemate run`, where both are the
    /// same program and user, and the client makes them while the warden works on another CPU.
    pub takes_blueprints: bool,
    /// Ids to lease from when it is root; [`ROOT_RANGE`] when `None`.
    pub ids: Option<IdRange>,
    /// Folder for the lock file of id leases; made by the caller, mode 0700.
    pub state_dir: PathBuf,
    /// Where the cgroup subtree is; found by itself when `None`.
    pub cgroup_base: Option<PathBuf>,
    /// Walls that may be missing.
    pub allow_missing: WallSet,
    /// For the warden of a service, whose parent is not its client: the reading end of a pipe whose
    /// end says that the parent is dead. Such a warden keeps no other descriptor of its parent's.
    pub lifeline: Option<OwnedFd>,
}

/// A started warden, from its client's side.
#[derive(Debug)]
pub struct Started {
    /// The socket of [`message`].
    pub socket: OwnedFd,
    /// Its pid.
    pub pid: i32,
    /// Its pidfd.
    pub pidfd: OwnedFd,
}

/// Room for unread messages in each direction: some thousand of them, since the kernel counts about 768
/// bytes for a small one.
const SOCKET_BYTES: i32 = 1 << 20;

/// Starts the warden as a child. The caller must have a single thread.
///
/// # Errors
/// When a socket or a process cannot be made. What goes wrong later is told by the first reply.
pub fn start(setup: Setup) -> Result<Started, SandboxError> {
    let (ours, theirs) = socket::pair().at(|| "make the warden's socket".into())?;
    for end in [&ours, &theirs] {
        // What the host does not allow is made up for by waiting.
        let _ = socket::set_send_buffer(end.as_fd(), SOCKET_BYTES);
    }
    match process::clone_into(0, None).at(|| "start the warden".into())? {
        process::Side::Parent { pid, pidfd } => Ok(Started {
            socket: ours,
            pid,
            pidfd,
        }),
        process::Side::Child => {
            drop(ours);
            if let Err(error) = keep_own(&setup, &theirs) {
                process::exit(serve::refuse_all(theirs.as_fd(), &error))
            }
            process::exit(run(setup, theirs))
        }
    }
}

/// Closes what a service's supervisor has open and its warden has no business with.
fn keep_own(setup: &Setup, socket: &OwnedFd) -> Result<(), SandboxError> {
    let Some(lifeline) = &setup.lifeline else {
        return Ok(());
    };
    let plans = setup.blueprints.iter().map(|blueprint| blueprint.plan.as_fd());
    let kept: Vec<_> = [lifeline.as_fd(), socket.as_fd()]
        .into_iter()
        .chain(plans)
        .collect();
    fd::close_all_but(&kept, 3).at(|| "close the descriptors of the supervisor".into())?;
    // A supervisor may have lowered its score; what a sandbox inherits of that it may lower its own to
    // (oom_score_adj_min, fs/proc/base.c). Where this may not be written, nothing was lowered by one of us.
    let _ = fs::write_existing(b"/proc/self/oom_score_adj", b"0");
    Ok(())
}

/// The warden's state that all its sandboxes share.
pub(crate) struct House {
    setup: Setup,
    standing: Standing,
    ids: Option<IdPool>,
    net_stock: Option<NetStock>,
    image: Option<OwnedFd>,
    /// What makes an interpreter a zygote, for templates.
    library: Option<OwnedFd>,
    null: OwnedFd,
    hierarchy: Result<Box<dyn Hierarchy>, SandboxError>,
    tag: String,
    base_lock: OwnedFd,
    base_byte: u64,
}

/// Byte of the lock file that a warden shares while it may use the cgroup base; who is alone with it
/// may remove the base. Far above the bytes of id leases.
const FIRST_BASE_BYTE: u64 = 1 << 40;

/// The byte for the base that this process would use: wardens in different groups have different ones.
fn base_byte(cgroup_base: Option<&Path>) -> u64 {
    let own = fs::read_start(b"/proc/self/cgroup", 8 << 10).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    (own, cgroup_base).hash(&mut hasher);
    FIRST_BASE_BYTE + (hasher.finish() & 0xffff_ffff)
}

fn run(setup: Setup, socket: OwnedFd) -> i32 {
    // A session of its own: a terminal's Ctrl-C reaches the client, which decides.
    let _ = terminal::new_session();
    let _ = casemate_sys::credentials::set_name(c"casemate-warden");
    let _ = signal::block(&[
        signal::SIGINT,
        signal::SIGHUP,
        signal::SIGTERM,
        signal::SIGQUIT,
        signal::SIGPIPE,
    ]);
    let house = match settle(setup) {
        Ok(house) => house,
        Err(error) => return serve::refuse_all(socket.as_fd(), &error),
    };
    serve::serve(house, socket)
}

fn settle(setup: Setup) -> Result<House, SandboxError> {
    let standing = rootless::enter()?;
    let null = casemate_sys::fs::open_at(
        None,
        b"/dev/null",
        casemate_sys::libc::O_RDWR,
        0,
        casemate_sys::fs::Resolve::Host,
    )
    .at(|| "open /dev/null".into())?;
    let ids = id_range(&setup, standing)
        .map(|range| IdPool::open(range, &setup.state_dir.join("ids.lock")))
        .transpose()?;
    let base_lock = ids::open_lock(&setup.state_dir.join("ids.lock"))?;
    let base_byte = base_byte(setup.cgroup_base.as_deref());
    fd::share_byte(base_lock.as_fd(), base_byte).at(|| "share the cgroup base".into())?;
    let hierarchy = cgroup::Options::of_host(setup.cgroup_base.clone())
        .and_then(|options| cgroup::discover(&options))
        .map_err(SandboxError::from);
    let image = if setup.takes_blueprints {
        None
    } else {
        Some(crate::image::init()?)
    };
    // The one sandbox of `casemate run` would wait for its first namespace all the same.
    let net_stock = (!setup.takes_blueprints)
        .then(|| NetStock::start(null.as_fd()).ok())
        .flatten();
    // Names of groups tell a living warden from a dead one: in one pid namespace, pid and start time never
    // repeat together.
    let tag = warden_tag(std::process::id()).at(|| "read our own start time".into())?;
    let has_zygote = setup.blueprints.iter().any(|blueprint| blueprint.has_zygote);
    // Without it there are templates without zygotes, whose sandboxes execute.
    let library = has_zygote.then(crate::image::zygote).and_then(Result::ok);
    Ok(House {
        setup,
        standing,
        ids,
        net_stock,
        image,
        library,
        null,
        hierarchy,
        tag,
        base_lock,
        base_byte,
    })
}

fn id_range(setup: &Setup, standing: Standing) -> Option<IdRange> {
    match standing {
        Standing::Root => Some(setup.ids.unwrap_or(ROOT_RANGE)),
        Standing::Subordinate(range) => Some(range),
        Standing::Single { .. } => None,
    }
}

/// How long a client may take to draw a blueprint, a first look at every file of the host included, and to
/// hand over the image of init. One that dies meanwhile ends the wait at once.
const CLIENT_LIMIT: Duration = Duration::from_secs(600);

impl House {
    /// Waits for the blueprint that an order names, when its client makes it meanwhile.
    fn await_blueprint(&mut self, client: BorrowedFd<'_>, number: u32) -> Result<(), SandboxError> {
        let until = event::monotonic() + CLIENT_LIMIT;
        while self.setup.takes_blueprints && self.setup.blueprints.len() <= number as usize {
            self.take_supply(client, until)?;
        }
        match self.setup.blueprints.len() > number as usize {
            true => Ok(()),
            false => Err(SandboxError::Protocol { peer: "client" }),
        }
    }

    /// The image of init: our own, or the one that the client hands over right after its first order.
    fn image(&mut self, client: BorrowedFd<'_>) -> Result<BorrowedFd<'_>, SandboxError> {
        let until = event::monotonic() + CLIENT_LIMIT;
        while self.setup.takes_blueprints && self.image.is_none() {
            self.take_supply(client, until)?;
        }
        self.image
            .as_ref()
            .map(|i| i.as_fd())
            .ok_or(SandboxError::Protocol { peer: "client" })
    }

    /// Takes a blueprint or an image from a client that owes one; nothing else may come before it.
    fn take_supply(&mut self, client: BorrowedFd<'_>, until: Duration) -> Result<(), SandboxError> {
        let left = until.saturating_sub(event::monotonic());
        let mut buffer = [0u8; MAX_REQUEST_BYTES];
        let message = event::wait_one(client, casemate_sys::libc::POLLIN, Some(left))
            .and_then(|_| socket::try_receive(client, &mut buffer))
            .at(|| "receive what the client makes".into())?;
        let request = message
            .as_ref()
            .map(|m| Request::decode(&buffer[..m.len]))
            .and_then(Result::ok);
        match (request, message) {
            (Some(Request::Image), Some(message)) => self.take_image(message.fds),
            (Some(Request::Blueprint), Some(message)) => {
                self.setup.blueprints.push(Blueprint::receive(message.fds)?);
            }
            // Interrupted, and time is left.
            (None, None) if !left.is_zero() => {}
            _ => return Err(SandboxError::Protocol { peer: "client" }),
        }
        Ok(())
    }

    /// Takes an image that nobody can change any more, if one may come at all.
    fn take_image(&mut self, fds: Vec<OwnedFd>) {
        let sealed = fds
            .into_iter()
            .next()
            .filter(|image| memfd::is_sealed(image.as_fd()));
        if self.setup.takes_blueprints && self.image.is_none() {
            self.image = sealed;
        }
    }

    /// The ids that are leased from; only asked for where there are some.
    fn range(&self) -> IdRange {
        id_range(&self.setup, self.standing).unwrap_or(ROOT_RANGE)
    }

    /// Removes the empty base, unless another warden is about to use it; whether there was none.
    fn retire(&self) -> bool {
        let Ok(hierarchy) = &self.hierarchy else {
            return true;
        };
        let alone = fd::try_lock_byte(self.base_lock.as_fd(), self.base_byte).unwrap_or(false);
        if alone {
            hierarchy.retire();
            // A lock that cannot be shared again only keeps others waiting until we end.
            let _ = fd::share_byte(self.base_lock.as_fd(), self.base_byte);
        }
        alone
    }

    /// The name of a sandbox's cgroup.
    fn group_name(&self, name: u128) -> String {
        format!("{name:032x}-{}", self.tag)
    }
}

/// `PID_STARTTIME` of a process (proc_pid_stat(5), field 22).
fn life_of(pid: u32) -> std::io::Result<String> {
    let stat = fs::read_start(format!("/proc/{pid}/stat").as_bytes(), 1024)?;
    let stat = String::from_utf8_lossy(&stat);
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let start = after_name.split_whitespace().nth(19).unwrap_or("0");
    Ok(format!("{pid}_{start}"))
}

/// Our pid namespace as names of groups tell it: its inode (pid_namespaces(7)), which has 32 bits.
fn pid_namespace() -> std::io::Result<String> {
    let inode = std::fs::metadata("/proc/self/ns/pid")?.ino();
    Ok(format!("{:x}", inode & 0xffff_ffff))
}

/// `PID_STARTTIME_NAMESPACE` of a warden: a pid means nothing outside its namespace.
fn warden_tag(pid: u32) -> std::io::Result<String> {
    Ok(format!("{}_{}", life_of(pid)?, pid_namespace()?))
}

/// Whether the warden that made a group still lives. A name of another form has no owner; whether one of
/// another pid namespace lives cannot be known here, so it counts as living.
pub(crate) fn is_owner_alive(group_name: &str) -> bool {
    let Some((_, tag)) = group_name.rsplit_once('-') else {
        return false;
    };
    let mut parts = tag.splitn(3, '_');
    let (pid, start, namespace) = (parts.next(), parts.next(), parts.next());
    if let Some(namespace) = namespace
        && !pid_namespace().is_ok_and(|own| own == namespace)
    {
        return true;
    }
    let (Some(pid), Some(start)) = (pid.and_then(|pid| pid.parse().ok()), start) else {
        return false;
    };
    life_of(pid).is_ok_and(|living| living == format!("{pid}_{start}"))
}

/// Looks at the control groups from outside a warden; the empty base does not stay.
///
/// # Errors
/// When control groups cannot be found, or `look` fails.
pub fn with_hierarchy<T>(
    state_dir: &Path,
    cgroup_base: Option<PathBuf>,
    look: impl FnOnce(&dyn Hierarchy) -> Result<T, SandboxError>,
) -> Result<T, SandboxError> {
    let lock = ids::open_lock(&state_dir.join("ids.lock"))?;
    let base_byte = base_byte(cgroup_base.as_deref());
    fd::share_byte(lock.as_fd(), base_byte).at(|| "share the cgroup base".into())?;
    let hierarchy = cgroup::discover(&cgroup::Options::of_host(cgroup_base)?)?;
    let result = look(hierarchy.as_ref());
    if matches!(fd::try_lock_byte(lock.as_fd(), base_byte), Ok(true)) {
        hierarchy.retire();
    }
    result
}

/// Removes what a dead warden left behind; for a client that outlived it.
///
/// # Errors
/// When control groups cannot be found or removed.
pub fn sweep(state_dir: &Path, cgroup_base: Option<PathBuf>) -> Result<usize, SandboxError> {
    with_hierarchy(state_dir, cgroup_base, |hierarchy| {
        Ok(hierarchy.sweep(&is_owner_alive)?.len())
    })
}

/// Duplicates what an exec must find at fixed numbers: `fds[i]` at `first + i`.
fn place(fds: &[std::os::fd::BorrowedFd<'_>], first: i32) -> std::io::Result<()> {
    let above = first + fds.len() as i32 + 8;
    let moved = fds
        .iter()
        .map(|f| fd::duplicate_above(*f, above))
        .collect::<std::io::Result<Vec<_>>>()?;
    moved
        .iter()
        .enumerate()
        .try_for_each(|(i, f)| fd::duplicate_to(f.as_fd(), first + i as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_maker_of_our_own_pid_namespace_is_dead() {
        let name = |tag: &str| format!("{:032x}-{tag}", u128::MAX);
        let own = warden_tag(std::process::id()).unwrap();
        let namespace = pid_namespace().unwrap();
        assert!(is_owner_alive(&name(&own)));
        assert!(name("4194304_999999999999_ffffffff").len() <= 64);
        // Nobody has such a pid, or started at such a time.
        assert!(!is_owner_alive(&name(&format!("4194305_1_{namespace}"))));
        assert!(!is_owner_alive(&name(&format!("1_999999999999_{namespace}"))));
        assert!(is_owner_alive(&name("4194305_1_1")));
        // Names without a namespace, as older wardens gave them.
        assert!(is_owner_alive(&name(&life_of(std::process::id()).unwrap())));
        assert!(!is_owner_alive(&name("4194305_1")));
        assert!(!is_owner_alive("other") && !is_owner_alive("an-other"));
    }
}

//! The root filesystem: a small read-only tmpfs with the host's runtimes attached to it by
//! descriptor, devices, and one tmpfs for `/tmp` and `/workspace`.

use super::{AtStep, Built, StepError, procfs};
use crate::plan::{Plan, Step};
use crate::protocol::Release;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec::Vec;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::handle::{AsFd, BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::libc;
use casemate_sys::mount::{self, Depth, attr};

/// Folder of the new root for what the building needs; nobody can list it.
const OURS: &[u8] = b".casemate";
/// Where the disk's tmpfs is attached so that its two folders can be bound. It stays there, below `/proc`,
/// which comes on top of it: to detach it would wait for an RCU grace period (`namespace_unlock`,
/// fs/namespace.c).
const DISK: &[u8] = b"proc";

/// Builds the root and makes it ours.
pub(super) fn build(plan: &Plan, release: &Release, trees: Vec<OwnedFd>) -> Result<Built, StepError> {
    mount::make_all_private().at(|| "cut mounts off the host's".into())?;
    let proc = procfs::make()?;
    let options = [("mode", "0755"), ("size", "4m"), ("nr_inodes", "8k")];
    let root =
        mount::new_filesystem("tmpfs", &options, attr::NOSUID | attr::NODEV).at(|| "make the root".into())?;
    // Until the pivot the new root lies over the host's: nothing of the host is named from here on.
    let host = open_dir(None, b"/").at(|| "open /".into())?;
    mount::attach(root.as_fd(), host.as_fd(), b"").at(|| "attach the root".into())?;
    let root = root.as_fd();
    let covers = Covers::new(root)?;
    run_steps(plan, root, trees, &covers)?;
    let mut memory = None;
    if release.template {
        // Each sandbox has its own; here is only where they go.
        for name in [&b"tmp"[..], b"workspace"] {
            fs::make_dir(root, name, 0o755).at(|| "make a place".into())?;
        }
    } else {
        let disk = disk(release, root)?;
        memory = Some(memory_file(release, disk.as_fd()).at(|| "make meminfo".into())?);
        shared_memory_and_terminals(plan, root)?;
    }
    fs::enter_dir(root).at(|| "enter the root".into())?;
    mount::pivot_to_current_directory().at(|| "pivot to the root".into())?;
    let root = open_dir(None, b"/").at(|| "open the root".into())?;
    // Verified after the pivot, so that no descriptor can lead back to the host (CVE-2024-21626).
    fs::enter_dir(root.as_fd()).at(|| "enter the root".into())?;
    procfs::seal_replacements(root.as_fd())?;
    match &memory {
        None => procfs::attach_whole(root.as_fd(), proc.as_fd())?,
        Some((_, shown)) => procfs::attach(plan, root.as_fd(), proc.as_fd(), shown.as_fd())?,
    }
    mount::set_attributes(root.as_fd(), attr::RDONLY, Depth::One).at(|| "make the root read-only".into())?;
    let workspace = open_dir(Some(root.as_fd()), b"workspace").at(|| "open /workspace".into())?;
    Ok(Built {
        workspace,
        meminfo: memory.map(|(file, _)| file),
    })
}

/// Builds what a sandbox of a template has of its own: disk, `/dev/shm`, terminals, and `/proc` over the template's,
/// which cannot be uncovered: to a lesser user namespace all inherited mounts are locked (mount_namespaces(7)).
pub(super) fn renew(plan: &Plan, release: &Release) -> Result<Built, StepError> {
    let root = open_dir(None, b"/").at(|| "open the root".into())?;
    let root = root.as_fd();
    fs::enter_dir(root).at(|| "enter the root".into())?;
    let proc = procfs::make()?;
    let disk = disk(release, root)?;
    let (meminfo, shown) = memory_file(release, disk.as_fd()).at(|| "make meminfo".into())?;
    shared_memory_and_terminals(plan, root)?;
    procfs::attach(plan, root, proc.as_fd(), shown.as_fd())?;
    let workspace = open_dir(Some(root), b"workspace").at(|| "open /workspace".into())?;
    Ok(Built {
        workspace,
        meminfo: Some(meminfo),
    })
}

/// A file on the disk, beside its two folders, where nobody sees it but as `/proc/meminfo`: open for writing, and as a
/// read-only mount.
fn memory_file(release: &Release, disk: BorrowedFd<'_>) -> io::Result<(OwnedFd, OwnedFd)> {
    const NAME: &[u8] = b"meminfo";
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL;
    let file = fs::open_at(Some(disk), NAME, flags, 0o444, Resolve::BeneathNoLinks)?;
    casemate_sys::fd::write_all(file.as_fd(), memory_text(release.memory_bytes).as_bytes())?;
    let shown = mount::clone_tree(disk, NAME, Depth::One)?;
    mount::set_attributes(shown.as_fd(), attr::RDONLY | attr::NOEXEC, Depth::One)?;
    Ok((file, shown))
}

/// Tests only: with the mount wall left out, a fresh folder of the host's `/tmp` is the workspace.
pub(super) fn host_workspace() -> Result<Built, StepError> {
    let path = format!(
        "/tmp/casemate-omit-{}",
        casemate_sys::event::monotonic().as_nanos()
    );
    let tmp = open_dir(None, b"/").at(|| "open /".into())?;
    fs::make_dir(tmp.as_fd(), path.trim_start_matches('/').as_bytes(), 0o700)
        .at(|| format!("make {path}"))?;
    let dir = fs::open_at(None, path.as_bytes(), libc::O_DIRECTORY, 0, Resolve::Host)
        .at(|| format!("open {path}"))?;
    fs::set_mode(dir.as_fd(), 0o777).at(|| format!("open {path} to all"))?;
    Ok(Built {
        workspace: dir,
        meminfo: None,
    })
}

pub(super) fn open_dir(dir: Option<BorrowedFd<'_>>, path: &[u8]) -> io::Result<OwnedFd> {
    fs::open_at(dir, path, libc::O_PATH | libc::O_DIRECTORY, 0, Resolve::Host)
}

/// An empty file, read-only, to be bound over what must not be seen.
pub(super) const EMPTY_FILE: &[u8] = b".casemate/empty";
/// An empty folder, read-only, for the same.
pub(super) const EMPTY_DIR: &[u8] = b".casemate/none";

/// The covers, bound read-only over themselves, so that their clones are read-only.
pub(super) struct Covers {
    file: OwnedFd,
}

impl Covers {
    fn new(root: BorrowedFd<'_>) -> Result<Self, StepError> {
        let make = || -> io::Result<Self> {
            fs::make_dir(root, OURS, 0o111)?;
            make_file(root, EMPTY_FILE, b"")?;
            fs::make_dir(root, EMPTY_DIR, 0o555)?;
            seal(root, EMPTY_DIR)?;
            Ok(Self {
                file: seal(root, EMPTY_FILE)?,
            })
        };
        make().at(|| "make the covers".into())
    }

    /// Covers a file.
    fn file(&self, dir: BorrowedFd<'_>, name: &[u8]) -> io::Result<()> {
        mount::attach(
            mount::clone_tree(self.file.as_fd(), b"", Depth::One)?.as_fd(),
            dir,
            name,
        )
    }
}

/// Binds a path of the new root over itself, read-only; clones of the result stay read-only.
pub(super) fn seal(root: BorrowedFd<'_>, path: &[u8]) -> io::Result<OwnedFd> {
    let tree = mount::clone_tree(root, path, Depth::One)?;
    mount::set_attributes(tree.as_fd(), attr::RDONLY | attr::NOEXEC, Depth::One)?;
    mount::attach(tree.as_fd(), root, path)?;
    Ok(tree)
}

fn run_steps(
    plan: &Plan,
    root: BorrowedFd<'_>,
    trees: Vec<OwnedFd>,
    covers: &Covers,
) -> Result<(), StepError> {
    let mut trees = trees.into_iter();
    for step in &plan.steps {
        match step {
            Step::Dir { path, mode } => fs::make_dir(root, path, *mode),
            Step::Link { path, target } => fs::make_link(root, target, path),
            Step::File { path, content } => make_file(root, path, content),
            Step::Tree { path } => match trees.next() {
                Some(tree) => mount::attach(tree.as_fd(), root, path),
                None => Err(io::Error::from_raw_os_error(libc::EBADF)),
            },
            Step::Hide { path } => hide(root, path, covers),
        }
        .at(|| describe(step))?;
    }
    Ok(())
}

fn describe(step: &Step) -> String {
    let (verb, path) = match step {
        Step::Dir { path, .. } => ("make folder", path),
        Step::Link { path, .. } => ("make link", path),
        Step::File { path, .. } => ("make file", path),
        Step::Tree { path } => ("attach", path),
        Step::Hide { path } => ("hide", path),
    };
    format!("{verb} /{}", String::from_utf8_lossy(path))
}

fn make_file(root: BorrowedFd<'_>, path: &[u8], content: &[u8]) -> io::Result<()> {
    if content.is_empty() {
        // Most are only places for a mount.
        return fs::make_file(root, path, 0o444);
    }
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_EXCL;
    let file = fs::open_at(Some(root), path, flags, 0o444, Resolve::BeneathNoLinks)?;
    casemate_sys::fd::write_all(file.as_fd(), content)
}

/// Binds the empty file over `path`, not following it; what is not there needs no hiding.
fn hide(root: BorrowedFd<'_>, path: &[u8], covers: &Covers) -> io::Result<()> {
    match covers.file(root, path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// What `/proc/meminfo` says: the limit, in place of the host's memory (proc_meminfo(5)).
pub(super) fn memory_text(memory_bytes: u64) -> String {
    let kib = memory_bytes / 1024;
    format!(
        "MemTotal:       {kib:>8} kB\nMemFree:        {kib:>8} kB\nMemAvailable:   {kib:>8} kB\n\
         Buffers:        {0:>8} kB\nCached:         {0:>8} kB\nSwapCached:     {0:>8} kB\n\
         SwapTotal:      {0:>8} kB\nSwapFree:       {0:>8} kB\n",
        0
    )
}

/// One tmpfs bounds `/tmp` and `/workspace` together.
fn disk(release: &Release, root: BorrowedFd<'_>) -> Result<OwnedFd, StepError> {
    let (size, inodes) = (release.disk_bytes.to_string(), release.inodes.to_string());
    let options = [
        ("mode", "0755"),
        ("size", size.as_str()),
        ("nr_inodes", inodes.as_str()),
    ];
    let disk =
        mount::new_filesystem("tmpfs", &options, attr::NOSUID | attr::NODEV).at(|| "make the disk".into())?;
    for (name, mode) in [(&b"tmp"[..], 0o1777), (b"workspace", 0o755)] {
        fs::make_dir(disk.as_fd(), name, 0o755).at(|| "make a folder of the disk".into())?;
        let folder = fs::open_at(
            Some(disk.as_fd()),
            name,
            libc::O_DIRECTORY,
            0,
            Resolve::BeneathNoLinks,
        )
        .at(|| "open a folder of the disk".into())?;
        fs::set_owner(folder.as_fd(), release.program_id, release.program_id)
            .at(|| "own a folder of the disk".into())?;
        fs::set_mode(folder.as_fd(), mode).at(|| "set the mode of a folder of the disk".into())?;
    }
    mount::attach(disk.as_fd(), root, DISK).at(|| "attach the disk".into())?;
    for name in [&b"tmp"[..], b"workspace"] {
        match fs::make_dir(root, name, 0o755) {
            // A template's, on its read-only root.
            Err(e) if !is_there(&e) => return Err(e).at(|| "make a place".into()),
            _ => {}
        }
        let folder =
            mount::clone_tree(disk.as_fd(), name, Depth::One).at(|| "bind a folder of the disk".into())?;
        mount::attach(folder.as_fd(), root, name).at(|| "attach a folder of the disk".into())?;
    }
    Ok(disk)
}

fn is_there(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

fn shared_memory_and_terminals(plan: &Plan, root: BorrowedFd<'_>) -> Result<(), StepError> {
    let size = plan.shm_bytes.to_string();
    let options = [("mode", "1777"), ("size", size.as_str()), ("nr_inodes", "16384")];
    let shm = mount::new_filesystem("tmpfs", &options, attr::NOSUID | attr::NODEV | attr::NOEXEC)
        .at(|| "make /dev/shm".into())?;
    mount::attach(shm.as_fd(), root, b"dev/shm").at(|| "attach /dev/shm".into())?;
    // Terminals of its own, bounded; none of the host's can be reached (devpts is per mount since
    // Linux 4.7).
    let options = [("mode", "0600"), ("ptmxmode", "0666"), ("max", "64")];
    let terminals = mount::new_filesystem("devpts", &options, attr::NOSUID | attr::NOEXEC)
        .at(|| "make /dev/pts".into())?;
    mount::attach(terminals.as_fd(), root, b"dev/pts").at(|| "attach /dev/pts".into())
}

//! Follows a candidate's links to the program behind it and says how a sandbox can name it.
//!
//! `detect` and `managed` call it. It reads links and file attributes only, and must never run
//! anything, nor accept a place that would show a sandbox more than an installation.

use super::error::PlaceFault;
use super::host::Host;
use super::shim;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Links followed from one candidate; the kernel's own limit is 40 (path_resolution(7)).
const LINK_LIMIT: usize = 16;

/// A program that a sandbox can run.
#[derive(Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Its path, valid inside: the first link of the chain from which all is mounted. A name such as
    /// `g++` or `python3` is kept where it can be, because some programs act by it.
    pub program: PathBuf,
    /// What must be mounted, beside what every sandbox has.
    pub prefix: Option<PathBuf>,
}

/// Why a candidate is passed over.
#[derive(Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is no such program.
    Absent,
    /// It is a version manager's stand-in.
    Shim,
    /// Its place is refused.
    Place(PlaceFault),
}

/// Resolves an absolute path. `folder` is the version's own folder when a manager keeps it.
///
/// # Errors
/// The reason to pass the candidate over.
pub fn resolve(candidate: &Path, folder: Option<&Path>, host: &Host) -> Result<Resolved, Rejected> {
    let (chain, metadata) = follow(candidate).ok_or(Rejected::Absent)?;
    let real = chain.last().ok_or(Rejected::Absent)?;
    let is_system = host.has_mounted(real);
    if chain.iter().any(|link| shim::is_named_shim(link)) || shim::is_shim_file(real, &metadata, is_system) {
        return Err(Rejected::Shim);
    }
    let prefix = match is_system {
        true => None,
        false => Some(prefix(real, &metadata, folder, host).map_err(Rejected::Place)?),
    };
    let is_inside = |path: &&PathBuf| {
        host.has_mounted(path) || prefix.as_ref().is_some_and(|prefix| path.starts_with(prefix))
    };
    let inside = chain.iter().rev().take_while(is_inside).last();
    let program = inside.unwrap_or(real).clone();
    Ok(Resolved { program, prefix })
}

/// Every link from the candidate to the file, each with the real path of its folder.
fn follow(candidate: &Path) -> Option<(Vec<PathBuf>, Metadata)> {
    let mut chain = Vec::new();
    let mut current = candidate.to_path_buf();
    while chain.len() < LINK_LIMIT {
        let folder = fs::canonicalize(current.parent()?).ok()?;
        let here = folder.join(current.file_name()?);
        let metadata = fs::symlink_metadata(&here).ok()?;
        if metadata.is_symlink() {
            current = folder.join(fs::read_link(&here).ok()?);
            chain.push(here);
            continue;
        }
        chain.push(here);
        let runs = metadata.is_file() && metadata.permissions().mode() & 0o111 != 0;
        return runs.then_some((chain, metadata));
    }
    None
}

/// The folder of an installation outside the system's, if it is safe to run and to show.
fn prefix(
    real: &Path,
    metadata: &Metadata,
    folder: Option<&Path>,
    host: &Host,
) -> Result<PathBuf, PlaceFault> {
    let beside = real.parent().unwrap_or(real);
    check_owner(real, metadata, host)?;
    if let Ok(metadata) = fs::metadata(beside) {
        check_owner(beside, &metadata, host)?;
    }
    let kept = folder
        .and_then(|folder| fs::canonicalize(folder).ok())
        .filter(|folder| real.starts_with(folder));
    let is_kept = kept.is_some();
    let is_bin = beside
        .file_name()
        .is_some_and(|name| name == "bin" || name == "sbin");
    let derived = || if is_bin { beside.parent() } else { Some(beside) }.map(Path::to_path_buf);
    let prefix = kept
        .or_else(derived)
        .ok_or_else(|| PlaceFault::TooWide(real.to_path_buf()))?;
    if is_sweeping(&prefix, host) || (!is_kept && !looks_like_installation(&prefix)) {
        return Err(PlaceFault::TooWide(prefix));
    }
    Ok(prefix)
}

/// Only root and the caller may be able to replace what the caller is about to run. A group may write:
/// on many systems each user has a group of their own and a umask of 002.
fn check_owner(path: &Path, metadata: &Metadata, host: &Host) -> Result<(), PlaceFault> {
    let ours = metadata.uid() == 0 || metadata.uid() == host.uid;
    if ours && metadata.permissions().mode() & 0o002 == 0 {
        return Ok(());
    }
    Err(PlaceFault::Untrusted(path.to_path_buf()))
}

/// Whether a folder holds a home, a whole branch of the file system, or a user's own data.
fn is_sweeping(prefix: &Path, host: &Host) -> bool {
    const SHARED: [&str; 6] = ["", ".local", ".local/share", ".config", ".cache", "bin"];
    let home = host.home.as_ref().and_then(|home| fs::canonicalize(home).ok());
    let holds_home = home.as_ref().is_some_and(|home| {
        home.starts_with(prefix) || SHARED.iter().any(|below| home.join(below) == prefix)
    });
    // The root folder counts as a component: `/opt` has two.
    prefix.components().count() < 3
        || host.mounted.iter().any(|folder| folder.starts_with(prefix))
        || holds_home
}

/// A tree such as `/opt/python`, and not somebody's project with a `bin` folder in it.
fn looks_like_installation(prefix: &Path) -> bool {
    let holds = |names: &[&str]| {
        names
            .iter()
            .any(|name| fs::symlink_metadata(prefix.join(name)).is_ok())
    };
    holds(&["lib", "lib64", "libexec", "share"]) && !holds(&[".git", ".hg", ".ssh", ".env", ".config"])
}

//! Puts a process of our own behind walls: one that reads what strangers send needs none of the
//! privilege that it was started with.
//!
//! The process must have one thread, and hold open whatever it may keep: it can open nothing beyond
//! one folder afterwards. Every step fails closed.

use crate::error::{AtStep, SandboxError};
use crate::plan;
use casemate_sys::fs::{self, Resolve};
use casemate_sys::{credentials, landlock, libc, seccomp};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a process is confined to.
#[derive(Clone, Copy, Debug)]
pub struct Confinement<'a> {
    /// The one folder that it may use; absolute.
    pub folder: &'a Path,
    /// The user and group id that it takes, when it is root: then the folder becomes its root, too.
    pub id: Option<u32>,
    /// Its seccomp filter.
    pub filter: &'a [u8],
}

/// Confines the calling process, and gives its folder as it sees it from now on.
///
/// # Errors
/// The step that failed: the process must end then.
pub fn confine(wanted: &Confinement<'_>) -> Result<PathBuf, SandboxError> {
    let path = wanted.folder.as_os_str().as_bytes();
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let folder = fs::open_at(None, path, flags, 0, Resolve::Host)
        .at(|| format!("open {}", wanted.folder.display()))?;
    fs::enter_dir(folder.as_fd()).at(|| format!("enter {}", wanted.folder.display()))?;
    let seen = match wanted.id {
        None => wanted.folder.to_owned(),
        Some(id) => {
            fs::make_working_directory_root().at(|| "make the folder the root".into())?;
            become_other(id)?;
            "/".into()
        }
    };
    // After the change of ids, which clears it.
    credentials::die_with_parent().at(|| "tie it to its parent".into())?;
    credentials::set_no_new_privileges().at(|| "set no_new_privs".into())?;
    credentials::set_dumpable(false).at(|| "become undumpable".into())?;
    enter_landlock(&folder)?;
    seccomp::load(wanted.filter).at(|| "load the seccomp filter".into())?;
    Ok(seen)
}

pub(crate) fn become_other(id: u32) -> Result<(), SandboxError> {
    credentials::drop_bounding_set().at(|| "empty the bounding set".into())?;
    credentials::lock_securebits().at(|| "lock securebits".into())?;
    credentials::drop_groups().at(|| "drop groups".into())?;
    credentials::set_gid(id).at(|| "set the group id".into())?;
    credentials::set_uid(id).at(|| "set the user id".into())?;
    credentials::set_capabilities(0).at(|| "drop capabilities".into())?;
    Ok(())
}

/// A kernel without Landlock leaves the other walls; `casemate doctor` tells.
fn enter_landlock(folder: &OwnedFd) -> Result<(), SandboxError> {
    let abi = landlock::abi();
    if abi == 0 {
        return Ok(());
    }
    let (wanted, rights) = plan::own_folder(abi);
    let handled = landlock::Handled {
        files: wanted.files,
        network: wanted.network,
        scopes: wanted.scopes,
    };
    let enter = || {
        let ruleset = landlock::create(&handled, abi)?;
        landlock::allow_beneath(ruleset.as_fd(), folder.as_fd(), rights)?;
        landlock::restrict_self(ruleset.as_fd())
    };
    enter().at(|| "enter the Landlock domain".into())
}

//! User and group ids of sandboxes: every concurrent sandbox has two host ids of its own, one for
//! init and one for its programs, so that two sandboxes are strangers even outside their namespaces.
//!
//! A lease is a lock on one byte of a file, held by an open descriptor: it goes with its holder,
//! however that dies, and needs no clean-up.

use crate::error::{AtStep, SandboxError};
use casemate_sys::fs::{self, Resolve};
use casemate_sys::{fd, libc};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// A range of ids, as seen from the user namespace of the warden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdRange {
    /// First id.
    pub base: u32,
    /// How many; two for each sandbox.
    pub count: u32,
}

/// The default range for a warden that is root: 65,536 ids at 0x70000000, above what systemd and
/// the distributions hand out (systemd, "Users, Groups, UIDs and GIDs on systemd Systems").
pub const ROOT_RANGE: IdRange = IdRange {
    base: 0x7000_0000,
    count: 65_536,
};

/// Two ids in use by one sandbox; the lease ends when this is dropped.
#[derive(Debug)]
pub struct IdLease {
    /// Host id of init, as the warden's user namespace sees it.
    pub init: u32,
    /// Host id of the programs.
    pub program: u32,
    _lock: OwnedFd,
}

/// Opens the lock file of a state folder.
///
/// # Errors
/// When it cannot be opened or made.
pub fn open_lock(lock_file: &Path) -> Result<OwnedFd, SandboxError> {
    let path = lock_file.as_os_str().as_encoded_bytes();
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_NOFOLLOW;
    fs::open_at(None, path, flags, 0o600, Resolve::Host).at(|| format!("open {}", lock_file.display()))
}

impl IdRange {
    /// Leases the first free slot from a starting point that differs from run to run.
    ///
    /// # Errors
    /// When the lock file cannot be opened, or every slot is in use.
    pub fn lease(&self, lock_file: &Path) -> Result<IdLease, SandboxError> {
        let name = || format!("lease ids by {}", lock_file.display());
        let slots = self.count / 2;
        let lock = open_lock(lock_file)?;
        let start = std::process::id().wrapping_mul(2_654_435_761);
        for i in 0..slots {
            let slot = start.wrapping_add(i) % slots;
            if fd::try_lock_byte(lock.as_fd(), slot.into()).at(name)? {
                let init = self.base + 2 * slot;
                return Ok(IdLease {
                    init,
                    program: init + 1,
                    _lock: lock,
                });
            }
        }
        Err(io::Error::from_raw_os_error(libc::EUSERS)).at(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_differ_and_return() {
        let dir = std::env::temp_dir().join(format!("casemate-ids-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("ids.lock");
        let range = IdRange { base: 1000, count: 4 };
        let a = range.lease(&file).unwrap();
        let b = range.lease(&file).unwrap();
        assert_ne!(a.program, b.program);
        assert!(
            [a.init, a.program, b.init, b.program]
                .iter()
                .all(|id| (1000..1004).contains(id))
        );
        assert!(range.lease(&file).is_err(), "all slots are in use");
        drop(a);
        assert!(range.lease(&file).is_ok());
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

//! User and group ids of sandboxes: every concurrent sandbox has two host ids of its own, one for
//! init and one for its programs, so that two sandboxes are strangers even outside their namespaces.
//!
//! A lease is a lock on one byte of a file, held by an open descriptor: it goes with its holder,
//! however that dies, and needs no clean-up. One descriptor holds all leases of a warden, whose pool
//! remembers them: the kernel asks a descriptor nothing about its own locks. A lease must never be
//! dropped in a process that was forked meanwhile, since both share the locks.

use crate::error::{AtStep, SandboxError};
use casemate_sys::fs::{self, Resolve};
use casemate_sys::{fd, libc};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

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
    place: u32,
    pool: Rc<Pool>,
}

/// The leases of one warden.
#[derive(Debug)]
pub struct IdPool(Rc<Pool>);

#[derive(Debug)]
struct Pool {
    range: IdRange,
    /// Slot of place 0; the places follow it, around the end of the range.
    start: u32,
    lock: OwnedFd,
    places: RefCell<Places>,
}

/// Which places may be tried. Each is here, leased by us, or at or above `fresh`.
#[derive(Debug, Default)]
struct Places {
    /// From here on none was ever tried.
    fresh: u32,
    /// Ours before, and given back. The lowest comes first, so that the kernel's list of our locks, which
    /// it walks at every call, stays short: locks side by side are one (fs/locks.c, `posix_lock_inode()`).
    free: BTreeSet<u32>,
    /// Another process's when they were tried; tried again when nothing else is left.
    foreign: Vec<u32>,
}

impl Places {
    /// The next one to try that was not another's.
    fn next(&mut self, slots: u32) -> Option<u32> {
        let fresh = (self.fresh < slots).then_some(self.fresh);
        self.free.pop_first().or_else(|| {
            self.fresh += u32::from(fresh.is_some());
            fresh
        })
    }
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

impl IdPool {
    /// The pool over a range, with a lock file that others may lease by as well. Its first slot differs
    /// from process to process.
    ///
    /// # Errors
    /// When the lock file cannot be opened.
    pub fn open(range: IdRange, lock_file: &Path) -> Result<Self, SandboxError> {
        let start = std::process::id().wrapping_mul(2_654_435_761) % (range.count / 2).max(1);
        Ok(Self(Rc::new(Pool {
            range,
            start,
            lock: open_lock(lock_file)?,
            places: RefCell::default(),
        })))
    }

    /// Leases two ids. Its cost does not grow with the leases of this pool: every place is tried anew only
    /// when all others are in use.
    ///
    /// # Errors
    /// When the lock cannot be asked for, or every slot is in use.
    pub fn lease(&self) -> Result<IdLease, SandboxError> {
        let pool = &self.0;
        let taken = pool.take();
        let place = taken.at(|| "lease two ids".into())?;
        let init = pool.range.base + 2 * pool.slot(place);
        Ok(IdLease {
            init,
            program: init + 1,
            place,
            pool: Rc::clone(pool),
        })
    }
}

impl Pool {
    fn take(&self) -> io::Result<u32> {
        let slots = self.range.count / 2;
        let mut places = self.places.borrow_mut();
        while let Some(place) = places.next(slots) {
            match self.try_lock(place) {
                Ok(true) => return Ok(place),
                refused => {
                    places.foreign.push(place);
                    refused?;
                }
            }
        }
        for i in 0..places.foreign.len() {
            if self.try_lock(places.foreign[i])? {
                return Ok(places.foreign.swap_remove(i));
            }
        }
        Err(io::Error::from_raw_os_error(libc::EUSERS))
    }

    fn try_lock(&self, place: u32) -> io::Result<bool> {
        fd::try_lock_byte(self.lock.as_fd(), self.slot(place).into())
    }

    fn slot(&self, place: u32) -> u32 {
        let slots = u64::from(self.range.count / 2).max(1);
        ((u64::from(self.start) + u64::from(place)) % slots) as u32
    }
}

impl Drop for IdLease {
    fn drop(&mut self) {
        // A lock that cannot be given back is still ours, and so is free for our next lease.
        let _ = fd::unlock_byte(self.pool.lock.as_fd(), self.pool.slot(self.place).into());
        self.pool.places.borrow_mut().free.insert(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_lock_file(name: &str, test: impl FnOnce(&Path)) {
        let dir = std::env::temp_dir().join(format!("casemate-ids-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        test(&dir.join("ids.lock"));
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn leases_differ_and_return() {
        with_lock_file("return", |file| {
            let range = IdRange { base: 1000, count: 4 };
            let pool = IdPool::open(range, file).unwrap();
            let a = pool.lease().unwrap();
            let b = pool.lease().unwrap();
            assert_ne!(a.program, b.program);
            assert!(
                [a.init, a.program, b.init, b.program]
                    .iter()
                    .all(|id| (1000..1004).contains(id))
            );
            assert!(pool.lease().is_err(), "all slots are in use");
            drop(a);
            assert!(pool.lease().is_ok());
        });
    }

    #[test]
    fn pools_of_one_file_share_its_slots() {
        with_lock_file("share", |file| {
            let range = IdRange { base: 0, count: 200 };
            // Two descriptions of the file are two owners to the kernel, in one process as well.
            let pools = [0, 1].map(|_| IdPool::open(range, file).unwrap());
            let mut leases: Vec<IdLease> = (0..100).map(|i| pools[i % 2].lease().unwrap()).collect();
            let ids: BTreeSet<u32> = leases.iter().map(|lease| lease.init).collect();
            assert_eq!(ids.len(), 100);
            assert!(pools.iter().all(|pool| pool.lease().is_err()));
            let returned = leases.swap_remove(1).init;
            let taken = pools[0].lease().unwrap();
            assert_eq!(taken.init, returned, "what another pool gave back is found");
            drop(taken);
            assert_eq!(pools[1].lease().unwrap().init, returned);
        });
    }
}

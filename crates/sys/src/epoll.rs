//! Waiting on many descriptors at once (epoll(7)), and a counter that wakes such a wait.
//!
//! Level-triggered throughout: what is not taken now is told again. A descriptor leaves by itself
//! when its last copy closes.

use crate::call::{check, owned, syscall};
use crate::handle::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use crate::io;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// What a descriptor is watched for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watch {
    /// It can be read, or has ended.
    Read,
    /// It can be written, or nobody reads any more.
    Write,
    /// Both of these.
    ReadWrite,
    /// Something special has happened to it, such as a change of a file of cgroupfs.
    Priority,
}

/// One descriptor that is ready, by the token it was added with.
pub type Ready = u64;

/// A set of descriptors to wait on.
#[derive(Debug)]
pub struct Epoll {
    set: OwnedFd,
    events: Vec<libc::epoll_event>,
}

/// Readable when one of its descriptors is ready.
impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.set.as_fd()
    }
}

impl Epoll {
    /// An empty set that tells of at most `most` descriptors in one wait.
    ///
    /// # Errors
    /// `EMFILE` or `ENOMEM` (epoll_create1(2)).
    pub fn new(most: usize) -> io::Result<Self> {
        // SAFETY: epoll_create1 takes an int.
        let set = owned(unsafe { syscall!(libc::SYS_epoll_create1, libc::EPOLL_CLOEXEC) })?;
        let empty = libc::epoll_event { events: 0, u64: 0 };
        Ok(Self {
            set,
            events: vec![empty; most.max(1)],
        })
    }

    /// Adds a descriptor.
    ///
    /// # Errors
    /// `EEXIST`, `ENOMEM`, `ENOSPC`, or `EPERM` for a descriptor that cannot be waited on (epoll_ctl(2)).
    pub fn add(&self, fd: BorrowedFd<'_>, watch: Watch, token: u64) -> io::Result<()> {
        let wanted = match watch {
            Watch::Read => libc::EPOLLIN | libc::EPOLLRDHUP,
            Watch::Write => libc::EPOLLOUT,
            Watch::ReadWrite => libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLOUT,
            Watch::Priority => libc::EPOLLPRI,
        };
        let mut event = libc::epoll_event {
            events: wanted as u32,
            u64: token,
        };
        // SAFETY: `event` is a live epoll_event that the kernel copies.
        check(unsafe {
            syscall!(
                libc::SYS_epoll_ctl,
                self.set.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                fd.as_raw_fd(),
                &mut event,
            )
        })
        .map(drop)
    }

    /// Takes a descriptor out that stays open.
    ///
    /// # Errors
    /// `ENOENT` when it is not in the set.
    pub fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: the event may be null for EPOLL_CTL_DEL since Linux 2.6.9.
        check(unsafe {
            syscall!(
                libc::SYS_epoll_ctl,
                self.set.as_raw_fd(),
                libc::EPOLL_CTL_DEL,
                fd.as_raw_fd(),
                core::ptr::null_mut::<libc::epoll_event>(),
            )
        })
        .map(drop)
    }

    /// Waits until a descriptor is ready or `timeout` has passed, and puts the tokens into `ready`.
    ///
    /// An interrupted wait counts as no event. A timeout is rounded up to whole milliseconds.
    ///
    /// # Errors
    /// What epoll_pwait(2) answers beyond `EINTR`.
    pub fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.clear();
        let millis = timeout.map_or(-1, |t| {
            i32::try_from(t.as_micros().div_ceil(1000)).unwrap_or(i32::MAX)
        });
        // SAFETY: the pointer and length describe `events`, which may be written.
        let count = unsafe {
            syscall!(
                libc::SYS_epoll_pwait,
                self.set.as_raw_fd(),
                self.events.as_mut_ptr(),
                self.events.len(),
                millis,
                core::ptr::null::<u64>(),
                size_of::<u64>(),
            )
        };
        match check(count) {
            Ok(count) => ready.extend(self.events[..count].iter().map(|event| event.u64)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        Ok(())
    }
}

/// Wakes the thread that waits on it: an `eventfd(2)`.
#[derive(Debug)]
pub struct Waker(OwnedFd);

impl Waker {
    /// A waker that nobody has rung.
    ///
    /// # Errors
    /// `EMFILE` or `ENOMEM`.
    pub fn new() -> io::Result<Self> {
        crate::event::eventfd().map(Self)
    }

    /// Wakes; a second call before [`Waker::clear`] changes nothing.
    pub fn wake(&self) {
        // A counter that is full wakes as well.
        let _ = crate::fd::write(self.0.as_fd(), &1u64.to_ne_bytes());
    }

    /// Takes the call; before what it told of is looked at.
    pub fn clear(&self) {
        let _ = crate::fd::read(self.0.as_fd(), &mut [0; 8]);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waker_is_told_until_it_is_cleared() {
        let mut epoll = Epoll::new(4).unwrap();
        let waker = Waker::new().unwrap();
        epoll.add(waker.as_fd(), Watch::Read, 7).unwrap();
        let mut ready = Vec::new();
        let mut look = |epoll: &mut Epoll| {
            epoll.wait(Some(Duration::ZERO), &mut ready).unwrap();
            ready.clone()
        };
        assert!(look(&mut epoll).is_empty());
        waker.wake();
        waker.wake();
        assert_eq!(look(&mut epoll), [7]);
        assert_eq!(look(&mut epoll), [7]);
        waker.clear();
        assert!(look(&mut epoll).is_empty());
        epoll.remove(waker.as_fd()).unwrap();
        waker.wake();
        assert!(look(&mut epoll).is_empty());
    }
}

//! Network namespaces made ahead of time. To make one takes the kernel about a millisecond, and longer
//! while it takes others down; to enter one takes microseconds.
//!
//! A child of a service's warden makes them and puts their descriptors into a socket for each kind, where
//! they wait without being anybody's. The warden takes them in `launch` and orders as many again when the
//! sandbox is on its way. The child holds nothing but its ends of the sockets and a namespace of its own,
//! and ends with the warden. The warden must never wait for it: where the stock is empty or the child gone,
//! the warden makes a namespace itself.

use casemate_sys::fs::{Resolve, open_at};
use casemate_sys::namespace::{self, CLONE_NEWNET};
use casemate_sys::{credentials, event, fd, libc, net, process, socket};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Namespaces of each kind that was ever asked for.
const STOCK: u8 = 8;

/// The kinds of namespaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Loopback {
    Down,
    Up,
}

/// One end of the socket of each kind, by the order of [`Loopback`].
type Ends = [OwnedFd; 2];

/// The warden's side.
#[derive(Debug)]
pub(super) struct NetStock {
    ends: Ends,
    /// How many more the child is to make, where it was ever asked.
    owed: [Option<u8>; 2],
    gone: bool,
}

impl NetStock {
    /// Starts the child; the warden must stand where its sandboxes are to be made.
    ///
    /// # Errors
    /// When there is no socket or process to be had.
    pub(super) fn start(null: BorrowedFd<'_>) -> io::Result<Self> {
        let ((ours, theirs), (ours_up, theirs_up)) = (socket::pair()?, socket::pair()?);
        match process::clone_into(0, None)? {
            process::Side::Parent { .. } => Ok(Self::new([ours, ours_up])),
            process::Side::Child => {
                let _ = credentials::set_name(c"casemate-netns");
                let ended = keep_own(null, [theirs, theirs_up]).and_then(serve);
                process::exit(ended.is_err().into())
            }
        }
    }

    fn new(ends: Ends) -> Self {
        Self {
            ends,
            owed: [None; 2],
            gone: false,
        }
    }

    /// Takes a fresh namespace out of the stock, if it has one.
    pub(super) fn take(&mut self, kind: Loopback) -> Option<OwnedFd> {
        let owed = &mut self.owed[kind as usize];
        let Some(count) = owed else {
            *owed = Some(STOCK);
            return None;
        };
        match socket::try_receive(self.ends[kind as usize].as_fd(), &mut [0]) {
            Ok(Some(message)) if message.len > 0 => {
                *count += 1;
                // Without a descriptor: the child could not make one.
                message.fds.into_iter().next()
            }
            Ok(None) => None,
            _ => {
                self.gone = true;
                None
            }
        }
    }

    /// Orders what is owed to the stock; when the sandbox that took of it is on its way.
    pub(super) fn refill(&mut self) {
        for (end, owed) in self.ends.iter().zip(&mut self.owed) {
            let Some(count) = owed.filter(|count| *count > 0 && !self.gone) else {
                continue;
            };
            match socket::try_send(end.as_fd(), &[count], &[]) {
                Ok(true) => *owed = Some(0),
                Ok(false) => {}
                Err(_) => self.gone = true,
            }
        }
    }
}

/// The child keeps nothing of the warden's: the sockets become 3 and 4, all else is closed.
fn keep_own(null: BorrowedFd<'_>, ends: Ends) -> io::Result<Ends> {
    // A warden that ended before this is seen by the end of its sockets.
    credentials::die_with_parent()?;
    super::place(&[null, null, null, ends[0].as_fd(), ends[1].as_fd()], 0)?;
    // Their old numbers may be among those just placed, and are closed with the rest.
    std::mem::forget(ends);
    fd::close_from(5)?;
    Ok([fd::adopt(3)?, fd::adopt(4)?])
}

/// Makes what is ordered until the other ends close.
fn serve(ends: Ends) -> io::Result<()> {
    // Between two orders it stands in a namespace of its own, so that it keeps no sandbox's alive.
    let home = make(Loopback::Down)?;
    loop {
        let mut ready = [0, 1].map(|i: usize| event::interest(ends[i].as_fd(), libc::POLLIN));
        event::wait(&mut ready, None)?;
        for (kind, end) in [Loopback::Down, Loopback::Up].into_iter().zip(&ends) {
            let mut count = [0];
            match socket::try_receive(end.as_fd(), &mut count)? {
                Some(message) if message.len == 0 => return Ok(()),
                Some(_) => {}
                None => continue,
            }
            for _ in 0..count[0].min(STOCK) {
                let made = make(kind).ok();
                let fds: Vec<_> = made.iter().map(|made| made.as_fd()).collect();
                socket::send(end.as_fd(), b"n", &fds)?;
            }
            namespace::enter(home.as_fd(), CLONE_NEWNET)?;
        }
    }
}

/// Moves this thread into a fresh network namespace.
fn make(kind: Loopback) -> io::Result<OwnedFd> {
    namespace::unshare(CLONE_NEWNET)?;
    if kind == Loopback::Up {
        net::loopback_up()?;
    }
    open_at(
        None,
        b"/proc/thread-self/ns/net",
        libc::O_RDONLY,
        0,
        Resolve::Host,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_sys::fs::status;
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn each_namespace_is_fresh_and_what_is_taken_is_made_again() {
        if !crate::rootless::is_privileged() {
            return eprintln!("skipped: makes network namespaces, which takes root");
        }
        let (pair, pair_up) = (socket::pair().unwrap(), socket::pair().unwrap());
        let child = std::thread::spawn(move || serve([pair.1, pair_up.1]));
        let mut stock = NetStock::new([pair.0, pair_up.0]);
        let mut seen = BTreeSet::new();
        for kind in [Loopback::Down, Loopback::Up] {
            assert!(stock.take(kind).is_none(), "nobody has asked before");
            for _ in 0..3 * STOCK {
                stock.refill();
                let end = stock.ends[kind as usize].as_fd();
                assert!(event::wait_one(end, libc::POLLIN, Some(Duration::from_secs(60))).unwrap());
                let made = stock.take(kind).unwrap();
                assert!(seen.insert(status(made.as_fd()).unwrap().st_ino));
                // It stays, so that its number is not given again.
                std::mem::forget(made);
            }
        }
        drop(stock);
        // Its end is an error where it had sent what nobody took.
        drop(child.join().unwrap());
    }

    #[test]
    fn a_child_that_is_gone_is_asked_no_more() {
        let (pair, pair_up) = (socket::pair().unwrap(), socket::pair().unwrap());
        let mut stock = NetStock::new([pair.0, pair_up.0]);
        assert!(stock.take(Loopback::Up).is_none());
        drop((pair.1, pair_up.1));
        stock.refill();
        assert!(stock.gone && stock.take(Loopback::Up).is_none());
    }
}

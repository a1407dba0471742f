//! Replies on their way to the client. The warden never waits for one that does not read.

use casemate_sys::{event, socket};
use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// How long a client may take nothing while replies wait for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the socket did not take yet, oldest first.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Vec<u8>>,
    /// When the client counts as lost, unless it takes something before.
    until: Option<Duration>,
}

impl Outbox {
    /// Sends a reply, or keeps it when the socket is full; false when `most` wait already.
    pub(super) fn push(&mut self, socket: BorrowedFd<'_>, reply: Vec<u8>, most: usize) -> bool {
        self.waiting.push_back(reply);
        self.flush(socket, event::monotonic()) && self.waiting.len() <= most
    }

    /// Sends what the socket takes now; false when it has taken nothing for too long.
    pub(super) fn flush(&mut self, socket: BorrowedFd<'_>, now: Duration) -> bool {
        while let Some(reply) = self.waiting.front() {
            match socket::try_send(socket, reply, &[]) {
                Ok(true) => {
                    self.waiting.pop_front();
                    self.until = None;
                }
                Ok(false) => return now < *self.until.get_or_insert(now + PATIENCE),
                // A client that is gone cannot be told; the loop notices by its socket.
                Err(_) => self.clear(),
            }
        }
        true
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether to wait until the socket takes more.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next instant at which [`Outbox::flush`] must be called.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_burst_waits_in_order_and_a_client_that_takes_nothing_is_lost() {
        let (ours, theirs) = socket::pair().unwrap();
        let mut outbox = Outbox::default();
        for i in 0..2000u32 {
            assert!(outbox.push(ours.as_fd(), i.to_le_bytes().to_vec(), 2000));
        }
        assert!(outbox.has_waiting());
        let now = event::monotonic();
        assert!(outbox.flush(ours.as_fd(), now));
        assert!(!outbox.flush(ours.as_fd(), now + PATIENCE));
        let mut buffer = [0; 8];
        for i in 0..2000u32 {
            // One place is enough to be seen as alive.
            let got = socket::try_receive(theirs.as_fd(), &mut buffer).unwrap().unwrap();
            assert_eq!(buffer[..got.len], i.to_le_bytes());
            assert!(outbox.flush(ours.as_fd(), now + PATIENCE));
        }
        assert!(!outbox.has_waiting() && outbox.next_deadline().is_none());
    }

    #[test]
    fn too_many_replies_lose_the_client_and_one_that_is_gone_holds_none() {
        let (ours, theirs) = socket::pair().unwrap();
        let mut outbox = Outbox::default();
        let taken = (0..10_000).take_while(|_| outbox.push(ours.as_fd(), vec![1], 5));
        assert!(taken.count() < 10_000);
        drop(theirs);
        assert!(outbox.flush(ours.as_fd(), event::monotonic()));
        assert!(!outbox.has_waiting());
    }
}

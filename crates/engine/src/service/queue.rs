//! The places of a service: how many executions may wait, and what those are told that find none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Everything is taken; nothing was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the queue is full")]
pub struct QueueFull {
    /// When a place may be free.
    pub retry_after: Duration,
}

/// Counts executions that wait or run.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    taken: AtomicUsize,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            taken: AtomicUsize::new(0),
        }
    }

    /// Takes a place, until [`Places::leave`].
    pub(super) fn enter(&self) -> Result<(), QueueFull> {
        let within = |taken: usize| (taken < self.most).then_some(taken + 1);
        match self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(QueueFull {
                retry_after: Duration::from_secs(1),
            }),
        }
    }

    pub(super) fn leave(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_there_are_places_is_refused() {
        let places = Places::new(2);
        assert!(places.enter().is_ok() && places.enter().is_ok());
        assert!(places.enter().is_err());
        places.leave();
        assert!(places.enter().is_ok());
        assert_eq!(places.taken(), 2);
    }
}

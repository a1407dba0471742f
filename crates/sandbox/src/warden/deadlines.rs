//! Instants at which something of a cell is due, earliest first. Used by the roster; setting, moving and
//! taking one costs the logarithm of how many there are.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// At most one instant for each cell, by its serial number.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    order: BTreeSet<(Duration, u64)>,
    of: HashMap<u64, Duration>,
}

impl Deadlines {
    /// Sets, moves or removes the instant of a cell.
    pub(super) fn set(&mut self, serial: u64, at: Option<Duration>) {
        let before = match at {
            Some(at) => self.of.insert(serial, at),
            None => self.of.remove(&serial),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&(before, serial));
        }
        if let Some(at) = at {
            self.order.insert((at, serial));
        }
    }

    /// The earliest instant.
    pub(super) fn next(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes a cell out whose instant has come, the earliest first.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<u64> {
        let (at, serial) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.set(serial, None);
        Some(serial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn what_is_due_comes_earliest_first_and_once() {
        let mut deadlines = Deadlines::default();
        for (serial, at) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
            deadlines.set(serial, Some(ms(at)));
        }
        deadlines.set(3, None);
        deadlines.set(1, Some(ms(5)));
        assert_eq!(deadlines.next(), Some(ms(5)));
        assert_eq!(deadlines.take_due(ms(4)), None);
        let due: Vec<u64> = std::iter::from_fn(|| deadlines.take_due(ms(10))).collect();
        assert_eq!(due, [1, 2, 4]);
        assert_eq!(deadlines.next(), None);
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_table(
            acts in proptest::collection::vec((0u64..8, proptest::option::of(0u64..20)), 0..60),
        ) {
            let (mut deadlines, mut table) = (Deadlines::default(), std::collections::BTreeMap::new());
            for (serial, at) in acts {
                deadlines.set(serial, at.map(ms));
                table.remove(&serial);
                table.extend(at.map(|at| (serial, ms(at))));
                prop_assert_eq!(deadlines.next(), table.values().min().copied());
                prop_assert_eq!(deadlines.order.len(), table.len());
            }
        }
    }
}

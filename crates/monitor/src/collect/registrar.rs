//! Which sandboxes are watched: the table that the program in the kernel looks into.

use std::os::fd::OwnedFd;
use std::time::Duration;

use aya::maps::{HashMap, Map, MapData};

use super::error::CollectError;
use crate::event::Class;

/// Allowances of a sandbox, and what class the events of each are (`enum allowance` in `bpf/record.h`).
pub(super) const ALLOWANCES: [Class; 8] = [
    Class::Process,
    Class::Process,
    Class::File,
    Class::File,
    Class::Network,
    Class::Memory,
    Class::Denied,
    Class::Alert,
];

/// `struct sandbox` in `bpf/record.h`: three words, two for each allowance, one more for each, two words.
const WORDS: usize = 3 + 3 * ALLOWANCES.len() + 2;
const DROPPED_AT: usize = 3 + 2 * ALLOWANCES.len();
type Row = [u64; WORDS];

/// Events that were not told, by class, since the sandbox was registered.
pub type Dropped = [u64; ALLOWANCES.len()];

/// From when on something is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// From now on; times count from this moment of the monotonic clock.
    At(Duration),
    /// From the first exec on, which is the first event, at 0: until then the processes run code of ours.
    Exec,
}

/// The table. Whoever holds it says which control groups are watched; the kernel asks for no privilege to write it
/// (Linux 5.19; before that, `kernel.unprivileged_bpf_disabled` wants `CAP_BPF`).
#[derive(Debug)]
pub struct Registrar {
    table: HashMap<MapData, u64, Row>,
}

impl Registrar {
    /// Over the descriptor of [`super::Program::sandboxes`].
    ///
    /// # Errors
    /// When it is no such table.
    pub fn new(table: OwnedFd) -> Result<Self, CollectError> {
        let opened = MapData::from_fd(table)
            .and_then(Map::from_map_data)
            .and_then(HashMap::try_from);
        opened
            .map(|table| Self { table })
            .map_err(|e| CollectError::kernel("open the table of watched sandboxes", e))
    }

    /// Watches the control group with this id, the inode of its folder in the v2 tree, from now on. Events carry
    /// `serial`, and times since `begin`.
    ///
    /// # Errors
    /// When the table is full, or the kernel refuses.
    pub fn watch(&mut self, group: u64, serial: u64, begin: Begin) -> Result<(), CollectError> {
        let mut row: Row = [0; WORDS];
        row[0] = serial;
        match begin {
            Begin::At(start) => row[1] = u64::try_from(start.as_nanos()).unwrap_or(u64::MAX),
            Begin::Exec => row[2] = 1,
        }
        self.table
            .insert(group, row, 0)
            .map_err(|e| CollectError::kernel("register a sandbox to be watched", e))
    }

    /// How many of its events were not told, by allowance; `None` when it is not watched.
    pub fn dropped(&self, group: u64) -> Option<Dropped> {
        let row = self.table.get(&group, 0).ok()?;
        row[DROPPED_AT..DROPPED_AT + ALLOWANCES.len()].try_into().ok()
    }

    /// Ends watching it; how many events were not told.
    pub fn forget(&mut self, group: u64) -> Option<Dropped> {
        let dropped = self.dropped(group);
        // One that is gone already is forgotten.
        let _ = self.table.remove(&group);
        dropped
    }

    /// The same by class, without classes that lost nothing.
    pub fn by_class(dropped: &Dropped) -> Vec<(Class, u64)> {
        let mut classes: Vec<(Class, u64)> = Vec::new();
        for (class, count) in ALLOWANCES
            .into_iter()
            .zip(dropped)
            .filter(|(_, count)| **count > 0)
        {
            match classes.iter_mut().find(|(known, _)| *known == class) {
                Some((_, sum)) => *sum += count,
                None => classes.push((class, *count)),
            }
        }
        classes
    }
}

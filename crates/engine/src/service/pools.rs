//! What there is of each kind of sandbox: how many stand idle, and which way executions were served.
//!
//! The engine's thread publishes and counts; answers of the server read. Rows are bounded, since callers choose disks.

use super::{Service, Shared};
use crate::allocate::PoolKey;
use casemate_types::{Limits, Network, RunPath};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most rows; the one without idle sandboxes that served last long ago makes room.
const MOST_ROWS: usize = 128;

/// One kind of sandbox.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolStatus {
    /// The language.
    pub language: &'static str,
    /// The network.
    pub network: Network,
    /// The disk, bytes.
    pub disk_bytes: u64,
    /// Sandboxes that stand ready.
    pub idle: usize,
    /// How many should.
    pub target: usize,
    /// Sandboxes that are being made to stand ready.
    pub creating: usize,
    /// Programs that got a sandbox that stood ready.
    pub served_pool: u64,
    /// Programs that got a fork of a started interpreter.
    pub served_fork: u64,
    /// Programs that got a fresh sandbox.
    pub served_exec: u64,
}

/// How many sandboxes of a kind there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PoolLevel {
    pub(super) key: PoolKey,
    pub(super) idle: usize,
    pub(super) target: usize,
    pub(super) creating: usize,
}

/// The rows, the last used last.
#[derive(Debug, Default)]
pub(super) struct Pools {
    rows: Mutex<Vec<PoolStatus>>,
}

impl PoolLevel {
    /// Nothing stands ready.
    pub(super) fn empty(key: PoolKey) -> Self {
        Self {
            key,
            idle: 0,
            target: 0,
            creating: 0,
        }
    }
}

impl PoolStatus {
    fn new(key: PoolKey) -> Self {
        Self {
            language: key.language,
            network: key.network,
            disk_bytes: key.disk_bytes,
            idle: 0,
            target: 0,
            creating: 0,
            served_pool: 0,
            served_fork: 0,
            served_exec: 0,
        }
    }

    fn key(&self) -> PoolKey {
        PoolKey {
            language: self.language,
            network: self.network,
            disk_bytes: self.disk_bytes,
        }
    }

    fn is_empty(&self) -> bool {
        (self.idle, self.target, self.creating) == (0, 0, 0)
    }
}

impl Pools {
    fn rows(&self) -> MutexGuard<'_, Vec<PoolStatus>> {
        // Every change is an assignment: a panic elsewhere leaves whole rows.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what there is; a kind that is not named has nothing.
    pub(super) fn publish(&self, levels: &[PoolLevel]) {
        let mut rows = self.rows();
        for row in rows.iter_mut() {
            (row.idle, row.target, row.creating) = (0, 0, 0);
        }
        for level in levels {
            let at = place(&mut rows, level.key);
            (rows[at].idle, rows[at].target, rows[at].creating) = (level.idle, level.target, level.creating);
        }
    }

    /// A program got its sandbox in this way.
    pub(super) fn count_served(&self, key: PoolKey, path: RunPath) {
        let mut rows = self.rows();
        let at = place(&mut rows, key);
        let mut row = rows.remove(at);
        *match path {
            RunPath::Pool => &mut row.served_pool,
            RunPath::Fork => &mut row.served_fork,
            RunPath::Exec => &mut row.served_exec,
        } += 1;
        rows.push(row);
    }

    /// The rows, by language, network and disk.
    pub(super) fn all(&self) -> Vec<PoolStatus> {
        let mut rows = self.rows().clone();
        rows.sort_by_key(|row| (row.language, row.network == Network::Loopback, row.disk_bytes));
        rows
    }
}

fn place(rows: &mut Vec<PoolStatus>, key: PoolKey) -> usize {
    if let Some(at) = rows.iter().position(|row| row.key() == key) {
        return at;
    }
    if rows.len() >= MOST_ROWS
        && let Some(at) = rows.iter().position(PoolStatus::is_empty)
    {
        rows.remove(at);
    }
    rows.push(PoolStatus::new(key));
    rows.len() - 1
}

impl Service {
    /// What there is of each kind of sandbox: of every language that is here, and of what was asked for besides.
    pub fn pools(&self) -> Vec<PoolStatus> {
        self.shared.pools.all()
    }
}

impl Shared {
    /// Says how many sandboxes of each kind there are; a kind that is not named has none.
    pub(super) fn publish_pools(&self, levels: &[PoolLevel]) {
        self.pools.publish(levels);
    }

    /// The kinds that stand ready from the start: those whose interpreter can fork.
    pub(super) fn ready_keys(&self) -> Vec<PoolKey> {
        let forks = |key: &PoolKey| self.kinds.find(key.language).is_ok_and(|kind| kind.forks);
        self.usual_keys().into_iter().filter(forks).collect()
    }

    /// The kind that a request without wishes asks for, of every language that is here.
    pub(super) fn usual_keys(&self) -> Vec<PoolKey> {
        let disk_bytes = Limits::default().disk.min(self.maxima.disk).0;
        let here = self.kinds.rows().filter(|(_, kind)| kind.is_ok());
        here.map(|(language, _)| PoolKey {
            language: language.name,
            network: Network::None,
            disk_bytes,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(language: &'static str, disk_bytes: u64) -> PoolKey {
        PoolKey {
            language,
            network: Network::None,
            disk_bytes,
        }
    }

    #[test]
    fn levels_and_counts_of_a_kind_are_in_one_row() {
        let pools = Pools::default();
        pools.publish(&[
            PoolLevel::empty(key("python", 1)),
            PoolLevel::empty(key("bash", 1)),
        ]);
        for path in [RunPath::Exec, RunPath::Pool, RunPath::Pool, RunPath::Fork] {
            pools.count_served(key("python", 1), path);
        }
        let level = PoolLevel {
            idle: 3,
            target: 4,
            creating: 1,
            ..PoolLevel::empty(key("python", 1))
        };
        pools.publish(&[level]);
        let expected = PoolStatus {
            idle: 3,
            target: 4,
            creating: 1,
            served_pool: 2,
            served_fork: 1,
            served_exec: 1,
            ..PoolStatus::new(key("python", 1))
        };
        assert_eq!(pools.all(), [PoolStatus::new(key("bash", 1)), expected]);
        pools.publish(&[]);
        assert_eq!((pools.all()[1].idle, pools.all()[1].served_pool), (0, 2));
    }

    #[test]
    fn the_number_of_rows_is_bounded() {
        let pools = Pools::default();
        let level = PoolLevel {
            idle: 1,
            ..PoolLevel::empty(key("python", 0))
        };
        pools.publish(&[level]);
        (1..1000).for_each(|disk| pools.count_served(key("python", disk), RunPath::Exec));
        let all = pools.all();
        assert_eq!((all.len(), all[0].idle, all[127].disk_bytes), (MOST_ROWS, 1, 999));
    }
}

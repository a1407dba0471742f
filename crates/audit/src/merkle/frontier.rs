//! A tree that grows: its complete subtrees, and the hashes that each new leaf completes.

use super::Nodes;
use crate::error::AuditError;
use crate::hash::Hash;

/// The roots of the complete subtrees of a tree, largest first.
#[derive(Clone, Debug, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree of `size` leaves whose nodes are kept.
    ///
    /// # Errors
    /// When a node cannot be read.
    pub fn load(nodes: &impl Nodes, size: u64) -> Result<Self, AuditError> {
        let mut subtrees = Vec::new();
        let mut first = 0;
        for level in (0..64u8).rev().filter(|level| size >> level & 1 == 1) {
            subtrees.push(nodes.node(level, first >> level)?);
            first += 1 << level;
        }
        Ok(Self { size, subtrees })
    }

    /// Leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and gives every hash that is complete now, the leaf first: in this order they are kept.
    pub fn push(&mut self, leaf: Hash, complete: &mut Vec<Hash>) {
        let mut hash = leaf;
        complete.push(hash);
        let mut rest = self.size;
        while rest & 1 == 1 {
            let Some(left) = self.subtrees.pop() else { break };
            hash = Hash::node(&left, &hash);
            complete.push(hash);
            rest >>= 1;
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut all = self.subtrees.iter().rev();
        let Some(first) = all.next() else {
            return super::empty_root();
        };
        all.fold(*first, |right, left| Hash::node(left, &right))
    }
}

/// Where a node stands among the hashes in the order in which they are completed: a subtree stands right behind its last
/// leaf and the smaller subtrees which that leaf completes.
pub fn place(level: u8, index: u64) -> u64 {
    let last_leaf = ((index + 1) << level) - 1;
    // Before leaf n stand n leaves and one hash for each pair, each four, and so on of them: 2n less its one-bits.
    2 * last_leaf - u64::from(last_leaf.count_ones()) + u64::from(level)
}

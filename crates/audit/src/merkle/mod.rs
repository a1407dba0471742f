//! The Merkle tree over all records, RFC 6962 section 2.1, whose inner hashes are kept so that a root or a proof costs
//! the depth of the tree and not its size.
//!
//! [`Frontier`] grows a tree; [`Nodes`] is where complete subtrees are looked up; proofs are made and checked in [`proof`].

mod frontier;
pub mod proof;

pub use frontier::{Frontier, place};

use crate::error::AuditError;
use crate::hash::Hash;

/// Where the hashes of complete subtrees are: `level` 0 are the leaves, `index` counts from the left.
pub trait Nodes {
    /// The hash of the subtree over the leaves `index << level` up to `(index + 1) << level`.
    ///
    /// # Errors
    /// When it cannot be read.
    fn node(&self, level: u8, index: u64) -> Result<Hash, AuditError>;
}

/// The hash of a tree with no leaf: that of no bytes, section 2.1.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// The root of the tree over the leaves `first` up to `end`. `first` is a multiple of the largest power of two in the
/// range, as every range of section 2.1 is.
///
/// # Errors
/// When a node cannot be read.
pub fn root_of(nodes: &impl Nodes, first: u64, end: u64) -> Result<Hash, AuditError> {
    let size = end - first;
    if size == 0 {
        return Ok(empty_root());
    }
    if size.is_power_of_two() {
        let level = size.trailing_zeros() as u8;
        return nodes.node(level, first >> level);
    }
    let split = first + split_of(size);
    Ok(Hash::node(
        &root_of(nodes, first, split)?,
        &root_of(nodes, split, end)?,
    ))
}

/// The largest power of two below `size`, which is at least 2.
fn split_of(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests;

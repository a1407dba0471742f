//! Proofs that a record is in a tree (RFC 6962 section 2.1.1), and that a tree grew out of another (section 2.1.2).

use super::{Nodes, root_of, split_of};
use crate::error::AuditError;
use crate::hash::Hash;

/// The path of a leaf: the hashes beside it, from the leaf up.
///
/// # Errors
/// When a node cannot be read.
pub fn inclusion(nodes: &impl Nodes, leaf: u64, size: u64) -> Result<Vec<Hash>, AuditError> {
    let mut path = Vec::new();
    let (mut first, mut end) = (0, size);
    while end - first > 1 {
        let split = first + split_of(end - first);
        if leaf < split {
            path.push(root_of(nodes, split, end)?);
            end = split;
        } else {
            path.push(root_of(nodes, first, split)?);
            first = split;
        }
    }
    path.reverse();
    Ok(path)
}

/// The root that a leaf and its path make; `None` when the path is not of this place.
pub fn root_from(leaf_hash: Hash, leaf: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if leaf >= size {
        return None;
    }
    let mut sides = Vec::new();
    let (mut first, mut end) = (0, size);
    while end - first > 1 {
        let split = first + split_of(end - first);
        let is_left = leaf < split;
        sides.push(is_left);
        if is_left { end = split } else { first = split }
    }
    if sides.len() != path.len() {
        return None;
    }
    let steps = path.iter().zip(sides.iter().rev());
    Some(steps.fold(leaf_hash, |hash, (beside, is_left)| {
        if *is_left {
            Hash::node(&hash, beside)
        } else {
            Hash::node(beside, &hash)
        }
    }))
}

//! The tree against its definition and against published data.

use super::proof::{inclusion, root_from};
use super::*;

/// All hashes in the order in which they are completed.
struct Kept(Vec<Hash>);

impl Nodes for Kept {
    fn node(&self, level: u8, index: u64) -> Result<Hash, AuditError> {
        Ok(self.0[usize::try_from(place(level, index)).unwrap()])
    }
}

fn leaf(n: u64) -> Hash {
    Hash::leaf(&n.to_le_bytes())
}

/// The definition of section 2.1, word for word.
fn defined(first: u64, end: u64) -> Hash {
    match end - first {
        0 => empty_root(),
        1 => leaf(first),
        size => {
            let split = first + split_of(size);
            Hash::node(&defined(first, split), &defined(split, end))
        }
    }
}

#[test]
fn every_size_has_the_root_of_its_definition_and_proofs_of_all_leaves() {
    let mut frontier = Frontier::default();
    let mut kept = Kept(Vec::new());
    assert_eq!(frontier.root(), empty_root());
    for size in 1..=130 {
        frontier.push(leaf(size - 1), &mut kept.0);
        let root = defined(0, size);
        assert_eq!(frontier.root(), root);
        assert_eq!(root_of(&kept, 0, size).unwrap(), root);
        assert_eq!(Frontier::load(&kept, size).unwrap().root(), root);
        for n in 0..size {
            let path = inclusion(&kept, n, size).unwrap();
            assert!(path.len() <= 8);
            assert_eq!(root_from(leaf(n), n, size, &path), Some(root));
            assert_ne!(root_from(leaf(n + 1), n, size, &path), Some(root));
            if n + 1 < size {
                assert_ne!(root_from(leaf(n), n + 1, size, &path), Some(root));
            }
        }
        assert_eq!(root_from(leaf(size), size, size, &[]), None);
    }
}

#[test]
fn the_published_trees() {
    // The test data of the reference implementation of certificate transparency, as RFC 9162 has it.
    let inputs: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
        ],
    ];
    let mut frontier = Frontier::default();
    inputs
        .iter()
        .for_each(|input| frontier.push(Hash::leaf(input), &mut Vec::new()));
    assert_eq!(
        frontier.root().to_string(),
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    );
}

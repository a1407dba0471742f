//! Models of sequences: of the numbers of system calls, or of the words that events become.
//!
//! [`Markov`] and [`Stide`] learn from normal sequences alone, as does [`Neighbours`]; [`Logistic`] learns from both kinds.
//! All are bounded, draw nothing by chance, and give the same answers for the same rows in the same order.

mod grams;
mod logistic;
mod markov;
mod neighbours;
mod stide;

pub use grams::{Grams, MAX_GRAM, Vector};
pub use logistic::{Example, Logistic, likelihood};
pub use markov::{Markov, MarkovState};
pub use neighbours::Neighbours;
pub use stide::Stide;

/// One word of a sequence.
pub type Symbol = u16;

/// Mixes a word into the hash of those before it (FNV-1a over its two bytes, 64 bits).
fn mix(hash: u64, symbol: Symbol) -> u64 {
    symbol.to_le_bytes().iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Where hashes of runs of this length start.
fn seed(length: usize) -> u64 {
    0xcbf2_9ce4_8422_2325 ^ (length as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The hash of a run of words.
fn hash(run: &[Symbol]) -> u64 {
    run.iter()
        .fold(seed(run.len()), |hash, symbol| mix(hash, *symbol))
}

#[cfg(test)]
mod tests;

//! Judges what a program does while it runs: rules, features, what is normal, and the verdict of them all.
//!
//! Pure: events in, verdict out. Nothing here acts; [`intervene`] says what should be done, the engine and the warden do it.
//! One execution's state is bounded whatever the program does.

pub mod baseline;
mod counters;
pub mod intervene;
mod judge;
mod model;
pub mod rules;
pub mod sequence;
mod verdict;
mod word;

pub use counters::Metrics;
pub use judge::{Judge, Terms};
pub use model::{Model, ModelError, prior};
pub use verdict::{Evidence, Level, Moved, Verdict};
pub use word::{word, word_text};

#[cfg(test)]
mod tests;

//! Recorded runs as JSON lines: what a program did, when, and what its author says that it is.
//!
//! A line is one run. `events` holds what was seen of it; a row of ADFA-LD has the numbers of its system calls as text in
//! `code` instead. Written by whoever records, read by the evaluation and by the training. Every length is bounded.

mod read;
mod write;

pub use read::{TraceError, read, read_bytes};
pub use write::write;

use crate::event::Event;
use crate::threat::sequence::Symbol;

/// Largest file, unpacked, bytes.
pub const MAX_FILE_BYTES: usize = 1 << 30;
/// Events that one run may hold.
pub const MAX_EVENTS: usize = 1 << 16;
/// Words that one sequence may hold.
pub const MAX_SYMBOLS: usize = 1 << 16;
/// Runs that one file may hold.
pub const MAX_RUNS: usize = 1 << 20;

/// One recorded run.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// Where the program is from.
    pub source: String,
    /// What kind of program it is.
    pub category: String,
    /// What is alike enough to stay on one side of a split; the category where it is empty.
    pub family: String,
    /// What its author says that it is.
    pub label: Label,
    /// Why it was held out; empty where it was not.
    pub held_kind: String,
    /// `train` or `test`, where whoever made the file has split it.
    pub split: String,
    /// Whether the program came to what it was written for. One that did not is told apart.
    pub reached: bool,
    /// What reading the source had shown of it, as the words of capabilities.
    pub shown: Vec<String>,
    /// What it did.
    pub body: Body,
}

/// What a run did.
#[derive(Clone, PartialEq, Debug)]
pub enum Body {
    /// Events, in the order of their times.
    Events(Vec<Event>),
    /// Numbers of system calls.
    Calls(Vec<Symbol>),
}

/// What a label counts as.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Label {
    /// `malicious` or `attack`.
    Attack,
    /// `benign` or `normal`.
    Normal,
    /// Told apart, and not counted.
    Other(String),
}

impl Label {
    /// The label of a word.
    pub fn of(word: &str) -> Self {
        match word {
            "malicious" | "attack" => Self::Attack,
            "benign" | "normal" => Self::Normal,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its word.
    pub fn word(&self) -> &str {
        match self {
            Self::Attack => "malicious",
            Self::Normal => "benign",
            Self::Other(word) => word,
        }
    }

    /// Whether it is a positive; none where it is not counted.
    pub fn is_positive(&self) -> Option<bool> {
        match self {
            Self::Attack => Some(true),
            Self::Normal => Some(false),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;

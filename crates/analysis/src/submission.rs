//! What is analysed, and within which bounds.

use crate::ir::Language;

/// A program as submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The files; the first is where the program starts.
    pub files: Vec<SourceFile>,
}

/// A file of a submission.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path, as imports name it.
    pub path: String,
    /// Its language; none is a file that is looked at as text alone.
    pub language: Option<Language>,
    /// Its bytes; what is no UTF-8 is replaced.
    pub bytes: Vec<u8>,
}

/// The bounds of one analysis. What lies beyond is a finding, never silence.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of source that are read of each file.
    pub file_bytes: usize,
    /// Steps of the machine for each byte of source.
    pub steps_per_byte: u64,
    /// Steps of the machine whatever the source's size.
    pub steps_base: u64,
    /// Decodings and quotations within each other.
    pub depth: u8,
    /// Bytes that one decoding may yield, and all of one analysis four times that.
    pub decoded_bytes: usize,
    /// Files, with the pieces of code found inside others.
    pub files: usize,
    /// Facts that are kept.
    pub facts: usize,
    /// Flows that are kept.
    pub flows: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            file_bytes: 1 << 20,
            steps_per_byte: 6,
            steps_base: 80_000,
            depth: 6,
            decoded_bytes: 1 << 20,
            files: 256,
            facts: 50_000,
            flows: 256,
        }
    }
}

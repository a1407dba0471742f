//! What an analysis tells its caller.

use casemate_types::analysis::{Finding, Flow, Risk};

/// What reading a program told. Whether it may run is decided by admission, from this.
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// The risk.
    pub risk: Risk,
    /// Findings of the axes capability and intent; the gravest first.
    pub findings: Vec<Finding>,
    /// Taint flows.
    pub flows: Vec<Flow>,
    /// Findings of the axis weakness; the gravest first.
    pub vulnerabilities: Vec<Finding>,
    /// What was cut or could not be read: `syntax_error`, `steps`, `facts`, `depth`, `decoded_bytes`, `file_bytes`.
    pub limits_reached: Vec<String>,
    /// Files that were read, with code inside code.
    pub files: u32,
    /// Lines that were read.
    pub lines: u32,
}

//! A program in Python. Anybody may send one; it is read before it runs.
//!
//! Whatever it says, reading it ends, within its bounds, with a risk that is a probability.
#![no_main]

use casemate_analysis::ir::Language;
use casemate_analysis::{Bounds, SourceFile, Submission, analyze};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let file = SourceFile {
        path: "main.py".to_owned(),
        language: Some(Language::Python),
        bytes: data.to_vec(),
    };
    let bounds = Bounds::default();
    let report = analyze(&Submission { files: vec![file] }, &bounds);
    assert!((0.0..=1.0).contains(&report.risk.score));
    assert!(report.flows.len() <= bounds.flows && report.files as usize <= bounds.files);
});

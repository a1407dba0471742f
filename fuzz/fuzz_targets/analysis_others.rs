//! A program in one of the languages that are read by their calls, as the first byte says. Anybody may send one.
//!
//! Whatever it says, reading it ends, within its bounds, with a risk that is a probability.
#![no_main]

use casemate_analysis::ir::Language;
use casemate_analysis::{Bounds, SourceFile, Submission, analyze};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    const LANGUAGES: [Language; 10] = [
        Language::C,
        Language::Cpp,
        Language::Rust,
        Language::Go,
        Language::Java,
        Language::Ruby,
        Language::Php,
        Language::Perl,
        Language::Lua,
        Language::R,
    ];
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let language = LANGUAGES[usize::from(*first) % LANGUAGES.len()];
    let file = SourceFile {
        path: "main".to_owned(),
        language: Some(language),
        bytes: rest.to_vec(),
    };
    let bounds = Bounds::default();
    let report = analyze(&Submission { files: vec![file] }, &bounds);
    assert!((0.0..=1.0).contains(&report.risk.score));
    assert!(report.flows.len() <= bounds.flows && report.files as usize <= bounds.files);
});

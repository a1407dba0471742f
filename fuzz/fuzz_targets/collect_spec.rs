//! What to collect: patterns and bounds, in the sealed memory file of the caller.
//!
//! What is read writes back to the same bytes.
#![no_main]

use casemate_init::spec::CollectSpec;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(spec) = CollectSpec::decode(bytes) else {
        return;
    };
    assert!(spec.globs.len() <= 64);
    assert_eq!(spec.encode(), bytes, "one spec has one byte form");
});

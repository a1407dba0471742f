//! The plan of a sandbox's walls, which init reads from a sealed memory file.
//!
//! The warden's owner writes it. Whoever could forge one would choose the walls, so a reader must take
//! what a writer wrote and nothing else: what is read writes back to the same bytes, within its bounds,
//! and no product build reads a plan that leaves a wall out.
#![no_main]

use casemate_init::plan::{MAX_STEPS, Omitted, Plan};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(plan) = Plan::decode(bytes) else { return };
    assert_eq!(plan.encode(), bytes, "one plan has one byte form");
    assert!(plan.steps.len() <= MAX_STEPS);
    assert!(plan.tree_count() <= plan.steps.len());
    assert!(plan.omitted == Omitted::default() || Omitted::POSSIBLE);
});

//! Messages of a template: what the warden orders of the mason, what that reports, and what init and a zygote say to
//! each other.
//!
//! What is read writes back to something that reads the same.
#![no_main]

use casemate_init::forge::{Join, MAX_FORGE_BYTES, Word};
use casemate_init::mason::{Order, Report};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(order) = Order::decode(bytes) {
        assert_eq!(Order::decode(&order.encode()), Ok(order));
    }
    if let Ok(report) = Report::decode(bytes) {
        let again = Report::decode(&report.encode()).expect("what was written reads back");
        assert_eq!(again.encode(), report.encode());
    }
    if let Ok(word) = Word::decode(bytes) {
        let written = word.encode();
        assert!(written.len() <= MAX_FORGE_BYTES);
        assert!(Word::decode(&written).is_ok());
    }
    // Without its descriptors no request for a child is whole.
    assert!(Join::decode(bytes, Vec::new()).is_err());
});

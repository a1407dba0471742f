//! Sizes, durations, CPUs and ids as people and requests write them.
//!
//! What is read prints as something that reads the same, and says no more than its digits did.
#![no_main]

use casemate_types::units::parse_duration;
use casemate_types::{Bytes, Cpus, ExecutionId, NodeId, SandboxId};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(size) = text.parse::<Bytes>() {
        assert_eq!(size.to_string().parse(), Ok(size));
        assert!(text.starts_with(|c: char| c.is_ascii_digit()) && text.is_ascii());
    }
    if let Ok(duration) = parse_duration(text) {
        assert_eq!(
            parse_duration(&format!("{}ms", duration.as_millis())),
            Ok(duration)
        );
        assert!(text.starts_with(|c: char| c.is_ascii_digit()) && text.is_ascii());
    }
    if let Some(cpus) = text.parse().ok().and_then(Cpus::from_number) {
        assert!(cpus.millis <= 4_000_000);
        assert_eq!(
            cpus.to_string().parse().ok().and_then(Cpus::from_number),
            Some(cpus)
        );
    }
    if let Ok(id) = text.parse::<SandboxId>() {
        assert_eq!(id.to_string(), text, "one id has one text");
        assert_eq!(text.parse::<NodeId>().map(NodeId::value), Ok(id.value()));
        assert_eq!(
            text.parse::<ExecutionId>().map(ExecutionId::value),
            Ok(id.value())
        );
    }
});

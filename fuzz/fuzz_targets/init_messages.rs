//! Messages of init's two sockets: requests and the release come in, events go out.
//!
//! A client reads the events of an init that shares its sandbox with hostile programs. What is read
//! writes back to something that reads the same, and fits one message.
#![no_main]

use casemate_init::protocol::{Event, MAX_MESSAGE_BYTES, Release, Request};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(request.encode(), bytes, "one request has one byte form");
        assert!(bytes.len() <= MAX_MESSAGE_BYTES);
    }
    if let Ok(release) = Release::decode(bytes) {
        assert_eq!(release.encode(), bytes, "one release has one byte form");
        assert!(bytes.len() <= MAX_MESSAGE_BYTES);
    }
    if let Ok(event) = Event::decode(bytes) {
        let written = event.encode();
        assert!(written.len() <= MAX_MESSAGE_BYTES);
        let again = Event::decode(&written).expect("what was written reads back");
        assert_eq!(again.encode(), written);
    }
});

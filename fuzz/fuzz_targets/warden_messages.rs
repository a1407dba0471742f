//! Messages between the warden, which holds the privilege, and its client.
//!
//! The client is what a network can reach one day, so the warden's reader of requests is a border. What
//! is read writes back to something that reads the same and fits its message; no limit is 0 or boundless.
#![no_main]

use casemate_sandbox::warden::message::{
    MAX_GRACE, MAX_REPLY_BYTES, MAX_REQUEST_BYTES, MAX_WALL, Reply, Request,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::decode(bytes) {
        assert_eq!(request.encode(), bytes, "one request has one byte form");
        assert!(bytes.len() <= MAX_REQUEST_BYTES);
        if let Request::Create(create) = request {
            assert!(create.memory_bytes.checked_add(create.disk_bytes).is_some());
            assert!(create.memory_bytes.min(create.disk_bytes) > 0 && create.pids.min(create.cpu_millis) > 0);
            assert!(!create.wall.is_zero() && create.wall <= MAX_WALL && create.grace <= MAX_GRACE);
        }
    }
    if let Ok(reply) = Reply::decode(bytes) {
        let written = reply.encode();
        assert!(written.len() <= MAX_REPLY_BYTES);
        let again = Reply::decode(&written).expect("what was written reads back");
        assert_eq!(again.encode(), written);
    }
});

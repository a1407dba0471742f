//! The body of `POST /v1/executions`, as any program of this machine can send it.
//!
//! What is accepted is within the bounds of the types, and anything else is the caller's fault: a problem of
//! status 400 that is short, whatever was given.
#![no_main]

use casemate_types::Maxima;

libfuzzer_sys::fuzz_target!(|body: &[u8]| {
    let maxima = Maxima::of_host(2);
    match casemate_server::request::parse(body, &maxima) {
        Ok(request) => {
            assert_eq!(request.check(&maxima), Ok(()));
            assert!(request.code.len() <= body.len() && request.stdin.len() <= body.len());
        }
        Err(problem) => {
            assert_eq!(problem.status(), 400);
            assert!(
                problem.to_json().len() < 8192,
                "a problem repeats what it was given"
            );
        }
    }
});

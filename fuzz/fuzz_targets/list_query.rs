//! The query and the cursor of `GET /v1/executions`, as any program of this machine can send them.
//!
//! What is accepted is within its bounds, and reads again from the cursor that it would be told.
#![no_main]

use casemate_server::query::{ListQuery, MAX_LIMIT};
use casemate_types::request::MAX_LABELS;

libfuzzer_sys::fuzz_target!(|query: &str| {
    match ListQuery::parse(query) {
        Ok(list) => {
            assert!((1..=MAX_LIMIT).contains(&list.limit) && list.filter.labels.len() <= MAX_LABELS);
            if let Some(cursor) = list.filter.older_than {
                let again = ListQuery::parse(&format!("cursor={cursor}")).map(|list| list.filter.older_than);
                assert_eq!(again, Ok(Some(cursor)));
            }
        }
        Err(problem) => assert_eq!(problem.status(), 400),
    }
});

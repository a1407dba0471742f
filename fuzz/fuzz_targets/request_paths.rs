//! Paths of input files and patterns of output files, as a request names them.
//!
//! An accepted path stays below the workspace on this side and on init's, which checks again; accepted
//! lists of paths have no path twice and none that is the folder of another.
#![no_main]

use casemate_init::stream::is_plain_relative;
use casemate_types::path::{MAX_DEPTH, MAX_PATH_BYTES};
use casemate_types::request::is_variable_name;
use casemate_types::{ExecutionRequest, Glob, InputFile, Maxima, RelativePath};

libfuzzer_sys::fuzz_target!(|texts: Vec<String>| {
    let mut request = ExecutionRequest::default();
    for text in &texts {
        if let Ok(path) = RelativePath::new("files.path", text) {
            assert!(
                is_plain_relative(path.as_str().as_bytes()),
                "init takes what was accepted"
            );
            assert!(text.len() <= MAX_PATH_BYTES && text.split('/').count() <= MAX_DEPTH);
            request.files.push(InputFile {
                path,
                content: Vec::new(),
                mode: 0o644,
            });
        }
        if let Ok(pattern) = Glob::new("outputs", text) {
            assert!(!pattern.as_str().starts_with('/') && pattern.as_str().len() <= MAX_PATH_BYTES);
            request.outputs.push(pattern);
        }
        if is_variable_name(text) {
            assert!(!text.is_empty() && !text.contains(['=', '\0', '\n', ' ']));
        }
    }
    if request.check(&Maxima::of_host(1)).is_ok() {
        let paths: Vec<&str> = request.files.iter().map(|f| f.path.as_str()).collect();
        for (i, one) in paths.iter().enumerate() {
            for other in &paths[i + 1..] {
                assert_ne!(one, other);
                assert!(!one.starts_with(&format!("{other}/")) && !other.starts_with(&format!("{one}/")));
            }
        }
    }
});

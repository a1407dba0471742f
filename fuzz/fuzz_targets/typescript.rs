//! A program in TypeScript, of three files. Anybody may send one; it is read inside a sandbox.
//!
//! Whatever it says, it becomes JavaScript or is refused with a report of bounded size, and nothing is
//! written outside the workspace. What the files become is JavaScript without a type.
#![no_main]

use casemate_typescript::{Input, Refusal, strip};

libfuzzer_sys::fuzz_target!(|texts: (Vec<u8>, Vec<u8>, Vec<u8>)| {
    let input = |path: &str, text| Input {
        path: path.into(),
        text,
    };
    let inputs = [
        input("main.ts", texts.0),
        input("lib/index.tsx", texts.1),
        input("package.json", texts.2),
    ];
    match strip(&inputs, "main.ts") {
        Ok(outputs) => {
            for output in outputs {
                assert!(!output.path.starts_with('/') && !output.path.contains(".."));
                assert!(
                    ["js", "mjs", "cjs", "json"]
                        .iter()
                        .any(|end| output.path.ends_with(end))
                );
            }
        }
        Err(Refusal::Program(text)) => assert!(!text.is_empty() && text.len() < 64 << 10),
        Err(Refusal::Broken) => panic!("the transformation ended badly"),
    }
});

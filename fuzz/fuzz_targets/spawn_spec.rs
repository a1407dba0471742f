//! What to spawn: arguments, environment, limits and files, in the sealed memory file of the caller.
//!
//! Most of it was chosen by whoever sent the request. What is read writes back to the same bytes; a
//! file's mode holds permission bits alone, and its end does not overflow.
#![no_main]

use casemate_init::spec::{MAX_FILES, SpawnSpec};

/// Contents of files are not what is tested; longer ones would only be copied about.
const MAX_CONTENT_BYTES: u64 = 1 << 12;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(spec) = SpawnSpec::decode_head(bytes) else {
        return;
    };
    assert!(spec.files.len() <= MAX_FILES);
    for file in &spec.files {
        assert_eq!(file.mode & !0o777, 0);
        assert!(file.offset.checked_add(file.length).is_some());
    }
    let contents: Vec<Vec<u8>> = spec
        .files
        .iter()
        .map(|f| vec![f.mode as u8; f.length.min(MAX_CONTENT_BYTES) as usize])
        .collect();
    let slices: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let whole = spec.clone().encode(&slices);
    let head = u64::from_le_bytes(whole[..8].try_into().expect("a length of 8 bytes")) as usize;
    let again = SpawnSpec::decode_head(&whole[8..head]).expect("what was written reads back");
    assert_eq!(again.argv, spec.argv);
    assert_eq!(again.env, spec.env);
    assert_eq!(
        (&again.program, &again.directory, again.limits),
        (&spec.program, &spec.directory, spec.limits)
    );
    for (file, content) in again.files.iter().zip(&contents) {
        let at = file.offset as usize;
        assert_eq!(&whole[at..at + file.length as usize], content.as_slice());
    }
});
